"""What redeemables are worth on a whole order, and how money is split: tables of cases, and what holds for all."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout_bridge.engine.pricing.amounts import order_fields
from checkout_bridge.engine.pricing.effects import AmountOff, Effect, FixedPrice, GiftCredits, PercentOff
from checkout_bridge.engine.pricing.order import Line, OrderState
from checkout_bridge.engine.pricing.stack import Candidate, apply_stack
from checkout_bridge.engine.pricing.stacking import StackingRules
from checkout_bridge.engine.services.changes import state_of
from checkout_bridge.errors import InvalidInput, NotFound
from checkout_bridge.money import MAX_MINOR, allocate, half_up

quick = settings(max_examples=100, deadline=None)
money = st.integers(0, MAX_MINOR)
percent = st.decimals(0, 100, places=2).map(Fraction)
effects = st.one_of(
    st.builds(AmountOff, money, st.none() | money),
    st.builds(PercentOff, percent, st.none() | money),
    st.builds(FixedPrice, money),
    st.builds(GiftCredits, money),
)
discounted_lines = st.lists(st.builds(Line, amount=money, discount=money), max_size=3).map(tuple)
states = st.builds(OrderState, money, money, discounted_lines)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(15105, 10, 1511), (31005, 10, 3101), (11499, 10, 1150), (15224, 100, 152), (5, 2, 3), (1, 3, 0), (0, 7, 0)],
)
def test_halves_are_rounded_up(numerator: int, denominator: int, rounded: int) -> None:
    assert half_up(numerator, denominator) == rounded


@pytest.mark.parametrize(
    ("state", "effect", "value"),
    [
        (OrderState(200_000, 100), PercentOff(Fraction(20)), 39_980),
        (OrderState(53_000, 0, (Line(amount=53_000, discount=2650),)), PercentOff(Fraction(3)), 1511),
        (OrderState(1000, 200), AmountOff(1000), 800),
        (OrderState(1000), AmountOff(500, 300), 300),
        (OrderState(1000), FixedPrice(300), 700),
        (OrderState(1000, 200), FixedPrice(300), 500),
        (OrderState(1000), FixedPrice(1000), 0),
        (OrderState(1000), FixedPrice(2000), 0),
        (OrderState(1000), PercentOff(Fraction(50), 300), 300),
        (OrderState(1000), PercentOff(Fraction(10), 300), 100),
        (OrderState(1000, 1000), PercentOff(Fraction(50)), 0),
        (OrderState(1000), PercentOff(Fraction("33.33")), 333),
        (OrderState(400), GiftCredits(1000), 400),
        (OrderState(400), GiftCredits(100), 100),
    ],
)
def test_an_effect_sees_what_is_left_to_pay(state: OrderState, effect: Effect, value: int) -> None:
    change = effect.change(state)

    assert (change.discount, change.lines) == (value, {})


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (300, [3300, 3400], [148, 152]),
        (100, [1, 1, 1], [34, 33, 33]),
        (1, [0, 5], [0, 1]),
        (0, [1, 2], [0, 0]),
        (5, [0, 0], [0, 0]),
        (5, [], []),
    ],
)
def test_an_amount_is_split_by_the_largest_remainder(amount: int, weights: list[int], parts: list[int]) -> None:
    assert allocate(amount, weights) == parts


def test_an_order_is_worth_no_more_than_the_largest_amount() -> None:
    assert state_of({"items": [{"amount": MAX_MINOR}]}) == OrderState(MAX_MINOR, lines=(Line(amount=MAX_MINOR),))
    with pytest.raises(InvalidInput, match=r"\.items"):
        state_of({"items": [{"amount": MAX_MINOR}, {"amount": 1}]})
    with pytest.raises(InvalidInput, match=r"\.items"):
        state_of({"items": [{"price": MAX_MINOR, "quantity": 2}]})


def test_an_order_without_any_price_has_no_amount() -> None:
    assert state_of({"items": [{"source_id": "shirt", "quantity": 2}]}) is None


def test_discounts_that_are_zero_are_left_out_but_for_those_just_applied() -> None:
    state = OrderState(1000)

    assert order_fields(state) == {"amount": 1000, "total_amount": 1000}
    assert order_fields(state, since=state)["applied_discount_amount"] == 0


def candidate(effect: Effect) -> Candidate:
    return Candidate(effect=lambda state: effect)


def test_after_one_that_fails_nothing_is_tried() -> None:
    fault = NotFound("Resource not found")
    candidates = [candidate(AmountOff(1)), Candidate(fault), candidate(AmountOff(1))]

    outcomes = apply_stack(candidates, OrderState(10), StackingRules())

    assert [outcome.status for outcome in outcomes] == ["APPLICABLE", "INAPPLICABLE", "SKIPPED"]
    assert outcomes[1].fault is fault


@quick
@given(amount=money, weights=st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_parts_add_up_and_are_within_one_of_their_share(amount: int, weights: list[int]) -> None:
    parts = allocate(amount, weights)

    total = sum(weights)
    assert sum(parts) == (amount if total else 0)
    for part, weight in zip(parts, weights, strict=True):
        share = Fraction(amount * weight, total) if total else Fraction(0)
        assert abs(part - share) < 1


@quick
@given(numerator=money, denominator=st.integers(1, 10**6))
def test_rounding_is_off_by_half_at_most_and_never_down_from_a_half(numerator: int, denominator: int) -> None:
    difference = half_up(numerator, denominator) - Fraction(numerator, denominator)

    assert Fraction(-1, 2) < difference <= Fraction(1, 2)


@quick
@given(state=states, effect=effects)
def test_an_effect_takes_between_nothing_and_all_that_is_left(state: OrderState, effect: Effect) -> None:
    assert 0 <= effect.change(state).total <= state.total


@quick
@given(start=states, sent=st.lists(effects, min_size=1, max_size=8))
def test_a_stack_takes_off_what_its_parts_do(start: OrderState, sent: list[Effect]) -> None:
    outcomes = apply_stack([candidate(effect) for effect in sent], start, StackingRules())

    applied = [outcome for outcome in outcomes if outcome.status == "APPLICABLE"]
    assert len(applied) == min(len(sent), 5)
    before = start
    for outcome in applied:
        assert outcome.state is not None
        assert outcome.state.total == before.total - outcome.applied >= 0
        assert outcome.state.discount == before.discount + outcome.applied
        before = outcome.state
    assert sum(outcome.applied for outcome in outcomes) == start.total - before.total
