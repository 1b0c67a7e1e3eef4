"""Carts and checkouts of the v3 API."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text
from checkout_bridge.events import Cart
from checkout_bridge.money import round_lines, to_decimal
from checkout_bridge.purchases import each_once
from checkout_bridge_bigcommerce.payloads import (
    Identifier,
    Quantity,
    customer,
    line,
)

_KINDS = ("physical_items", "digital_items", "custom_items", "gift_certificates")


class _Item(ContractSchema):
    id = Text(required=True, longest=255)
    product_id = Identifier()
    sku = Text(longest=255)
    name = Text(longest=5000)
    quantity = Quantity()
    list_price = fields.Raw()
    extended_list_price = fields.Raw()


class _GiftCertificate(ContractSchema):
    """What is bought of them; BigCommerce counts none beside one."""

    id = Text(required=True, longest=255)
    name = Text(longest=5000)
    quantity = fields.Constant(1)
    list_price = fields.Raw(data_key="amount")


class _Items(ContractSchema):
    physical_items = fields.List(fields.Nested(_Item))
    digital_items = fields.List(fields.Nested(_Item))
    custom_items = fields.List(fields.Nested(_Item))
    gift_certificates = fields.List(fields.Nested(_GiftCertificate))


class _Currency(ContractSchema):
    code = Text(required=True, longest=3)


class _Coupon(ContractSchema):
    code = Text(required=True)


class _Cart(ContractSchema):
    currency = fields.Nested(_Currency, required=True)
    customer_id = Identifier()
    email = Text()
    line_items = fields.Nested(_Items, required=True)
    coupons = fields.List(fields.Nested(_Coupon))
    codes = fields.List(Text())


class _Checkout(ContractSchema):
    coupons = fields.List(fields.Nested(_Coupon))
    codes = fields.List(Text())


_CART, _CHECKOUT = _Cart(), _Checkout()


def parse(payload: Mapping[str, Any]) -> Cart:
    """A checkout or a cart, with or without ``data`` around it. Raises InvalidInput, naming the field.

    ``codes`` beside it are those that the store keeps itself, since BigCommerce takes none that are not its own.
    """
    inner = payload.get("data", payload)
    checkout = inner if isinstance(inner, Mapping) else {}
    cart = load(_CART, checkout.get("cart", checkout))
    around = {"codes": payload.get("codes") or checkout.get("codes"), "coupons": checkout.get("coupons")}
    told = load(_CHECKOUT, around)
    currency = cart["currency"]["code"]
    items = [
        (f"line_items.{kind}[{i}]", one)
        for kind in _KINDS
        for i, one in enumerate(cart["line_items"].get(kind, ()))
        if one["quantity"]
    ]
    amounts = round_lines([_amount(one, field) for field, one in items], currency, "line_items")
    lines = tuple(
        line(
            one["id"],
            one["quantity"],
            amount,
            sku=one.get("sku"),
            product_id=one.get("product_id"),
            name=one.get("name"),
        )
        for (_, one), amount in zip(items, amounts, strict=True)
    )
    coupons = [coupon["code"] for coupon in (*cart.get("coupons", ()), *told.get("coupons", ()))]
    entered = [*coupons, *cart.get("codes", ()), *told.get("codes", ())]
    return Cart(currency, lines, customer(cart.get("customer_id"), cart.get("email")), each_once(entered))


def _amount(item: Mapping[str, Any], field: str) -> Decimal:
    """The line before discounts and coupons."""
    if "extended_list_price" in item:
        return to_decimal(item["extended_list_price"], f"{field}.extended_list_price")
    return to_decimal(item.get("list_price"), f"{field}.list_price") * int(item["quantity"])
