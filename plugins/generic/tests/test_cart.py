"""The documented JSON cart: decimal strings become exact minor units, and what does not add up is named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from checkout_bridge import Customer, GiftCard, Line
from checkout_bridge.errors import InvalidInput
from checkout_bridge.money import format_minor
from checkout_bridge_generic.cart import parse

ITEM = {"sku": "MUG", "quantity": 2, "unit_price": "12.50"}


def _cart(**changed: Any) -> dict[str, Any]:
    return {"currency": "EUR", "items": [ITEM], **changed}


def test_a_whole_cart_is_read() -> None:
    item = {"id": "1", "sku": "MUG", "product_id": "P", "name": "Mug", "quantity": 2, "unit_price": "12.50"}
    cart = parse(
        _cart(
            items=[{**item, "amount": "25.00"}],
            total="25.00",
            customer={"id": "c", "email": "ada@example.com", "name": "Ada"},
            codes=["TEN", " FIVER "],
            gift_cards=[{"code": "GIFT", "amount": "7.00"}, {"code": "REST"}],
        )
    )
    assert cart.lines == (Line("1", 2, 1250, "MUG", "P", "Mug"),)
    assert (cart.currency, cart.total) == ("EUR", 2500)
    assert cart.customer == Customer("c", "ada@example.com", "Ada")
    assert cart.codes == ("TEN", "FIVER")
    assert cart.gift_cards == (GiftCard("GIFT", 700), GiftCard("REST"))


@pytest.mark.parametrize(("currency", "price", "minor"), [("JPY", "1250", 1250), ("BHD", "1.250", 1250)])
def test_minor_units_are_those_of_the_currency(currency: str, price: str, minor: int) -> None:
    assert parse(_cart(currency=currency, items=[{**ITEM, "unit_price": price}])).total == 2 * minor


@pytest.mark.parametrize("name", ["id", "sku", "product_id"])
def test_a_line_is_known_by_its_first_name(name: str) -> None:
    cart = parse(_cart(items=[{name: "x", "quantity": 1, "unit_price": "1.00"}]))
    assert cart.lines[0].line_id == "x"


def test_null_stands_for_absent_and_unknown_properties_are_ignored() -> None:
    item = {**ITEM, "name": None, "colour": "red"}
    cart = parse(_cart(items=[item], customer=None, codes=None, gift_cards=None, total=None, theme="dark"))
    assert (cart.customer, cart.codes, cart.gift_cards, cart.total) == (None, (), (), 2500)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"currency": "JPY"}, ".items[0].unit_price"),
        ({"items": [ITEM, {**ITEM, "sku": "B", "quantity": 0}]}, ".items[1].quantity"),
        ({"items": [{**ITEM, "amount": "25.01"}]}, ".items[0].amount"),
        ({"total": "24.99"}, ".total"),
        ({"total": 25.0}, ".total"),
        ({"gift_cards": [{"code": "G", "amount": "-1.00"}]}, ".gift_cards[0].amount"),
    ],
)
def test_what_cannot_be_is_named(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse(_cart(**changed))
    assert field in str(refusal.value.details)


@given(some.integers(1, 999), some.integers(0, 10**9), some.sampled_from(["EUR", "JPY", "KWD"]))
def test_prices_and_sums_are_exact(quantity: int, price: int, currency: str) -> None:
    item = {"sku": "A", "quantity": quantity, "unit_price": format_minor(price, currency)}
    total = format_minor(price * quantity, currency)
    assert parse({"currency": currency, "items": [item], "total": total}).total == price * quantity
