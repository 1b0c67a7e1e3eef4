"""Vendure's refunds that went through: which pieces of which lines, or how much money without any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber
from checkout_bridge.events import Ignored, Refund, RefundLine
from checkout_bridge_vendure.amounts import Precision
from checkout_bridge_vendure.orders import Id

_SETTLED = "Settled"


class _RefundLine(ContractSchema):
    orderLineId = Id(required=True)
    quantity = WholeNumber(required=True, maximum=10**6)


class _Refund(ContractSchema):
    id = Id(required=True)
    state = Text(required=True, longest=50)
    total = WholeNumber(required=True)
    createdAt = Text()
    lines = fields.List(fields.Nested(_RefundLine))


class _Payment(ContractSchema):
    state = Text(longest=50)
    amount = WholeNumber()
    refunds = fields.List(fields.Nested(_Refund))


class _Order(ContractSchema):
    code = Id(required=True)
    currencyCode = Text(required=True, longest=3)
    payments = fields.List(fields.Nested(_Payment))


class _Posted(ContractSchema):
    refund = fields.Nested(_Refund)
    order = fields.Nested(_Order, required=True)


_POSTED = _Posted()


def settled(payload: Any, precision: Precision) -> Refund | tuple[Refund, ...] | Ignored:
    """The refund in ``{refund, order}``, or every one in ``{order}`` or an order itself, the oldest first.

    Raises InvalidInput, naming the field.
    """
    if isinstance(payload, Mapping) and "order" not in payload and "payments" in payload:
        payload = {"order": payload}
    posted = load(_POSTED, payload)
    order, payments = posted["order"], posted["order"].get("payments", ())
    known = [refund for payment in payments for refund in payment.get("refunds", ()) if refund["state"] == _SETTLED]
    known.sort(key=lambda refund: str(refund.get("createdAt", "")))
    last = known[-1]["id"] if known and _is_all_back(payments, known) else None
    if "refund" in posted:
        one = posted["refund"]
        if one["state"] != _SETTLED:
            return Ignored(f"the refund has not gone through: its state is {one['state']}")
        return _told(one, order, precision, is_rest=one["id"] == last) or Ignored("no money was refunded")
    told = [_told(one, order, precision, is_rest=one["id"] == last) for one in known]
    return tuple(filter(None, told)) or Ignored("no refund has gone through")


def _is_all_back(payments: Sequence[Mapping[str, Any]], refunds: Sequence[Mapping[str, Any]]) -> bool:
    paid = sum(int(payment.get("amount", 0)) for payment in payments if payment.get("state") == _SETTLED)
    return 0 < paid <= sum(int(refund["total"]) for refund in refunds)


def _told(refund: Mapping[str, Any], order: Mapping[str, Any], precision: Precision, *, is_rest: bool) -> Refund | None:
    """A refund with its lines; one of money alone is the whole order only once all that was paid is back."""
    pieces: Counter[str] = Counter()
    for line in refund.get("lines", ()):
        pieces[line["orderLineId"]] += line["quantity"]
    lines = tuple(RefundLine(line_id, quantity) for line_id, quantity in pieces.items() if quantity)
    if lines:
        return Refund(order["code"], refund["id"], lines)
    if is_rest:
        return Refund(order["code"], refund["id"])
    amount = precision.minor(refund["total"], order["currencyCode"], "refund.total")
    return Refund(order["code"], refund["id"], (), amount) if amount else None
