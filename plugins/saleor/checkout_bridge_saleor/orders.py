"""Saleor's orders: one that is wholly paid is a checkout, one that was cancelled or expired a cancellation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Flag, Text
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Cart, Checkout, Ignored
from checkout_bridge_saleor.payloads import Sold, amount_of, buyer_of, codes_of, currency_in, lines_of


class _Total(ContractSchema):
    currency = Text(longest=3)


class _Order(Sold):
    id = Text(required=True)
    status = Text(required=True, longest=50)
    isPaid = Flag(required=True)
    total = fields.Nested(_Total, required=True)


class _EndedOrder(ContractSchema):
    id = Text(required=True)
    status = Text(required=True, longest=50)
    totalCharged = fields.Dict()
    totalRefunded = fields.Dict()


_ORDER = _Order()
_ENDED_ORDER = _EndedOrder()
ENDED = ("CANCELED", "EXPIRED")


def order_in(payload: Any) -> Any:
    """The order of a delivery, or one by itself, as it is exported. Raises InvalidInput for a static payload."""
    if isinstance(payload, list):
        raise InvalidInput("Payload must be an object with an order: the webhook has no subscription query")
    return payload.get("order", payload) if isinstance(payload, Mapping) else payload


def paid(payload: Any) -> Checkout | Ignored:
    """The checkout behind an order; Saleor calls one paid that is so in part. Raises InvalidInput, naming the field."""
    order = load(_ORDER, order_in(payload))
    if order["status"] in ENDED:
        return Ignored(f"the order does not stand: its status is {order['status']}")
    if not order["isPaid"]:
        return Ignored("the order is not wholly paid: its isPaid is false")
    currency = currency_in(order["total"].get("currency"), order.get("channel", {}).get("currencyCode"))
    lines = lines_of(order, currency)
    if not lines:
        raise InvalidInput("Property .lines must have at least 1 item that was bought")
    return Checkout(order["id"], Cart(currency, lines, buyer_of(order), codes_of(order)))


def cancelled(payload: Any) -> Cancellation | Ignored:
    """The cancellation of an order; money that was taken for it shows, also when it went back since."""
    order = load(_ENDED_ORDER, order_in(payload))
    if order["status"] != "CANCELED":
        return Ignored(f"the order is not cancelled: its status is {order['status']}")
    taken = [amount_of(order[name], name) for name in ("totalCharged", "totalRefunded") if name in order]
    return Cancellation(order["id"], cause="cancelled_after_capture" if any(taken) else "cancelled")


def expired(payload: Any) -> Cancellation | Ignored:
    """An order that nobody paid or confirmed in time."""
    order = load(_ENDED_ORDER, order_in(payload))
    if order["status"] != "EXPIRED":
        return Ignored(f"the order has not expired: its status is {order['status']}")
    return Cancellation(order["id"], cause="expired")
