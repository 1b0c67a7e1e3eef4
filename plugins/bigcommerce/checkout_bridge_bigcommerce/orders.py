"""BigCommerce's orders, as the v2 API has them: what the status of one says has happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Flag, Text
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Cart, Cause, Checkout, Event, Ignored, Refund
from checkout_bridge.money import round_lines, to_decimal
from checkout_bridge.purchases import each_once
from checkout_bridge_bigcommerce.payloads import (
    CODE_PREFIX,
    Identifier,
    Quantity,
    customer,
    line,
)

REFUNDED, CANCELLED, DECLINED, DISPUTED, PARTIALLY_REFUNDED = 4, 5, 6, 13, 14
# Shipped, Partially Shipped, Awaiting Pickup, Awaiting Shipment, Completed, Awaiting Fulfillment, Partially Refunded
STANDING = frozenset({2, 3, 8, 9, 10, 11, PARTIALLY_REFUNDED})
FALLEN = frozenset({CANCELLED, DECLINED, DISPUTED})
ENDED = FALLEN | {REFUNDED}
_CAPTURED = frozenset({"captured", "paid", "partially refunded", "refunded"})

# ``products`` or ``coupons`` -> the order's
Lists = Callable[[str], Sequence[Any]]


class _Person(ContractSchema):
    email = Text()
    first_name = Text(longest=5000)
    last_name = Text(longest=5000)


class _Order(ContractSchema):
    id = Identifier(required=True, minimum=1)
    status_id = Identifier(required=True)
    payment_status = Text()
    currency_code = Text(longest=3)
    default_currency_code = Text(longest=3)
    is_tax_inclusive_pricing = Flag(load_default=False)
    refunded_amount = fields.Raw(load_default="0")
    customer_id = Identifier()
    billing_address = fields.Nested(_Person)


class _Discount(ContractSchema):
    name = Text(longest=5000)
    code = Text()


class _Product(ContractSchema):
    id = Identifier(required=True, minimum=1)
    product_id = Identifier()
    sku = Text(longest=255)
    name = Text(longest=5000)
    quantity = Quantity()
    total_ex_tax = fields.Raw()
    total_inc_tax = fields.Raw()
    applied_discounts = fields.List(fields.Nested(_Discount))


class _Coupon(ContractSchema):
    code = Text(required=True)


class _Lists(ContractSchema):
    products = fields.List(fields.Nested(_Product), required=True)
    coupons = fields.List(fields.Nested(_Coupon), required=True)


_ORDER, _LISTS = _Order(), _Lists()


def order_of(payload: Any) -> dict[str, Any]:
    """An order of the v2 API, validated. Raises InvalidInput, naming the field."""
    return load(_ORDER, payload)


def currency_of(order: Mapping[str, Any]) -> str:
    """The currency that the shopper pays in; ``currency_code`` may be one that was only shown."""
    currency: str | None = order.get("default_currency_code") or order.get("currency_code")
    if not currency:
        raise InvalidInput("Payload should have required property 'default_currency_code'")
    return currency


def told_by(order: Mapping[str, Any], status: int, lists: Lists) -> Event:
    """What an order in this status tells. Raises InvalidInput, naming the field."""
    ref, payment = str(order["id"]), order.get("payment_status", "").strip().casefold()
    if status == REFUNDED:
        # Not under the id of its last refund: that may have been told before, as the part that it was.
        return Refund(ref, f"{ref}:refunded")
    if status == CANCELLED:
        cause: Cause = "cancelled_after_capture" if payment in _CAPTURED else "cancelled"
        return Cancellation(ref, "cancelled", cause)
    if status == DECLINED:
        return Cancellation(ref, "declined", "payment_failed")
    if status == DISPUTED:
        return Cancellation(ref, "disputed", "chargeback")
    # Payments that BigCommerce does not make itself have no status; the order's own must do.
    if status not in STANDING or (payment and payment not in _CAPTURED):
        return Ignored(f"the order is not paid: its status is {status}, that of its payment {payment or 'not told'}")
    return Checkout(ref, _cart(order, lists))


def _cart(order: Mapping[str, Any], lists: Lists) -> Cart:
    told = load(_LISTS, {"products": lists("products"), "coupons": lists("coupons")})
    products = [(i, one) for i, one in enumerate(told["products"]) if one["quantity"]]
    if not products:
        raise InvalidInput("Property .products must have at least 1 item that was bought")
    total = "total_inc_tax" if order["is_tax_inclusive_pricing"] else "total_ex_tax"
    exact = [to_decimal(one.get(total), f"products[{i}].{total}") for i, one in products]
    currency = currency_of(order)
    lines = tuple(
        line(
            str(one["id"]),
            one["quantity"],
            amount,
            sku=one.get("sku"),
            product_id=one.get("product_id"),
            name=one.get("name"),
        )
        for (_, one), amount in zip(products, round_lines(exact, currency, "products"), strict=True)
    )
    person = order.get("billing_address", {})
    names = person.get("first_name"), person.get("last_name")
    return Cart(currency, lines, customer(order.get("customer_id"), person.get("email"), *names), _codes(told))


def _codes(told: Mapping[str, Any]) -> tuple[str, ...]:
    """The codes of coupons, and those of the discounts that ``write_back`` named."""
    discounts = [discount for one in told["products"] for discount in one.get("applied_discounts", ())]
    names = [discount.get("name", "") for discount in discounts]
    ours = [name.removeprefix(CODE_PREFIX) for name in names if name.startswith(CODE_PREFIX)]
    return each_once([*(coupon["code"] for coupon in told["coupons"]), *ours])
