"""What conditions ask of columns that hold times as text; stored times have whole milliseconds and sort as text."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func

from checkout_bridge.engine.pricing.moments import moment_in

Clause = ColumnElement[bool]
Values = Sequence[Any]
Asked = Callable[[ColumnElement[str], Values, datetime], Clause]
_DAY_MS = 24 * 60 * 60 * 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"


def _ms(moment: datetime) -> Fraction:
    return Fraction((moment - _EPOCH) // timedelta(microseconds=1), 1000)


def _text(ms: Fraction, round: Callable[[Fraction], int]) -> str:
    """A moment as stored; one that no stored time can reach is the first or the last there is."""
    try:
        moment = _EPOCH + timedelta(milliseconds=round(ms))
    except OverflowError:
        return _FIRST if ms < 0 else _LAST
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moments(values: Values) -> list[Fraction] | None:
    moments = [moment_in(value) for value in values]
    return [_ms(moment) for moment in moments if moment] if all(moments) else None


def _after(date: ColumnElement[str], values: Values, now: datetime) -> Clause:
    moments = _moments(values)
    return date > _text(max(moments), math.floor) if moments else false()


def _before(date: ColumnElement[str], values: Values, now: datetime) -> Clause:
    moments = _moments(values)
    return date < _text(min(moments), math.ceil) if moments else false()


def _from(date: ColumnElement[str], values: Values, now: datetime) -> Clause:
    moments = _moments(values)
    return date >= _text(max(moments), math.ceil) if moments else false()


def _days(values: Values) -> list[Fraction]:
    return [Fraction(str(value)) * _DAY_MS for value in values]


def _more_than_ago(date: ColumnElement[str], values: Values, now: datetime) -> Clause:
    return and_(_until(date, now), date < _text(_ms(now) - max(_days(values)), math.ceil))


def _less_than_ago(date: ColumnElement[str], values: Values, now: datetime) -> Clause:
    return and_(_until(date, now), date > _text(_ms(now) - min(_days(values)), math.floor))


def _more_than_future(date: ColumnElement[str], values: Values, now: datetime) -> Clause:
    return and_(_since(date, now), date > _text(_ms(now) + max(_days(values)), math.floor))


def _less_than_future(date: ColumnElement[str], values: Values, now: datetime) -> Clause:
    return and_(_since(date, now), date < _text(_ms(now) + min(_days(values)), math.ceil))


def _until(date: ColumnElement[str], now: datetime) -> Clause:
    return date <= _text(_ms(now), math.floor)


def _since(date: ColumnElement[str], now: datetime) -> Clause:
    return date >= _text(_ms(now), math.ceil)


def _on_days(sign: int) -> Asked:
    """Whole days only: no date is half a day away."""

    def clause(date: ColumnElement[str], values: Values, now: datetime) -> Clause:
        today = Fraction(math.floor(_ms(now) / _DAY_MS) * _DAY_MS)
        days = [_text(today + sign * day, math.floor) for day in _days(values) if day % _DAY_MS == 0]
        return func.substr(date, 1, 10).in_([day[:10] for day in days if _FIRST < day < _LAST])

    return clause


# The condition and what it asks of a column, given its values and the moment in UTC.
DATED: Mapping[str, Asked] = {
    "$after": _after,
    "$before": _before,
    "$from": _from,
    "$more_than_ago": _more_than_ago,
    "$less_than_ago": _less_than_ago,
    "$more_than_future": _more_than_future,
    "$less_than_future": _less_than_future,
    "$is_days_ago": _on_days(-1),
    "$is_days_in_future": _on_days(1),
}
