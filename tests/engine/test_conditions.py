"""The conditions of rules and filters: for which values they hold at a moment, and which arguments they refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout_bridge.engine.pricing.conditions import CONDITIONS, fault_in, hold

# A Wednesday.
NOW = datetime(2026, 6, 10, 15, 30, tzinfo=UTC)
quick = settings(max_examples=100, deadline=None)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


def holding(condition: str, others: list[Any] | None, values: list[Any], now: datetime = NOW) -> list[Any]:
    return [value for value in values if hold({condition: others}, value, now)]


@pytest.mark.parametrize(
    ("condition", "others", "holds", "fails"),
    [
        ("$is", [5], [5, 5.0], [6, "5", True, None]),
        ("$is", [1, False], [1, False], [True, 0]),
        ("$is", ["a", "b"], ["a", "b"], ["c", "A"]),
        ("$is", [["a", "b"]], [["a", "b"]], [["a"], "a"]),
        ("$is_not", ["a"], ["b", None, 1], ["a"]),
        ("$in", ["a", 1], ["a", 1], ["b", None]),
        ("$not_in", ["a", 1], ["b", None], ["a", 1]),
        ("$less_than", [100], [99, 99.5], [100, 101, "5", None]),
        ("$less_than_or_equal", [100], [100, 0], [100.01]),
        ("$less_than_equal", [100], [100, 0], [100.01]),
        ("$more_than", [100], [101, 100.5], [100, "101", None, True]),
        ("$more_than", [100, 200], [201], [150]),
        ("$more_than_or_equal", [0.1], [0.1, 1], [0.09]),
        ("$more_than_equal", [0.1], [0.1, 1], [0.09]),
        ("$starts_with", ["ab", "x"], ["abc", "xyz"], ["cab", None, 1]),
        ("$ends_with", ["bc"], ["abc"], ["bcd", None]),
        ("$contains", ["b"], ["abc", ["a", "b"], ("b",), frozenset("b")], ["acd", ["bb"], None]),
        ("$contains", [2], [[1, 2.0]], [[1], 2]),
        ("$not_contain", ["b"], ["acd", ["bb"], [], None], ["abc", ["a", "b"], frozenset("b")]),
    ],
)
def test_values_are_compared_with_others(condition: str, others: list[Any], holds: list[Any], fails: list[Any]) -> None:
    assert holding(condition, others, holds) == holds
    assert holding(condition, others, fails) == []


@pytest.mark.parametrize("several", [list, tuple, frozenset])
@pytest.mark.parametrize(("condition", "opposite"), [("$is", "$is_not"), ("$in", "$not_in")])
def test_of_several_values_one_among_the_others_is_enough(condition: str, opposite: str, several: Any) -> None:
    segments = several(["seg_1", "seg_2"])

    assert hold({condition: ["seg_2", "seg_3"]}, segments, NOW)
    assert not hold({opposite: ["seg_2", "seg_3"]}, segments, NOW)
    assert not hold({condition: ["seg_3"]}, segments, NOW)
    assert hold({opposite: ["seg_3"]}, segments, NOW)


@pytest.mark.parametrize(
    ("condition", "others", "holds", "fails"),
    [
        ("$count", [2], [["a", "b"], frozenset("ab")], ["ab", [], None, [1, 2, 3]]),
        ("$count", [1.0], ["a", 0, {"a": 1, "b": 2}, ["a"]], [None, []]),
        ("$count", [0, 3], [None, [], (1, 2, 3)], ["", [1]]),
        ("$count_more", [1], [["a", "b"]], ["a", None]),
        ("$count_less", [1], [None, []], ["a", ["a"]]),
        ("$has_value", None, [0, False, "", "a", [1]], [None, []]),
        ("$has_value", [], [0], [None]),
        ("$is_unknown", None, [None, []], [0, False, "", [1]]),
        ("$is_unknown", [], [None], ["a"]),
    ],
)
def test_values_are_counted(condition: str, others: list[Any] | None, holds: list[Any], fails: list[Any]) -> None:
    assert holding(condition, others, holds) == holds
    assert holding(condition, others, fails) == []


@pytest.mark.parametrize(
    ("condition", "others", "holds", "fails"),
    [
        ("$after", ["2026-06-10"], ["2026-06-11", "2026-06-10T00:00:01Z"], ["2026-06-10", "2026-06-09"]),
        ("$after", ["2026-06-10", "2026-07-01"], ["2026-07-02"], ["2026-06-20"]),
        (
            "$before",
            ["2026-06-10T12:00:00.000Z"],
            ["2026-06-10", "2026-06-10T13:59:00+02:00"],
            ["2026-06-10T12:00:00Z"],
        ),
        ("$from", ["2026-06-10"], ["2026-06-10", "2026-06-11"], ["2026-06-09T23:59:59Z", 20260611]),
        ("$from", [5], [5, 6.5], [4.9, "2026-06-10"]),
        ("$more_than_ago", [2], ["2026-06-08T15:29:59Z", "2026-06-08"], ["2026-06-08T15:30:00Z", "2026-06-20"]),
        (
            "$less_than_ago",
            [2],
            ["2026-06-08T15:30:01Z", "2026-06-10T15:30:00Z"],
            ["2026-06-08T15:30:00Z", "2026-06-11"],
        ),
        ("$less_than_ago", [0.5], ["2026-06-10T04:00:00Z"], ["2026-06-10T03:00:00Z"]),
        ("$is_days_ago", [2], ["2026-06-08", "2026-06-08T23:59:59Z", "2026-06-09T01:00:00+02:00"], ["2026-06-07"]),
        ("$is_days_ago", [0, 1.0], ["2026-06-10", "2026-06-09"], ["2026-06-08", "2026-06-11"]),
        ("$more_than_future", [2], ["2026-06-12T15:30:01Z"], ["2026-06-12T15:30:00Z", "2026-06-01"]),
        (
            "$less_than_future",
            [2],
            ["2026-06-12T15:29:59Z", "2026-06-10T15:30:00Z"],
            ["2026-06-12T15:30:00Z", "2026-06-13", "2026-06-10T15:29:59Z"],
        ),
        ("$is_days_in_future", [2], ["2026-06-12", "2026-06-12T23:59:59Z"], ["2026-06-13", "2026-06-08"]),
    ],
)
def test_dates_are_compared_with_others_and_with_now(
    condition: str, others: list[Any], holds: list[Any], fails: list[Any]
) -> None:
    no_dates = ["", "soon", "2026-13-01", "0001-01-01T00:00:00+14:00", None, True, [], {}]

    assert holding(condition, others, holds) == holds
    assert holding(condition, others, [*fails, *no_dates]) == []


@pytest.mark.parametrize("condition", ["$timeframe", "$timeframe_absolute"])
def test_a_timeframe_holds_its_start_and_not_its_end(condition: str) -> None:
    june = ["2026-06-01T00:00:00.000Z", "2026-07-01"]

    inside = ["2026-06-01", "2026-06-30T23:59:59.999Z"]
    assert holding(condition, june, [*inside, "2026-05-31T23:59:59Z", "2026-07-01"]) == inside


@pytest.mark.parametrize("condition", ["$timeframe", "$timeframe_absolute"])
def test_a_timeframe_is_about_now_where_the_value_is_no_date(condition: str) -> None:
    june, july = ["2026-06-01", "2026-07-01"], ["2026-07-01", "2026-08-01"]

    assert holding(condition, june, [None, 5, "soon"]) == [None, 5, "soon"]
    assert holding(condition, july, [None, 5, "soon"]) == []


@pytest.mark.parametrize(
    ("hours", "inside", "outside"),
    [
        (["09:00", "17:30"], ["09:00:00", "17:29:59"], ["08:59:59", "17:30:00", "23:00:00"]),
        (["22:00", "02:00"], ["22:00:00", "23:59:59", "00:00:00", "01:59:59"], ["02:00:00", "12:00:00", "21:59:59"]),
        (["09:00:30", "09:01:00"], ["09:00:30"], ["09:00:29", "09:01:00"]),
        (["06:00", "06:00"], ["06:00:00", "05:59:59"], []),
    ],
)
def test_daily_hours_hold_their_start_and_not_their_end_and_may_run_over_midnight(
    hours: list[str], inside: list[str], outside: list[str]
) -> None:
    times = [*inside, *outside]
    moments = [datetime.fromisoformat(f"2026-06-10T{time}+00:00") for time in times]

    assert holding("$timeframe_daily_hours", hours, [f"2026-06-10T{time}Z" for time in times]) == [
        f"2026-06-10T{time}Z" for time in inside
    ]
    assert [
        time for time, now in zip(times, moments, strict=True) if hold({"$timeframe_daily_hours": hours}, None, now)
    ] == inside


def test_daily_hours_are_about_now_where_the_value_has_no_time_of_day() -> None:
    values = [None, "2026-06-10", 7, "soon"]

    assert holding("$timeframe_daily_hours", ["15:00", "16:00"], values) == values
    assert holding("$timeframe_daily_hours", ["00:00", "01:00"], values) == []


def test_days_of_the_week_count_from_sunday_in_utc() -> None:
    week = [f"2026-06-{day:02}" for day in range(7, 14)]

    assert [holding("$dow", [day], week) for day in range(7)] == [[date] for date in week]
    assert hold({"$dow": [0]}, "2026-06-08T00:30:00+02:00", NOW)


def test_the_day_of_the_week_is_that_of_now_where_the_value_is_no_date() -> None:
    assert holding("$dow", [1, 3.0], [None, "soon", 1]) == [None, "soon", 1]
    assert holding("$dow", [1, 2], [None, "soon", 1]) == []


def test_all_conditions_must_hold() -> None:
    between = {"$more_than": [10], "$less_than": [20]}

    assert [value for value in (10, 11, 19, 20) if hold(between, value, NOW)] == [11, 19]


@quick
@given(condition=st.sampled_from(sorted(CONDITIONS)), others=st.lists(json_values, max_size=3), value=json_values)
def test_every_condition_takes_any_value_and_any_arguments(condition: str, others: list[Any], value: Any) -> None:
    assert hold({condition: others}, value, NOW) in (True, False)


@pytest.mark.parametrize(
    "condition", [name for name in sorted(CONDITIONS) if (fault_in(name, [{}]) or "").startswith("must be")]
)
def test_arguments_of_the_wrong_kind_never_hold(condition: str) -> None:
    values = [None, 5, "soon", "2026-06-10", [1], {}]

    for others in ([], [{}], [{}, {}], ["soon", "later"], [True]):
        assert holding(condition, others, values) == []


@quick
@given(days=st.integers(1, 10_000), seconds=st.integers(1, 86_399))
def test_ago_and_future_are_each_others_mirror(days: int, seconds: int) -> None:
    span = timedelta(days=days, seconds=seconds)
    past, future = (NOW - span).isoformat(), (NOW + span).isoformat()

    for value, more, less in (
        (past, "$more_than_ago", "$less_than_ago"),
        (future, "$more_than_future", "$less_than_future"),
    ):
        assert hold({more: [days], less: [days + 1]}, value, NOW)
        assert not hold({more: [days + 1]}, value, NOW)
        assert not hold({less: [days]}, value, NOW)


@pytest.mark.parametrize(
    ("names", "wrong", "words"),
    [
        (
            ["$is", "$contains", "$count", "$after", "$dow"],
            [None, [], "a", 5, {}],
            "must be array with at least one value",
        ),
        (["$has_value", "$is_unknown"], ["a", True, {}], "must be array"),
        (["$count", "$count_more", "$count_less"], [["1"], [1, None], [True], [float("nan")]], "must be numbers"),
        (["$more_than", "$less_than", "$more_than_equal", "$less_than_or_equal"], [["1"], [None]], "must be numbers"),
        (["$more_than_ago", "$less_than_ago", "$is_days_ago"], [["2026-06-10"]], "must be numbers"),
        (["$more_than_future", "$less_than_future", "$is_days_in_future"], [["2026-06-10"]], "must be numbers"),
        (["$after", "$before"], [["soon"], [5], ["2026-06-10", "2026-02-30"]], "must be dates"),
        (["$from"], [["soon"], [True], [{}]], "must be numbers or dates"),
        (
            ["$timeframe", "$timeframe_absolute"],
            [["2026-06-10"], ["2026-06-10", "soon"], ["2026-06-10"] * 3],
            "must be two dates, a start and an end",
        ),
        (
            ["$timeframe_daily_hours"],
            [["09:00"], ["09:00", "25:00"], ["9:00", "10:00"], ["0900", "1000"], [9, 10], ["09:00", "10:00", "11:00"]],
            "must be two hours as HH:MM",
        ),
        (["$dow"], [[7], [-1], [1.5], ["1"], [True], [0, None]], "must be numbers from 0 to 6"),
    ],
)
def test_arguments_that_mean_nothing_are_told(names: list[str], wrong: list[Any], words: str) -> None:
    assert {fault_in(name, values) for name in names for values in wrong} == {words}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("$is", [None]),
        ("$not_contain", [{}]),
        ("$has_value", None),
        ("$has_value", []),
        ("$is_unknown", [True]),
        ("$count", [1, 2.0]),
        ("$more_than", [0.5]),
        ("$after", ["2026-06-10", "2026-06-10T10:00:00+02:00"]),
        ("$is_days_ago", [3]),
        ("$from", [5]),
        ("$from", ["2026-06-10"]),
        ("$timeframe", ["2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"]),
        ("$timeframe_daily_hours", ["22:00", "02:00:30"]),
        ("$dow", [0, 6, 1.0]),
    ],
)
def test_arguments_that_mean_something_have_no_fault(name: str, values: Any) -> None:
    assert fault_in(name, values) is None
