"""A stack by the stacking rules: what is tried in which order, what is left out and why, and what always holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout_bridge.engine.pricing.effects import AmountOff, Effect, NoDiscount, PercentOff
from checkout_bridge.engine.pricing.order import OrderState
from checkout_bridge.engine.pricing.stack import Candidate, Outcome, apply_stack, in_order
from checkout_bridge.engine.pricing.stacking import Kind, StackingRules
from checkout_bridge.errors import RequestError

quick = settings(max_examples=150, deadline=None)
FAULT = RequestError("order does not match validation rules", key="order_rules_violated")
RULES = StackingRules()
CART = OrderState(10_000)
COMMON, EXCLUSIVE, JOINT = Kind.COMMON, Kind.EXCLUSIVE, Kind.JOINT


def takes(effect: Effect, kind: Kind = COMMON, *categories: str, **more: Any) -> Candidate:
    return Candidate(effect=lambda _: effect, kind=kind, categories=categories, **more)


def off(amount: int, kind: Kind = COMMON, *categories: str, **more: Any) -> Candidate:
    """A candidate that takes an amount off the order."""
    return takes(AmountOff(amount), kind, *categories, **more)


def below(limit: int, candidate: Candidate) -> Candidate:
    """The candidate with the rule that the order must have come down below a limit."""
    return replace(candidate, rules=lambda state, *_: FAULT if state is None or state.total >= limit else None)


def statuses(outcomes: Sequence[Outcome]) -> list[str]:
    """What came of each: its status, or why it was skipped."""
    return [outcome.skipped.key if outcome.skipped else outcome.status for outcome in outcomes]


def came_of(*candidates: Candidate, rules: StackingRules = RULES, start: OrderState | None = CART) -> list[str]:
    return statuses(apply_stack(candidates, start, rules))


APPLIES, FAILS = "APPLICABLE", "INAPPLICABLE"
AFTER_A_FAILURE, KEPT_OUT, NOTHING_TO_DO = "preceding_validation_failed", "exclusion_rules_not_met", "no_effect"
OF_ALL = "applicable_redeemables_limit_exceeded"
OF_A_CATEGORY = "applicable_redeemables_per_category_limit_exceeded"
OF_EXCLUSIVE = "applicable_exclusive_redeemables_limit_exceeded"
OF_EXCLUSIVE_CATEGORY = "applicable_exclusive_redeemables_per_category_limit_exceeded"


def test_each_sees_what_those_before_it_left() -> None:
    outcomes = apply_stack([off(2000), takes(PercentOff(Fraction(10)))], CART, RULES)

    assert [outcome.applied for outcome in outcomes] == [2000, 800]
    assert outcomes[0].state == outcomes[1].before == OrderState(10_000, 2000)


def test_rules_are_checked_on_what_is_left_with_what_it_would_do() -> None:
    seen: list[tuple[OrderState | None, Effect | None]] = []
    second = replace(off(5), rules=lambda state, effect, _: seen.append((state, effect)))

    apply_stack([off(2000), second], CART, RULES)

    assert seen == [(OrderState(10_000, 2000), AmountOff(5))]


def test_without_an_order_there_is_nothing_to_take_off_and_limits_count_all_the_same() -> None:
    rules = replace(RULES, applicable_redeemables_limit=1)

    outcomes = apply_stack([off(1), off(1)], None, rules)

    assert statuses(outcomes) == [APPLIES, OF_ALL]
    assert (outcomes[0].state, outcomes[0].applied) == (None, 0)


def test_all_or_nothing_stops_at_the_first_that_fails() -> None:
    assert came_of(off(1), Candidate(FAULT), off(1)) == [APPLIES, FAILS, AFTER_A_FAILURE]


def test_in_partial_mode_the_rest_is_tried() -> None:
    partial = replace(RULES, redeemables_application_mode="PARTIAL")

    assert came_of(Candidate(FAULT), off(1), Candidate(FAULT), off(1), rules=partial) == [
        FAILS,
        APPLIES,
        FAILS,
        APPLIES,
    ]


def test_being_skipped_is_no_failure() -> None:
    one_of_a = replace(RULES, applicable_redeemables_category_limits={"a": 1})

    assert came_of(off(1, COMMON, "a"), off(1, COMMON, "a"), off(1), rules=one_of_a) == [
        APPLIES,
        OF_A_CATEGORY,
        APPLIES,
    ]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ([COMMON, EXCLUSIVE], [KEPT_OUT, APPLIES]),
        ([EXCLUSIVE, COMMON], [APPLIES, KEPT_OUT]),
        ([COMMON, JOINT, EXCLUSIVE], [KEPT_OUT, APPLIES, APPLIES]),
        ([JOINT, COMMON, COMMON], [APPLIES, APPLIES, APPLIES]),
        ([EXCLUSIVE, JOINT, JOINT], [APPLIES, APPLIES, APPLIES]),
        ([EXCLUSIVE, EXCLUSIVE], [APPLIES, OF_EXCLUSIVE]),
    ],
)
def test_exclusive_keeps_common_out_and_joint_goes_with_all(sent: list[Kind], expected: list[str]) -> None:
    assert came_of(*(off(1, kind) for kind in sent)) == expected


def test_several_exclusive_ones_combine_as_far_as_their_limit_says() -> None:
    two = replace(RULES, applicable_exclusive_redeemables_limit=2)

    assert came_of(*[off(1, EXCLUSIVE)] * 3, rules=two) == [APPLIES, APPLIES, OF_EXCLUSIVE]


def test_an_exclusive_one_that_does_not_apply_keeps_nobody_out() -> None:
    partial = replace(RULES, redeemables_application_mode="PARTIAL")

    assert came_of(off(1), Candidate(FAULT, kind=EXCLUSIVE), rules=partial) == [APPLIES, FAILS]
    skipped = off(0, EXCLUSIVE, skips_no_effect=True)
    assert came_of(off(1), skipped) == [APPLIES, NOTHING_TO_DO]


def test_an_exclusive_one_that_applies_only_after_common_ones_is_the_one_kept_out() -> None:
    only_after_another = below(10_000, off(5, EXCLUSIVE))

    assert came_of(off(1), only_after_another) == [APPLIES, KEPT_OUT]


def test_a_common_one_that_fails_fails_the_whole_though_it_would_be_kept_out() -> None:
    assert came_of(Candidate(FAULT), off(1, EXCLUSIVE)) == [FAILS, AFTER_A_FAILURE]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"applicable_redeemables_per_category_limit": 1}, OF_A_CATEGORY),
        ({"applicable_redeemables_category_limits": {"b": 1}}, OF_A_CATEGORY),
        ({"applicable_exclusive_redeemables_limit": 1}, OF_EXCLUSIVE),
        ({"applicable_exclusive_redeemables_per_category_limit": 1}, OF_EXCLUSIVE_CATEGORY),
        ({"applicable_redeemables_limit": 1}, OF_ALL),
    ],
)
def test_limits_are_looked_at_category_first_then_exclusive_then_all(limits: dict[str, Any], expected: str) -> None:
    wide = {"applicable_exclusive_redeemables_limit": 5}
    in_turn = {**wide, **limits, "applicable_redeemables_limit": 1}
    two = [off(1, EXCLUSIVE, "a", "b")] * 2

    assert came_of(*two, rules=StackingRules(**in_turn)) == [APPLIES, expected]
    assert came_of(*two, rules=StackingRules(**wide)) == [APPLIES, APPLIES]


def test_a_limit_of_one_category_counts_instead_of_that_of_every_category() -> None:
    rules = StackingRules(
        applicable_redeemables_per_category_limit=1, applicable_redeemables_category_limits={"wide": 2}
    )

    assert came_of(*[off(1, COMMON, "wide")] * 3, rules=rules) == [APPLIES, APPLIES, OF_A_CATEGORY]
    assert came_of(off(1, COMMON, "a"), off(1, COMMON, "b"), off(1), off(1), rules=rules) == [APPLIES] * 4


def test_what_failed_or_was_skipped_takes_nobodys_place() -> None:
    rules = StackingRules(redeemables_application_mode="PARTIAL", applicable_redeemables_limit=2)
    nothing = takes(NoDiscount(), skips_no_effect=True)

    assert came_of(Candidate(FAULT), nothing, off(1), off(1), off(1), rules=rules) == [
        FAILS,
        NOTHING_TO_DO,
        APPLIES,
        APPLIES,
        OF_ALL,
    ]


def test_the_reason_has_the_limit() -> None:
    outcomes = apply_stack([off(1)] * 6, CART, RULES)

    assert outcomes[-1].skipped == (
        OF_ALL,
        "Applicable redeemables limit exceeded",
        "at most 5 may apply, 5 do already",
    )


def test_no_effect_is_applied_unless_it_is_to_be_skipped() -> None:
    nothing_left = OrderState(100, 100)

    assert came_of(off(5), start=nothing_left) == [APPLIES]
    assert came_of(off(5, skips_no_effect=True), start=nothing_left) == [NOTHING_TO_DO]
    assert came_of(off(5, skips_no_effect=True), start=OrderState(100, 99)) == [APPLIES]


def test_skipping_what_has_no_effect_can_be_told_by_category() -> None:
    anyway = StackingRules(no_effect_skip_categories=["a"])
    skip = StackingRules(redeemables_no_effect_rule="SKIP", no_effect_redeem_anyway_categories=["a"])

    of = {"a": ["a", "other"], "other": ["other"], "none": []}
    assert {name: anyway.skips_no_effect(its) for name, its in of.items()} == {"a": True, "other": False, "none": False}
    assert {name: skip.skips_no_effect(its) for name, its in of.items()} == {"a": False, "other": True, "none": True}


def test_percentages_of_the_initial_amount_can_be_told_by_category() -> None:
    some = StackingRules(initial_amount_mode_categories=["a"])
    most = StackingRules(discount_calculation_mode="INITIAL_AMOUNT", discounted_amount_mode_categories=["a"])

    assert (some.of_initial_amount(["a"]), some.of_initial_amount(["b"])) == (True, False)
    assert (most.of_initial_amount(["a"]), most.of_initial_amount(["b"]), most.of_initial_amount([])) == (
        False,
        True,
        True,
    )


def test_the_kind_comes_of_the_categories_and_exclusive_wins() -> None:
    rules = StackingRules(exclusive_categories=["e"], joint_categories=["j"])

    kinds = {its: rules.kind_of(its) for its in ("", "x", "e", "j", "ej", "jx")}
    assert kinds == {"": COMMON, "x": COMMON, "e": EXCLUSIVE, "j": JOINT, "ej": EXCLUSIVE, "jx": JOINT}


def test_as_requested_they_stay_where_they_are() -> None:
    sent = [off(1, JOINT, hierarchy=3), off(1, hierarchy=2), off(1, EXCLUSIVE, hierarchy=0)]

    assert in_order(sent, RULES) == [0, 1, 2]


def test_by_hierarchy_the_lowest_is_first_equals_stay_and_joint_ones_are_last() -> None:
    rules = StackingRules(redeemables_sorting_rule="CATEGORY_HIERARCHY")
    hierarchies = [(COMMON, 2), (JOINT, 1), (EXCLUSIVE, 1), (JOINT, 0), (COMMON, 1), (COMMON, 0), (EXCLUSIVE, 1)]
    sent = [off(1, kind, hierarchy=level) for kind, level in hierarchies]

    assert in_order(sent, rules) == [5, 2, 4, 6, 0, 3, 1]


def test_the_rules_are_told_as_they_were_set_and_the_rest_has_its_default() -> None:
    told = StackingRules.of({"id": "stk_1", "joint_categories": ["j"], "applicable_redeemables_limit": 3}).told

    assert (told["joint_categories"], told["applicable_redeemables_limit"]) == (["j"], 3)
    assert {name: value for name, value in told.items() if value != StackingRules().told[name]} == {
        "joint_categories": ["j"],
        "applicable_redeemables_limit": 3,
    }


categories = st.lists(st.sampled_from("abc"), max_size=2, unique=True).map(tuple)
kinds = st.sampled_from(Kind)
amounts = st.builds(AmountOff, st.integers(0, 4000)) | st.builds(PercentOff, st.integers(0, 100).map(Fraction))


@st.composite
def candidates(draw: st.DrawFn) -> Candidate:
    """Of any kind: some fail, some only while the order is too dear."""
    made = takes(draw(amounts), draw(kinds), *draw(categories), skips_no_effect=draw(st.booleans()))
    if draw(st.integers(0, 9)) == 0:
        return replace(made, fault=FAULT)
    return below(draw(st.integers(1, 10_001)), made) if draw(st.integers(0, 3)) == 0 else made


limits = st.none() | st.integers(1, 3)
stacking_rules = st.builds(
    StackingRules,
    applicable_redeemables_limit=st.integers(1, 6),
    applicable_redeemables_per_category_limit=limits,
    applicable_redeemables_category_limits=st.dictionaries(st.sampled_from("abc"), st.integers(1, 3)),
    applicable_exclusive_redeemables_limit=st.integers(1, 3),
    applicable_exclusive_redeemables_per_category_limit=limits,
    redeemables_application_mode=st.sampled_from(["ALL", "PARTIAL"]),
)
stacks = st.lists(candidates(), min_size=1, max_size=10)
starts = st.none() | st.integers(0, 10_000).map(OrderState)


@quick
@given(sent=stacks, rules=stacking_rules, start=starts)
def test_never_more_apply_than_the_limits_let(
    sent: list[Candidate], rules: StackingRules, start: OrderState | None
) -> None:
    outcomes = apply_stack(sent, start, rules)

    applied = [one for one, outcome in zip(sent, outcomes, strict=True) if outcome.status == APPLIES]
    exclusive = [one for one in applied if one.kind is EXCLUSIVE]
    assert len(applied) <= rules.applicable_redeemables_limit
    assert len(exclusive) <= rules.applicable_exclusive_redeemables_limit
    for name, count in Counter(name for one in applied for name in one.categories).items():
        limit = rules.applicable_redeemables_category_limits.get(name, rules.applicable_redeemables_per_category_limit)
        assert limit is None or count <= limit
    for count in Counter(name for one in exclusive for name in one.categories).values():
        limit = rules.applicable_exclusive_redeemables_per_category_limit
        assert limit is None or count <= limit


@quick
@given(sent=stacks, rules=stacking_rules, start=starts)
def test_exclusive_and_common_ones_never_apply_together(
    sent: list[Candidate], rules: StackingRules, start: OrderState | None
) -> None:
    outcomes = apply_stack(sent, start, rules)

    together = {one.kind for one, outcome in zip(sent, outcomes, strict=True) if outcome.status == APPLIES}
    assert not {COMMON, EXCLUSIVE} <= together


@quick
@given(sent=stacks, rules=stacking_rules, amount=st.integers(0, 10_000))
def test_the_parts_make_the_whole_and_each_starts_where_the_last_one_ended(
    sent: list[Candidate], rules: StackingRules, amount: int
) -> None:
    outcomes = apply_stack(sent, OrderState(amount), rules)

    state = OrderState(amount)
    for outcome in outcomes:
        if outcome.status != APPLIES:
            assert (outcome.applied, outcome.state) == (0, None)
            continue
        assert outcome.before == state
        assert outcome.state is not None
        state = outcome.state
    assert amount - state.total == sum(outcome.applied for outcome in outcomes)


@quick
@given(sent=stacks, rules=stacking_rules)
def test_all_or_nothing_has_one_failure_at_most_and_nothing_after_it_is_tried(
    sent: list[Candidate], rules: StackingRules
) -> None:
    told = came_of(*sent, rules=replace(rules, redeemables_application_mode="ALL"))

    if FAILS in told:
        assert set(told[told.index(FAILS) + 1 :]) <= {AFTER_A_FAILURE}
    else:
        assert AFTER_A_FAILURE not in told
