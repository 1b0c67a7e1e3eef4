"""Saleor's refunds: an order tells all of them each time, so that each is known by its own id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Flag, Text, WholeNumber
from checkout_bridge.events import Cancellation, Event, Ignored, Refund, RefundLine
from checkout_bridge_saleor.orders import order_in
from checkout_bridge_saleor.payloads import currency_in, minor_of

Told = Mapping[str, Any]


class _Id(ContractSchema):
    id = Text(required=True)


class _GrantedLine(ContractSchema):
    orderLine = fields.Nested(_Id, required=True)
    quantity = WholeNumber(required=True, minimum=1, maximum=10**6)


class _Granted(ContractSchema):
    id = Text(required=True)
    status = Text(required=True, longest=50)
    amount = fields.Dict(required=True)
    lines = fields.List(fields.Nested(_GrantedLine))
    # Required: without it a granted refund and the money that went back for it would be two.
    transactionEvents = fields.List(fields.Nested(_Id), required=True)


class _Event(ContractSchema):
    id = Text(required=True)
    type = Text(longest=50)
    amount = fields.Dict(required=True)
    pspReference = Text()


class _Transaction(ContractSchema):
    events = fields.List(fields.Nested(_Event))


class _PaymentStep(ContractSchema):
    id = Text(required=True)
    kind = Text(required=True, longest=50)
    isSuccess = Flag(required=True)
    amount = fields.Dict(required=True)


class _Payment(ContractSchema):
    transactions = fields.List(fields.Nested(_PaymentStep))


class _RefundedOrder(ContractSchema):
    id = Text(required=True)
    total = fields.Dict(required=True)
    grantedRefunds = fields.List(fields.Nested(_Granted))
    transactions = fields.List(fields.Nested(_Transaction))
    payments = fields.List(fields.Nested(_Payment))


_ORDER = _RefundedOrder()
_WHOLE_ORDER = _Id()


def refunded(payload: Any) -> tuple[Event, ...] | Ignored:
    """Every refund of an order that went through, and whether all of it was charged back.

    A granted refund tells its lines; money that went back without one tells none. Raises InvalidInput, naming the
    field.
    """
    order = load(_ORDER, order_in(payload))
    currency = currency_in(order["total"].get("currency"))
    told: list[Event] = [*_granted(order, currency), *_money(order, currency), *_charged_back(order, currency)]
    return tuple(told) or Ignored("no refund of the order has gone through")


def fully_refunded(payload: Any) -> Refund:
    """The refund of all that is left."""
    order = load(_WHOLE_ORDER, order_in(payload))
    return Refund(order["id"], f"{order['id']}:rest")


def _granted(order: Told, currency: str) -> Iterator[Refund]:
    for i, granted in enumerate(_successful(order)):
        pieces: Counter[str] = Counter()
        for line in granted.get("lines", ()):
            pieces[line["orderLine"]["id"]] += line["quantity"]
        lines = tuple(RefundLine(line_id, quantity) for line_id, quantity in pieces.items())
        amount = None if lines else minor_of(granted["amount"], currency, f"grantedRefunds[{i}].amount")
        yield Refund(order["id"], granted["id"], lines, amount)


def _money(order: Told, currency: str) -> Iterator[Refund]:
    """What went back by transactions, or by the payments of older shops, without having been granted; what was granted
    is told by its lines, once its status says so.
    """
    events = _events(order)
    granted = {event["id"] for one in order.get("grantedRefunds", ()) for event in one["transactionEvents"]}
    reversals = {event.get("pspReference") for event in events if event.get("type") == "REFUND_REVERSE"} - {None}
    for event in events:
        stands = event.get("type") == "REFUND_SUCCESS" and event.get("pspReference") not in reversals
        if stands and event["id"] not in granted:
            yield Refund(order["id"], event["id"], (), minor_of(event["amount"], currency, "events.amount"))
    for payment in order.get("payments", ()):
        for step in payment.get("transactions", ()):
            if step["kind"] == "REFUND" and step["isSuccess"]:
                yield Refund(order["id"], step["id"], (), minor_of(step["amount"], currency, "payments.amount"))


def _charged_back(order: Told, currency: str) -> Iterator[Cancellation | Refund]:
    """All of the order makes it one that does not stand, a part is money that went back."""
    events = [event for event in _events(order) if event.get("type") == "CHARGE_BACK"]
    amounts = [minor_of(event["amount"], currency, "events.amount") for event in events]
    if events and sum(amounts) >= minor_of(order["total"], currency, "total"):
        yield Cancellation(order["id"], cause="chargeback")
        return
    for event, amount in zip(events, amounts, strict=True):
        yield Refund(order["id"], event["id"], (), amount)


def _successful(order: Told) -> list[Told]:
    return [granted for granted in order.get("grantedRefunds", ()) if granted["status"] == "SUCCESS"]


def _events(order: Told) -> list[Told]:
    return [event for transaction in order.get("transactions", ()) for event in transaction.get("events", ())]
