"""Sessions that were completed: a checkout, for shops whose order is the session itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Money, Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Checkout, Customer, Ignored, Line
from checkout_bridge.money import half_up
from checkout_bridge.purchases import customer_of, each_once, line_of
from checkout_bridge_stripe.amounts import minor_units
from checkout_bridge_stripe.orders import Orders
from checkout_bridge_stripe.payloads import Currency, Id, Payment


class _Price(ContractSchema):
    product = Id()
    unit_amount = Money()


class _LineItem(ContractSchema):
    id = Id(required=True)
    quantity = WholeNumber(maximum=10**6)
    amount_subtotal = Money(required=True)
    currency = Currency()
    description = Text(longest=5000)
    price = fields.Nested(_Price)


class _LineItems(ContractSchema):
    data = fields.List(fields.Nested(_LineItem), required=True)


class _Person(ContractSchema):
    email = Text()
    name = Text(longest=5000)


class _Discount(ContractSchema):
    promotion_code = fields.Raw()


class _Session(Payment):
    mode = Text(longest=50)
    payment_status = Text(required=True, longest=50)
    amount_total = Money()
    currency = Currency()
    customer = Id()
    customer_details = fields.Nested(_Person)
    discounts = fields.List(fields.Nested(_Discount))
    line_items = fields.Nested(_LineItems)


_SESSION, _LINE_ITEMS = _Session(), _LineItems()


def completed(payload: Any, orders: Orders) -> Checkout | Ignored:
    """The checkout behind a session that is paid, in its lines' prices before discounts and taxes on top of them."""
    session = load(_SESSION, payload)
    if orders.named_by(session) is not None:
        return Ignored("the order is the shop's own, which tells of it itself")
    if not orders.are_own:
        return Ignored(orders.missing())
    if session.get("mode", "payment") != "payment":
        return Ignored(f"a session of mode {session['mode']} is no order")
    if not _is_paid(session):
        return Ignored(f"the session is not paid: its payment_status is {session['payment_status']}")
    items = _items(session, orders)
    if items is None:
        return Ignored("the session has no line_items, and without an API key they cannot be read")
    currency = session.get("currency")
    if currency is None:
        raise InvalidInput("Payload should have required property 'currency'")
    lines = tuple(_line(i, item, currency) for i, item in enumerate(items) if item.get("quantity", 1))
    if not lines:
        raise InvalidInput("Property .line_items must have at least 1 item that was bought")
    cart = Cart(currency, lines, _customer(session), _codes(session.get("discounts", ()), orders))
    return Checkout(session.get("payment_intent") or session["id"], cart)


def _is_paid(session: Mapping[str, Any]) -> bool:
    """One that a code made free needs no payment, and stands."""
    is_free = session["payment_status"] == "no_payment_required" and session.get("amount_total") == 0
    return session["payment_status"] == "paid" or is_free


def _items(session: Mapping[str, Any], orders: Orders) -> Sequence[Mapping[str, Any]] | None:
    if "line_items" in session:
        told: Mapping[str, Any] = session["line_items"]
    elif orders.api is not None:
        told = load(_LINE_ITEMS, orders.api.line_items(session["id"]))
    else:
        return None
    items: Sequence[Mapping[str, Any]] = told["data"]
    return items


def _line(i: int, item: Mapping[str, Any], currency: str) -> Line:
    where = f"line_items.data[{i}]"
    if item.get("currency", currency) != currency:
        raise InvalidInput(f"Property .{where}.currency must be that of the session")
    price, quantity = item.get("price", {}), item.get("quantity", 1)
    whole = minor_units(item["amount_subtotal"], currency, f"{where}.amount_subtotal")
    unit = price.get("unit_amount")
    # A price in fractions of a cent has no unit_amount; one in steps or packages has one that is not each piece's.
    each = half_up(whole, quantity) if unit is None else minor_units(unit, currency, f"{where}.price.unit_amount")
    product = price.get("product")
    return line_of(item["id"], quantity, each, whole, product_id=product, name=item.get("description"))


def _customer(session: Mapping[str, Any]) -> Customer | None:
    person = session.get("customer_details", {})
    return customer_of(session.get("customer"), person.get("email"), person.get("name"))


def _codes(discounts: Sequence[Mapping[str, Any]], orders: Orders) -> tuple[str, ...]:
    """The promotion codes that were entered, each once: upper and lower case are the same to Stripe.

    A coupon without one was put on the session by the shop; it is no code.
    """
    codes: list[str] = []
    for i, discount in enumerate(discounts):
        told = discount.get("promotion_code")
        if told is None:
            continue
        if isinstance(told, str) and orders.api is not None:
            told = orders.api.promotion_code(told)
        code = told.get("code") if isinstance(told, Mapping) else None
        if not isinstance(code, str) or not code.strip():
            raise InvalidInput(
                f"Property .discounts[{i}].promotion_code must be expanded, or CHECKOUT_BRIDGE_STRIPE_API_KEY be set"
            )
        codes.append(code)
    return each_once(codes)
