"""When a redeemable is valid: recurring timeframes, days of the week, hours of the day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from checkout_bridge.engine.pricing.moments import day_of_week, is_day_of_week, moment_in, opening_day, time_of_day_in

_SHORTEST_MONTH = timedelta(days=28)
_MIDNIGHT = "00:00"
# Durations are added to the first year there is; 999 of them take no moment of ours off the calendar.
_YEAR_1, _YEAR_1000 = datetime(1, 1, 1), datetime(1000, 1, 1)


def is_valid_at(facts: Mapping[str, Any], moment: datetime, timezone: tzinfo = UTC) -> bool:
    """Whether a redeemable is valid at an aware moment, by those of these facts that it has:

    - ``validity_timeframe``: ``{interval, duration}`` in ISO 8601; from ``start_date`` on (``created_at`` without one)
      every interval opens a window of that duration. Without either date it is not looked at.
    - ``validity_day_of_week``: days from 0, Sunday, to 6 in ``timezone``.
    - ``validity_hours``: ``{daily: [{start_time, expiration_time, days_of_week}]}`` in ``timezone``, any of them; hours
      over midnight belong to the day on which they begin, and a time that is missing is midnight.

    The facts have no `fault_in_validity`; timeframes and hours that have one raise ValueError.
    """
    local = moment.astimezone(timezone)
    days = facts.get("validity_day_of_week")
    hours = (facts.get("validity_hours") or {}).get("daily")
    return (
        (not days or day_of_week(local) in days)
        and (not hours or any(_is_open(window, local) for window in hours))
        and _is_in_timeframe(facts, moment)
    )


def fault_in_validity(facts: Mapping[str, Any]) -> str | None:
    """What is wrong with these facts, as a sentence naming the property, or None; absent and null ones are right.

    Intervals and durations are longer than nothing and no longer than 999 years.
    """
    return next(_faults(facts), None)


def _faults(facts: Mapping[str, Any]) -> Iterator[str]:
    yield from _timeframe_faults("Property .validity_timeframe", facts.get("validity_timeframe"))
    yield from _day_faults("Property .validity_day_of_week", facts.get("validity_day_of_week"))
    yield from _hours_faults("Property .validity_hours", facts.get("validity_hours"))


def _timeframe_faults(where: str, timeframe: Any) -> Iterator[str]:
    if timeframe is None:
        return
    if not isinstance(timeframe, Mapping):
        yield f"{where} must be object"
        return
    for name in ("interval", "duration"):
        try:
            _duration(timeframe.get(name))
        except ValueError:
            yield f"{where}.{name} must be a valid ISO 8601 duration"


def _day_faults(where: str, days: Any) -> Iterator[str]:
    if days is not None and not (isinstance(days, list) and all(map(is_day_of_week, days))):
        yield f"{where} must have numbers from 0 to 6"


def _hours_faults(where: str, hours: Any) -> Iterator[str]:
    if hours is None:
        return
    windows = hours.get("daily") if isinstance(hours, Mapping) else ()
    if not isinstance(windows, list | None):
        yield f"{where} must be object with array 'daily'"
        return
    for number, window in enumerate(windows or ()):
        yield from _window_faults(f"{where}.daily[{number}]", window)


def _window_faults(where: str, window: Any) -> Iterator[str]:
    if not isinstance(window, Mapping):
        yield f"{where} must be object"
        return
    for name in ("start_time", "expiration_time"):
        if window.get(name) is not None and time_of_day_in(window[name]) is None:
            yield f"{where}.{name} must be as HH:MM"
    yield from _day_faults(f"{where}.days_of_week", window.get("days_of_week"))


def _is_open(window: Mapping[str, Any], local: datetime) -> bool:
    start, end = (time_of_day_in(window.get(name) or _MIDNIGHT) for name in ("start_time", "expiration_time"))
    if start is None or end is None:
        raise ValueError("hours must be as HH:MM")
    opened, days = opening_day(local, start, end), window.get("days_of_week")
    return opened is not None and (not days or opened in days)


def _is_in_timeframe(facts: Mapping[str, Any], moment: datetime) -> bool:
    timeframe = facts.get("validity_timeframe")
    first = moment_in(facts.get("start_date")) or moment_in(facts.get("created_at"))
    if not timeframe or first is None:
        return True
    if moment < first:
        return False
    opened = _latest_opening(first, _duration(timeframe.get("interval")), moment)
    return bool(moment < opened + _duration(timeframe.get("duration")))


def _latest_opening(first: datetime, interval: Any, moment: datetime) -> Any:
    """The last ``first + n * interval`` that is not after the moment.

    Months are counted from the first one, so that the 31st is the last day of shorter months and the 31st of longer.
    """
    months = int(interval.years * 12 + interval.months)
    most = (moment - first) // (months * _SHORTEST_MONTH + interval.tdelta)
    if not months:
        return first + most * interval.tdelta
    return first + interval * bisect_right(range(1, most + 1), moment, key=lambda count: first + interval * count)


def _duration(text: Any) -> Any:
    """An ``isodate.Duration`` (years and months, and the rest as ``tdelta``). Raises ValueError when it is none."""
    from isodate import parse_duration

    try:
        duration = parse_duration(text, as_timedelta_if_possible=False)
        if _YEAR_1 < _YEAR_1 + duration <= _YEAR_1000:
            return duration
    except (TypeError, ValueError, ArithmeticError):
        pass
    raise ValueError(f"{text!r} is no duration")
