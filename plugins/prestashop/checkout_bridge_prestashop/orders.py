"""What happened to an order of PrestaShop's: its state changed, or a credit slip was made for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Cart, Checkout, Ignored, Refund, RefundLine, Reinstatement
from checkout_bridge_prestashop.bought import (
    CartRule,
    Codes,
    OrderDetail,
    Person,
    buyer_of,
    order_lines,
    rule_codes,
)
from checkout_bridge_prestashop.history import States, Step, last_turn, stands_paid
from checkout_bridge_prestashop.payloads import Id, Quantity, Truth, amount, minor


class _Order(ContractSchema):
    id_order = Id()
    id = Id()
    id_customer = Id()
    currency = Text(longest=3)
    current_state = Id()
    is_paid = Truth()


class _Step(ContractSchema):
    id_order_history = Id(required=True)
    id_order_state = Id(required=True)
    paid = Truth()
    is_paid = Truth()


class _SlipDetail(ContractSchema):
    id_order_detail = Id(required=True)
    product_quantity = Quantity(required=True)


class _Slip(ContractSchema):
    id_order_slip = Id()
    id = Id()
    amount = fields.Raw()
    shipping_cost_amount = fields.Raw()
    total_products_tax_incl = fields.Raw()
    total_shipping_tax_incl = fields.Raw()
    order_slip_details = fields.List(fields.Nested(_SlipDetail))


class _Posted(ContractSchema):
    order = fields.Nested(_Order, required=True)
    order_histories = fields.List(fields.Nested(_Step))


class _PostedOrder(_Posted):
    order_details = fields.List(fields.Nested(OrderDetail), required=True)
    order_cart_rules = fields.List(fields.Nested(CartRule))
    customer = fields.Nested(Person)


class _PostedSlips(ContractSchema):
    order = fields.Nested(_Order, required=True)
    order_slips = fields.List(fields.Nested(_Slip), required=True)


_POSTED, _ORDER, _SLIPS = _Posted(), _PostedOrder(), _PostedSlips()


def state_changed(
    payload: Any, states: States, codes_of: Codes | None
) -> Checkout | Cancellation | Reinstatement | Refund | Ignored:
    """What the last state of an order means after those before it. Raises InvalidInput, naming the field."""
    posted = load(_POSTED, payload)
    ref, steps = _ref(posted["order"]), _steps(posted, states)
    last, turn = steps[-1], last_turn(steps)
    if turn == "paid":
        return Checkout(ref, _cart(load(_ORDER, payload), codes_of))
    if turn == "paid_again":
        return Reinstatement(ref, f"paid again: state {last.state}")
    if turn == "cancelled":
        return Cancellation(ref, cause="cancelled" if last.number is None else "cancelled_after_capture")
    if turn == "payment_error":
        return Cancellation(ref, cause="payment_failed")
    if turn == "refunded":
        return Refund(ref, f"order_history-{last.number or last.state}")
    if turn == "never_paid":
        return Ignored("the order ended before it was paid: nothing was redeemed, and it may be paid yet")
    return Ignored(f"the order is not paid, or this changes nothing: its state is {last.state}")


def exported(payload: Any, states: States, codes_of: Codes | None) -> Checkout | Ignored:
    """An order of an export that was paid and stands. Raises InvalidInput, naming the field."""
    posted = load(_ORDER, payload)
    steps = _steps(posted, states)
    if not stands_paid(steps):
        return Ignored(f"the order does not stand paid: its state is {steps[-1].state}")
    return Checkout(_ref(posted["order"]), _cart(posted, codes_of))


def slips_added(payload: Any) -> tuple[Refund, ...] | Ignored:
    """Every credit slip of an order, the oldest first: each is a refund of its own. Raises InvalidInput."""
    posted = load(_SLIPS, payload)
    order = posted["order"]
    slips = sorted(enumerate(posted["order_slips"]), key=lambda entry: _number(_slip_id(*entry)))
    refunds = [_refund(order, i, slip) for i, slip in slips]
    return tuple(filter(None, refunds)) or Ignored("no slip gives anything back")


def _ref(order: Mapping[str, Any]) -> str:
    ref = order.get("id_order") or order.get("id")
    if not ref:
        raise InvalidInput("Property .order should have required property 'id_order'")
    return str(ref)


def _currency(order: Mapping[str, Any]) -> str:
    if "currency" not in order:
        raise InvalidInput("Property .order should have required property 'currency'")
    return str(order["currency"])


def _steps(posted: Mapping[str, Any], states: States) -> list[Step]:
    """The history, the oldest first; without one, the state that the order is in."""
    rows = sorted(posted.get("order_histories", ()), key=lambda row: _number(row["id_order_history"]))
    if rows:
        told = [(row["id_order_state"], row.get("paid", row.get("is_paid", False)), row) for row in rows]
        return [Step(state, states.kind(state, paid), row["id_order_history"]) for state, paid, row in told]
    order = posted["order"]
    if not order.get("current_state"):
        raise InvalidInput("Payload should have required property 'order_histories'")
    return [Step(order["current_state"], states.kind(order["current_state"], order.get("is_paid", False)))]


def _cart(posted: Mapping[str, Any], codes_of: Codes | None) -> Cart:
    order = posted["order"]
    currency = _currency(order)
    lines = order_lines(posted["order_details"], currency)
    customer = buyer_of(posted.get("customer", {}), order.get("id_customer"))
    return Cart(currency, lines, customer, rule_codes(posted.get("order_cart_rules", ()), codes_of))


def _refund(order: Mapping[str, Any], i: int, slip: Mapping[str, Any]) -> Refund | None:
    """A slip of pieces, however much was paid for them; or one of money alone, such as shipping."""
    pieces: Counter[str] = Counter()
    for detail in slip.get("order_slip_details", ()):
        pieces[detail["id_order_detail"]] += detail["product_quantity"]
    lines = tuple(RefundLine(line_id, quantity) for line_id, quantity in pieces.items() if quantity)
    if lines:
        return Refund(_ref(order), _slip_id(i, slip), lines)
    with_tax = "total_products_tax_incl" in slip
    names = ("total_products_tax_incl", "total_shipping_tax_incl") if with_tax else ("amount", "shipping_cost_amount")
    money = sum((amount(slip.get(name, 0), f"order_slips[{i}].{name}") for name in names), Decimal(0))
    value = minor(money, _currency(order), f"order_slips[{i}].amount")
    return Refund(_ref(order), _slip_id(i, slip), (), value) if value else None


def _slip_id(i: int, slip: Mapping[str, Any]) -> str:
    slip_id = slip.get("id_order_slip") or slip.get("id")
    if not slip_id:
        raise InvalidInput(f"Property .order_slips[{i}] should have required property 'id_order_slip'")
    return str(slip_id)


def _number(text: str) -> tuple[int, str]:
    """Ids in the order in which they were given."""
    return (int(text), "") if text.isascii() and text.isdecimal() else (0, text)
