"""Spree's orders: a paid one is a checkout, a cancelled one a cancellation, a resumed one stands again."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text
from checkout_bridge.events import Cancellation, Checkout, Ignored, Reinstatement
from checkout_bridge.money import to_decimal
from checkout_bridge_spree.api import SpreeApi
from checkout_bridge_spree.carts import CartSchema, cart_of
from checkout_bridge_spree.deliveries import Told

_PAID = ("paid", "credit_owed")
_GONE = ("void", "failed")
_CANCELED = "canceled"


class _State(ContractSchema):
    """``*_state`` and ``state`` are what Spree 5.3 calls the newer ``*_status`` and ``status``."""

    id = Text(required=True, longest=255)
    status = Text(longest=50)
    state = Text(longest=50)
    canceled_at = Text(longest=50)
    payment_status = Text(longest=50)
    payment_state = Text(longest=50)


class _Payment(ContractSchema):
    status = Text(longest=50)
    state = Text(longest=50)


class _Order(_State, CartSchema):
    total = fields.Raw()


class _CanceledOrder(_State):
    payment_total = fields.Raw()
    payments = fields.List(fields.Nested(_Payment))


_STATE, _ORDER, _CANCELED_ORDER = _State(), _Order(), _CanceledOrder()


def paid(told: Told, api: SpreeApi | None) -> Checkout | Ignored:
    """The checkout behind an order that was paid: the event says so, before its payment status may."""
    return _checkout(told.data, api, is_told_paid=told.is_event)


def completed(told: Told, api: SpreeApi | None) -> Checkout | Ignored:
    """The same, if the order was paid at once, or costs nothing: then nothing else will tell of it."""
    return _checkout(told.data, api, is_told_paid=False)


def canceled(told: Told, api: SpreeApi | None) -> Cancellation | Ignored:
    """The cancellation of an order; whether money had been taken for it is read off its payments."""
    order = load(_CANCELED_ORDER, told.data)
    if not _is_canceled(order, otherwise=True):
        return Ignored("the order is not cancelled")
    payments = order.get("payments", ())
    taken = _payment_status(order) in _PAID or "completed" in {one.get("status", one.get("state")) for one in payments}
    taken = taken or _decimal(order.get("payment_total"), "payment_total") > 0
    return Cancellation(order["id"], cause="cancelled_after_capture" if taken else "cancelled")


def resumed(told: Told, api: SpreeApi | None) -> Reinstatement | Ignored:
    """A cancelled order stands again."""
    order = load(_STATE, told.data)
    if _is_canceled(order, otherwise=False):
        return Ignored("the order is still cancelled")
    return Reinstatement(order["id"], "resumed")


def _checkout(data: Any, api: SpreeApi | None, *, is_told_paid: bool) -> Checkout | Ignored:
    if api is not None and isinstance(data, Mapping) and data.get("items") is None and isinstance(data.get("id"), str):
        data = api.order(data["id"])
    state = load(_STATE, data)
    if _is_canceled(state, otherwise=False):
        return Ignored("the order was cancelled before this was sent")
    status = _payment_status(state)
    order = load(_ORDER, data)
    is_free = "total" in order and _decimal(order["total"], "total") == 0
    if not (status in _PAID or is_free or (is_told_paid and status not in _GONE)):
        return Ignored(f"the order is not paid: its payment_status is {status}")
    return Checkout(order["id"], cart_of(order))


def _is_canceled(order: Mapping[str, Any], *, otherwise: bool) -> bool:
    """Not every kind of body tells; what does not is ``otherwise``. A resumed order may keep its ``canceled_at``."""
    status = order.get("status", order.get("state"))
    if status is not None:
        return bool(status == _CANCELED)
    return bool(order["canceled_at"]) if "canceled_at" in order else otherwise


def _payment_status(order: Mapping[str, Any]) -> str | None:
    status: str | None = order.get("payment_status", order.get("payment_state"))
    return status


def _decimal(value: Any, field: str) -> Decimal:
    return Decimal(0) if value is None else to_decimal(value, field)
