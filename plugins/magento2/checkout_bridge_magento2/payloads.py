"""What a body is about, and the fields that Magento's carts, orders and credit memos share."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Customer, Delivery, Line
from checkout_bridge.money import exponent, read_json, round_lines, to_decimal
from checkout_bridge.purchases import customer_of, each_once, line_of

CART, CREDIT_MEMO, ORDER, INVOICE = "totals", "creditmemo", "order", "invoice"
# The first that a body has tells its topic: an order beside a credit memo only explains it.
_TOPICS = {"shippingAssignment": CART, CREDIT_MEMO: CREDIT_MEMO, ORDER: ORDER, INVOICE: INVOICE}
_LONGEST_QUANTITY = 10**6


class Identifier(WholeNumber):
    """An id of Magento's: a positive whole number, which some of its payloads hold as text."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(required=required, minimum=1, maximum=2**53, lenient=True)


class Buyer(ContractSchema):
    """The fields that tell who buys, the same on quotes and orders."""

    customer_id = Identifier()
    customer_email = Text()
    customer_firstname = Text(longest=5000)
    customer_lastname = Text(longest=5000)
    coupon_code = Text()
    extension_attributes = fields.Raw()


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a cart or an order as Magento has it; ``amount`` is all of it, in major units, before discounts."""

    line_id: str
    item_id: int | None
    parent_id: int | None
    quantity: Decimal
    price: Decimal
    amount: Decimal
    sku: str | None
    product_id: int | None
    name: str | None


def identify(shop: str, body: bytes) -> Delivery:
    """The delivery: Magento gives it no id, so that the same bytes are the same event. Raises InvalidInput."""
    data = _data(read_json(body))
    topic = next((topic for key, topic in _TOPICS.items() if key in data), "unknown")
    return Delivery(shop, f"{topic}:{hashlib.sha256(body).hexdigest()}", topic, asks=topic == CART)


def entity_in(payload: Any, name: str) -> Any:
    """The order, invoice or credit memo of a body: under its name, in ``data`` as observers send it, or bare."""
    return _data(payload).get(name, payload)


def codes_of(told: Mapping[str, Any]) -> tuple[str, ...]:
    """The codes that were entered, each once: to Magento they are the same in upper and lower case.

    ``coupon_code`` is one; where several are allowed, the extension attribute ``coupon_codes`` has them all.
    """
    extension = told.get("extension_attributes")
    several = extension.get("coupon_codes") if isinstance(extension, Mapping) else None
    if not isinstance(several or [], list):
        raise InvalidInput("Property .extension_attributes.coupon_codes must be array")
    codes = [told.get("coupon_code") or "", *(several or ())]
    if not all(isinstance(code, str) for code in codes):
        raise InvalidInput("Property .extension_attributes.coupon_codes must have texts")
    return each_once(codes)


def buyer_of(told: Mapping[str, Any]) -> Customer | None:
    """Who buys; a guest is known by the e-mail address at most."""
    shop_id = str(told["customer_id"]) if "customer_id" in told else None
    return customer_of(
        shop_id, told.get("customer_email"), told.get("customer_firstname"), told.get("customer_lastname")
    )


def quantity_of(amount: Any, field: str) -> Decimal:
    """A quantity; Magento's may have decimals. Raises InvalidInput, naming the field, below 0 or for too many."""
    quantity = to_decimal(amount, field)
    if not 0 <= quantity <= _LONGEST_QUANTITY:
        raise InvalidInput(f"Property .{field} must be from 0 to {_LONGEST_QUANTITY}")
    return quantity


def lines_of(items: Sequence[Item], currency: str) -> tuple[Line, ...]:
    """The lines of what was sold, in minor units, each rounded once; what is sold by weight or length is one piece."""
    sold = [item for item in without_doubles(items) if item.quantity]
    amounts = round_lines([item.amount for item in sold], currency, "items")
    return tuple(_line(item, amount, currency) for item, amount in zip(sold, amounts, strict=True))


def without_doubles(items: Sequence[Item]) -> list[Item]:
    """Magento lists what is sold as parts twice: under a bundle whose parts have prices the parts count, else only the
    item itself, as for the variant of a configurable one.
    """
    by_part = {item.parent_id for item in items if item.parent_id and item.amount}
    counted = {item.item_id for item in items} - {None}

    def counts(item: Item) -> bool:
        if item.parent_id in counted:
            return item.parent_id in by_part
        return item.item_id is None or item.item_id not in by_part

    return [item for item in items if counts(item)]


def _line(item: Item, amount: int, currency: str) -> Line:
    pieces = int(item.quantity) if item.quantity == item.quantity.to_integral_value() else 1
    price = int(item.price.scaleb(exponent(currency)).to_integral_value(ROUND_HALF_UP))
    if pieces != item.quantity:
        price = amount
    product = str(item.product_id) if item.product_id else None
    return line_of(item.line_id, pieces, price, amount, sku=item.sku, product_id=product, name=item.name)


def _data(payload: Any) -> Mapping[str, Any]:
    if not isinstance(payload, Mapping):
        raise InvalidInput("Payload must be an object")
    data = payload.get("data")
    return data if isinstance(data, Mapping) else payload
