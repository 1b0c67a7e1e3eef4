"""The conditions of rules and filters: whether a value stands in a relation to others, at a moment.

A value is a scalar of JSON, several of them (a list, a tuple or a frozenset), or None where it is missing.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from checkout_bridge.engine.pricing.moments import (
    dates_between,
    day_of_week,
    days_between,
    is_day_of_week,
    moment_in,
    opening_day,
    time_of_day_in,
    timed_moment_in,
)

if TYPE_CHECKING:
    from datetime import datetime

Condition = Callable[[Any, Sequence[Any], "datetime"], bool]
_SEVERAL = (list, tuple, frozenset)


def hold(conditions: Mapping[str, Sequence[Any] | None], value: Any, now: datetime) -> bool:
    """Whether all of them hold for a value; ``now`` is in UTC. Arguments of the wrong kind never hold."""
    return all(CONDITIONS[name](value, others or (), now) for name, others in conditions.items())


def fault_in(name: str, values: Any) -> str | None:
    """What is wrong with the arguments of a condition, as words to follow its name, or None."""
    if name in ("$has_value", "$is_unknown"):
        return None if values is None or isinstance(values, list) else "must be array"
    if not isinstance(values, list) or not values:
        return "must be array with at least one value"
    are_fit, words = _ARGUMENTS.get(name, (None, ""))
    return words if are_fit is not None and not are_fit(values) else None


def _number(value: Any) -> Fraction | None:
    """A finite JSON number, exactly; text that looks like one stays text."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return Fraction(str(value)) if isinstance(value, float) else Fraction(value)


def _same(value: Any, other: Any) -> bool:
    first, second = _number(value), _number(other)
    if first is not None and second is not None:
        return first == second
    # To Python true is 1; in JSON it is not.
    return isinstance(value, bool) == isinstance(other, bool) and bool(value == other)


def _each(value: Any) -> Sequence[Any]:
    if isinstance(value, _SEVERAL):
        return tuple(value)
    return () if value is None else (value,)


def _is_among(value: Any, others: Sequence[Any], now: datetime) -> bool:
    return any(_same(one, other) for one in (value, *_each(value)) for other in others)


def _contains(value: Any, others: Sequence[Any], now: datetime) -> bool:
    if isinstance(value, _SEVERAL):
        return any(_same(item, other) for item in value for other in others)
    return isinstance(value, str) and any(str(other) in value for other in others)


def _has_value(value: Any, others: Sequence[Any], now: datetime) -> bool:
    return len(_each(value)) > 0


def _never(condition: Condition) -> Condition:
    return lambda value, others, now: not condition(value, others, now)


def _text(test: Callable[[str, str], bool]) -> Condition:
    return lambda value, others, now: isinstance(value, str) and any(test(value, str(other)) for other in others)


def _measured(
    measure: Callable[[Any, datetime], Fraction | int | None],
    test: Callable[[Fraction | int, Fraction], bool],
    of: Callable[[Iterable[bool]], bool] = all,
) -> Condition:
    """Compare a number that can be told of a value at a moment with ``all`` or ``any`` of the others."""

    def holds(value: Any, others: Sequence[Any], now: datetime) -> bool:
        size = measure(value, now)
        numbers = [_number(other) for other in others]
        if size is None or not numbers:
            return False
        return of(number is not None and test(size, number) for number in numbers)

    return holds


def _itself(value: Any, now: datetime) -> Fraction | None:
    return _number(value)


def _count(value: Any, now: datetime) -> int:
    return len(_each(value))


def _days_ago(value: Any, now: datetime) -> Fraction | None:
    moment = moment_in(value)
    return None if moment is None or moment > now else days_between(moment, now)


def _days_ahead(value: Any, now: datetime) -> Fraction | None:
    moment = moment_in(value)
    return None if moment is None or moment < now else days_between(now, moment)


def _dates_ago(value: Any, now: datetime) -> int | None:
    moment = moment_in(value)
    return None if moment is None else dates_between(moment, now)


def _dates_ahead(value: Any, now: datetime) -> int | None:
    moment = moment_in(value)
    return None if moment is None else dates_between(now, moment)


def _dated(test: Callable[[datetime, datetime], bool]) -> Condition:
    def holds(value: Any, others: Sequence[Any], now: datetime) -> bool:
        moment = moment_in(value)
        dates = [moment_in(other) for other in others]
        if moment is None or not dates:
            return False
        return all(date is not None and test(moment, date) for date in dates)

    return holds


def _is_from(value: Any, others: Sequence[Any], now: datetime) -> bool:
    return _AT_LEAST(value, others, now) or _NOT_BEFORE(value, others, now)


def _is_in_timeframe(value: Any, others: Sequence[Any], now: datetime) -> bool:
    """Of the value's moment if it has one, else of now; the same in the two that follow."""
    start, end = (moment_in(other) for other in others) if len(others) == 2 else (None, None)
    return start is not None and end is not None and start <= (moment_in(value) or now) < end


def _is_in_daily_hours(value: Any, others: Sequence[Any], now: datetime) -> bool:
    start, end = (time_of_day_in(other) for other in others) if len(others) == 2 else (None, None)
    if start is None or end is None:
        return False
    return opening_day(timed_moment_in(value) or now, start, end) is not None


def _is_on_day_of_week(value: Any, others: Sequence[Any], now: datetime) -> bool:
    return any(_same(day_of_week(moment_in(value) or now), other) for other in others)


def _every(test: Callable[[Any], bool]) -> Callable[[Sequence[Any]], bool]:
    return lambda values: all(test(value) for value in values)


def _is_number(value: Any) -> bool:
    return _number(value) is not None


def _is_date(value: Any) -> bool:
    return moment_in(value) is not None


def _are_two_dates(values: Sequence[Any]) -> bool:
    return len(values) == 2 and all(map(_is_date, values))


def _are_two_hours(values: Sequence[Any]) -> bool:
    return len(values) == 2 and all(time_of_day_in(value) is not None for value in values)


_AT_LEAST = _measured(_itself, operator.ge)
_AT_MOST = _measured(_itself, operator.le)
_NOT_BEFORE = _dated(operator.ge)
_NUMBERS = (_every(_is_number), "must be numbers")

CONDITIONS: Mapping[str, Condition] = {
    "$is": _is_among,
    "$is_not": _never(_is_among),
    "$in": _is_among,
    "$not_in": _never(_is_among),
    "$less_than": _measured(_itself, operator.lt),
    "$less_than_or_equal": _AT_MOST,
    "$less_than_equal": _AT_MOST,
    "$more_than": _measured(_itself, operator.gt),
    "$more_than_or_equal": _AT_LEAST,
    "$more_than_equal": _AT_LEAST,
    "$starts_with": _text(str.startswith),
    "$ends_with": _text(str.endswith),
    "$contains": _contains,
    "$not_contain": _never(_contains),
    "$count": _measured(_count, operator.eq, any),
    "$count_more": _measured(_count, operator.gt),
    "$count_less": _measured(_count, operator.lt),
    "$has_value": _has_value,
    "$is_unknown": _never(_has_value),
    "$from": _is_from,
    "$after": _dated(operator.gt),
    "$before": _dated(operator.lt),
    "$more_than_ago": _measured(_days_ago, operator.gt),
    "$less_than_ago": _measured(_days_ago, operator.lt),
    "$is_days_ago": _measured(_dates_ago, operator.eq, any),
    "$more_than_future": _measured(_days_ahead, operator.gt),
    "$less_than_future": _measured(_days_ahead, operator.lt),
    "$is_days_in_future": _measured(_dates_ahead, operator.eq, any),
    "$timeframe": _is_in_timeframe,
    "$timeframe_absolute": _is_in_timeframe,
    "$timeframe_daily_hours": _is_in_daily_hours,
    "$dow": _is_on_day_of_week,
}

# Conditions that take any arguments are not here.
_ARGUMENTS: Mapping[str, tuple[Callable[[Sequence[Any]], bool], str]] = {
    **dict.fromkeys(("$less_than", "$less_than_or_equal", "$less_than_equal"), _NUMBERS),
    **dict.fromkeys(("$more_than", "$more_than_or_equal", "$more_than_equal"), _NUMBERS),
    **dict.fromkeys(("$count", "$count_more", "$count_less"), _NUMBERS),
    **dict.fromkeys(("$more_than_ago", "$less_than_ago", "$is_days_ago"), _NUMBERS),
    **dict.fromkeys(("$more_than_future", "$less_than_future", "$is_days_in_future"), _NUMBERS),
    **dict.fromkeys(("$after", "$before"), (_every(_is_date), "must be dates")),
    **dict.fromkeys(("$timeframe", "$timeframe_absolute"), (_are_two_dates, "must be two dates, a start and an end")),
    "$from": (_every(lambda value: _is_number(value) or _is_date(value)), "must be numbers or dates"),
    "$timeframe_daily_hours": (_are_two_hours, "must be two hours as HH:MM"),
    "$dow": (_every(is_day_of_week), "must be numbers from 0 to 6"),
}
