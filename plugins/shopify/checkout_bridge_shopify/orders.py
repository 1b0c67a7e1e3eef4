"""Shopify's orders: one that was paid is a checkout, one that was cancelled a cancellation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Cart, Cause, Checkout, Customer, Ignored, Line
from checkout_bridge.purchases import customer_of, each_once, shortened
from checkout_bridge_shopify.carts import folded, gift_cards
from checkout_bridge_shopify.payloads import Identifier, minor_units


class _LineItem(ContractSchema):
    id = Identifier(required=True)
    product_id = Identifier()
    sku = Text(longest=255)
    name = Text(longest=5000)
    title = Text(longest=5000)
    quantity = WholeNumber(required=True, maximum=10**6)
    price = fields.Raw(required=True)


class _Customer(ContractSchema):
    id = Identifier()
    email = Text()
    first_name = Text(longest=5000)
    last_name = Text(longest=5000)


class _DiscountCode(ContractSchema):
    code = Text()
    type = Text()


class _DiscountApplication(ContractSchema):
    type = Text()
    title = Text()
    code = Text()


class _Attribute(ContractSchema):
    name = fields.Raw()
    value = fields.Raw()


class _Order(ContractSchema):
    id = Identifier(required=True)
    currency = Text(required=True, longest=3)
    financial_status = Text(required=True, longest=50)
    cancelled_at = Text()
    email = Text()
    line_items = fields.List(fields.Nested(_LineItem), required=True)
    customer = fields.Nested(_Customer)
    discount_codes = fields.List(fields.Nested(_DiscountCode))
    discount_applications = fields.List(fields.Nested(_DiscountApplication))
    note_attributes = fields.List(fields.Nested(_Attribute))


class _CancelledOrder(ContractSchema):
    id = Identifier(required=True)
    cancelled_at = Text()
    cancel_reason = Text()
    financial_status = Text(longest=50)


_CAPTURED = ("paid", "partially_paid", "partially_refunded", "refunded")
_ORDER = _Order()
_CANCELLED_ORDER = _CancelledOrder()


def paid(payload: Any) -> Checkout | Ignored:
    """The checkout behind a paid order, in the shop's currency. Raises InvalidInput, naming the field."""
    order = load(_ORDER, payload)
    if order["financial_status"] != "paid":
        return Ignored(f"the order is not paid: its financial_status is {order['financial_status']}")
    if order.get("cancelled_at"):
        return Ignored("the order was cancelled before this was sent")
    currency = order["currency"]
    items = enumerate(order["line_items"])
    lines = tuple(_line(i, item, currency) for i, item in items if item["quantity"])
    if not lines:
        raise InvalidInput("Property .line_items must have at least 1 item that was bought")
    codes = _codes(order)
    attributes = ((one.get("name"), one.get("value")) for one in order.get("note_attributes", ()))
    return Checkout(str(order["id"]), Cart(currency, lines, _customer(order), codes, gift_cards(attributes, codes)))


def cancelled(payload: Any) -> Cancellation | Ignored:
    """The cancellation of an order. Raises InvalidInput, naming the field."""
    order = load(_CANCELLED_ORDER, payload)
    if not order.get("cancelled_at"):
        return Ignored("the order is not cancelled: its cancelled_at is not set")
    return Cancellation(str(order["id"]), order.get("cancel_reason"), _cause(order))


def _cause(order: Mapping[str, Any]) -> Cause:
    """Money that had been taken shows in the financial status, whatever reason the shop's staff gave."""
    if order.get("financial_status") in _CAPTURED:
        return "cancelled_after_capture"
    return "payment_failed" if order.get("cancel_reason") == "declined" else "cancelled"


def _line(i: int, item: Mapping[str, Any], currency: str) -> Line:
    return Line(
        line_id=str(item["id"]),
        quantity=item["quantity"],
        unit_price=minor_units(item["price"], currency, f"line_items[{i}].price"),
        sku=item.get("sku") or None,
        product_id=str(item["product_id"]) if "product_id" in item else None,
        name=shortened(item.get("name") or item.get("title")),
    )


def _customer(order: Mapping[str, Any]) -> Customer | None:
    """Who bought; a guest is known by the order's e-mail address, a sale at a till by nothing."""
    person = order.get("customer", {})
    shop_id = str(person["id"]) if "id" in person else None
    return customer_of(
        shop_id, person.get("email") or order.get("email"), person.get("first_name"), person.get("last_name")
    )


def _codes(order: Mapping[str, Any]) -> tuple[str, ...]:
    """The codes that were entered, each once: to Shopify they are the same in upper and lower case.

    ``discount_codes`` also has the titles of discounts that the shop's staff gave by hand; those are no codes.
    """
    applications = order.get("discount_applications", ())
    titles = {folded(one.get("title")) for one in applications if one.get("type") == "manual"}
    titles -= {folded(one.get("code")) for one in applications if one.get("type") == "discount_code"}
    entries = [entry for entry in order.get("discount_codes", ()) if entry.get("type") != "manual"]
    return each_once(code for code in (entry.get("code", "") for entry in entries) if folded(code) not in titles)
