"""The conditions of rules: whether a value stands in a relation to others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any


def _number(value: Any) -> Fraction | None:
    """A JSON number, exactly; text that looks like one stays text."""
    return Fraction(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _same(value: Any, other: Any) -> bool:
    first, second = _number(value), _number(other)
    if first is not None and second is not None:
        return first == second
    # To Python true is 1; in JSON it is not.
    return isinstance(value, bool) == isinstance(other, bool) and bool(value == other)


def _compared(test: Callable[[Fraction, Fraction], bool]) -> Callable[[Any, Sequence[Any]], bool]:
    def holds(value: Any, others: Sequence[Any]) -> bool:
        first = _number(value)
        numbers = [_number(other) for other in others]
        return first is not None and all(number is not None and test(first, number) for number in numbers)

    return holds


def _text(test: Callable[[str, str], bool]) -> Callable[[Any, Sequence[Any]], bool]:
    return lambda value, others: isinstance(value, str) and any(test(value, str(other)) for other in others)


def _contains(value: Any, others: Sequence[Any]) -> bool:
    if isinstance(value, list):
        return any(_same(item, other) for item in value for other in others)
    return isinstance(value, str) and any(str(other) in value for other in others)


CONDITIONS: Mapping[str, Callable[[Any, Sequence[Any]], bool]] = {
    "$is": lambda value, others: any(_same(value, other) for other in others),
    "$is_not": lambda value, others: not any(_same(value, other) for other in others),
    "$in": lambda value, others: any(_same(value, other) for other in others),
    "$not_in": lambda value, others: not any(_same(value, other) for other in others),
    "$less_than": _compared(lambda first, second: first < second),
    "$less_than_or_equal": _compared(lambda first, second: first <= second),
    "$more_than": _compared(lambda first, second: first > second),
    "$more_than_or_equal": _compared(lambda first, second: first >= second),
    "$starts_with": _text(lambda text, other: text.startswith(other)),
    "$ends_with": _text(lambda text, other: text.endswith(other)),
    "$contains": _contains,
}


def hold(conditions: Mapping[str, Sequence[Any]], value: Any) -> bool:
    """Whether all of them hold for a value."""
    return all(CONDITIONS[name](value, others) for name, others in conditions.items())
