"""BigCommerce's refunds: which pieces of which lines went back, or how much money without any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Flag, Text, WholeNumber
from checkout_bridge.events import Ignored, Refund, RefundLine
from checkout_bridge.money import round_minor, to_decimal
from checkout_bridge.platform_api import Read, not_known
from checkout_bridge_bigcommerce.api import NAME
from checkout_bridge_bigcommerce.payloads import Identifier


class _Item(ContractSchema):
    item_type = Text(required=True)
    item_id = Identifier(required=True)
    quantity = WholeNumber(maximum=10**6, lenient=True)


class _Payment(ContractSchema):
    is_declined = Flag()


class _Refund(ContractSchema):
    id = Identifier(required=True)
    total_amount = fields.Raw(required=True)
    items = fields.List(fields.Nested(_Item))
    payments = fields.List(fields.Nested(_Payment))


class _Refunds(ContractSchema):
    data = fields.List(fields.Nested(_Refund), required=True)


_REFUND, _REFUNDS = _Refund(), _Refunds()


def refunds_of(read: Read, order_id: int, currency: str) -> list[Refund | Ignored]:
    """Every refund of an order so far. Raises InvalidInput, naming the field, and what reading raises."""
    told = load(_REFUNDS, read(f"/v3/orders/{order_id}/payment_actions/refunds") or {"data": []})
    return [_refunded(str(order_id), one, currency) for one in told["data"]]


def refund_by_id(read: Read, order_id: int, refund_id: int, currency: str) -> Refund | Ignored:
    """One refund of an order. Raises BackendNotFound while BigCommerce does not list it."""
    answer = read(f"/v3/orders/{order_id}/payment_actions/refunds") or {}
    for one in answer.get("data", ()) if isinstance(answer, dict) else ():
        if isinstance(one, dict) and one.get("id") == refund_id:
            return refunded(str(order_id), one, currency)
    raise not_known(NAME, f"refund {refund_id} of order {order_id}")


def refunded(order_ref: str, payload: Any, currency: str) -> Refund | Ignored:
    """One refund as the v3 API tells it. Raises InvalidInput, naming the field."""
    return _refunded(order_ref, load(_REFUND, payload), currency)


def _refunded(order_ref: str, told: Mapping[str, Any], currency: str) -> Refund | Ignored:
    """The products tell how much of the order it is; without any it is money, with tax and shipping in it."""
    payments = told.get("payments", ())
    if payments and all(payment.get("is_declined") for payment in payments):
        return Ignored(f"refund {told['id']} was declined")
    if lines := _lines(told):
        return Refund(order_ref, str(told["id"]), lines)
    exact = to_decimal(told["total_amount"], "total_amount")
    (amount,) = round_minor([abs(exact)], currency, "total_amount")
    return Refund(order_ref, str(told["id"]), (), amount) if amount else Ignored("no money was refunded")


def _lines(told: Mapping[str, Any]) -> tuple[RefundLine, ...]:
    pieces: Counter[str] = Counter()
    for item in told.get("items", ()):
        if item["item_type"] == "PRODUCT":
            pieces[str(item["item_id"])] += item.get("quantity", 0)
    return tuple(RefundLine(line_id, quantity) for line_id, quantity in pieces.items() if quantity)
