"""Filters as JSON: ``{junction: and|or, <field>: {conditions: {<operator>: [values]}}}``, checked and applied."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from checkout_bridge.engine.pricing.conditions import fault_in, hold
from checkout_bridge.errors import InvalidInput

Filter = Mapping[str, Any]

OPERATORS = frozenset(
    (
        *("$is", "$is_not", "$in", "$not_in", "$has_value", "$is_unknown"),
        *("$contains", "$not_contain", "$starts_with", "$ends_with"),
        *("$more_than", "$less_than", "$more_than_equal", "$less_than_equal"),
        *("$more_than_or_equal", "$less_than_or_equal", "$count", "$count_less", "$count_more"),
        *("$from", "$after", "$before", "$more_than_ago", "$less_than_ago", "$more_than_future", "$less_than_future"),
        *("$is_days_ago", "$is_days_in_future"),
    )
)
# Places are no values of this engine.
_UNSUPPORTED = ("$in_location", "$not_in_location")
# So that no filter is more than a database takes as one expression.
_MOST_FIELDS = 50
_MOST_VALUES = 500
# Every number up to here is exact in every database, also with decimals around it.
_LARGEST = 2**53


def check(
    filter: object, fields: Collection[str], prefixes: Sequence[str] = ("metadata.",), *, at: str = ".filter"
) -> None:
    """Raise InvalidInput, naming the property below ``at``, unless every field and condition can be evaluated.

    A field is one of ``fields``, or begins with one of ``prefixes`` and goes on.
    """
    if not isinstance(filter, Mapping):
        raise InvalidInput(f"Property {at} must be object")
    if len(filter) > _MOST_FIELDS:
        raise InvalidInput(f"Property {at} must not have more than {_MOST_FIELDS} properties")
    for name, told in filter.items():
        if name == "junction":
            if not isinstance(told, str) or told.lower() not in ("and", "or"):
                raise InvalidInput(f"Property {at}.junction must be equal to one of the allowed values: and, or")
            continue
        begins = any(name.startswith(prefix) and len(name) > len(prefix) for prefix in prefixes)
        if not _is_plain(name) or not (name in fields or begins):
            raise InvalidInput(f"Property {at} must not have the field {name!a}")
        conditions = told.get("conditions") if isinstance(told, Mapping) else None
        if not isinstance(conditions, Mapping) or not conditions:
            raise InvalidInput(f"Property {at}.{name}.conditions must be object with at least one condition")
        for operator, values in conditions.items():
            _check_condition(f"{at}.{name}.conditions", operator, values)


def _check_condition(at: str, operator: str, values: Any) -> None:
    if operator in _UNSUPPORTED:
        raise InvalidInput(f"Property {at}.{operator} is not supported by this engine")
    if operator not in OPERATORS:
        raise InvalidInput(f"Property {at} must not have the operator {operator!a}")
    if fault := fault_in(operator, values) or _fault_in_values(values or ()):
        raise InvalidInput(f"Property {at}.{operator} {fault}")


def _fault_in_values(values: Sequence[Any]) -> str | None:
    if len(values) > _MOST_VALUES:
        return f"must not have more than {_MOST_VALUES} values"
    if not all(isinstance(value, str | bool | int | float) for value in values):
        return "must have values that are strings, numbers or booleans"
    if not all(_is_plain(value) for value in values if isinstance(value, str)):
        return "must have valid Unicode text without NUL"
    if not all(abs(value) <= _LARGEST for value in values if not isinstance(value, str)):
        return f"must have numbers from -{_LARGEST} to {_LARGEST}"
    return None


def _is_plain(text: str) -> bool:
    """Whether every database can look for it."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def matches(filter: Filter, read: Callable[[str], Any], now: datetime) -> bool:
    """Whether a checked filter holds for the thing whose field ``read`` gives, or None where it has none.

    Without fields it holds. ``now`` is in UTC.
    """
    held = [hold(told["conditions"], read(name), now) for name, told in filter.items() if name != "junction"]
    return any(held) if held and is_any(filter) else all(held)


def is_any(filter: Filter) -> bool:
    """Whether one of its fields is enough; else all must hold."""
    return str(filter.get("junction", "and")).lower() == "or"
