"""Payments that do not stand: failed, canceled, run out or charged back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Money, Text
from checkout_bridge.events import Cancellation, Cause, Ignored, Reinstatement
from checkout_bridge_stripe.orders import Orders, Reference
from checkout_bridge_stripe.payloads import Id, Payment

# Why a payment intent is canceled: who did it says the first word; a few say what had happened before.
_CAUSES: Mapping[str, Cause] = {
    "abandoned": "expired",
    "automatic": "expired",
    "expired": "expired",
    "failed_invoice": "payment_failed",
}


# What becomes of an intent once an attempt to pay it did not fail.
_GOES_ON = ("processing", "requires_capture", "succeeded")


class _Failure(ContractSchema):
    code = Text(longest=100)
    decline_code = Text(longest=100)


class _Intent(Payment):
    status = Text(longest=50)
    cancellation_reason = Text(longest=100)
    last_payment_error = fields.Nested(_Failure)


class _Dispute(Payment):
    charge = Id()
    reason = Text(longest=100)
    status = Text(required=True, longest=50)


class _Charge(ContractSchema):
    amount_refunded = Money(required=True)


_SESSION, _INTENT, _DISPUTE, _CHARGE = Payment(), _Intent(), _Dispute(), _Charge()

Ended = Cancellation | Ignored


def attempt_failed(payload: Any, orders: Orders) -> Ended:
    """An attempt to pay failed. It may be told late: the next attempt may have gone through by then."""
    intent = load(_INTENT, payload)
    reference = orders.of(intent, intent["id"])
    if reference is None:
        return Ignored(orders.missing())
    if orders.named_by(intent) is None:
        return Ignored("the session is no order yet: another attempt to pay may follow")
    if orders.api is not None:
        intent = load(_INTENT, orders.api.payment_intent(intent["id"]))
    if intent.get("status") in _GOES_ON:
        return Ignored("another attempt to pay has followed, which did not fail")
    failure = intent.get("last_payment_error", {})
    return _cancellation(reference, "payment_failed", failure.get("decline_code") or failure.get("code"))


def canceled(payload: Any, orders: Orders) -> Ended:
    """A payment intent was canceled, which only one that was not captured can be."""
    intent = load(_INTENT, payload)
    reason = intent.get("cancellation_reason")
    if reason == "duplicate":
        return Ignored("the payment was a duplicate of another one, by which the order may stand")
    return _of(intent, intent["id"], orders, _CAUSES.get(reason or "", "cancelled"), reason)


def session_expired(payload: Any, orders: Orders) -> Ended:
    """Nobody paid in time."""
    session = load(_SESSION, payload)
    return _of(session, session.get("payment_intent"), orders, "expired", "session_expired")


def session_failed(payload: Any, orders: Orders) -> Ended:
    """A payment that takes days did not come."""
    session = load(_SESSION, payload)
    return _of(session, session.get("payment_intent"), orders, "payment_failed", "async_payment_failed")


def disputed(payload: Any, orders: Orders) -> Ended | Reinstatement:
    """The money was taken back by the shopper's bank; or the shop got it again, having won."""
    dispute = load(_DISPUTE, payload)
    status = dispute["status"]
    if status.startswith("warning_") or status == "prevented":
        return Ignored(f"no money was taken back: the dispute's status is {status}")
    if status == "won":
        return _won(dispute, orders)
    reference = orders.behind(dispute)
    if reference is None:
        return Ignored(orders.missing())
    return _cancellation(reference, "chargeback", dispute.get("reason"))


def _won(dispute: Mapping[str, Any], orders: Orders) -> Ignored | Reinstatement:
    """The order stands again, if it is certain that nothing of it was refunded."""
    charge_id = dispute.get("charge")
    if orders.api is None or charge_id is None:
        return Ignored("the dispute was won; without an API key nobody knows whether the order was refunded")
    if load(_CHARGE, orders.api.charge(charge_id))["amount_refunded"]:
        return Ignored("the dispute was won; the order was refunded")
    order = orders.behind(dispute)
    if order is None:
        return Ignored(orders.missing())
    return Reinstatement(order.order_ref, "dispute_won", order.platform, order.shop)


def _of(payment: Mapping[str, Any], intent_id: str | None, orders: Orders, cause: Cause, reason: str | None) -> Ended:
    reference = orders.of(payment, intent_id)
    if reference is None:
        return Ignored("nothing was paid, so that there was no order" if orders.are_own else orders.missing())
    return _cancellation(reference, cause, reason)


def _cancellation(order: Reference, cause: Cause, reason: str | None) -> Cancellation:
    return Cancellation(order.order_ref, reason, cause, order.platform, order.shop)
