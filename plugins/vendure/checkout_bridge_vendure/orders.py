"""Vendure's orders, which are carts until they are placed: what is bought, with tax, and what their states say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError, fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Cart, Cause, Checkout, Customer, Ignored, Line
from checkout_bridge.money import round_lines
from checkout_bridge.purchases import customer_of, line_of
from checkout_bridge_vendure.amounts import Precision

# Surcharges of ours are known by their SKU, which has the code in it.
SKU = "checkout-bridge:"
_PAID = "PaymentSettled"
_PAID_BEFORE = ("PartiallyShipped", "Shipped", "PartiallyDelivered", "Delivered")
_FAILED = frozenset({"Declined", "Error"})


class Id(Text):
    """An id: text, or the number of a database."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(required=required, longest=255)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(str(value) if type(value) is int else value, attr, data, **kwargs)
        if not text:
            raise ValidationError("must not be empty")
        return text


class _Product(ContractSchema):
    id = Id()


class _Variant(ContractSchema):
    id = Id()
    sku = Text(longest=255)
    name = Text(longest=5000)
    product = fields.Nested(_Product)


class _Line(ContractSchema):
    id = Id(required=True)
    quantity = WholeNumber(required=True, maximum=10**6)
    orderPlacedQuantity = WholeNumber(maximum=10**6)
    unitPriceWithTax = WholeNumber(required=True)
    linePriceWithTax = WholeNumber(required=True)
    productVariant = fields.Nested(_Variant)


class _Customer(ContractSchema):
    id = Id()
    emailAddress = Text()
    firstName = Text(longest=5000)
    lastName = Text(longest=5000)


class _Surcharge(ContractSchema):
    sku = Text(longest=5000)


class _Payment(ContractSchema):
    state = Text()


class _Bought(ContractSchema):
    currencyCode = Text(required=True, longest=3)
    lines = fields.List(fields.Nested(_Line), required=True)
    customer = fields.Nested(_Customer)
    couponCodes = fields.List(Text())
    bridgeCodes = fields.List(Text())
    surcharges = fields.List(fields.Nested(_Surcharge))


class _State(ContractSchema):
    code = Id(required=True)
    state = Text(required=True, longest=50)
    payments = fields.List(fields.Nested(_Payment))


class _Order(_State, _Bought):
    pass


_BOUGHT, _STATE, _ORDER = _Bought(), _State(), _Order()


def order_in(data: Any) -> Any:
    """The order that was posted as it is, or as ``{order}``."""
    return data["order"] if isinstance(data, Mapping) and "order" in data else data


def cart_of(payload: Any, precision: Precision) -> Cart:
    """An active order, as a cart. Raises InvalidInput, naming the field."""
    return _cart(load(_BOUGHT, order_in(payload)), precision)


def state_changed(payload: Any, precision: Precision) -> Checkout | Cancellation | Ignored:
    """What the state that an order got says of it. Raises InvalidInput, naming the field.

    Later states than the paid one change nothing: pieces may have been cancelled since.
    """
    order = order_in(payload)
    known = load(_STATE, order)
    state = known["state"]
    if state == "Cancelled":
        return Cancellation(known["code"], cause=_cause(known.get("payments", ())))
    if state in _PAID_BEFORE:
        return Ignored(f"the order was paid before: its state is {state}")
    if state != _PAID:
        return Ignored(f"the order is not paid: its state is {state}")
    return Checkout(known["code"], _cart(load(_ORDER, order), precision))


def exported(payload: Any, precision: Precision) -> Checkout | Ignored:
    """An order of an export that was paid and stands. Raises InvalidInput, naming the field."""
    order = load(_ORDER, order_in(payload))
    if order["state"] not in (_PAID, *_PAID_BEFORE):
        return Ignored(f"the order does not stand paid: its state is {order['state']}")
    return Checkout(order["code"], _cart(order, precision))


def _cause(payments: Sequence[Mapping[str, Any]]) -> Cause:
    states = {payment.get("state") for payment in payments}
    if "Settled" in states:
        return "cancelled_after_capture"
    return "payment_failed" if states and states <= _FAILED else "cancelled"


def _cart(order: Mapping[str, Any], precision: Precision) -> Cart:
    currency, lines = order["currencyCode"], order["lines"]
    # Cancelling pieces lowers their quantity; what was placed stays, and is 0 until then and of lines added later.
    is_placed = any(line.get("orderPlacedQuantity") for line in lines)
    told = [(line, line.get("orderPlacedQuantity", 0) if is_placed else line["quantity"]) for line in lines]
    bought = [(line, quantity) for line, quantity in told if quantity]
    if not bought:
        raise InvalidInput("Property .lines must have at least 1 item that was bought")
    whole = [
        line["linePriceWithTax"] if quantity == line["quantity"] else line["unitPriceWithTax"] * quantity
        for line, quantity in bought
    ]
    amounts = round_lines([precision.major(value, currency) for value in whole], currency, "lines")
    made = tuple(
        _line(line, quantity, precision.minor(line["unitPriceWithTax"], currency, "lines"), amount)
        for (line, quantity), amount in zip(bought, amounts, strict=True)
    )
    return Cart(currency, made, _customer(order), _codes(order))


def _line(line: Mapping[str, Any], quantity: int, unit_price: int, amount: int) -> Line:
    """A line; with tax, three pieces may cost a cent less than three times one."""
    variant = line.get("productVariant", {})
    return line_of(
        line["id"],
        quantity,
        unit_price,
        amount,
        sku=variant.get("sku"),
        product_id=variant.get("product", {}).get("id"),
        name=variant.get("name"),
    )


def _customer(order: Mapping[str, Any]) -> Customer | None:
    person = order.get("customer", {})
    return customer_of(person.get("id"), person.get("emailAddress"), person.get("firstName"), person.get("lastName"))


def _codes(order: Mapping[str, Any]) -> tuple[str, ...]:
    """The codes that were entered, each once: Vendure's own, those it does not know, and those of our surcharges."""
    ours = [one.get("sku", "").removeprefix(SKU) for one in order.get("surcharges", ()) if _is_ours(one)]
    codes = [*order.get("couponCodes", ()), *order.get("bridgeCodes", ()), *ours]
    return tuple(dict.fromkeys(code.strip() for code in codes if code.strip()))


def _is_ours(surcharge: Mapping[str, Any]) -> bool:
    return str(surcharge.get("sku", "")).startswith(SKU)
