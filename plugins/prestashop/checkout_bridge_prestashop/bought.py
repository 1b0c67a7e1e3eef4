"""What is bought in PrestaShop, in a cart or an order: lines with tax and before vouchers, codes, and who buys."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Customer, Line
from checkout_bridge.money import round_lines
from checkout_bridge.purchases import customer_of, each_once, line_of
from checkout_bridge_prestashop.payloads import Id, Quantity, Truth, amount, minor

Codes = Callable[[Sequence[str]], Mapping[str, str]]  # ids of cart rules -> their codes

# The module makes a cart rule of its own for each code of a cart, under a code that nobody can guess.
_OURS = re.compile(r"CB:[0-9a-f]{16}:")


class CartRule(ContractSchema):
    """A voucher on a cart or an order; of an order PrestaShop itself knows only the name."""

    id_cart_rule = Id()
    code = Text(longest=300)
    deleted = Truth()


class Person(ContractSchema):
    """Who buys."""

    id_customer = Id()
    id = Id()
    email = Text()
    firstname = Text(longest=5000)
    lastname = Text(longest=5000)


class _Product(ContractSchema):
    id_product = Id(required=True)
    id_product_attribute = Id()
    id_customization = Id()
    reference = Text(longest=255)
    name = Text(longest=5000)
    cart_quantity = Quantity()
    quantity = Quantity()
    price_wt = fields.Raw(required=True)
    total_wt = fields.Raw()
    is_gift = Truth()


class _Cart(ContractSchema):
    currency = Text(required=True, longest=3)
    products = fields.List(fields.Nested(_Product), required=True)
    cart_rules = fields.List(fields.Nested(CartRule))
    codes = fields.List(Text())
    customer = fields.Nested(Person)


class OrderDetail(ContractSchema):
    """A line of an order."""

    id_order_detail = Id()
    id = Id()
    product_id = Id()
    product_reference = Text(longest=255)
    product_name = Text(longest=5000)
    product_quantity = Quantity(required=True)
    unit_price_tax_incl = fields.Raw(required=True)
    total_price_tax_incl = fields.Raw()


_CART = _Cart()


def cart_of(payload: Any) -> Cart:
    """A cart as the module posts it, as it is or as ``{cart}``. Raises InvalidInput, naming the field."""
    if isinstance(payload, Mapping) and isinstance(payload.get("cart"), Mapping):
        payload = payload["cart"]
    cart = load(_CART, payload)
    rows = [
        {
            "id": "-".join(one.get(name) or "0" for name in ("id_product", "id_product_attribute", "id_customization")),
            "quantity": one.get("cart_quantity", one.get("quantity")),
            "unit": one["price_wt"],
            "total": one.get("total_wt"),
            "sku": one.get("reference"),
            "product_id": one["id_product"],
            "name": one.get("name"),
        }
        for one in cart["products"]
        if not one.get("is_gift")  # a cart rule put it there, and takes its price off again
    ]
    lines = _lines(rows, cart["currency"], "products", ("price_wt", "total_wt"))
    codes = [*cart.get("codes", ()), *(rule.get("code", "") for rule in cart.get("cart_rules", ()))]
    return Cart(cart["currency"], lines, buyer_of(cart.get("customer", {}), None), entered(codes))


def order_lines(details: Sequence[Mapping[str, Any]], currency: str) -> tuple[Line, ...]:
    """The lines of an order. Raises InvalidInput, naming the field."""
    rows = [
        {
            "id": one.get("id_order_detail") or one.get("id"),
            "quantity": one["product_quantity"],
            "unit": one["unit_price_tax_incl"],
            "total": one.get("total_price_tax_incl"),
            "sku": one.get("product_reference"),
            "product_id": one.get("product_id"),
            "name": one.get("product_name"),
        }
        for one in details
    ]
    return _lines(rows, currency, "order_details", ("unit_price_tax_incl", "total_price_tax_incl"))


def rule_codes(rules: Sequence[Mapping[str, Any]], codes_of: Codes | None) -> tuple[str, ...]:
    """The codes of an order's rules; those that were posted without are asked for. Raises InvalidInput.

    A rule whose code is empty applied by itself: nobody entered it.
    """
    standing = [rule for rule in rules if not rule.get("deleted")]
    unknown = [rule.get("id_cart_rule", "") for rule in standing if "code" not in rule]
    if unknown and (codes_of is None or not all(unknown)):
        raise InvalidInput(
            "Property .order_cart_rules must have the code of each rule, or CHECKOUT_BRIDGE_PRESTASHOP_API_URL be set"
        )
    asked = codes_of(unknown) if unknown and codes_of else {}
    return entered([rule["code"] if "code" in rule else asked[rule["id_cart_rule"]] for rule in standing])


def entered(codes: Sequence[str]) -> tuple[str, ...]:
    """Codes as they were entered, each once; PrestaShop takes them in upper and lower case alike."""
    return each_once(_OURS.sub("", code.strip(), count=1) for code in codes)


def buyer_of(person: Mapping[str, Any], shop_id: str | None) -> Customer | None:
    """Who buys; a guest has an id, too."""
    known = person.get("id_customer") or person.get("id") or shop_id
    return customer_of(known, person.get("email"), person.get("firstname"), person.get("lastname"))


def _lines(rows: Sequence[Mapping[str, Any]], currency: str, field: str, prices: tuple[str, str]) -> tuple[Line, ...]:
    told = []
    for i, row in enumerate(rows):
        if not row["id"] or row["quantity"] is None:
            missing = "quantity" if row["id"] else "id_order_detail"
            raise InvalidInput(f"Property .{field}[{i}] should have required property '{missing}'")
        unit = amount(row["unit"], f"{field}[{i}].{prices[0]}")
        total = unit * row["quantity"] if row["total"] is None else amount(row["total"], f"{field}[{i}].{prices[1]}")
        if row["quantity"]:
            told.append((row, unit, total))
    if not told:
        raise InvalidInput(f"Property .{field} must have at least 1 item that was bought")
    parts = round_lines([total for _, _, total in told], currency, field)
    return tuple(_line(row, unit, part, currency) for (row, unit, _), part in zip(told, parts, strict=True))


def _line(row: Mapping[str, Any], unit: Decimal, part: int, currency: str) -> Line:
    price, sku = minor(unit, currency, "unit price"), row["sku"]
    return line_of(row["id"], row["quantity"], price, part, sku=sku, product_id=row["product_id"], name=row["name"])
