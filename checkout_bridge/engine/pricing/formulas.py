"""Price formulas such as ``IF(ORDER_AMOUNT > 150;15;10)``: parsed once, then worked out for what is read of an order.

Numbers are exact fractions, and amounts are in major units. What cannot be worked out (an operand is missing, kinds do
not fit, a number grows past LARGEST) is None, and the plain value next to the formula counts.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import lru_cache, partial
from math import ceil, floor, isfinite
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from checkout_bridge import money
from checkout_bridge.errors import InvalidInput

if TYPE_CHECKING:
    from lark import Lark, Token

Value = Fraction | str | bool | date | tuple[Any, ...]
# What an operand is, by its name and its arguments in quotes: a value, or as JSON has it; None when it is missing.
Read = Callable[[str, tuple[str, ...]], object]
Evaluate = Callable[[Read], Value]
Kind = TypeVar("Kind")

MAX_LENGTH = 2000
MAX_DEPTH = 50
# Bounds every number on the way, and its denominator: no formula may use up the machine.
LARGEST = 10**30
MAX_EXPONENT = 64
MAX_MEMBERS = 1000


class _Unknown(Exception):
    """The formula cannot be worked out."""


class _Missing(_Unknown):
    """An operand is not there; DEFAULT_TO knows what to do then."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was understood. ``operands`` are the names it may read; equal texts are equal formulas."""

    text: str
    operands: frozenset[str] = field(compare=False)
    _evaluate: Evaluate = field(compare=False, repr=False)

    def value(self, read: Read) -> Fraction | None:
        """The number it is worth, or None when it cannot be worked out. ``read`` is asked only for what is needed."""
        try:
            value = self._evaluate(read)
        except (_Unknown, ZeroDivisionError):
            return None
        return value if isinstance(value, Fraction) else None


@lru_cache(maxsize=1024)
def parse(text: str) -> Formula:
    """The formula of a text. Raises InvalidInput whose details begin with ``formula:``, for the caller to prefix."""
    if len(text) > MAX_LENGTH:
        _refuse(f"longer than {MAX_LENGTH} characters")
    # Imported late, as start-up should not wait for a parser that most requests never need.
    from lark import UnexpectedCharacters, UnexpectedToken

    try:
        node: Any = _parser().parse(text)
    except UnexpectedCharacters as wrong:
        _refuse(f"unexpected {wrong.char!r} at character {(wrong.pos_in_stream or 0) + 1}")
    except UnexpectedToken as wrong:
        _refuse(f"unexpected {wrong.token[:50]!r}", wrong.token) if wrong.token else _refuse("unexpected end")
    return Formula(text, node.operands, node.evaluate)


def minor(value: Fraction) -> int:
    """An amount in major units as minor units (hundredths), rounded half up; from 0 to ``money.MAX_MINOR``."""
    return min(money.half_up(max(0, value.numerator) * 100, value.denominator), money.MAX_MINOR)


@lru_cache(maxsize=1)
def _parser() -> Lark:
    from lark import Lark

    # Nodes are built while parsing, from the leaves up, so that deep texts cost no recursion.
    return Lark.open("formula.lark", rel_to=__file__, parser="lalr", maybe_placeholders=False, transformer=_Nodes())


def _refuse(why: str, token: Token | None = None) -> NoReturn:
    place = "" if token is None else f" at character {(token.start_pos or 0) + 1}"
    raise InvalidInput(f"formula: {why}{place}")


def _known(raw: object) -> Value:
    """What was read, as a value: JSON numbers become exact, null is missing, lists keep their plain members."""
    if raw is None:
        raise _Missing
    if isinstance(raw, bool | str | date):
        return raw
    if isinstance(raw, int | Fraction):
        return _bounded(Fraction(raw))
    if isinstance(raw, float) and isfinite(raw):
        return _bounded(Fraction(str(raw)))
    if isinstance(raw, list | tuple) and len(raw) <= MAX_MEMBERS:
        return tuple(_known(member) for member in raw if isinstance(member, bool | str | date | int | float | Fraction))
    raise _Unknown


def _bounded(number: Fraction) -> Fraction:
    if abs(number.numerator) > LARGEST * number.denominator or number.denominator > LARGEST:
        raise _Unknown
    return number


def _as(kind: type[Kind], value: Value) -> Kind:
    if isinstance(value, kind):
        return value
    raise _Unknown


def _whole(number: Fraction, most: int) -> int:
    if number.denominator != 1 or abs(number) > most:
        raise _Unknown
    return int(number)


def _dated(value: Value) -> date:
    """A date or a time, or text that is one, as it is in JSON."""
    if isinstance(value, date):
        return value
    text = _as(str, value)
    try:
        return date.fromisoformat(text) if len(text) <= len("2026-01-02") else datetime.fromisoformat(text)
    except ValueError:
        raise _Unknown from None


def _moment(value: Value) -> datetime:
    """A date (its midnight) or a time, in UTC."""
    day = _dated(value)
    moment = day if isinstance(day, datetime) else datetime(day.year, day.month, day.day, tzinfo=UTC)
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise _Unknown from None


def _strict(function: Callable[..., Value]) -> Callable[..., Value]:
    """A function of values, as one that works out all its arguments first."""
    return lambda read, *arguments: function(*[argument(read) for argument in arguments])


def _of_numbers(function: Callable[..., Fraction | int]) -> Callable[..., Value]:
    return _strict(lambda *values: _bounded(Fraction(function(*[_as(Fraction, value) for value in values]))))


def _of_texts(test: Callable[[str, str], bool], whole: Value, part: Value) -> bool:
    return test(_as(str, whole), _as(str, part))


def _pair(left: Value, right: Value) -> tuple[Any, Any] | None:
    """Two values of one kind, or None. Text next to a date is read as a date."""
    if isinstance(left, date) or isinstance(right, date):
        try:
            return _moment(left), _moment(right)
        except _Unknown:
            return None
    return (left, right) if type(left) is type(right) else None


def _equal(left: Value, right: Value) -> bool:
    pair = _pair(left, right)
    return pair is not None and bool(pair[0] == pair[1])


def _ordered(compare: Callable[[Any, Any], bool], left: Value, right: Value) -> bool:
    pair = _pair(left, right)
    if pair is None or isinstance(pair[0], bool | tuple):
        raise _Unknown
    return compare(*pair)


def _in_array(value: Value, *members: Value) -> bool:
    """Whether a value is among others, which stand one by one or in arrays."""
    arrays = [member if isinstance(member, tuple) else (member,) for member in members]
    return any(_equal(value, member) for array in arrays for member in array)


def _default_to(read: Read, wanted: Evaluate, fallback: Evaluate) -> Value:
    try:
        return wanted(read)
    except _Missing:
        return fallback(read)


def _switch(read: Read, subject: Evaluate, *branches: Evaluate) -> Value:
    value = subject(read)
    for case, result in zip(branches[:-1:2], branches[1::2], strict=True):
        if _equal(value, case(read)):
            return result(read)
    return branches[-1](read)


def _round(number: Fraction, digits: Fraction = Fraction(0)) -> Fraction:
    scale = Fraction(10) ** _whole(digits, 30)
    return floor(number * scale + Fraction(1, 2)) / scale


def _months(start: datetime, end: datetime) -> int:
    months = (end.year - start.year) * 12 + end.month - start.month
    return months - ((end.day, end.time()) < (start.day, start.time()))


def _passed(count: Callable[[datetime, datetime], int], sign: int, read: Read, argument: Evaluate) -> Value:
    """How many whole units lie between a date and today, or a time and now; sign 1 counts the past as positive."""
    then = _dated(argument(read))
    now = _known(read("NOW" if isinstance(then, datetime) else "TODAY", ()))
    start, end = _moment(then), _moment(now)
    return Fraction(sign * count(start, end) if start <= end else -sign * count(end, start))


_ORDERS = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
_RELATIONS: dict[str, Callable[..., bool]] = {
    "=": _equal,
    **dict.fromkeys(("!=", "<>"), lambda left, right: not _equal(left, right)),
    **{sign: partial(_ordered, compare) for sign, compare in _ORDERS.items()},
    "IN_ARRAY": _in_array,
    "NOT_IN_ARRAY": lambda value, *members: not _in_array(value, *members),
    "CONTAINS": partial(_of_texts, operator.contains),
    "STARTS_WITH": partial(_of_texts, str.startswith),
    "ENDS_WITH": partial(_of_texts, str.endswith),
}
_ARITHMETIC: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    **dict.fromkeys("*×xX", operator.mul),
    **dict.fromkeys("/÷", operator.truediv),
    "%": operator.mod,
}
# By name: how many arguments it takes, and what it makes of them.
_FUNCTIONS: dict[str, tuple[range, Callable[..., Value]]] = {
    "MIN": (range(1, MAX_LENGTH), _of_numbers(lambda *numbers: min(numbers))),
    "MAX": (range(1, MAX_LENGTH), _of_numbers(lambda *numbers: max(numbers))),
    "POW": (range(2, 3), _of_numbers(lambda base, exponent: base ** _whole(exponent, MAX_EXPONENT))),
    "ROUND": (range(1, 3), _of_numbers(_round)),
    "FLOOR": (range(1, 2), _of_numbers(floor)),
    "CEIL": (range(1, 2), _of_numbers(ceil)),
    "IF": (range(3, 4), lambda read, test, then, other: (then if _as(bool, test(read)) else other)(read)),
    "DEFAULT_TO": (range(2, 3), _default_to),
    **dict.fromkeys(("SWITCH", "SWITCH_CASE"), (range(4, MAX_LENGTH, 2), _switch)),
    "DAY_OF_MONTH": (range(1, 2), _strict(lambda value: Fraction(_moment(value).day))),
    "MONTH": (range(1, 2), _strict(lambda value: Fraction(_moment(value).month))),
    "YEAR": (range(1, 2), _strict(lambda value: Fraction(_moment(value).year))),
    "DAYS_SINCE": (range(1, 2), partial(_passed, lambda start, end: (end - start).days, 1)),
    "MONTHS_SINCE": (range(1, 2), partial(_passed, _months, 1)),
    "YEARS_SINCE": (range(1, 2), partial(_passed, lambda start, end: _months(start, end) // 12, 1)),
    "DAYS_UNTIL": (range(1, 2), partial(_passed, lambda start, end: (end - start).days, -1)),
    "MONTHS_UNTIL": (range(1, 2), partial(_passed, _months, -1)),
    **{name: (range(2, MAX_LENGTH), _strict(_RELATIONS[name])) for name in ("IN_ARRAY", "NOT_IN_ARRAY")},
    **{name: (range(2, 3), _strict(_RELATIONS[name])) for name in ("CONTAINS", "STARTS_WITH", "ENDS_WITH")},
}


@dataclass(frozen=True, slots=True)
class _Node:
    """A part of a formula, how it is worked out, what it may read, and the levels below it."""

    evaluate: Evaluate
    operands: frozenset[str] = frozenset()
    depth: int = 0


def _above(nodes: Sequence[_Node], evaluate: Evaluate, operands: Iterable[str] = ()) -> _Node:
    """A node over others. Raises InvalidInput when that makes them too deep."""
    depth = 1 + max(node.depth for node in nodes)
    if depth > MAX_DEPTH:
        _refuse(f"deeper than {MAX_DEPTH} levels")
    return _Node(evaluate, frozenset(operands).union(*(node.operands for node in nodes)), depth)


def _rule(make: Callable[[Iterator[Value]], Value]) -> Callable[[Any, list[_Node]], _Node]:
    """A rule that makes one value of those of its parts, which are worked out as they are asked for."""
    return lambda self, parts: _above(parts, lambda read: make(part.evaluate(read) for part in parts))


class _Nodes:
    """Makes a node of each rule of the grammar, from what the rule is made of."""

    any_of = _rule(lambda values: any(_as(bool, value) for value in values))
    all_of = _rule(lambda values: all(_as(bool, value) for value in values))
    negation = _rule(lambda values: not _as(bool, next(values)))
    negative = _rule(lambda values: -_as(Fraction, next(values)))
    bracket = _rule(next)
    array = _rule(tuple)

    def comparison(self, parts: list[Any]) -> _Node:
        holds = _RELATIONS[parts[1].upper()]
        return _rule(lambda values: holds(*values))(self, parts[::2])

    def arithmetic(self, parts: list[Any]) -> _Node:
        operators = [_ARITHMETIC[sign] for sign in parts[1::2]]

        def result(values: Iterator[Value]) -> Fraction:
            number = _as(Fraction, next(values))
            for operate, value in zip(operators, values, strict=True):
                number = _bounded(operate(number, _as(Fraction, value)))
            return number

        return _rule(result)(self, parts[::2])

    def number(self, parts: list[Token]) -> _Node:
        number = Fraction(str(parts[0]))
        return _Node(lambda read: _bounded(number))

    def text(self, parts: list[Token]) -> _Node:
        text = str(parts[0])[1:-1]
        return _Node(lambda read: text)

    def date(self, parts: list[Token]) -> _Node:
        kind, text = parts
        try:
            moment = (date if kind.upper() == "DATE" else datetime).fromisoformat(text[1:-1])
        except ValueError:
            _refuse("unexpected date", text)
        return _Node(lambda read: moment)

    def operand(self, parts: list[Token]) -> _Node:
        name, key = parts[0].upper(), tuple([part[1:-1] for part in parts[1:]])
        return _Node(lambda read: _known(read(name, key)), frozenset({name}))

    def dated_operand(self, parts: list[Token]) -> _Node:
        name = parts[0].upper()
        return _Node(lambda read: _dated(_known(read(name, ()))), frozenset({name}))

    def call(self, parts: list[Any]) -> _Node:
        token, *nodes = parts
        name = token.upper()
        if name not in _FUNCTIONS:
            _refuse(f"unknown operand or function {token[:50]!r}", token)
        counts, function = _FUNCTIONS[name]
        if len(nodes) not in counts:
            _refuse(f"wrong number of arguments of {name}", token)
        arguments = [node.evaluate for node in nodes]
        clock = ("TODAY", "NOW") if name.endswith(("_SINCE", "_UNTIL")) else ()
        return _above(nodes, lambda read: function(read, *arguments), clock)
