"""What is bought in Medusa: the lines of a cart or an order on one tax side, the codes, and who buys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Flag, Text
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Customer, Line
from checkout_bridge.money import round_lines
from checkout_bridge.purchases import customer_of, line_of
from checkout_bridge_medusa.amounts import minor, number

_MOST = 10**6


class _Number(fields.Raw):
    """A number beside its exact twin; read by ``amounts.number``."""


class _Adjustment(ContractSchema):
    code = Text()


class _TaxLine(ContractSchema):
    rate = _Number()
    raw_rate = _Number()


class _Item(ContractSchema):
    id = Text(required=True, longest=255)
    title = Text(longest=5000)
    variant_sku = Text(longest=255)
    product_id = Text(longest=255)
    quantity = _Number()
    raw_quantity = _Number()
    unit_price = _Number()
    raw_unit_price = _Number()
    is_tax_inclusive = Flag()
    tax_lines = fields.List(fields.Nested(_TaxLine))
    adjustments = fields.List(fields.Nested(_Adjustment))


class _ShippingMethod(ContractSchema):
    adjustments = fields.List(fields.Nested(_Adjustment))


class _Promotion(ContractSchema):
    code = Text()
    is_automatic = Flag()


class _Person(ContractSchema):
    id = Text(longest=255)
    email = Text()
    first_name = Text(longest=5000)
    last_name = Text(longest=5000)


class Bought(ContractSchema):
    """What carts and orders have in common."""

    currency_code = Text(required=True, longest=3)
    email = Text()
    customer_id = Text(longest=255)
    customer = fields.Nested(_Person)
    items = fields.List(fields.Nested(_Item), required=True)
    shipping_methods = fields.List(fields.Nested(_ShippingMethod))
    promotions = fields.List(fields.Nested(_Promotion))
    promo_codes = fields.List(Text())


_BOUGHT = Bought()


def cart_of(payload: Any) -> Cart:
    """A cart of Medusa's, as it is or as ``{cart}``. Raises InvalidInput, naming the field."""
    if isinstance(payload, Mapping) and isinstance(payload.get("cart"), Mapping):
        payload = payload["cart"]
    return cart_in(load(_BOUGHT, payload))


def cart_in(bought: Mapping[str, Any]) -> Cart:
    """The cart of what ``Bought`` loaded. Raises InvalidInput, naming the field."""
    currency = bought["currency_code"].upper()
    lines = _lines(bought["items"], currency)
    if not lines:
        raise InvalidInput("Property .items must have at least 1 item that was bought")
    return Cart(currency, lines, _customer(bought), _codes(bought))


def _lines(items: Sequence[Mapping[str, Any]], currency: str) -> tuple[Line, ...]:
    """The lines with tax if Medusa prices one of them so, else all without; a piece costs what it does undiscounted."""
    with_tax = any(item.get("is_tax_inclusive") for item in items)
    told = [(item, _quantity(item, i), _price(item, i, with_tax)) for i, item in enumerate(items)]
    bought = [(item, quantity, price) for item, quantity, price in told if quantity]
    amounts = round_lines([quantity * price for _, quantity, price in bought], currency, "items")
    return tuple(
        _line(item, quantity, price, amount, currency)
        for (item, quantity, price), amount in zip(bought, amounts, strict=True)
    )


def _line(item: Mapping[str, Any], quantity: Decimal, price: Decimal, amount: int, currency: str) -> Line:
    """A line; what is sold by weight or length, a fraction of a piece, is one piece at the price of the line."""
    pieces = int(quantity) if quantity == int(quantity) else 1
    unit_price = minor(price, currency, "items") if quantity == pieces else amount
    sku, product_id = item.get("variant_sku"), item.get("product_id")
    return line_of(item["id"], pieces, unit_price, amount, sku=sku, product_id=product_id, name=item.get("title"))


def _quantity(item: Mapping[str, Any], i: int) -> Decimal:
    quantity = number(item, "quantity", f"items[{i}].")
    if not 0 <= quantity <= _MOST:
        raise InvalidInput(f"Property .items[{i}].quantity must be from 0 to {_MOST}")
    return quantity


def _price(item: Mapping[str, Any], i: int, with_tax: bool) -> Decimal:
    price = number(item, "unit_price", f"items[{i}].")
    if price < 0:
        raise InvalidInput(f"Property .items[{i}].unit_price must be >= 0")
    if not with_tax or item.get("is_tax_inclusive"):
        return price
    rates = [number(tax, "rate", f"items[{i}].tax_lines[{n}].") for n, tax in enumerate(item.get("tax_lines", ()))]
    return price * (1 + sum(rates, Decimal(0)) / 100)


def _customer(bought: Mapping[str, Any]) -> Customer | None:
    person = bought.get("customer", {})
    shop_id, email = bought.get("customer_id") or person.get("id"), bought.get("email") or person.get("email")
    return customer_of(shop_id, email, person.get("first_name"), person.get("last_name"))


def _codes(bought: Mapping[str, Any]) -> tuple[str, ...]:
    """The codes that were entered, each once. Medusa's automatic promotions have codes, too: nobody entered those."""
    promotions = bought.get("promotions", ())
    automatic = {one.get("code") for one in promotions if one.get("is_automatic")}
    holders = [*bought["items"], *bought.get("shipping_methods", ())]
    named = [*bought.get("promo_codes", ()), *(one.get("code", "") for one in promotions)]
    named += [one.get("code", "") for holder in holders for one in holder.get("adjustments", ())]
    return tuple(dict.fromkeys(code.strip() for code in named if code.strip() and code not in automatic))
