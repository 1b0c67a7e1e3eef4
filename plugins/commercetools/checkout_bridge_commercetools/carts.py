"""Carts, and orders in what they share with them: lines before discounts, codes, and who buys."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Customer, Line
from checkout_bridge.purchases import customer_of, shortened
from checkout_bridge_commercetools.codes import TRIED, codes_in
from checkout_bridge_commercetools.moneys import Money, exact, rounded

_MOST = 10**6


class _Discounted(ContractSchema):
    value = fields.Nested(Money, required=True)


class _Tier(ContractSchema):
    minimumQuantity = WholeNumber(required=True, minimum=1)
    value = fields.Nested(Money, required=True)


class _Price(ContractSchema):
    value = fields.Nested(Money, required=True)
    discounted = fields.Nested(_Discounted)
    tiers = fields.List(fields.Nested(_Tier))


class _Variant(ContractSchema):
    sku = Text(longest=255)


class _LineFields(ContractSchema):
    applied_codes = fields.List(Text(longest=5000))


class _LineCustom(ContractSchema):
    fields_ = fields.Nested(_LineFields, data_key="fields")


class _LineItem(ContractSchema):
    id = Text(required=True, longest=255)
    productId = Text(longest=255)
    name = fields.Dict()
    variant = fields.Nested(_Variant)
    price = fields.Nested(_Price, required=True)
    totalPrice = fields.Nested(Money)
    quantity = WholeNumber(required=True, minimum=1, maximum=_MOST)
    priceMode = Text()
    lineItemMode = Text()
    priceRoundingMode = Text()
    custom = fields.Nested(_LineCustom)


class _CartFields(ContractSchema):
    discount_codes = fields.List(Text(longest=5000))


class _Custom(ContractSchema):
    fields_ = fields.Nested(_CartFields, data_key="fields")


class _Total(ContractSchema):
    currencyCode = Text(required=True, longest=3)


class CartSchema(ContractSchema):
    """What is read of a cart or an order."""

    id = Text(longest=255)
    locale = Text()
    totalPrice = fields.Nested(_Total, required=True)
    lineItems = fields.List(fields.Nested(_LineItem), required=True)
    discountCodes = fields.List(fields.Dict())
    customerId = Text()
    customerEmail = Text()
    priceRoundingMode = Text()
    custom = fields.Nested(_Custom)


_CART = CartSchema()


def asked(payload: Mapping[str, Any]) -> Cart:
    """The cart to price. One with the platform's own discount codes has no lines here: it cannot hold direct
    discounts beside them, so nothing is to be said of it.
    """
    told = load(_CART, _shown(payload))
    lines = () if told.get("discountCodes") else lines_of(told)
    codes = codes_of(told, TRIED) if lines else ()
    return Cart(told["totalPrice"]["currencyCode"], lines, buyer_of(told), codes)


def parse(payload: Mapping[str, Any]) -> Cart:
    """The cart that a door was given. Raises InvalidInput, naming the field."""
    told = load(_CART, _shown(payload))
    if told.get("discountCodes"):
        raise InvalidInput("Property .discountCodes must be empty: directDiscounts cannot be held beside them")
    return Cart(told["totalPrice"]["currencyCode"], lines_of(told), buyer_of(told), codes_of(told, TRIED))


def lines_of(told: Mapping[str, Any]) -> tuple[Line, ...]:
    """The pieces that are bought: gifts, and what a code had added, are left out, and so are custom line items."""
    currency, mode = told["totalPrice"]["currencyCode"], told.get("priceRoundingMode", "HalfEven")
    items = [(i, item, item["quantity"] - _given(item)) for i, item in enumerate(told["lineItems"])]
    return tuple(
        _line(f"lineItems[{i}]", {"priceRoundingMode": mode, **item}, quantity, currency, told.get("locale"))
        for i, item, quantity in items
        if quantity > 0
    )


def codes_of(told: Mapping[str, Any], statuses: Sequence[str | None]) -> tuple[str, ...]:
    """The codes with one of these statuses. Beside the platform's own discount codes none was ever applied."""
    entries = told.get("custom", {}).get("fields_", {}).get("discount_codes", ())
    return () if told.get("discountCodes") else codes_in(entries, statuses)


def buyer_of(told: Mapping[str, Any]) -> Customer | None:
    """Who buys, as far as the platform knows."""
    return customer_of(told.get("customerId"), told.get("customerEmail"))


def _shown(payload: Mapping[str, Any]) -> Any:
    """The cart itself, which an API Extension is sent as ``resource.obj``."""
    resource = payload.get("resource")
    if not isinstance(resource, Mapping):
        return payload
    if not isinstance(resource.get("obj"), Mapping):
        raise InvalidInput("Property .resource should have required property 'obj'")
    return resource["obj"]


def _line(at: str, item: Mapping[str, Any], quantity: int, currency: str, locale: str | None) -> Line:
    """The platform rounds line by line, so what is finer than a minor unit is never carried over to another line."""
    mode, price = item["priceRoundingMode"], _price(item, currency, f"{at}.price.value")
    unit, amount = rounded(price, f"{at}.price", mode), rounded(price * quantity, f"{at}.price", mode)
    is_external = _has_own_total(item)
    if is_external:
        amount = rounded(exact(item["totalPrice"], currency, f"{at}.totalPrice"), f"{at}.totalPrice", mode)
    return Line(
        line_id=item["id"],
        quantity=quantity,
        unit_price=unit,
        sku=item.get("variant", {}).get("sku") or None,
        product_id=item.get("productId") or None,
        name=_name(item.get("name", {}), locale),
        exact_amount=amount if is_external or amount != unit * quantity else None,
    )


def _price(item: Mapping[str, Any], currency: str, at: str) -> Decimal:
    """Of one piece: the product discount's price is the catalogue's own, and so is that of the tier reached."""
    price = item["price"]
    if "discounted" in price:
        return exact(price["discounted"]["value"], currency, at)
    reached = [tier for tier in price.get("tiers", ()) if tier["minimumQuantity"] <= item["quantity"]]
    best = max(reached, key=lambda tier: int(tier["minimumQuantity"]), default=price)
    return exact(best["value"], currency, at)


def _has_own_total(item: Mapping[str, Any]) -> bool:
    """Whether the line's total was set from outside: it counts alone, and no discount of lines reaches it."""
    return item.get("priceMode") == "ExternalTotal" and "totalPrice" in item


def _given(item: Mapping[str, Any]) -> int:
    """How many pieces cost nothing: all of a gift, else those that codes of a unit type had added."""
    if item.get("lineItemMode") == "GiftLineItem":
        return int(item["quantity"])
    pieces = 0
    for text in item.get("custom", {}).get("fields_", {}).get("applied_codes", ()):
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            continue
        added = told.get("quantity") if isinstance(told, dict) and told.get("type") == "UNIT" else None
        pieces += added if type(added) is int and added > 0 else 0
    return pieces


def _name(names: Mapping[str, Any], locale: str | None) -> str | None:
    """In the shopper's language, in English, or in any."""
    found = [names.get(locale or ""), names.get("en"), *names.values()]
    return shortened(next((name for name in found if isinstance(name, str) and name), None))
