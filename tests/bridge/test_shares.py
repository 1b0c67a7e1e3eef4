"""The sums behind refunds: every card gets back in any number of steps what it would in one, to the last unit."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from checkout_bridge.bridge import shares
from checkout_bridge.bridge.shares import Order, Refunded

COUPON = {"position": 0, "credits": None, "allocations": {"a": 300}}
CARD = {"position": 1, "credits": 1000, "allocations": {"a": 667, "b": 333}}
POINTS = {"position": 2, "credits": 50_000, "allocations": {"a": 200, "b": 300}}
THING = {"position": 3, "credits": 7, "allocations": {"a": 0, "b": 0}}
PARTS = [COUPON, CARD, POINTS, THING]
ORDER = Order({"a": 3, "b": 1}, 601)


@pytest.mark.parametrize(
    ("before", "now", "back"),
    [
        ([], Refunded({"a": 1}), {1: 222, 2: 6667}),
        ([Refunded({"a": 1})], Refunded({"a": 1}), {1: 223, 2: 6666}),
        ([Refunded({"a": 2})], Refunded({"a": 1}), {1: 222, 2: 6667}),
        ([], Refunded({"a": 3}), {1: 667, 2: 20_000}),
        ([], Refunded({"b": 1}), {1: 333, 2: 30_000}),
        ([Refunded({"a": 2})], Refunded({"a": 1, "b": 1}), {1: 555, 2: 36_667}),
        # Beside pieces the amount has no say.
        ([], Refunded({"a": 1}, 600), {1: 222, 2: 6667}),
        ([], Refunded(None, 200), {1: 333, 2: 16_639, 3: 2}),
        ([Refunded(None, 200)], Refunded(None, 200), {1: 333, 2: 16_639, 3: 3}),
        ([Refunded({"a": 1}, 150)], Refunded(None, 200), {1: 333, 2: 16_639, 3: 2}),
        ([], Refunded({}, 200), {1: 333, 2: 16_639, 3: 2}),
        ([], Refunded({}, 99_999), {1: 1000, 2: 50_000, 3: 7}),
        ([Refunded({}, 99_999)], Refunded({}, 5), {}),
    ],
)
def test_a_refund_gives_each_card_its_share_in_its_own_units_and_coupons_nothing(
    before: list[Refunded], now: Refunded, back: dict[int, int]
) -> None:
    assert shares.back(PARTS, ORDER, before, now, {}) == back


def test_a_card_never_gets_more_than_what_is_left_of_it() -> None:
    assert shares.back(PARTS, ORDER, [], Refunded({"a": 3}), {1: 900, 2: 50_000}) == {1: 100}
    assert shares.rest(PARTS, {1: 900, 2: 50_000}) == {1: 100, 2: 0, 3: 7}


def test_where_nothing_was_left_to_pay_an_amount_is_no_share_of_anything() -> None:
    assert shares.back(PARTS, Order({"a": 3, "b": 1}, 0), [], Refunded({}, 500), {}) == {}


@pytest.mark.parametrize(
    ("before", "now", "whole"),
    [
        ([], Refunded(), True),
        ([Refunded({"a": 1})], Refunded(), True),
        ([], Refunded({"a": 3}), False),
        ([], Refunded({"a": 3, "b": 1}), True),
        ([Refunded({"a": 2}), Refunded({"b": 1})], Refunded({"a": 1}), True),
        ([], Refunded(None, 600), False),
        ([], Refunded(None, 601), True),
        ([Refunded(None, 600)], Refunded(None, 1), True),
        ([Refunded({"a": 1}, 600)], Refunded(None, 1), True),
        ([Refunded({"a": 1})], Refunded(None, 600), False),
        ([], Refunded({}, 601), False),
        ([Refunded({}, 600)], Refunded(None, 1), False),
    ],
)
def test_the_last_piece_or_the_last_of_the_money_ends_the_order(
    before: list[Refunded], now: Refunded, whole: bool
) -> None:
    assert shares.completes(ORDER, before, now) is whole


quantities = some.lists(some.integers(1, 9), min_size=1, max_size=6)


@settings(max_examples=400)
@given(quantities, some.data())
def test_pieces_that_come_back_one_by_one_add_up_to_what_each_line_and_each_card_paid(
    bought: list[int], data: some.DataObject
) -> None:
    order = Order({str(i): quantity for i, quantity in enumerate(bought)}, 1)
    allocations = {line: data.draw(some.integers(0, 10**6)) for line in order.bought}
    scale = data.draw(some.sampled_from([1, 7, 100]))
    part: dict[str, Any] = {"position": 0, "credits": sum(allocations.values()) * scale, "allocations": allocations}
    one_by_one = data.draw(
        some.permutations([line for line, quantity in order.bought.items() for _ in range(quantity)])
    )
    before: list[Refunded] = []
    total = 0
    for line in one_by_one:
        now = Refunded({line: 1})
        share = shares.back([part], order, before, now, {0: total}).get(0, 0)
        total += share
        assert abs(share * order.bought[line] - allocations[line] * scale) <= order.bought[line] * 2
        before.append(now)
        pieces = shares.pieces_in(before)
        assert total == shares.back([part], order, [], Refunded(pieces), {}).get(0, 0)
    assert total == part["credits"] or sum(allocations.values()) == 0


@settings(max_examples=400)
@given(some.lists(some.integers(1, 10**6), min_size=1, max_size=12), some.integers(1, 10**9))
def test_amounts_in_any_number_of_steps_add_up_to_what_the_card_paid(amounts: list[int], credits: int) -> None:
    order = Order({"a": 1}, sum(amounts))
    part: dict[str, Any] = {"position": 0, "credits": credits, "allocations": {"a": credits}}
    given_so_far = 0
    for n, after in enumerate(accumulate(amounts)):
        before = [Refunded(None, amount) for amount in amounts[:n]]
        given_so_far += shares.back([part], order, before, Refunded(None, amounts[n]), {0: given_so_far}).get(0, 0)
        assert given_so_far == shares.back([part], order, [], Refunded(None, after), {}).get(0, 0)
    assert given_so_far == credits
