"""Magento's carts: the body of the totals hook, or the totals that its REST API answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, CartUpdate, Ignored
from checkout_bridge.money import to_decimal
from checkout_bridge_magento2.discounts import NOTHING
from checkout_bridge_magento2.payloads import (
    Buyer,
    Identifier,
    Item,
    buyer_of,
    codes_of,
    lines_of,
    quantity_of,
)


class _CartItem(ContractSchema):
    item_id = Identifier()
    parent_item_id = Identifier()
    product_id = Identifier()
    sku = Text(longest=255)
    name = Text(longest=5000)
    qty = fields.Raw(required=True)
    price = fields.Raw(required=True)
    row_total = fields.Raw()


class _Quote(Buyer):
    quote_currency_code = Text(longest=3)
    base_currency_code = Text(longest=3)


class _Assignment(ContractSchema):
    items = fields.List(fields.Nested(_CartItem), required=True)


class _Hook(ContractSchema):
    quote = fields.Nested(_Quote, required=True)
    shippingAssignment = fields.Nested(_Assignment, required=True)


class _Totals(_Quote):
    items = fields.List(fields.Nested(_CartItem), required=True)


_HOOK = _Hook()
_TOTALS = _Totals()


def asked(payload: Any) -> CartUpdate | Ignored:
    """What the totals hook asks. Raises InvalidInput, naming the field, for a cart that cannot be read.

    One that is shown in another currency than the shop keeps its books in goes on as it is, since a discount can only
    be told in that one.
    """
    quote, lines = _read(payload)
    why = _foreign(quote)
    return Ignored(why, NOTHING) if why else CartUpdate(_cart(quote, lines))


def cart_of(payload: Any) -> Cart:
    """The cart of either JSON. Raises InvalidInput, naming the field, also for one in a currency as above."""
    quote, lines = _read(payload)
    if why := _foreign(quote):
        raise InvalidInput(why)
    return _cart(quote, lines)


def _read(payload: Any) -> tuple[Mapping[str, Any], list[Item]]:
    """The cart and its lines, known by their place in it: items of a new cart have no id yet, and the answer names
    places.
    """
    if isinstance(payload, Mapping) and "shippingAssignment" in payload:
        body = load(_HOOK, payload)
        quote, items, where = body["quote"], body["shippingAssignment"]["items"], "shippingAssignment.items"
    else:
        nested = isinstance(payload, Mapping) and "totals" in payload
        quote = load(_TOTALS, payload["totals"] if nested else payload)
        items, where = quote["items"], "items"
    return quote, [_item(i, item, f"{where}[{i}]") for i, item in enumerate(items)]


def _cart(quote: Mapping[str, Any], items: list[Item]) -> Cart:
    currency = quote.get("quote_currency_code") or quote.get("base_currency_code")
    if not currency:
        raise InvalidInput("Payload should have required property 'quote_currency_code'")
    return Cart(currency, lines_of(items, currency), buyer_of(quote), codes_of(quote))


def _foreign(quote: Mapping[str, Any]) -> str | None:
    """Why a discount of this cart could not be told."""
    shown, base = quote.get("quote_currency_code"), quote.get("base_currency_code")
    if not shown or not base or shown == base:
        return None
    return f"Property .quote_currency_code must be the base currency {base}, not {shown}"


def _item(i: int, item: Mapping[str, Any], where: str) -> Item:
    quantity, price = quantity_of(item["qty"], f"{where}.qty"), to_decimal(item["price"], f"{where}.price")
    return Item(
        line_id=str(i),
        item_id=item.get("item_id"),
        parent_id=item.get("parent_item_id"),
        quantity=quantity,
        price=price,
        amount=to_decimal(item["row_total"], f"{where}.row_total") if "row_total" in item else price * quantity,
        sku=item.get("sku"),
        product_id=item.get("product_id"),
        name=item.get("name"),
    )
