"""Magento's credit memos: which pieces of which lines went back, or how much money without any."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Ignored, Refund, RefundLine
from checkout_bridge.money import round_minor, to_decimal
from checkout_bridge_magento2.payloads import Identifier, quantity_of

REFUNDED = 2


class _Item(ContractSchema):
    order_item_id = Identifier(required=True)
    qty = fields.Raw(required=True)
    row_total = fields.Raw()


class _CreditMemo(ContractSchema):
    entity_id = Identifier(required=True)
    order_id = Identifier(required=True)
    state = WholeNumber(required=True, lenient=True)
    order_currency_code = Text(required=True, longest=3)
    grand_total = fields.Raw(required=True)
    items = fields.List(fields.Nested(_Item), required=True)


_CREDIT_MEMO = _CreditMemo()


def refunded(payload: Any) -> Refund | Ignored:
    """The refund, once it went through. Raises InvalidInput, naming the field.

    Magento gives no ``row_total`` to items that only stand for others, as a bundle for its parts. Money without
    pieces, or for parts of one, has tax and shipping in it and tells no lines.
    """
    memo = load(_CREDIT_MEMO, payload)
    if memo["state"] != REFUNDED:
        return Ignored(f"the credit memo has not gone through: its state is {memo['state']}")
    order_ref, refund_id = str(memo["order_id"]), str(memo["entity_id"])
    told = [(item, quantity_of(item["qty"], f"items[{i}].qty")) for i, item in enumerate(memo["items"])]
    returned = [(item, quantity) for item, quantity in told if quantity]
    pieces = [(item["order_item_id"], quantity) for item, quantity in returned if "row_total" in item]
    if returned and not pieces:
        raise InvalidInput("Property .items must have a row_total on what was refunded")
    if pieces and all(quantity == quantity.to_integral_value() for _, quantity in pieces):
        return Refund(order_ref, refund_id, tuple(RefundLine(str(line), int(quantity)) for line, quantity in pieces))
    total = to_decimal(memo["grand_total"], "grand_total")
    (amount,) = round_minor([total], memo["order_currency_code"], "grand_total")
    if amount <= 0:
        return Ignored("no money was refunded: the credit memo has neither pieces nor a grand_total")
    return Refund(order_ref, refund_id, (), amount)
