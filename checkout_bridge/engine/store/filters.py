"""Filters as SQL: on columns and JSON properties the same answers as the conditions of `pricing` give on values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    Float,
    String,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

from checkout_bridge.engine.store.dates import DATED
from checkout_bridge.engine.store.json_values import values_of
from checkout_bridge.errors import InvalidInput

Clause = ColumnElement[bool]
Values = Sequence[Any]
# Columns whose text is a time as it is stored.
DATES = frozenset(("created_at", "updated_at", "date", "start_date", "expiration_date"))


@dataclass(frozen=True)
class _Scalar:
    """What one value is, if it is that: unset or NULL for what it is not."""

    text: ColumnElement[Any] | None = None
    number: ColumnElement[Any] | None = None
    truth: ColumnElement[Any] | None = None

    def is_any(self, values: Values) -> Clause:
        texts = [value for value in values if isinstance(value, str)]
        truths = [value for value in values if isinstance(value, bool)]
        numbers = [_number(value) for value in values if _is_number(value)]
        kinds = ((self.text, texts), (self.number, numbers), (self.truth, truths))
        return or_(false(), *(it.in_(those) for it, those in kinds if it is not None and those))

    def has_text(self, test: Callable[[ColumnElement[Any], str], Clause], values: Values) -> Clause:
        text = self.text
        return false() if text is None else or_(false(), *(test(text, str(value)) for value in values))

    def compares(self, test: Callable[[Any, Any], Clause], values: Values) -> Clause:
        number = self.number
        if number is None or not all(map(_is_number, values)):
            return false()
        return and_(*(test(number, _number(value)) for value in values))


class _Subject(Protocol):
    """What a condition is about: one column, or one property of a JSON column."""

    date: ColumnElement[str] | None
    count: ColumnElement[int]

    def itself(self, test: Callable[[_Scalar], Clause]) -> Clause:
        """Whether it is one value, and that passes."""

    def any_of(self, test: Callable[[_Scalar], Clause]) -> Clause:
        """Whether it, or one of its items, passes."""

    def contains(self, values: Values) -> Clause:
        """Whether its text holds one of the values, or one of its items is one."""


class _Column:
    def __init__(self, column: ColumnElement[Any], *, is_date: bool) -> None:
        kind = column.type
        face = "text" if isinstance(kind, String) else "truth" if isinstance(kind, Boolean) else "number"
        self._scalar = _Scalar(**{face: column})
        self.date = column if is_date else None
        self.count: ColumnElement[int] = case((column.is_(None), 0), else_=1)

    def itself(self, test: Callable[[_Scalar], Clause]) -> Clause:
        return test(self._scalar)

    any_of = itself

    def contains(self, values: Values) -> Clause:
        return self._scalar.has_text(_contains, values)


class _Property:
    date: ColumnElement[str] | None = None

    def __init__(self, document: ColumnElement[Any], name: str) -> None:
        self._document, self._name = document, name
        rows = values_of(document, name)
        self.count: ColumnElement[int] = select(func.count()).select_from(rows).scalar_subquery()

    def itself(self, test: Callable[[_Scalar], Clause]) -> Clause:
        return self._any(lambda scalar, listed: and_(listed == 0, test(scalar)))

    def any_of(self, test: Callable[[_Scalar], Clause]) -> Clause:
        return self._any(lambda scalar, listed: test(scalar))

    def contains(self, values: Values) -> Clause:
        return or_(
            self._any(lambda scalar, listed: and_(listed == 1, scalar.is_any(values))),
            self.itself(lambda scalar: scalar.has_text(_contains, values)),
        )

    def _any(self, test: Callable[[_Scalar, ColumnElement[Any]], Clause]) -> Clause:
        rows = values_of(self._document, self._name)
        scalar = _Scalar(rows.c.text, rows.c.number, rows.c.truth)
        return exists(select(1).select_from(rows).where(test(scalar, rows.c.listed)))


def clause(
    filter: Mapping[str, Any],
    columns: Mapping[str, ColumnElement[Any]],
    now: datetime,
    *,
    dates: Collection[str] = DATES,
) -> Clause:
    """What a checked filter asks of rows, for a WHERE; true without fields. ``now`` is in UTC.

    A field ``a.b`` that is no column is the property ``b`` of the JSON column ``a``. The columns in ``dates`` hold
    times as they are stored. Raises InvalidInput for a condition that only dates have on a field that is none.
    """
    parts: list[Clause] = []
    for field, told in filter.items():
        if field == "junction":
            continue
        subject = _subject(field, columns, dates)
        held = [_condition(name, subject, values or (), now, field) for name, values in told["conditions"].items()]
        parts.append(and_(true(), *held))
    if parts and str(filter.get("junction", "and")).lower() == "or":
        return or_(false(), *parts)
    return and_(true(), *parts)


def _subject(field: str, columns: Mapping[str, ColumnElement[Any]], dates: Collection[str]) -> _Subject:
    if field in columns and not isinstance(columns[field].type, JSON):
        return _Column(columns[field], is_date=field in dates)
    column, _, name = field.partition(".")
    return _Property(columns[column], name)


def _condition(name: str, subject: _Subject, values: Values, now: datetime, field: str) -> Clause:
    if name in _OPPOSITES:
        return not_(func.coalesce(_condition(_OPPOSITES[name], subject, values, now, field), false()))
    if name in ("$is", "$in"):
        return subject.any_of(lambda scalar: scalar.is_any(values))
    if name == "$has_value":
        return subject.count > 0
    if name == "$contains":
        return subject.contains(values)
    if name in _TEXTS:
        return subject.itself(lambda scalar: scalar.has_text(_TEXTS[name], values))
    if name in _COUNTS:
        counted = _Scalar(number=subject.count)
        return counted.is_any(values) if name == "$count" else counted.compares(_COUNTS[name], values)
    if name in _NUMBERS and (name != "$from" or not any(isinstance(value, str) for value in values)):
        return subject.itself(lambda scalar: scalar.compares(_NUMBERS[name], values))
    if subject.date is None or name not in DATED:
        raise InvalidInput(f"Property .filters.{field}.conditions.{name} is not supported on this field by this engine")
    return DATED[name](subject.date, values, now)


def _starts(text: ColumnElement[Any], start: str) -> Clause:
    return func.substr(text, 1, len(start)) == start


def _ends(text: ColumnElement[Any], end: str) -> Clause:
    length = func.length(text)
    return and_(length >= len(end), func.substr(text, length - len(end) + 1, len(end)) == end)


def _contains(text: ColumnElement[Any], part: str) -> Clause:
    # LIKE would not tell capitals from small letters in SQLite.
    return func.replace(text, part, "") != text if part else text.is_not(None)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: int | float) -> ColumnElement[Any]:
    return literal(int(value), BigInteger) if value == int(value) else literal(value, Float)


_OPPOSITES = {"$is_not": "$is", "$not_in": "$in", "$not_contain": "$contains", "$is_unknown": "$has_value"}
_TEXTS = {"$starts_with": _starts, "$ends_with": _ends}
_COUNTS: Mapping[str, Callable[[Any, Any], Clause]] = {
    "$count": lambda count, other: count == other,
    "$count_more": lambda count, other: count > other,
    "$count_less": lambda count, other: count < other,
}
_NUMBERS: Mapping[str, Callable[[Any, Any], Clause]] = {
    "$more_than": lambda number, other: number > other,
    "$less_than": lambda number, other: number < other,
    "$more_than_equal": lambda number, other: number >= other,
    "$more_than_or_equal": lambda number, other: number >= other,
    "$less_than_equal": lambda number, other: number <= other,
    "$less_than_or_equal": lambda number, other: number <= other,
    "$from": lambda number, other: number >= other,
}
