"""The kinds of values on the wire: money, quantities, moments; and the base of every schema."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from checkout_bridge.money import MAX_MINOR

NO_TEXT = "must be valid Unicode text without NUL"


class ContractSchema(Schema):
    """A schema that ignores properties it does not know, as the contract asks of a server."""

    class Meta:
        unknown = EXCLUDE


class WholeNumber(fields.Integer):
    """An integer: never a boolean, never a fraction; a whole float such as ``1000.0`` is taken, as some SDKs send it.

    ``lenient`` also takes a numeric string, which the contract does for quantities.
    """

    def __init__(self, *, minimum: int = 0, maximum: int = MAX_MINOR, lenient: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("validate", _within(minimum, maximum))
        super().__init__(**kwargs)
        self.lenient = lenient

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if self.lenient and isinstance(value, str) and len(value) <= 16 and value.lstrip("-").isdecimal():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
            raise ValidationError("must be integer")
        return int(value)


class Money(WholeNumber):
    """An amount in minor units."""


class Percentage(fields.Float):
    """A number from 0 to 100; it may have decimals, which are kept as written."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
            raise ValidationError("must be number from 0 to 100")
        return value


class Text(fields.String):
    """A string that every database can keep."""

    def __init__(self, *, longest: int = 500, **kwargs: Any) -> None:
        kwargs.setdefault("validate", validate.Length(max=longest, error=f"must not be longer than {longest}"))
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if not is_text(text):
            raise ValidationError(NO_TEXT)
        return text


class Flag(fields.Boolean):
    """A JSON boolean."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("must be boolean")
        return value


class Moment(fields.String):
    """An ISO 8601 date or time in any form; normalised to UTC with milliseconds and ``Z``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"format": "date-time"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            return timestamp(parse_moment(value))
        except (TypeError, ValueError, OverflowError):
            raise ValidationError("must be a valid ISO 8601 date") from None


class Metadata(fields.Dict):
    """A JSON object of the caller's own."""


def is_text(text: str) -> bool:
    """Whether every database and file can keep it: without NUL and without halves of surrogate pairs."""
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def one_of(*values: str) -> validate.OneOf:
    """Accept one of these values."""
    return validate.OneOf(values, error="must be equal to one of the allowed values: {choices}")


def parse_moment(value: str) -> datetime:
    """A time in UTC; a form without an offset means UTC. Raises ValueError, TypeError or OverflowError."""
    moment = datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def timestamp(moment: datetime) -> str:
    """The one form in which times are stored and answered; it sorts as text."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _within(minimum: int, maximum: int) -> Callable[[int], None]:
    """Refuse what is out of bounds, naming the bound that was passed."""

    def check(value: int) -> None:
        if maximum != MAX_MINOR and not minimum <= value <= maximum:
            raise ValidationError(f"must be from {minimum} to {maximum}")
        if value < minimum:
            raise ValidationError(f"must be >= {minimum}")
        if value > maximum:
            raise ValidationError(f"must be <= {maximum}")

    return check
