"""Filters in query parameters: ``filters[<field>][conditions][<operator>][n]``, ``created_at[after]``; read as JSON."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement
from werkzeug.datastructures import MultiDict

from checkout_bridge.engine.pricing.moments import moment_in
from checkout_bridge.engine.services import filters
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store.filters import clause
from checkout_bridge.errors import InvalidInput, RequestError

_KEY = re.compile(r"([^\[\]]*)((?:\[[^\[\]]*\])+)")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_COMPARES = re.compile(r"\$(more|less)_than.*|\$count.*|\$is_days_.*")
_SAME = ("$is", "$is_not", "$in", "$not_in")
_BOUNDS = {"after": "$after", "before": "$before"}


def where(
    unit: Unit,
    query: MultiDict[str, str],
    columns: Mapping[str, ColumnElement[Any]],
    fields: Collection[str],
    *,
    prefixes: Sequence[str] = (),
    dates: Iterable[str] = ("created_at",),
) -> list[ColumnElement[bool]]:
    """What ``filters`` and the bounds on ``dates`` ask of rows.

    Raises RequestError (``invalid_query_params``) that names what is unknown, malformed or not supported.
    """
    asked = (read_filters(query, fields, prefixes), *(read_dates(query, name) for name in dates))
    return clauses([filter for filter in asked if filter], columns, unit)


def clauses(
    asked: Iterable[Mapping[str, Any]], columns: Mapping[str, ColumnElement[Any]], unit: Unit
) -> list[ColumnElement[bool]]:
    """What filters that were read from a query ask of rows. Raises RequestError for what is not supported."""
    with _told_of_query():
        return [clause(filter, columns, unit.moment) for filter in asked]


def date_of(query: MultiDict[str, str], name: str) -> str:
    """A parameter that is an ISO 8601 date. Raises RequestError."""
    date = _date(query[name])
    if not moment_in(date):
        raise refused(f"Query param {name} must be an ISO 8601 date")
    return date


def read_filters(query: MultiDict[str, str], fields: Collection[str], prefixes: Sequence[str] = ()) -> dict[str, Any]:
    """The parameters ``filters`` as JSON: ``{junction, <field>: {conditions: {<operator>: [values]}}}``.

    Raises RequestError (``invalid_query_params``) that names what is unknown or malformed.
    """
    found: dict[str, Any] = {}
    for key, texts in query.lists():
        match _path(key):
            case ["filters", "junction"]:
                found["junction"] = texts[-1]
            case ["filters", field, "conditions", operator, *index] if _is_index(index):
                conditions = found.setdefault(field, {"conditions": {}})["conditions"]
                conditions.setdefault(operator, []).extend(_values(operator, texts))
            case ["filters", *_]:
                raise refused(f"Query param {key!a} must be as filters[field][conditions][operator]")
    with _told_of_query():
        filters.check(found, fields, prefixes, at=".filters")
    return found


def read_dates(query: MultiDict[str, str], name: str) -> dict[str, Any]:
    """The bounds ``<name>[after]`` and ``<name>[before]``, also written ``[<name>][after]``, as a filter."""
    conditions: dict[str, list[str]] = {}
    for key, texts in query.lists():
        match _path(key):
            case [told, bound] if told == name:
                dates = [_date(text) for text in texts]
                if bound not in _BOUNDS or not all(map(moment_in, dates)):
                    raise refused(f"Query param {key!a} must be {name}[before] or {name}[after] with an ISO 8601 date")
                conditions[_BOUNDS[bound]] = dates
    return {name: {"conditions": conditions}} if conditions else {}


def indexed(query: MultiDict[str, str], name: str) -> list[str]:
    """A parameter that may come several times: ``name``, ``name[]`` or ``name[0]``."""
    told = [(_path(key), texts) for key, texts in query.lists()]
    return [text for path, texts in told if path[0] == name and _is_index(path[1:]) for text in texts]


def _path(key: str) -> list[str]:
    """``a[b][c]`` and ``[a][b][c]`` are the same."""
    whole = _KEY.fullmatch(key)
    if whole is None:
        return [key]
    parts = whole[2][1:-1].split("][")
    return [whole[1], *parts] if whole[1] else parts


def _is_index(parts: Sequence[str]) -> bool:
    return not parts or (len(parts) == 1 and (parts[0] == "" or parts[0].isdecimal()))


def _values(operator: str, texts: Sequence[str]) -> list[Any]:
    """What the texts may stand for: a query has no types, so that 5 is the number 5 as well as the text."""
    if operator in ("$has_value", "$is_unknown"):
        return []
    if _COMPARES.fullmatch(operator):
        return [text if (number := _number(text)) is None else number for text in texts]
    if operator in _SAME:
        return [meaning for text in texts for meaning in (text, _typed(text)) if meaning is not None]
    if operator in ("$after", "$before", "$from"):
        return [_date(text) if (number := _number(text)) is None else number for text in texts]
    return list(texts)


def _typed(text: str) -> bool | float | None:
    return {"true": True, "false": False}.get(text, _number(text))


def _number(text: str) -> float | None:
    if not _NUMBER.fullmatch(text):
        return None
    return float(text) if "." in text else int(text)


def _date(text: str) -> str:
    """A date whose plus sign was not encoded came with a blank."""
    return text if moment_in(text) else text.replace(" ", "+")


@contextmanager
def _told_of_query() -> Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        raise refused(str(error.details)) from None


def refused(details: str) -> RequestError:
    """The error of a query that names what cannot be answered."""
    return RequestError("Invalid query params", key="invalid_query_params", details=details)
