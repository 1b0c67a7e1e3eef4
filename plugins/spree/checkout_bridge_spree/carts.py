"""Spree's carts and orders as the goods that codes are redeemed for: lines before discounts, and the codes entered."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Customer, Line
from checkout_bridge.money import round_lines, round_minor, to_decimal
from checkout_bridge.purchases import customer_of, each_once, line_of


class _Item(ContractSchema):
    id = Text(required=True, longest=255)
    variant_id = Text(longest=255)
    product_id = Text(longest=255)
    sku = Text(longest=255)
    name = Text(longest=5000)
    quantity = WholeNumber(required=True, maximum=10**6)
    currency = Text(longest=3)
    price = fields.Raw(required=True)


class _Discount(ContractSchema):
    code = Text(longest=255)


class _Address(ContractSchema):
    full_name = Text(longest=5000)


class CartSchema(ContractSchema):
    """What carts and orders share. ``codes`` is no field of Spree's: what the shopper entered, added by who asks."""

    currency = Text(required=True, longest=3)
    items = fields.List(fields.Nested(_Item), required=True)
    discounts = fields.List(fields.Nested(_Discount))
    codes = fields.List(Text(longest=255))
    email = Text()
    customer_id = Text(longest=255)
    billing_address = fields.Nested(_Address)


_CART = CartSchema()


def parse(payload: Mapping[str, Any]) -> Cart:
    """The cart behind Spree's JSON of one. Raises InvalidInput, naming the field."""
    return cart_of(load(_CART, payload))


def cart_of(told: Mapping[str, Any]) -> Cart:
    """The cart of what a schema like ``CartSchema`` loaded."""
    currency, items = told["currency"], [(i, item) for i, item in enumerate(told["items"]) if item["quantity"]]
    prices = [_price(i, item, currency) for i, item in items]
    exact = [price * item["quantity"] for price, (_, item) in zip(prices, items, strict=True)]
    wholes = round_lines(exact, currency, "items")
    lines = tuple(
        _line(item, round_minor([price], currency, f"items[{i}].price")[0], whole)
        for (i, item), price, whole in zip(items, prices, wholes, strict=True)
    )
    if not lines:
        raise InvalidInput("Property .items must have at least 1 item that was bought")
    return Cart(currency, lines, _customer(told), _codes(told))


def _price(i: int, item: Mapping[str, Any], currency: str) -> Decimal:
    """One piece before discounts, in major units."""
    if item.get("currency", currency) != currency:
        raise InvalidInput(f"Property .items[{i}].currency must be that of the order")
    price = to_decimal(item["price"], f"items[{i}].price")
    if price < 0:
        raise InvalidInput(f"Property .items[{i}].price must be >= 0")
    return price


def _line(item: Mapping[str, Any], unit: int, whole: int) -> Line:
    sku, product_id = item.get("sku") or item.get("variant_id"), item.get("product_id")
    return line_of(item["id"], item["quantity"], unit, whole, sku=sku, product_id=product_id, name=item.get("name"))


def _customer(told: Mapping[str, Any]) -> Customer | None:
    return customer_of(told.get("customer_id"), told.get("email"), told.get("billing_address", {}).get("full_name"))


def _codes(told: Mapping[str, Any]) -> tuple[str, ...]:
    """Each code once: upper and lower case are the same to Spree. A discount without a code was not entered."""
    return each_once([*(one.get("code", "") for one in told.get("discounts", ())), *told.get("codes", ())])
