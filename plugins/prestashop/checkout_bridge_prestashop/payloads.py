"""PrestaShop's values: a database's texts, a webservice's strings with six decimals, a module's noisy floats."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields

from checkout_bridge.contract.fields import Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.money import round_minor, to_decimal

MOST = 10**6


class Id(Text):
    """An id: a number, or its text; 0 is none."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(required=required, longest=64)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(str(value) if type(value) is int else value, attr, data, **kwargs)
        if self.required and text in ("", "0"):
            raise ValidationError("must be an id")
        return "" if text == "0" else text


class Truth(fields.Field[bool]):
    """A boolean: itself, or 0 and 1 as a number or a text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool | int | str) or str(value) not in ("0", "1", "True", "False", ""):
            raise ValidationError("must be boolean, 0 or 1")
        return str(value) in ("1", "True")


class Quantity(WholeNumber):
    """How many pieces, as a number or as a text."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(required=required, maximum=MOST, lenient=True)


def amount(value: object, field: str) -> Decimal:
    """The exact amount in major units. Raises InvalidInput, naming the field, for what is none or below 0."""
    exact = to_decimal(value, field)
    if exact < 0:
        raise InvalidInput(f"Property .{field} must be >= 0")
    return exact


def minor(value: Decimal, currency: str, field: str) -> int:
    """One amount in minor units, rounded half up."""
    return round_minor([value], currency, field)[0]
