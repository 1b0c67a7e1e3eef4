"""Dates, times of day and days of the week as written on the wire; it reads no clock, every moment is an argument."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_TIME_OF_DAY = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


def moment_in(value: Any) -> datetime | None:
    """The moment, in UTC, that an ISO 8601 text names, or None: no offset means UTC, a bare date means its midnight."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def timed_moment_in(value: Any) -> datetime | None:
    """Like `moment_in`, but None for a bare date, which names no time of day."""
    return None if _is_bare_date(value) else moment_in(value)


def time_of_day_in(value: Any) -> time | None:
    """The time of day in ``HH:MM`` or ``HH:MM:SS``, or None."""
    if not isinstance(value, str) or not _TIME_OF_DAY.fullmatch(value):
        return None
    try:
        return time.fromisoformat(value)
    except ValueError:
        return None


def days_between(earlier: datetime, later: datetime) -> Fraction:
    """How many days of 24 hours lie between, exactly; negative when ``later`` is the earlier one."""
    return Fraction((later - earlier) // _MICROSECOND, _DAY // _MICROSECOND)


def dates_between(earlier: datetime, later: datetime) -> int:
    """How many midnights lie between; negative when ``later`` is the earlier one."""
    return (later.date() - earlier.date()).days


def day_of_week(moment: datetime) -> int:
    """0 for Sunday to 6 for Saturday."""
    return moment.isoweekday() % 7


def is_day_of_week(value: Any) -> bool:
    """Whether it is a number that `day_of_week` could give."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value in range(7)


def opening_day(moment: datetime, start: time, end: time) -> int | None:
    """The day of the week on which the daily window around a moment opened, or None when the moment is in none.

    A window holds its start and not its end. One that does not end after its start runs over midnight.
    """
    at, today = moment.time(), day_of_week(moment)
    if start < end:
        return today if start <= at < end else None
    if at >= start:
        return today
    return (today - 1) % 7 if at < end else None


def _is_bare_date(value: Any) -> bool:
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True
