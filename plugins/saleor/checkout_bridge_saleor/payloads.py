"""The fields that Saleor's checkouts and orders share: prices of either tax side, lines, codes, and who buys."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from marshmallow import fields

from checkout_bridge.contract.fields import ContractSchema, Flag, Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Customer, Line
from checkout_bridge.money import exponent, round_lines, round_minor, to_decimal
from checkout_bridge.purchases import customer_of, line_of

Side = Literal["gross", "net"]
CODES = "checkout_bridge_codes"  # the metadata in which a storefront keeps what the shopper entered


class _Product(ContractSchema):
    id = Text()


class _Variant(ContractSchema):
    sku = Text(longest=255)
    name = Text(longest=5000)
    product = fields.Nested(_Product)


class _Line(ContractSchema):
    id = Text(required=True)
    quantity = WholeNumber(required=True, maximum=10**6)
    undiscountedUnitPrice = fields.Dict(required=True)
    undiscountedTotalPrice = fields.Dict()
    productName = Text(longest=5000)
    productSku = Text(longest=255)
    isGift = Flag()
    variant = fields.Nested(_Variant)


class _TaxConfiguration(ContractSchema):
    pricesEnteredWithTax = Flag()


class _Channel(ContractSchema):
    currencyCode = Text(longest=3)
    taxConfiguration = fields.Nested(_TaxConfiguration)


class _User(ContractSchema):
    id = Text()
    email = Text()
    firstName = Text(longest=5000)
    lastName = Text(longest=5000)


class _Voucher(ContractSchema):
    code = Text()


class Sold(ContractSchema):
    """What a checkout and an order have in common."""

    channel = fields.Nested(_Channel)
    user = fields.Nested(_User)
    email = Text()
    userEmail = Text()
    voucherCode = Text()
    voucher = fields.Nested(_Voucher)
    metafield = Text(longest=5000)
    lines = fields.List(fields.Nested(_Line), required=True)


def amount_of(money: Mapping[str, Any], field: str, side: Side = "gross") -> Decimal:
    """The amount of Saleor's Money, or of one side of its TaxedMoney.

    Raises InvalidInput, naming the field.
    """
    taxed = money.get(side)
    amount = taxed.get("amount") if isinstance(taxed, Mapping) else money.get("amount")
    return to_decimal(amount, field)


def minor_of(money: Mapping[str, Any], currency: str, field: str) -> int:
    """The amount in minor units, rounded once."""
    (amount,) = round_minor([amount_of(money, field)], currency, field)
    return amount


def side_of(sold: Mapping[str, Any]) -> Side:
    """The side on which the channel enters its prices, which is that of a checkout's undiscounted prices."""
    configuration = sold.get("channel", {}).get("taxConfiguration", {})
    return "gross" if configuration.get("pricesEnteredWithTax", True) else "net"


def lines_of(sold: Mapping[str, Any], currency: str) -> tuple[Line, ...]:
    """The lines before discounts, in minor units, each rounded once; what Saleor itself gives away costs nothing."""
    side = side_of(sold)
    items = [(f"lines[{i}]", item) for i, item in enumerate(sold["lines"]) if item["quantity"]]
    prices = [_unit_price(item, where, side) for where, item in items]
    totals = [_total(item, price, where, side) for (where, item), price in zip(items, prices, strict=True)]
    amounts = round_lines(totals, currency, "lines")
    return tuple(
        _line(item, price, amount, currency) for (_, item), price, amount in zip(items, prices, amounts, strict=True)
    )


def codes_of(sold: Mapping[str, Any]) -> tuple[str, ...]:
    """The codes that were entered, each once: those in the metadata, with commas between, else the voucher's.

    With codes in the metadata the voucher only carries what they come to.
    """
    voucher = sold.get("voucherCode") or sold.get("voucher", {}).get("code", "")
    entered = sold["metafield"].split(",") if sold.get("metafield", "").strip() else [voucher]
    return tuple(dict.fromkeys(code.strip() for code in entered if code.strip()))


def buyer_of(sold: Mapping[str, Any]) -> Customer | None:
    """Who buys; a guest is known by the e-mail address at most."""
    person = sold.get("user", {})
    email = person.get("email") or sold.get("userEmail") or sold.get("email")
    return customer_of(person.get("id"), email, person.get("firstName"), person.get("lastName"))


def currency_in(*told: Any) -> str:
    """The first currency that is told. Raises InvalidInput when none is."""
    for one in told:
        if isinstance(one, str) and one:
            return one
    raise InvalidInput("Payload should have required property 'currency' of its total or its prices")


def _unit_price(item: Mapping[str, Any], where: str, side: Side) -> Decimal:
    price = amount_of(item["undiscountedUnitPrice"], f"{where}.undiscountedUnitPrice", side)
    return Decimal(0) if item.get("isGift") else price


def _total(item: Mapping[str, Any], price: Decimal, where: str, side: Side) -> Decimal:
    if "undiscountedTotalPrice" not in item or item.get("isGift"):
        return price * int(item["quantity"])
    return amount_of(item["undiscountedTotalPrice"], f"{where}.undiscountedTotalPrice", side)


def _line(item: Mapping[str, Any], price: Decimal, amount: int, currency: str) -> Line:
    variant = item.get("variant", {})
    unit = int(price.scaleb(exponent(currency)).to_integral_value(ROUND_HALF_UP))
    return line_of(
        item["id"],
        item["quantity"],
        unit,
        amount,
        sku=item.get("productSku") or variant.get("sku"),
        product_id=variant.get("product", {}).get("id"),
        name=item.get("productName") or variant.get("name"),
    )
