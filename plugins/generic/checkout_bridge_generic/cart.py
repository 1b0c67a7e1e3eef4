"""The documented JSON cart: decimal strings in, exact minor units out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Customer, GiftCard, Line
from checkout_bridge.money import format_minor, to_minor


class _Item(ContractSchema):
    id = Text(longest=255)
    sku = Text(longest=255)
    product_id = Text(longest=255)
    name = Text()
    quantity = WholeNumber(required=True, minimum=1, maximum=10**6)
    unit_price = fields.Raw(required=True)
    amount = fields.Raw()


class _Customer(ContractSchema):
    id = Text(longest=255)
    email = Text(longest=255)
    name = Text(longest=255)


class _GiftCard(ContractSchema):
    code = Text(required=True, longest=200)
    amount = fields.Raw()


class _Cart(ContractSchema):
    currency = Text(required=True, longest=3)
    items = fields.List(fields.Nested(_Item), required=True)
    total = fields.Raw()
    customer = fields.Nested(_Customer)
    codes = fields.List(Text(longest=200))
    gift_cards = fields.List(fields.Nested(_GiftCard))


_SCHEMA = _Cart()


def parse(payload: Mapping[str, Any]) -> Cart:
    """``{currency, items[{id?, sku?, product_id?, name?, quantity, unit_price, amount?}], total?, customer?, codes?,
    gift_cards?[{code, amount?}]}``.

    Prices and amounts are decimal strings in the currency's major unit. ``amount`` and ``total`` may be left out; where
    they are told they must add up. Raises InvalidInput, naming the field.
    """
    sent = load(_SCHEMA, payload)
    currency = sent["currency"]
    lines = tuple(_line(i, item, currency) for i, item in enumerate(sent["items"]))
    cards = tuple(_gift_card(i, card, currency) for i, card in enumerate(sent.get("gift_cards", ())))
    customer = Customer(**sent["customer"]) if sent.get("customer") else None
    codes = tuple(code.strip() for code in sent.get("codes", ()))
    cart = Cart(currency, lines, customer, codes, cards)
    if "total" in sent:
        _refuse_unless_equal("total", to_minor(sent["total"], currency, "total"), cart.total, currency)
    return cart


def _line(i: int, item: Mapping[str, Any], currency: str) -> Line:
    line_id = item.get("id") or item.get("sku") or item.get("product_id")
    if not line_id:
        raise InvalidInput(f"Property .items[{i}] should have one of the properties 'id', 'sku', 'product_id'")
    price = to_minor(item["unit_price"], currency, f"items[{i}].unit_price")
    line = Line(line_id, item["quantity"], price, item.get("sku"), item.get("product_id"), item.get("name"))
    if "amount" in item:
        field = f"items[{i}].amount"
        _refuse_unless_equal(field, to_minor(item["amount"], currency, field), line.amount, currency)
    return line


def _gift_card(i: int, card: Mapping[str, Any], currency: str) -> GiftCard:
    if "amount" not in card:
        return GiftCard(card["code"].strip())
    return GiftCard(card["code"].strip(), to_minor(card["amount"], currency, f"gift_cards[{i}].amount"))


def _refuse_unless_equal(field: str, told: int, sum_: int, currency: str) -> None:
    if told != sum_:
        raise InvalidInput(
            f"Property .{field} does not add up: {format_minor(told, currency)} was sent, "
            f"the items make {format_minor(sum_, currency)}",
            message="Invalid Amount",
            key="invalid_amount",
        )
