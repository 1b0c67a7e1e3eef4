"""The cart of WooCommerce's Store API: minor units as strings, beside how many decimals the shop writes."""

from __future__ import annotations

import html
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Line
from checkout_bridge.money import round_lines, to_decimal
from checkout_bridge_woocommerce.orders import Coupon, Person, codes, customer
from checkout_bridge_woocommerce.payloads import Identifier, line


class _Money(ContractSchema):
    currency_code = Text(required=True, longest=3)
    currency_minor_unit = WholeNumber(required=True, maximum=9)


class _LineTotals(ContractSchema):
    line_subtotal = fields.Raw(required=True)


class _Item(ContractSchema):
    key = Text(required=True, longest=255)
    id = Identifier()
    sku = Text(longest=255)
    name = Text(longest=5000)
    quantity = fields.Raw(required=True)
    totals = fields.Nested(_LineTotals, required=True)


class _Cart(ContractSchema):
    items = fields.List(fields.Nested(_Item), required=True)
    coupons = fields.List(fields.Nested(Coupon))
    totals = fields.Nested(_Money, required=True)
    billing_address = fields.Nested(Person)


_CART = _Cart()


def parse(payload: Mapping[str, Any]) -> Cart:
    """The cart, without tax and before discounts. Raises InvalidInput, naming the field."""
    told = load(_CART, payload)
    money = told["totals"]
    items = [(i, item, to_decimal(item["quantity"], f"items[{i}].quantity")) for i, item in enumerate(told["items"])]
    for i, _, quantity in items:
        if quantity <= 0:
            raise InvalidInput(f"Property .items[{i}].quantity must be > 0")
    exact = [
        to_decimal(item["totals"]["line_subtotal"], f"items[{i}].totals.line_subtotal").scaleb(
            -money["currency_minor_unit"]
        )
        for i, item, _ in items
    ]
    amounts = round_lines(exact, money["currency_code"], "items")
    lines = tuple(_line(item, quantity, amount) for (_, item, quantity), amount in zip(items, amounts, strict=True))
    who = customer(told.get("billing_address", {}), None)
    return Cart(money["currency_code"], lines, who, codes(told.get("coupons", ())))


def _line(item: Mapping[str, Any], quantity: Decimal, amount: int) -> Line:
    return line(
        item["key"],
        quantity,
        amount,
        sku=item.get("sku"),
        product_id=str(item["id"]) if item.get("id") else None,
        name=html.unescape(item.get("name", "")),
    )
