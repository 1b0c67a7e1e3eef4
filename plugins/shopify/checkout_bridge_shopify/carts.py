"""Shopify's carts: as the storefront shows one at ``/cart.js``, or as ``carts/update`` tells of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, GiftCard, Line
from checkout_bridge.purchases import each_once, shortened
from checkout_bridge_shopify.payloads import Identifier, minor_units, subunits

# The cart attribute in which a theme keeps the codes of gift cards, with commas or blanks between.
GIFT_CARDS = "gift_cards"


class _Item(ContractSchema):
    key = Text(required=True, longest=255)
    product_id = Identifier()
    sku = Text(longest=255)
    title = Text(longest=5000)
    quantity = WholeNumber(required=True, maximum=10**6)
    original_price = fields.Raw(required=True)


class _DiscountCode(ContractSchema):
    code = Text()


class _StorefrontCart(ContractSchema):
    currency = Text(required=True, longest=3)
    items = fields.List(fields.Nested(_Item), required=True)
    attributes = fields.Raw()
    discount_codes = fields.List(fields.Nested(_DiscountCode))


class _Money(ContractSchema):
    currency_code = Text(required=True, longest=3)


class _MoneySet(ContractSchema):
    shop_money = fields.Nested(_Money, required=True)


class _LineItem(_Item):
    original_line_price_set = fields.Nested(_MoneySet, required=True)


class _ToldCart(ContractSchema):
    line_items = fields.List(fields.Nested(_LineItem), required=True)


_STOREFRONT, _TOLD = _StorefrontCart(), _ToldCart()


def parse(payload: Mapping[str, Any]) -> Cart:
    """The cart behind either JSON, before any discount of Shopify's. Raises InvalidInput, naming the field.

    The storefront's has amounts in hundredths, the codes that were entered and the cart's attributes; the one that
    ``carts/update`` tells has decimal strings and no codes.
    """
    if "line_items" in payload:
        return _told(payload)
    cart = load(_STOREFRONT, payload)
    items, currency = cart["items"], cart["currency"]
    lines = tuple(
        _line(item, subunits(item["original_price"], currency, f"items[{i}].original_price"))
        for i, item in enumerate(items)
        if item["quantity"]
    )
    codes = each_once(entry.get("code", "") for entry in cart.get("discount_codes", ()))
    attributes = cart.get("attributes")
    cards = gift_cards(attributes.items() if isinstance(attributes, Mapping) else (), codes)
    return Cart(currency, lines, codes=codes, gift_cards=cards)


def _told(payload: Mapping[str, Any]) -> Cart:
    items = load(_TOLD, payload)["line_items"]
    currencies = {item["original_line_price_set"]["shop_money"]["currency_code"] for item in items}
    if len(currencies) != 1:
        raise InvalidInput("Property .line_items must have at least 1 item, all of one currency")
    currency = currencies.pop()
    return Cart(
        currency,
        tuple(
            _line(item, minor_units(item["original_price"], currency, f"line_items[{i}].original_price"))
            for i, item in enumerate(items)
            if item["quantity"]
        ),
    )


def _line(item: Mapping[str, Any], price: int) -> Line:
    return Line(
        line_id=item["key"],
        quantity=item["quantity"],
        unit_price=price,
        sku=item.get("sku") or None,
        product_id=str(item["product_id"]) if "product_id" in item else None,
        name=shortened(item.get("title")),
    )


def gift_cards(attributes: Iterable[tuple[Any, Any]], codes: Iterable[str]) -> tuple[GiftCard, ...]:
    """The cards in the attribute ``gift_cards`` of a cart or an order, but for those that are entered as codes, too."""
    taken = {folded(code) for code in codes}
    texts = [value for name, value in attributes if name == GIFT_CARDS and isinstance(value, str)]
    cards = each_once(" ".join(texts).replace(",", " ").split())
    return tuple(GiftCard(card) for card in cards if folded(card) not in taken)


def folded(text: str | None) -> str:
    """A code or a title as Shopify compares it."""
    return (text or "").strip().casefold()
