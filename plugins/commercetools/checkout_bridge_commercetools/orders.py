"""Orders: one that is paid is a checkout; what of it was refunded, by the items that came back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Cart, Checkout, Event, Ignored, Refund, RefundLine
from checkout_bridge_commercetools.carts import CartSchema, buyer_of, codes_of, lines_of
from checkout_bridge_commercetools.codes import REDEEMED

# What tells of refunds: return items, which name lines, or the payment's transactions, which do not.
BY_RETURNS, BY_TRANSACTIONS = "returns", "transactions"
REFUNDED = "Refunded"


class ReturnItem(ContractSchema):
    """``lineItemId``, or ``customLineItemId`` of what is no line here."""

    id = Text(required=True, longest=255)
    lineItemId = Text(longest=255)
    quantity = WholeNumber(required=True, minimum=1, maximum=10**6)
    paymentState = Text(required=True)


class ReturnInfo(ContractSchema):
    """Items that came back together."""

    items = fields.List(fields.Nested(ReturnItem), required=True)


class _Order(CartSchema):
    id = Text(required=True, longest=255)
    orderState = Text()
    paymentState = Text()


class _State(ContractSchema):
    id = Text(required=True, longest=255)
    orderState = Text()
    paymentState = Text()
    returnInfo = fields.List(fields.Nested(ReturnInfo))


_ORDER, _STATE = _Order(), _State()


def paid(payload: Any) -> Checkout | Ignored:
    """The checkout behind an order. Raises InvalidInput, naming the field."""
    state = load(_STATE, payload)
    if state.get("orderState") == "Cancelled":
        return Ignored("the order was cancelled before this was sent")
    if state.get("paymentState") != "Paid":
        return Ignored(f"the order is not paid: its paymentState is {state.get('paymentState', 'not set')}")
    order = load(_ORDER, payload)
    lines = lines_of(order)
    if not lines:
        raise InvalidInput("Property .lineItems must have at least 1 item that was bought")
    cart = Cart(order["totalPrice"]["currencyCode"], lines, buyer_of(order), codes_of(order, REDEEMED))
    return Checkout(order["id"], cart)


def as_it_stands(payload: Any, told_by: frozenset[str]) -> Event | tuple[Event, ...]:
    """Everything that an order tells by itself, where nobody tells what has changed. Raises InvalidInput."""
    state = load(_STATE, payload)
    if state.get("orderState") == "Cancelled":
        was_paid = state.get("paymentState") == "Paid"
        return Cancellation(state["id"], cause="cancelled_after_capture" if was_paid else "cancelled")
    refunds = returned(state["id"], state.get("returnInfo", ()), told_by)
    return (paid(payload), *(event for event in refunds if isinstance(event, Refund)))


def returned(order_ref: str, infos: Any, told_by: frozenset[str]) -> tuple[Event, ...]:
    """A refund for each return item that was refunded, under the item's own id."""
    items = [item for info in infos for item in info["items"]]
    if BY_RETURNS not in told_by:
        return (Ignored("refunds are told by transactions"),)
    return tuple(_refund(order_ref, item) for item in items) or (Ignored("nothing was returned"),)


def has_refunded_items(payload: Any) -> bool:
    """Whether an order's refunds are told by items: then its transactions are the same money once more."""
    infos = load(_STATE, payload).get("returnInfo", ())
    return any(item["paymentState"] == REFUNDED for info in infos for item in info["items"])


def _refund(order_ref: str, item: Mapping[str, Any]) -> Refund | Ignored:
    if item["paymentState"] != REFUNDED:
        return Ignored(f"return item {item['id']} is not refunded: its paymentState is {item['paymentState']}")
    if "lineItemId" not in item:
        return Ignored(f"return item {item['id']} is of a custom line item")
    return Refund(order_ref, item["id"], (RefundLine(item["lineItemId"], item["quantity"]),))
