"""What platforms tell of a purchase: lines whose amounts add up, who buys, and codes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Customer, Line
from checkout_bridge.money import exponent, round_lines
from checkout_bridge.purchases import customer_of, each_once, line_of


@given(
    st.lists(st.decimals(0, 10**6, places=4, allow_nan=False), min_size=1, max_size=60),
    st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_lines_come_to_their_exact_sum_rounded_and_none_is_negative(exact: list[Decimal], currency: str) -> None:
    parts = round_lines(exact, currency)
    assert min(parts) >= 0
    assert abs(sum(parts) - sum(exact) * 10 ** exponent(currency)) <= Decimal("0.5")


@pytest.mark.parametrize(
    ("exact", "parts"),
    [
        (["0.005", "0.005"], [1, 0]),
        (["0.005"] * 5 + ["0"], [1, 1, 1, 0, 0, 0]),  # the last one cannot bear what five of them are too much
        (["10.004", "0.004"], [1000, 1]),
        ([], []),
    ],
)
def test_the_rest_of_the_rounding_falls_on_the_last_line_as_far_as_it_can_bear_it(
    exact: list[str], parts: list[int]
) -> None:
    assert round_lines([Decimal(amount) for amount in exact], "EUR") == parts


def test_a_line_below_nothing_is_refused_by_its_place() -> None:
    with pytest.raises(InvalidInput, match=r"Property \.items\[1\] must not come to less than 0"):
        round_lines([Decimal(1), Decimal("-0.01")], "EUR", "items")


def test_a_line_has_an_exact_amount_only_where_its_price_does_not_tell_it() -> None:
    assert line_of("1", 3, 333, 1000, sku="", product_id="", name="") == Line("1", 3, 333, exact_amount=1000)
    assert line_of("1", 2, 500, 1000, sku="MUG") == Line("1", 2, 500, "MUG")


def test_a_name_is_as_long_as_the_promotions_api_takes() -> None:
    assert line_of("1", 1, 1, 1, name="m" * 501).name == "m" * 500
    assert customer_of("7", None, "J" * 300, "D" * 300) == Customer("7", None, "J" * 300 + " " + "D" * 199)


@pytest.mark.parametrize(
    ("told", "customer"),
    [
        (("7", "jo@example.com", "Jo", "Doe"), Customer("7", "jo@example.com", "Jo Doe")),
        (("", "jo@example.com", None, ""), Customer(None, "jo@example.com")),
        ((None, None, "Jo"), Customer(name="Jo")),
        ((None, "", "", None), None),
    ],
)
def test_a_customer_is_what_is_told_of_one(told: tuple[str | None, ...], customer: Customer | None) -> None:
    assert customer_of(*told) == customer


def test_a_code_counts_once_as_it_was_first_entered() -> None:
    assert each_once([" Save ", "SAVE", "", " ", "straße", "STRASSE", "other"]) == ("Save", "straße", "other")
