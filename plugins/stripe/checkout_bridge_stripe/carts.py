"""Carts in the terms of Stripe: the lines and discounts that a session is made of."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Line
from checkout_bridge.money import round_lines, round_minor, to_decimal
from checkout_bridge.purchases import customer_of, each_once, line_of
from checkout_bridge_stripe.amounts import decimals
from checkout_bridge_stripe.payloads import Currency, Id


class _ProductData(ContractSchema):
    name = Text(longest=5000)


class _PriceData(ContractSchema):
    currency = Currency(required=True)
    product = Id()
    product_data = fields.Nested(_ProductData)
    unit_amount = fields.Raw()
    unit_amount_decimal = fields.Raw()


class _Item(ContractSchema):
    quantity = WholeNumber(minimum=1, maximum=10**6)
    price_data = fields.Nested(_PriceData, required=True)


class _Discount(ContractSchema):
    promotion_code = Text(longest=255)


class _Params(ContractSchema):
    line_items = fields.List(fields.Nested(_Item), required=True)
    discounts = fields.List(fields.Nested(_Discount))
    customer = Id()
    customer_email = Text()


_PARAMS = _Params()


def cart_of(payload: Mapping[str, Any]) -> Cart:
    """The cart behind the parameters of a session that is about to be made.

    ``discounts[].promotion_code`` holds codes as shoppers entered them. The lines are known by their place, from 1.
    Raises InvalidInput, naming the field.
    """
    params = load(_PARAMS, payload)
    items = params["line_items"]
    currencies = {item["price_data"]["currency"] for item in items}
    if len(currencies) != 1:
        raise InvalidInput("Property .line_items must have items of one currency")
    currency: str = currencies.pop()
    codes = each_once(one.get("promotion_code", "") for one in params.get("discounts", ()))
    customer = customer_of(params.get("customer"), params.get("customer_email"))
    return Cart(currency, _lines(items, currency), customer, codes)


def _lines(items: list[dict[str, Any]], currency: str) -> tuple[Line, ...]:
    units = [_unit(i, item["price_data"], currency) for i, item in enumerate(items)]
    amounts = [unit * item.get("quantity", 1) for unit, item in zip(units, items, strict=True)]
    wholes = round_lines(amounts, currency, "line_items")
    return tuple(
        _line(number, item, round_minor([unit], currency, "line_items")[0], whole)
        for number, (item, unit, whole) in enumerate(zip(items, units, wholes, strict=True), 1)
    )


def _unit(i: int, price: Mapping[str, Any], currency: str) -> Decimal:
    """One piece in major units, exactly."""
    name = "unit_amount" if "unit_amount" in price else "unit_amount_decimal"
    where = f"line_items[{i}].price_data.{name}"
    amount = to_decimal(price.get(name), where)
    if amount < 0:
        raise InvalidInput(f"Property .{where} must be >= 0")
    return amount.scaleb(-decimals(currency))


def _line(number: int, item: Mapping[str, Any], unit: int, whole: int) -> Line:
    price, quantity = item["price_data"], item.get("quantity", 1)
    product, name = price.get("product"), price.get("product_data", {}).get("name")
    return line_of(str(number), quantity, unit, whole, product_id=product, name=name)
