"""Discounts on lines: the table of effects, the limits, and what holds for every cart."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout_bridge.engine.pricing import items
from checkout_bridge.engine.pricing.items import ItemsOff, Split
from checkout_bridge.engine.pricing.order import Line, OrderState
from checkout_bridge.engine.pricing.scope import Entry, Scope

quick = settings(max_examples=100, deadline=None)
MATCHED = frozenset({("product", "matched")})
OTHER = frozenset({("product", "other")})
ENTRY = Entry(MATCHED)
CART = ((2, 1000, MATCHED), (3, 1500, MATCHED), (3, 2000, MATCHED), (2, 2500, OTHER))


def same(value: Any) -> Callable[[object], Any]:
    """The same number for every line."""
    return lambda _: value


def line(quantity: int, price: int, names: frozenset[tuple[str, str]] = MATCHED, discount: int = 0) -> Line:
    return Line(quantity, price, quantity * price, discount, names=names)


def order(*lines: Line, discount: int = 0) -> OrderState:
    return OrderState(sum(one.amount or 0 for one in lines), discount, lines)


def cart() -> OrderState:
    """2 x 1000, 3 x 1500 and 3 x 2000 that match, and 2 x 2500 that do not."""
    return order(*(line(*one) for one in CART))


def off(state: OrderState, values: Split, entry: Entry = ENTRY, **limits: int) -> list[int]:
    """The discount of each line."""
    changes = ItemsOff(Scope((entry,)), values, **limits).change(state).lines
    return [changes[i].discount if i in changes else 0 for i in range(len(state.lines))]


@pytest.mark.parametrize(
    ("values", "discounts"),
    [
        (items.amount_off(same(1000)), [1000, 1000, 1000, 0]),
        (items.amount_off_by_quantity(same(1000)), [2000, 3000, 3000, 0]),
        (items.amount_off_in_proportion(1000), [160, 360, 480, 0]),
        (items.amount_off_in_proportion_by_quantity(1000), [250, 375, 375, 0]),
        (items.percent_off(same(Fraction(10))), [200, 450, 600, 0]),
        (items.fixed_price(same(1000)), [0, 1500, 3000, 0]),
        (items.all_that_is_left, [2000, 4500, 6000, 0]),
    ],
)
def test_the_example_cart(values: Split, discounts: list[int]) -> None:
    assert off(cart(), values) == discounts


def test_credits_are_spent_on_the_lines_in_their_order() -> None:
    assert off(cart(), items.all_that_is_left, limit=3000) == [2000, 1000, 0, 0]
    assert off(cart(), items.all_that_is_left, Entry(MATCHED, amount_limit=1200), limit=3000) == [1200, 1200, 600, 0]


def test_a_line_gives_no_more_than_is_left_of_it() -> None:
    state = order(line(1, 500), line(1, 1000, discount=800))

    assert off(state, items.amount_off(same(700))) == [500, 200]
    assert off(state, items.amount_off_by_quantity(same(700))) == [500, 200]
    assert off(state, items.percent_off(same(Fraction(50)))) == [250, 100]
    assert off(state, items.fixed_price(same(100))) == [400, 200]
    assert off(state, items.amount_off_in_proportion(700)) == [500, 200]


def test_lines_together_give_no_more_than_is_left_of_the_order() -> None:
    state = order(line(1, 500), line(1, 1000), discount=800)

    assert off(state, items.amount_off(same(600))) == [500, 200]


def test_percentages_are_rounded_half_up_line_by_line() -> None:
    assert off(order(line(1, 105), line(1, 104), line(1, 115)), items.percent_off(same(Fraction(10)))) == [11, 10, 12]


def test_a_discounted_line_is_left_alone_when_told_to() -> None:
    state = order(line(1, 1000, discount=1), line(1, 1000))

    assert off(state, items.amount_off(same(300)), skip_discounted=True) == [0, 300]


def test_a_line_without_a_price_has_no_fixed_price() -> None:
    state = order(line(3, 500))

    assert off(state, items.fixed_price(same(None))) == [0]
    assert off(OrderState(500, lines=(Line(2, None, 500, names=MATCHED),)), items.fixed_price(same(100))) == [0]


@pytest.mark.parametrize(
    ("values", "entry", "discounts"),
    [
        (items.amount_off_by_quantity(same(1000)), Entry(MATCHED, quantity_limit=2), [2000, 2000, 2000, 0]),
        (items.amount_off_by_quantity(same(1000)), Entry(MATCHED, aggregated_quantity_limit=4), [2000, 2000, 0, 0]),
        (items.amount_off(same(1000)), Entry(MATCHED, aggregated_quantity_limit=2), [1000, 0, 0, 0]),
        (items.percent_off(same(Fraction(10))), Entry(MATCHED, quantity_limit=1), [100, 150, 200, 0]),
        (items.fixed_price(same(1000)), Entry(MATCHED, quantity_limit=1), [0, 500, 1000, 0]),
        (items.amount_off(same(1000)), Entry(MATCHED, amount_limit=700), [700, 700, 700, 0]),
        (items.amount_off(same(1000)), Entry(MATCHED, aggregated_amount_limit=1500), [1000, 500, 0, 0]),
        (items.percent_off(same(Fraction(10))), Entry(MATCHED, amount_limit=300, quantity_limit=2), [200, 300, 300, 0]),
        (items.percent_off(same(Fraction(10))), Entry(MATCHED, amount_limit=300, quantity_limit=1), [100, 150, 200, 0]),
        (
            items.amount_off_by_quantity(same(1000)),
            Entry(
                MATCHED, quantity_limit=2, aggregated_quantity_limit=5, amount_limit=1800, aggregated_amount_limit=4000
            ),
            [1800, 1800, 400, 0],
        ),
    ],
)
def test_the_smallest_of_all_limits_wins(values: Split, entry: Entry, discounts: list[int]) -> None:
    assert off(cart(), values, entry) == discounts


def test_a_discount_has_limits_for_each_line_and_for_all() -> None:
    assert off(cart(), items.percent_off(same(Fraction(10))), line_limit=400) == [200, 400, 400, 0]
    assert off(cart(), items.percent_off(same(Fraction(10))), limit=700) == [200, 450, 50, 0]
    assert off(cart(), items.amount_off(same(1000)), Entry(MATCHED, amount_limit=300), line_limit=400, limit=700) == [
        300,
        300,
        100,
        0,
    ]


def test_an_aggregated_limit_is_for_the_lines_of_all_entries() -> None:
    amounts = (Entry(MATCHED, aggregated_amount_limit=200), Entry(OTHER, aggregated_amount_limit=250))
    pieces = (Entry(MATCHED, aggregated_quantity_limit=4), Entry(OTHER, aggregated_quantity_limit=5))

    by_amount = ItemsOff(Scope(amounts), items.amount_off(same(80))).change(cart())
    by_pieces = ItemsOff(Scope(pieces), items.amount_off_by_quantity(same(10))).change(cart())

    assert {i: one.discount for i, one in by_amount.lines.items()} == {0: 80, 1: 80, 2: 40, 3: 50}
    assert {i: one.discount for i, one in by_pieces.lines.items()} == {0: 20, 1: 20, 3: 10}


def test_without_a_line_that_matches_nothing_changes() -> None:
    assert not ItemsOff(Scope((ENTRY,)), items.amount_off(same(100))).change(order(line(1, 500, OTHER))).lines


lines = st.builds(
    line,
    st.integers(1, 5),
    st.integers(0, 10_000),
    st.sampled_from([MATCHED, OTHER]),
    st.integers(0, 3000),
)
carts = st.lists(lines, min_size=1, max_size=6).map(lambda some: order(*some))
limit = st.none() | st.integers(1, 10_000)
entries = st.builds(
    Entry,
    st.just(MATCHED),
    st.sampled_from(["APPLY_TO_EVERY", "APPLY_FROM_CHEAPEST", "APPLY_TO_MOST_EXPENSIVE"]),
    st.integers(0, 2),
    st.integers(1, 3),
    st.booleans(),
    quantity_limit=st.none() | st.integers(1, 4),
    aggregated_quantity_limit=st.none() | st.integers(1, 6),
    amount_limit=limit,
    aggregated_amount_limit=limit,
)
amount = st.integers(0, 20_000)
percent = st.decimals(0, 100, places=2).map(Fraction)
splits = st.one_of(
    amount.map(lambda value: items.amount_off(same(value))),
    amount.map(lambda value: items.amount_off_by_quantity(same(value))),
    amount.map(items.amount_off_in_proportion),
    amount.map(items.amount_off_in_proportion_by_quantity),
    percent.map(lambda value: items.percent_off(same(value))),
    amount.map(lambda value: items.fixed_price(same(value))),
    st.just(items.all_that_is_left),
)


@quick
@given(state=carts, entry=entries, values=splits, line_limit=limit, all_limit=limit)
def test_no_line_gives_more_than_is_left_and_no_limit_is_passed(
    state: OrderState, entry: Entry, values: Split, line_limit: int | None, all_limit: int | None
) -> None:
    change = ItemsOff(Scope((entry,)), values, line_limit, all_limit).change(state)

    for i, one in change.lines.items():
        bounds = [state.lines[i].subtotal, line_limit, entry.amount_limit]
        assert 0 < one.discount <= min(bound for bound in bounds if bound is not None)
        assert state.lines[i].names == MATCHED
    bounds = [state.total, all_limit, entry.aggregated_amount_limit]
    assert change.total <= min(bound for bound in bounds if bound is not None)
    assert state.after(change).total == state.total - change.total >= 0


@quick
@given(state=carts, values=splits)
def test_more_limits_never_give_more(state: OrderState, values: Split) -> None:
    chain = [10**6, 3000, 500, 1]
    given_off = [sum(off(state, values, Entry(MATCHED, aggregated_amount_limit=one))) for one in chain]

    assert all(more >= less for more, less in pairwise(given_off))


@quick
@given(
    state=carts,
    shuffled=st.randoms(use_true_random=False),
    value=amount,
    share=percent,
)
def test_the_order_of_the_lines_changes_no_total(
    state: OrderState, shuffled: Random, value: int, share: Fraction
) -> None:
    again = list(state.lines)
    shuffled.shuffle(again)
    other = order(*again)

    for values in (
        items.amount_off(same(value)),
        items.amount_off_by_quantity(same(value)),
        items.percent_off(same(share)),
        items.fixed_price(same(value)),
        items.all_that_is_left,
    ):
        assert sum(off(state, values)) == sum(off(other, values))


@quick
@given(state=carts, value=amount)
def test_proportional_parts_add_up_to_the_amount_or_to_all_there_is(state: OrderState, value: int) -> None:
    left = sum(one.subtotal for one in state.lines if one.names == MATCHED)

    assert sum(off(state, items.amount_off_in_proportion(value))) == min(value, left, state.total)


def by_hand(state: OrderState, per_line: Callable[[Line], Fraction]) -> list[int]:
    """The plain definition: for each matched line the smallest of its value, its rest, and the order's rest."""
    discounts = []
    for one in state.lines:
        value = int(per_line(one) + Fraction(1, 2)) if one.names == MATCHED else 0
        rest_of_order = max(0, state.total - sum(discounts))
        discounts.append(max(0, min(value, (one.amount or 0) - one.discount, rest_of_order)))
    return discounts


@quick
@given(state=carts, value=amount, share=percent)
def test_the_engine_agrees_with_the_plain_definition(state: OrderState, value: int, share: Fraction) -> None:
    def subtotal(one: Line) -> int:
        return max(0, (one.amount or 0) - one.discount)

    def above(one: Line) -> Fraction:
        return Fraction(max(0, (one.price or 0) - value) * one.quantity)

    assert off(state, items.amount_off(same(value))) == by_hand(state, lambda one: Fraction(value))
    assert off(state, items.percent_off(same(share))) == by_hand(state, lambda one: share * subtotal(one) / 100)
    assert off(state, items.fixed_price(same(value))) == by_hand(state, above)
