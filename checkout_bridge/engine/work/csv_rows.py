"""Rows of a CSV file: how the values of columns are written, decided once for a whole file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import JSON, Boolean
from sqlalchemy.types import TypeEngine

Cell = Callable[[Sequence[Any]], Any]
_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# What spreadsheets begin formulas with.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def row_format(
    fields: Sequence[str], names: Sequence[str], types: Sequence[TypeEngine[Any]], *, neutralise: bool
) -> Callable[[Sequence[Any]], Sequence[Any]] | None:
    """What makes a line of ``fields`` out of a row with columns of these ``names`` and ``types``.

    None when rows are lines as they are. A field ``a.b`` that is no column is the property ``b`` of the JSON in ``a``.
    ``neutralise`` puts a ``'`` before text that a spreadsheet would take for a formula; numbers stay numbers.
    """
    is_plain = all(not isinstance(kind, JSON | Boolean) for kind in types) and list(fields) == list(names)
    if is_plain and not neutralise:
        return None
    cells = [_cell(field, names, types) for field in fields]
    if neutralise:
        return lambda row: [_neutral(cell(row)) for cell in cells]
    return lambda row: [cell(row) for cell in cells]


def _cell(field: str, names: Sequence[str], types: Sequence[TypeEngine[Any]]) -> Cell:
    if field not in names:
        column, _, property = field.partition(".")
        document = itemgetter(names.index(column))
        return lambda row: _text((document(row) or {}).get(property))
    value = itemgetter(names.index(field))
    if isinstance(types[names.index(field)], JSON | Boolean):
        return lambda row: _text(value(row))
    return value


def _text(value: Any) -> str | None:
    """Text as it is, anything else as JSON without blanks; nothing for null."""
    if value is None or isinstance(value, str):
        return value
    return _as_json(value)


def _neutral(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_DANGEROUS) else value
