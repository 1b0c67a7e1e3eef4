"""Reading a platform's export row by row, each as the very bytes it has in the file: no amount ever is a float."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from checkout_bridge.errors import InvalidInput

_FORMS = "must hold an array, an object with one list, or JSON lines"
_BLANK = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number, from 1; its JSON and what is in it, an object; or why it is none; and where it ends."""

    number: int
    body: bytes
    value: dict[str, Any]
    fault: str | None
    end: int


@dataclass(frozen=True, slots=True)
class ExportFile:
    """The rows of a file, and where the last one ends."""

    length: int
    rows: Iterator[Row]


def open_export(file: BinaryIO, name: str) -> ExportFile:
    """The rows of a file: a JSON array, an object with one list, or JSON lines, of which a large file may have many.

    Lines are read one by one where the name says that they are some (``.jsonl``, ``.ndjson``), everything else at
    once. Raises InvalidInput for what is none of these.
    """
    if Path(name).suffix.lower() in (".jsonl", ".ndjson"):
        return ExportFile(os.fstat(file.fileno()).st_size, _of_lines(file))
    try:
        text = file.read().decode("utf-8-sig")
        return ExportFile(len(text), _of_text(text, name))
    except UnicodeDecodeError:
        raise InvalidInput(f"{name} is not UTF-8", message="Invalid file") from None


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


_decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)


def _decoded(text: str, at: int = 0) -> tuple[Any, int]:
    """The value at a place, and where it and the blanks behind it end. Raises ValueError."""
    try:
        value, end = _decoder.raw_decode(text, at)
    except (RecursionError, ArithmeticError) as error:
        raise ValueError("nested too deeply, or a number too large") from error
    return value, _blank(text, end)


def _blank(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def _of_lines(file: BinaryIO) -> Iterator[Row]:
    end = 0
    for number, line in enumerate(file, 1):
        end += len(line)
        if line.strip():
            yield _of_line(number, line.removeprefix(b"\xef\xbb\xbf"), end)


def _of_line(number: int, line: bytes, end: int) -> Row:
    try:
        text = line.decode().strip()
        value, reached = _decoded(text)
        if reached != len(text):
            raise ValueError("more than one value")
    except ValueError:
        return Row(number, b"", {}, "not JSON", end)
    return _row(number, text, value, end)


def _of_text(text: str, name: str) -> Iterator[Row]:
    """All of it is looked at before the first row is given: half a file of orders would be worse than none."""
    start = _blank(text, 0)
    if start == len(text):
        return iter(())
    try:
        value, end = _decoded(text, start)
    except ValueError:
        raise InvalidInput(f"{name} is not JSON", message="Invalid file") from None
    if end < len(text):
        if not isinstance(value, dict) or "\n" not in text[:end]:
            raise InvalidInput(f"{name} {_FORMS}", message="Invalid file")
        return _of_text_lines(text)
    if isinstance(value, list):
        return _elements(text, start)
    if not isinstance(value, dict):
        raise InvalidInput(f"{name} {_FORMS}", message="Invalid file")
    lists = [key for key, member in value.items() if isinstance(member, list)]
    if len(lists) == 1:
        return _elements(text, _member(text, start, lists[0]))
    return iter([_row(1, text[start:end].rstrip(), value, end)])


def _of_text_lines(text: str) -> Iterator[Row]:
    end = 0
    for number, line in enumerate(text.split("\n"), 1):
        end = min(end + len(line) + 1, len(text))
        if line.strip():
            yield _of_line(number, line.encode(), end)


def _member(text: str, at: int, name: str) -> int:
    """Where the value of an object's member begins: of the last one with that name, as it counts."""
    found = at = _blank(text, at + 1)
    while text[at] == '"':
        key, at = _decoded(text, at)
        at = _blank(text, at + 1)
        if key == name:
            found = at
        at = _decoded(text, at)[1]
        at = _blank(text, at + 1) if text[at] == "," else at
    return found


def _elements(text: str, at: int) -> Iterator[Row]:
    at, number = _blank(text, at + 1), 0
    while text[at] != "]":
        start, number = at, number + 1
        value, at = _decoded(text, start)
        yield _row(number, text[start:at].rstrip(), value, at)
        at = _blank(text, at + 1) if text[at] == "," else at


def _row(number: int, text: str, value: Any, end: int) -> Row:
    if not isinstance(value, dict):
        return Row(number, b"", {}, "must be object", end)
    return Row(number, text.encode(), value, None, end)
