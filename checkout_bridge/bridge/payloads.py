"""Reading the plain fields of what came through a door, each fault naming its field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cause, RefundLine

LONGEST = 255


def text_of(body: Mapping[str, Any], name: str, *, required: bool = False) -> str | None:
    """A text of 1 to 255 characters, or None when it is not there."""
    value = body.get(name)
    if value is None:
        if required:
            raise InvalidInput(f"Payload should have required property '{name}'")
        return None
    if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST:
        raise InvalidInput(f"Property .{name} must be a text of 1 to {LONGEST} characters")
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidInput(f"Property .{name} must be valid Unicode text without NUL")
    return value


def cause_of(body: Mapping[str, Any]) -> Cause:
    """Why an order does not stand; ``cancelled`` when it is not there."""
    cause = body.get("cause")
    if cause is None:
        return "cancelled"
    if cause not in get_args(Cause):
        raise InvalidInput(f"Property .cause must be one of {', '.join(get_args(Cause))}")
    return cast(Cause, cause)


def refuse_unless_of_a_refund(body: Mapping[str, Any]) -> None:
    """Raise InvalidInput, naming the field, for a refund of the whole order that has something more to say: it may well
    mean a part in other words.
    """
    if body.get("lines") is not None or body.get("amount") is not None:
        return
    for name in body:
        if name not in ("refund_id", "lines", "amount", "event_id", "reason", "currency", "platform", "shop"):
            raise InvalidInput(
                f"Property .{name[:LONGEST]} is not known: a part of the order is told by lines or amount"
            )


def whole_number_of(body: Mapping[str, Any], name: str) -> int | None:
    """An integer, or None when it is not there."""
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise InvalidInput(f"Property .{name} must be integer")
    return value


def lines_of(body: Mapping[str, Any]) -> tuple[RefundLine, ...] | None:
    """The refunded lines, ``[{line_id, quantity}]``, or None when they are not there."""
    lines = body.get("lines")
    if lines is None:
        return None
    if not isinstance(lines, list) or not lines:
        raise InvalidInput("Property .lines must be an array of at least 1 item")
    return tuple(_line(i, line) for i, line in enumerate(lines))


def _line(i: int, line: Any) -> RefundLine:
    if not isinstance(line, dict):
        raise InvalidInput(f"Property .lines[{i}] must be object")
    line_id, quantity = line.get("line_id"), line.get("quantity")
    if not isinstance(line_id, str):
        raise InvalidInput(f"Property .lines[{i}].line_id must be string")
    if isinstance(quantity, bool) or not isinstance(quantity, int):
        raise InvalidInput(f"Property .lines[{i}].quantity must be integer")
    return RefundLine(line_id, quantity)
