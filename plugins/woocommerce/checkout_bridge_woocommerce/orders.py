"""WooCommerce's orders: what the status of one, and the refunds that it lists, say has happened."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import (
    Cancellation,
    Cart,
    Cause,
    Checkout,
    Customer,
    Event,
    Ignored,
    Line,
    Refund,
    Reinstatement,
)
from checkout_bridge.money import round_lines, to_decimal
from checkout_bridge.purchases import customer_of, each_once
from checkout_bridge_woocommerce.payloads import Identifier, is_whole, line
from checkout_bridge_woocommerce.refunds import ListedRefund, refund

_PAID = frozenset({"processing", "completed"})
_UNPAID = frozenset({"pending", "on-hold", "checkout-draft", "auto-draft", "draft", "new"})


class _LineItem(ContractSchema):
    id = Identifier(required=True)
    product_id = Identifier()
    variation_id = Identifier()
    sku = Text(longest=255)
    name = Text(longest=5000)
    quantity = fields.Raw(required=True)
    subtotal = fields.Raw(required=True)


class Person(ContractSchema):
    """A billing address, as far as it says who it is."""

    email = Text()
    first_name = Text(longest=5000)
    last_name = Text(longest=5000)


class Coupon(ContractSchema):
    """A coupon of an order or a cart."""

    code = Text(required=True)


class _Head(ContractSchema):
    id = Identifier(required=True)
    status = Text(required=True, longest=50)
    date_paid = Text(longest=50)
    date_paid_gmt = Text(longest=50)


class _Order(_Head):
    currency = Text(required=True, longest=3)
    customer_id = Identifier()
    billing = fields.Nested(Person)
    line_items = fields.List(fields.Nested(_LineItem), required=True)
    coupon_lines = fields.List(fields.Nested(Coupon))
    refunds = fields.List(fields.Nested(ListedRefund))


class _Deleted(ContractSchema):
    id = Identifier(required=True)


_HEAD, _ORDER, _DELETED = _Head(), _Order(), _Deleted()


def told_by(payload: Any) -> Event | tuple[Event, ...]:
    """What an order tells that was created or changed. Raises InvalidInput, naming the field."""
    head = load(_HEAD, payload)
    ref, status = str(head["id"]), _status(head)
    was_paid = bool(head.get("date_paid") or head.get("date_paid_gmt"))
    if status in ("cancelled", "trash"):
        cause: Cause = "cancelled_after_capture" if was_paid else "cancelled"
        return Cancellation(ref, status, cause)
    if status == "failed":
        # The shopper may pay the same order at the next try.
        return Cancellation(ref, status, "payment_failed")
    if status == "refunded":
        # Not under the id of its last refund: that may have been told before, as the money it was.
        return Refund(ref, f"{ref}:refunded")
    is_paid = status in _PAID or (was_paid and status not in _UNPAID)  # shops have statuses of their own
    events = _events(load(_ORDER, payload), is_paid)
    if not events:
        return Ignored(f"the order is not paid: its status is {status}")
    return events[0] if len(events) == 1 else events


def restored(payload: Any) -> Event | tuple[Event, ...]:
    """An order that was taken out of the bin again. Raises InvalidInput, naming the field."""
    told = told_by(payload)
    events = told if isinstance(told, tuple) else (told,)
    if not isinstance(events[0], Checkout):
        return told
    return (Reinstatement(events[0].order_ref, "restored"), *events)


def deleted(payload: Any) -> Cancellation:
    """An order that was put into the bin or deleted: all that is told is its id. Raises InvalidInput."""
    return Cancellation(str(load(_DELETED, payload)["id"]), "deleted")


def customer(person: Mapping[str, Any], shop_id: str | None) -> Customer | None:
    """Who buys; a guest is known by the e-mail address."""
    return customer_of(shop_id, person.get("email"), person.get("first_name"), person.get("last_name"))


def codes(coupons: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The codes that were entered: to WooCommerce they are the same in upper and lower case."""
    return each_once(coupon["code"] for coupon in coupons)


def _status(head: Mapping[str, Any]) -> str:
    status: str = head["status"]
    return status.removeprefix("wc-")


def _events(order: Mapping[str, Any], is_paid: bool) -> tuple[Event, ...]:
    """The checkout, if it is paid, and each refund of it so far under its own id."""
    ref, currency = str(order["id"]), order["currency"]
    bought = _bought(order)
    paid = (Checkout(ref, _cart(order, bought)),) if is_paid else ()
    indivisible = [str(item["id"]) for _, item, quantity in bought if not is_whole(quantity)]
    refunds = [
        refund(ref, one, currency, f"refunds[{i}].", indivisible) for i, one in enumerate(order.get("refunds", ()))
    ]
    return (*paid, *(one for one in refunds if one is not None))


def _bought(order: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any], Decimal]]:
    """The lines of which there is anything; none or less than none is not bought."""
    items = enumerate(order["line_items"])
    counted = [(i, item, to_decimal(item["quantity"], f"line_items[{i}].quantity")) for i, item in items]
    return [(i, item, quantity) for i, item, quantity in counted if quantity > 0]


def _cart(order: Mapping[str, Any], bought: list[tuple[int, Mapping[str, Any], Decimal]]) -> Cart:
    if not bought:
        raise InvalidInput("Property .line_items must have at least 1 item that was bought")
    exact = [to_decimal(item["subtotal"], f"line_items[{i}].subtotal") for i, item, _ in bought]
    amounts = round_lines(exact, order["currency"], "line_items")
    lines = tuple(_line(item, quantity, amount) for (_, item, quantity), amount in zip(bought, amounts, strict=True))
    shop_id = str(order["customer_id"]) if order.get("customer_id") else None
    who = customer(order.get("billing", {}), shop_id)
    return Cart(order["currency"], lines, who, codes(order.get("coupon_lines", ())))


def _line(item: Mapping[str, Any], quantity: Decimal, amount: int) -> Line:
    """A variation is the product here, as it is in carts. Names come with HTML entities."""
    product = item.get("variation_id") or item.get("product_id")
    return line(
        str(item["id"]),
        quantity,
        amount,
        sku=item.get("sku"),
        product_id=str(product) if product else None,
        name=html.unescape(item.get("name", "")),
    )
