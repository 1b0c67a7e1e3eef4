"""Medusa's numbers: major units that may have the noise of a float, beside ``raw_*`` texts that are exact."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from checkout_bridge.errors import InvalidInput
from checkout_bridge.money import round_minor, to_decimal


def number(holder: Mapping[str, Any], name: str, where: str = "") -> Decimal:
    """The exact value of a number; ``raw_<name>: {value}`` counts before ``<name>``.

    Raises InvalidInput, naming the field in ``where``, when it is neither.
    """
    raw = holder.get(f"raw_{name}")
    if isinstance(raw, Mapping) and "value" in raw:
        return to_decimal(raw["value"], f"{where}raw_{name}.value")
    if name not in holder:
        place = f"Property .{where.rstrip('.')}" if where else "Payload"
        raise InvalidInput(f"{place} should have required property '{name}'")
    return to_decimal(holder[name], f"{where}{name}")


def minor(amount: Decimal, currency: str, field: str) -> int:
    """One amount in minor units, rounded half up."""
    return round_minor([amount], currency, field)[0]
