"""Reading orders from files: CSV as exports are, JSON, or JSON lines. A row that cannot be read is told, not lost."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checkout_bridge.errors import InvalidInput

_TEXTS = ("source_id", "status", "customer_id", "referrer_id")
_AMOUNTS = ("amount", "discount_amount", "initial_amount")
# What an export has, and an import does not take: ids and times are the engine's own, the rest it calculates.
_PASSED_OVER = (
    "id",
    "created_at",
    "updated_at",
    "items_discount_amount",
    "total_discount_amount",
    "total_amount",
)


@dataclass(frozen=True, slots=True)
class ReadOrder:
    """One row of a file: its number, from 1; the order, or why it is none; and how far into the file it goes."""

    number: int
    order: dict[str, Any]
    fault: str | None
    end: int


def orders_in(file: Path) -> Iterator[ReadOrder]:
    """The orders in a file, one after another. Raises InvalidInput for a file that is none of these forms."""
    if file.suffix.lower() == ".csv":
        return _of_csv(file)
    if file.suffix.lower() in (".jsonl", ".ndjson"):
        return _of_lines(file)
    return _of_json(file)


def _of_csv(file: Path) -> Iterator[ReadOrder]:
    with file.open("rb") as raw:
        # All of it before anything is sent: half a file of orders would be worse than none.
        for _ in _decoded(raw, file):
            pass
        raw.seek(0)
        reader = csv.DictReader(_decoded(raw, file), strict=True)
        _check_columns(file, _header(file, reader))
        number = 0
        while True:
            number += 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield ReadOrder(number, {}, f"not CSV: {error}", raw.tell())
                continue
            order, fault = _order(row)
            yield ReadOrder(number, order, fault, raw.tell())


def _decoded(raw: Any, file: Path) -> Iterator[str]:
    for number, line in enumerate(raw, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise InvalidInput(f"{file.name}, line {number} is not UTF-8", message="Invalid file") from None


def _header(file: Path, reader: csv.DictReader[str]) -> Sequence[str]:
    try:
        return reader.fieldnames or []
    except csv.Error as error:
        raise InvalidInput(f"{file.name}: the header row is not CSV: {error}", message="Invalid file") from None


def _check_columns(file: Path, names: Any) -> None:
    known = (*_TEXTS, *_AMOUNTS, *_PASSED_OVER, "customer_source_id", "metadata")
    for name in names:
        if name not in known and not name.startswith("metadata."):
            raise InvalidInput(f"{file.name}: column {name!r} is not known", message="Invalid file")
    if not names:
        raise InvalidInput(f"{file.name} has no header row", message="Invalid file")


def _order(row: Mapping[str | None, Any]) -> tuple[dict[str, Any], str | None]:
    """A row with what is in it; empty cells are absent."""
    order: dict[str, Any] = {}
    if None in row or None in row.values():
        return {"source_id": row.get("source_id")}, "it has another number of cells than the header"
    told = {str(name): value for name, value in row.items() if value != ""}
    order |= {name: told[name] for name in _TEXTS if name in told}
    for name in _AMOUNTS:
        if name in told:
            if not (told[name].isascii() and told[name].isdecimal()):
                return order, f"Property .{name} must be integer, in minor units"
            order[name] = int(told[name])
    if "customer_source_id" in told:
        order["customer"] = {"source_id": told["customer_source_id"]}
    metadata: Any = {}
    if "metadata" in told:
        try:
            metadata = _parsed(told["metadata"])
        except ValueError:
            return order, "Property .metadata must be JSON"
    if not isinstance(metadata, dict):
        return order, "Property .metadata must be object"
    metadata |= {name.removeprefix("metadata."): told[name] for name in told if name.startswith("metadata.")}
    return order | ({"metadata": metadata} if metadata else {}), None


def _of_lines(file: Path) -> Iterator[ReadOrder]:
    with file.open("rb") as raw:
        for number, line in enumerate(raw, 1):
            if line.strip():
                yield _of_value(number, line, raw.tell())


def _of_value(number: int, text: bytes, end: int) -> ReadOrder:
    try:
        value = _parsed(text)
    except ValueError:
        return ReadOrder(number, {}, "not JSON", end)
    return _of_object(number, value, end)


def _of_object(number: int, value: Any, end: int) -> ReadOrder:
    if not isinstance(value, dict):
        return ReadOrder(number, {}, "must be object", end)
    return ReadOrder(number, value, None, end)


def _of_json(file: Path) -> Iterator[ReadOrder]:
    try:
        values = _parsed(file.read_bytes())
    except ValueError:
        raise InvalidInput(f"{file.name} is not JSON", message="Invalid file") from None
    if not isinstance(values, list):
        raise InvalidInput(f"{file.name} must hold an array", message="Invalid file")
    size = file.stat().st_size
    for number, value in enumerate(values, 1):
        yield _of_object(number, value, size * number // len(values))


def _parsed(text: str | bytes) -> Any:
    """JSON as it is sent again: no NaN, no infinity, not nested without end. Raises ValueError."""
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number of JSON")
    return number
