"""What happened to an order of Medusa's: paid, canceled, or money of it given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Checkout, Ignored, Refund
from checkout_bridge_medusa.amounts import minor, number
from checkout_bridge_medusa.carts import Bought, cart_in

# Statuses that an order only gets once its payments were captured.
_AFTER_CAPTURE = ("captured", "partially_refunded", "refunded")


class _Money(ContractSchema):
    amount = fields.Raw()
    raw_amount = fields.Raw()


class _Refund(_Money):
    id = Text(required=True, longest=255)
    created_at = Text()


class _Payment(_Money):
    captured_at = Text()
    captures = fields.List(fields.Nested(_Money))
    refunds = fields.List(fields.Nested(_Refund))


class _PaymentCollection(_Money):
    status = Text()
    captured_amount = fields.Raw()
    raw_captured_amount = fields.Raw()
    payments = fields.List(fields.Nested(_Payment))


class _Payments(ContractSchema):
    id = Text(required=True, longest=255)
    status = Text()
    payment_status = Text()
    total = fields.Raw()
    raw_total = fields.Raw()
    payment_collections = fields.List(fields.Nested(_PaymentCollection))


class _Order(_Payments, Bought):
    pass


class _Refunded(_Payments):
    currency_code = Text(required=True, longest=3)


class _RefundedPayment(_Payment):
    order_id = Text(required=True, longest=255)
    currency_code = Text(required=True, longest=3)


_ORDER, _CANCELED, _REFUNDED, _REFUNDED_PAYMENT = _Order(), _Payments(), _Refunded(), _RefundedPayment()


def paid(payload: Any) -> Checkout | Ignored:
    """The checkout behind an order whose payments were captured. Raises InvalidInput, naming the field."""
    order = load(_ORDER, payload)
    if order.get("status") == "canceled":
        return Ignored("the order was canceled before this was read")
    if not _is_paid(order):
        return Ignored(f"the order is not paid: its payment_status is {order.get('payment_status', 'not told')}")
    return Checkout(order["id"], cart_in(order))


def exported(payload: Any) -> Checkout | Ignored:
    """The same of an order in an export, where one that was wholly refunded has nothing that still counts."""
    if isinstance(payload, Mapping) and payload.get("payment_status") == "refunded":
        return Ignored("the order was refunded")
    return paid(payload)


def canceled(payload: Any) -> Cancellation | Ignored:
    """The cancellation of an order. Raises InvalidInput, naming the field."""
    order = load(_CANCELED, payload)
    if order.get("status", "canceled") != "canceled":
        return Ignored(f"the order is not canceled: its status is {order['status']}")
    is_captured = order.get("payment_status") in _AFTER_CAPTURE or any(_captured(one) for one in _payments(order))
    return Cancellation(order["id"], cause="cancelled_after_capture" if is_captured else "cancelled")


def payment_failed(payload: Any) -> Cancellation | Ignored:
    """The end of an order whose payment failed, unless it was paid in another way. Raises InvalidInput."""
    order = load(_CANCELED, payload)
    if _is_paid(order):
        return Ignored("the order is paid, whatever came of another payment")
    return Cancellation(order["id"], "its payment failed", "payment_failed")


def refunded(payload: Any) -> tuple[Refund, ...] | Ignored:
    """Every refund of an order, the oldest first: Medusa tells them all each time. Raises InvalidInput.

    Once all that was captured is back, the last of them is the rest of the order.
    """
    order = load(_REFUNDED, payload)
    payments = _payments(order)
    refunds = [refund for payment in payments for refund in payment.get("refunds", ())]
    captured = sum(map(_captured, payments), Decimal(0))
    back = sum((number(refund, "amount", "refunds.") for refund in refunds), Decimal(0))
    return _told(order["id"], order["currency_code"], refunds, is_whole=0 < captured <= back)


def refunded_payment(payload: Any) -> tuple[Refund, ...] | Ignored:
    """Every refund of one payment; its order may have others, so none is the whole order. Raises InvalidInput."""
    payment = load(_REFUNDED_PAYMENT, payload)
    return _told(payment["order_id"], payment["currency_code"], payment.get("refunds", ()), is_whole=False)


def _told(
    order_ref: str, currency: str, refunds: Sequence[Mapping[str, Any]], *, is_whole: bool
) -> tuple[Refund, ...] | Ignored:
    if not refunds:
        return Ignored("no refund has gone through")
    oldest_first = sorted(refunds, key=lambda refund: str(refund.get("created_at", "")))
    events = []
    for i, refund in enumerate(oldest_first):
        amount = minor(number(refund, "amount", f"refunds[{i}]."), currency.upper(), f"refunds[{i}].amount")
        if amount < 0:
            raise InvalidInput(f"Property .refunds[{i}].amount must be >= 0")
        if is_whole and refund is oldest_first[-1]:
            events.append(Refund(order_ref, refund["id"]))
        elif amount:
            events.append(Refund(order_ref, refund["id"], (), amount))
    return tuple(events) or Ignored("no money was refunded")


def _is_paid(order: Mapping[str, Any]) -> bool:
    """Whether all there was to pay was captured; an order that a discount made free has nothing to capture."""
    status = order.get("payment_status")
    if status == "captured":
        return True
    collections = [one for one in order.get("payment_collections", ()) if one.get("status") != "canceled"]
    is_free = ("total" in order or "raw_total" in order) and number(order, "total") == 0
    if is_free and not any(number(one, "amount") for one in collections):
        return True
    if status is not None and status not in _AFTER_CAPTURE:
        return False
    if not collections:
        return status is not None
    return all(_captured_in(one) >= number(one, "amount", "payment_collections.") for one in collections)


def _payments(order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [payment for one in order.get("payment_collections", ()) for payment in one.get("payments", ())]


def _captured_in(collection: Mapping[str, Any]) -> Decimal:
    if "captured_amount" in collection or "raw_captured_amount" in collection:
        return number(collection, "captured_amount", "payment_collections.")
    return sum(map(_captured, collection.get("payments", ())), Decimal(0))


def _captured(payment: Mapping[str, Any]) -> Decimal:
    if captures := payment.get("captures"):
        return sum((number(capture, "amount", "captures.") for capture in captures), Decimal(0))
    return number(payment, "amount", "payments.") if payment.get("captured_at") else Decimal(0)
