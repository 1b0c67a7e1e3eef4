"""Money, quantities, tax sides and codes: what a Medusa cart comes to, to the last minor unit."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Customer, Line
from checkout_bridge_medusa import MedusaPlugin

from .conftest import item


def cart_of(*items: dict[str, Any], currency: str = "eur", **more: Any) -> Cart:
    return MedusaPlugin().parse_cart(payload={"currency_code": currency, "items": list(items), **more})


@pytest.mark.parametrize(
    ("currency", "price", "unit"),
    [
        ("eur", 12.5, 1250),
        ("eur", "0.1", 10),
        ("jpy", 1200, 1200),
        ("kwd", 1.25, 1250),
        ("eur", 4.35, 435),  # 434.99999999999994 as a float times 100
        ("eur", 0.8181818181818182, 82),
        ("eur", 5e-18, 0),
    ],
)
def test_a_price_is_in_the_minor_units_of_the_currency(currency: str, price: Any, unit: int) -> None:
    assert cart_of(item("mug", 1, price), currency=currency).lines[0].unit_price == unit


def test_the_exact_text_counts_before_the_number_beside_it() -> None:
    raw = {"value": "1.005000000000000000001", "precision": 20}
    assert cart_of(item("mug", 1, 1.0, raw_unit_price=raw)).lines[0].unit_price == 101


def test_a_piece_with_fractions_of_a_cent_is_rounded_but_its_line_is_not() -> None:
    (line,) = cart_of(item("screw", 1000, 0.004)).lines
    assert (line.unit_price, line.amount) == (0, 400)


def test_the_rest_of_the_rounding_falls_on_the_last_line() -> None:
    cart = cart_of(*(item(name, 1, 0.333) for name in "abc"))
    assert [line.amount for line in cart.lines] == [33, 33, 34]
    assert [line.exact_amount for line in cart.lines] == [None, None, 34]


prices = st.decimals(min_value=0, max_value=10**6, places=4)


@given(st.lists(st.tuples(prices, st.integers(1, 99)), min_size=1, max_size=8))
def test_a_cart_comes_to_the_exact_sum_rounded_once(told: list[tuple[Decimal, int]]) -> None:
    items = [item(f"i{i}", quantity, str(price)) for i, (price, quantity) in enumerate(told)]
    exact = sum((price * quantity for price, quantity in told), Decimal(0)) * 100
    cart = cart_of(*items)
    assert cart.total == int(exact.to_integral_value(ROUND_HALF_UP))
    assert all(line.amount >= 0 for line in cart.lines)


def test_where_one_line_is_priced_with_tax_all_are() -> None:
    taxed = item("mug", 1, 99, is_tax_inclusive=True, tax_lines=[{"rate": 10}])
    untaxed = item("tea", 2, 9, is_tax_inclusive=False, tax_lines=[{"rate": 10}, {"rate": 2.5}])
    assert [line.amount for line in cart_of(taxed, untaxed).lines] == [9900, 2025]
    assert [line.amount for line in cart_of(untaxed).lines] == [1800]


def test_what_is_sold_by_weight_is_one_piece_at_the_price_of_the_line() -> None:
    assert cart_of(item("rope", 1.5, 2.99)).lines == (Line("rope", 1, 449, name="rope"),)


def test_what_is_not_bought_any_more_is_left_out() -> None:
    assert [line.line_id for line in cart_of(item("mug", 0), item("tea")).lines] == ["tea"]


@pytest.mark.parametrize(
    ("wrong", "details"),
    [
        (item("mug", -1), "Property .items[0].quantity must be from 0 to 1000000"),
        (item("mug", 1, -5), "Property .items[0].unit_price must be >= 0"),
        (item("mug", 1, "5,00"), 'Property .items[0].unit_price must be a decimal such as "12.50"'),
        (item("mug", 1, True), 'Property .items[0].unit_price must be a decimal such as "12.50"'),
        (item("mug", 1, float("inf")), 'Property .items[0].unit_price must be a decimal such as "12.50"'),
        (item("mug", 1, None), "Property .items[0] should have required property 'unit_price'"),
        (item("mug", 0), "Property .items must have at least 1 item that was bought"),
    ],
)
def test_what_cannot_be_is_refused_by_name(wrong: dict[str, Any], details: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        cart_of(wrong)
    assert raised.value.details == details


def test_codes_are_those_entered_each_once_and_none_of_an_automatic_promotion() -> None:
    cart = cart_of(
        item("mug", 1, 5, "SAVE", "AUTO"),
        item("tea", 1, 5, "SAVE"),
        shipping_methods=[{"adjustments": [{"code": "SHIP"}, {"amount": 1}]}],
        promotions=[{"code": "AUTO", "is_automatic": True}, {"code": "LATER", "is_automatic": False}],
        promo_codes=["NEW", " SAVE "],
    )
    assert cart.codes == ("NEW", "SAVE", "LATER", "SHIP")


def test_who_buys_is_told_by_the_cart_and_its_customer() -> None:
    person = {"id": "cus_1", "email": "jo@example.com", "first_name": "Jo", "last_name": "Doe"}
    assert cart_of(item("mug"), customer=person).customer == Customer("cus_1", "jo@example.com", "Jo Doe")
    assert cart_of(item("mug"), email="guest@example.com").customer == Customer(None, "guest@example.com", None)
    assert cart_of(item("mug")).customer is None
