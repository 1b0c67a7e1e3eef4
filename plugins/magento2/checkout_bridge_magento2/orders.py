"""Magento's orders: one that is paid is a checkout, one that was cancelled a cancellation."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Cart, Checkout, Ignored
from checkout_bridge.money import to_decimal
from checkout_bridge_magento2.payloads import (
    Buyer,
    Identifier,
    Item,
    buyer_of,
    codes_of,
    lines_of,
    quantity_of,
)

_STANDING = ("processing", "complete")
INVOICE_PAID = 2


class _OrderItem(ContractSchema):
    item_id = Identifier(required=True)
    parent_item_id = Identifier()
    product_id = Identifier()
    sku = Text(longest=255)
    name = Text(longest=5000)
    qty_ordered = fields.Raw(required=True)
    qty_canceled = fields.Raw()
    price = fields.Raw(required=True)
    row_total = fields.Raw()


class _Order(Buyer):
    entity_id = Identifier(required=True)
    state = Text(required=True, longest=50)
    order_currency_code = Text(required=True, longest=3)
    grand_total = fields.Raw(required=True)
    total_paid = fields.Raw()
    total_canceled = fields.Raw()
    items = fields.List(fields.Nested(_OrderItem), required=True)


class _CancelledOrder(ContractSchema):
    entity_id = Identifier(required=True)
    state = Text(required=True, longest=50)
    total_paid = fields.Raw()


class _Invoice(ContractSchema):
    order_id = Identifier(required=True)
    state = WholeNumber(required=True, lenient=True)


_ORDER = _Order()
_CANCELLED_ORDER = _CancelledOrder()
_INVOICE = _Invoice()


def told_by(payload: Any) -> Checkout | Cancellation | Ignored:
    """What an order's state says, in the currency that it was placed in. Raises InvalidInput, naming the field."""
    told = load(_CANCELLED_ORDER, payload)
    if told["state"] == "canceled":
        captured = to_decimal(told.get("total_paid", 0), "total_paid") > 0
        return Cancellation(str(told["entity_id"]), cause="cancelled_after_capture" if captured else "cancelled")
    if told["state"] == "closed":
        return Ignored("the order is closed: its credit memos tell what was refunded")
    order = load(_ORDER, payload)
    due = _due(order)
    if order["state"] not in _STANDING or due > 0:
        return Ignored(f"the order is not paid: its state is {order['state']} and {due} is due")
    currency = order["order_currency_code"]
    lines = lines_of([_item(i, item) for i, item in enumerate(order["items"])], currency)
    if not lines:
        raise InvalidInput("Property .items must have at least 1 item that was bought")
    return Checkout(str(order["entity_id"]), Cart(currency, lines, buyer_of(order), codes_of(order)))


def paid_order_of(payload: Any) -> int | Ignored:
    """The id of the order that an invoice was paid for; the rest of the order is not in it."""
    invoice = load(_INVOICE, payload)
    if invoice["state"] != INVOICE_PAID:
        return Ignored(f"the invoice is not paid: its state is {invoice['state']}")
    order_id: int = invoice["order_id"]
    return order_id


def _due(order: Mapping[str, Any]) -> Decimal:
    """What is still to be paid; Magento's own ``total_due`` forgets the part of an order that was cancelled."""
    paid, cancelled = (to_decimal(order.get(name, 0), name) for name in ("total_paid", "total_canceled"))
    return to_decimal(order["grand_total"], "grand_total") - paid - cancelled


def _item(i: int, item: Mapping[str, Any]) -> Item:
    where = f"items[{i}]"
    ordered = quantity_of(item["qty_ordered"], f"{where}.qty_ordered")
    cancelled = quantity_of(item.get("qty_canceled", 0), f"{where}.qty_canceled")
    price = to_decimal(item["price"], f"{where}.price")
    is_whole = "row_total" in item and not cancelled
    return Item(
        line_id=str(item["item_id"]),
        item_id=item["item_id"],
        parent_id=item.get("parent_item_id"),
        quantity=max(Decimal(0), ordered - cancelled),
        price=price,
        amount=to_decimal(item["row_total"], f"{where}.row_total") if is_whole else price * (ordered - cancelled),
        sku=item.get("sku"),
        product_id=item.get("product_id"),
        name=item.get("name"),
    )
