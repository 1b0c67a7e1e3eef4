"""Shopify's refunds: which pieces of which lines went back, or how much money without any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Ignored, Refund, RefundLine
from checkout_bridge_shopify.payloads import Identifier, minor_units


class _RefundLineItem(ContractSchema):
    line_item_id = Identifier(required=True)
    quantity = WholeNumber(required=True, maximum=10**6)


class _Transaction(ContractSchema):
    kind = Text(required=True)
    status = Text(required=True)
    amount = fields.Raw()
    currency = Text(longest=3)


class _Refund(ContractSchema):
    id = Identifier(required=True)
    order_id = Identifier(required=True)
    refund_line_items = fields.List(fields.Nested(_RefundLineItem))
    transactions = fields.List(fields.Nested(_Transaction))


_REFUND = _Refund()


def refunded(payload: Any) -> Refund | Ignored:
    """The refund; with lines their quantities tell how much of the order it is. Raises InvalidInput, naming the field.

    One of money alone has no lines at all, ``()``, beside its amount: Shopify's amounts have tax and shipping in them,
    what was redeemed has not, so that no amount can tell that it is the whole order.
    """
    refund = load(_REFUND, payload)
    lines = _lines(refund.get("refund_line_items", ()))
    transactions = refund.get("transactions", ())
    money = [(i, one) for i, one in enumerate(transactions) if (one["kind"], one["status"]) == ("refund", "success")]
    if transactions and not money:
        return Ignored("the refund has not gone through: it has no transaction of kind refund and status success")
    if not lines and not transactions:
        return Ignored("no money was refunded: it has neither refund_line_items nor transactions")
    amount = None if lines else _sum(money)
    return Refund(str(refund["order_id"]), str(refund["id"]), lines, amount)


def _lines(items: Sequence[dict[str, Any]]) -> tuple[RefundLine, ...]:
    """Shopify splits one line by where its pieces are put back: here it is one again."""
    pieces: Counter[str] = Counter()
    for item in items:
        pieces[str(item["line_item_id"])] += item["quantity"]
    return tuple(RefundLine(line_id, quantity) for line_id, quantity in pieces.items() if quantity)


def _sum(transactions: Sequence[tuple[int, dict[str, Any]]]) -> int:
    """What went back in all, in minor units of the one currency that the transactions are in."""
    currencies = {one.get("currency") for _, one in transactions}
    if len(currencies) != 1:
        raise InvalidInput("Property .transactions must be of one currency")
    currency = currencies.pop() or ""
    return sum(minor_units(one.get("amount"), currency, f"transactions[{i}].amount") for i, one in transactions)
