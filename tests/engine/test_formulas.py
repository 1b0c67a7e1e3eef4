"""Price formulas: what they are worth, what they read, what they refuse, and that no text or value can upset them."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout_bridge.engine.pricing.formulas import LARGEST, MAX_DEPTH, MAX_LENGTH, Read, minor, parse
from checkout_bridge.errors import InvalidInput
from checkout_bridge.money import MAX_MINOR


def reading(facts: dict[str, Any]) -> Read:
    """Reads ``{"ORDER_AMOUNT": 5, 'ORDER_METADATA("size")': "L"}`` as a formula asks for it."""

    def read(name: str, keys: tuple[str, ...]) -> object:
        return facts.get(f'{name}("{keys[0]}")' if keys else name)

    return read


def worth(text: str, **facts: Any) -> Fraction | None:
    return parse(text).value(reading(facts))


def holds(condition: str, **facts: Any) -> bool | None:
    """Whether a condition holds; None when that cannot be said."""
    return {1: True, 0: False, None: None}[worth(f"IF({condition};1;0)", **facts)]


@pytest.mark.parametrize(("amount", "percent"), [("114.99", 10), ("150", 10), ("150.01", 15)])
def test_a_percentage_may_depend_on_the_order(amount: str, percent: int) -> None:
    assert worth("IF(ORDER_AMOUNT > 150;15;10)", ORDER_AMOUNT=Fraction(amount)) == percent


def test_amounts_are_in_major_units() -> None:
    value = worth("0.01*ORDER_ITEM_PRICE+1", ORDER_ITEM_PRICE=Fraction("6.00"))

    assert value == Fraction("1.06")
    assert minor(value) == 106


@pytest.mark.parametrize(
    ("value", "amount"),
    [("1.005", 101), ("1.0049", 100), ("0", 0), ("-3", 0), ("-0.001", 0), (10**13, MAX_MINOR), (10**20, MAX_MINOR)],
)
def test_minor_units_are_rounded_half_up_and_stay_in_their_range(value: str, amount: int) -> None:
    assert minor(Fraction(value)) == amount


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1+2*3", 7),
        ("(1+2)*3", 9),
        ("10 ÷ 4 × 2", 5),
        ("10/4x2", 5),
        ("7 % 4", 3),
        ("-2*-3", 6),
        ("0.1+0.2-0.1-0.1", Fraction("0.1")),
        ("max(3, 1, 2) - MIN(2;1) - CEIL(0.5)", 1),
        ("POW(2;10)", 1024),
        ("POW(2;-2)", Fraction(1, 4)),
        ("ROUND(2.5)", 3),
        ("ROUND(-2.5)", -2),
        ("ROUND(2.345;2)", Fraction("2.35")),
        ("ROUND(1250;-2)", 1300),
        ("FLOOR(-0.5)", -1),
        ('SWITCH("b";"a";1;"b";2;9)', 2),
        ('SWITCH_CASE("z";"a";1;"b";2;9)', 9),
        ('SWITCH(1;"1";5;9)', 9),
        ("iF(1=1;2;3)", 2),
    ],
)
def test_numbers_are_exact(text: str, value: Fraction | int) -> None:
    assert worth(text) == value


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        ("1 > 2 or 2 > 1", True),
        ("1 = 1 OR 1 = 1 AND 1 = 2", True),
        ("(1 = 1 OR 1 = 1) AND 1 = 2", False),
        ("NOT (1 = 1 AND NOT 1 = 2)", False),
        ("2 >= 2 AND 2 <= 2 AND NOT 2 > 2 AND NOT 2 < 2", True),
        ("1 != 2 AND 1 <> 2", True),
        ('"a" < "b"', True),
        ('1 = "1"', False),
        ("1 <> '1'", True),
        ('1 < "2"', None),
        ("1 AND 1 = 1", None),
        ("(1 = 1) < (1 = 2)", None),
        ('"L" IN_ARRAY ("M";"L")', True),
        ('"L" in_array ("M","S")', False),
        ('"L" NOT_IN_ARRAY ("M";"S")', True),
        ('IN_ARRAY("L";"M";"L")', True),
        ('NOT_IN_ARRAY("L";("M";"L"))', False),
        ('"summer sale" CONTAINS "sale"', True),
        ('STARTS_WITH("summer sale";"sale")', False),
        ('"summer sale" ENDS_WITH "sale"', True),
        ('1 CONTAINS "1"', None),
    ],
)
def test_conditions_compare_like_with_like(condition: str, truth: bool | None) -> None:
    assert holds(condition) is truth


def test_metadata_is_read_as_json_has_it() -> None:
    metadata = {
        'ORDER_METADATA("float")': 0.1,
        'ORDER_METADATA("text")': "5",
        'ORDER_METADATA("vip")': True,
        'ORDER_METADATA("tags")': ["new", 3, None, {"a": 1}],
        'ORDER_METADATA("object")': {"a": 1},
    }

    assert worth('ORDER_METADATA("float") * 3', **metadata) == Fraction("0.3")
    assert worth("ORDER_METADATA('text') + 1", **metadata) is None
    assert holds('ORDER_METADATA("vip")', **metadata) is True
    assert holds('ORDER_METADATA("vip") = 1', **metadata) is False
    assert holds('"new" IN_ARRAY ORDER_METADATA("tags") AND 3 IN_ARRAY ORDER_METADATA("tags")', **metadata) is True
    assert worth('DEFAULT_TO(ORDER_METADATA("object");1)', **metadata) is None


CLOCK = {"TODAY": date(2026, 3, 15), "NOW": datetime(2026, 3, 15, 12, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("DAY_OF_MONTH(TODAY)", 15),
        ("MONTH(NOW)", 3),
        ('YEAR("2024-02-29T10:00:00.000Z")', 2024),
        ('DAY_OF_MONTH(DATE_TIME("2026-03-01T00:30:00+01:00"))', 28),
        ('DAYS_SINCE(DATE("2026-03-01"))', 14),
        ('DAYS_UNTIL(DATE("2026-03-01"))', -14),
        ('DAYS_SINCE(DATE_TIME("2026-03-14T12:00:01Z"))', 0),
        ('DAYS_UNTIL(DATE_TIME("2026-03-16T12:00:00Z"))', 1),
        ('MONTHS_SINCE(DATE("2026-01-16"))', 1),
        ('MONTHS_SINCE(DATE("2026-01-15"))', 2),
        ('MONTHS_UNTIL("2026-04-15")', 1),
        ('YEARS_SINCE(DATE("2000-03-16"))', 25),
        ('YEARS_SINCE(DATE("2000-03-15"))', 26),
        ('YEARS_SINCE(DATE("2027-03-14"))', 0),
        ('IF(TODAY = DATE("2026-03-15");1;0)', 1),
        ('IF(NOW > TODAY AND TODAY < "2026-03-16";1;0)', 1),
        ('IF(TODAY = "spring";1;0)', 0),
        ('IF(TODAY > "spring";1;0)', None),
    ],
)
def test_dates_are_counted_in_whole_units_of_utc(text: str, value: int | None) -> None:
    assert worth(text, **CLOCK) == value


@pytest.mark.parametrize(
    "text",
    [
        'DAYS_SINCE(DATE("2026-01-01"))',
        "1/0",
        "1 % 0",
        "POW(0;-1)",
        "POW(2;0.5)",
        "POW(2;65)",
        "POW(POW(10;20);2)",
        "POW(POW(10;-20);2)",
        f"{LARGEST} + 1",
        f"{LARGEST}0",
        "ROUND(1;31)",
        '"text"',
        "1 = 1",
        "MIN(1;(2;3))",
    ],
)
def test_what_cannot_be_worked_out_is_none(text: str) -> None:
    assert worth(text) is None


def test_a_default_stands_in_for_what_is_missing_and_for_nothing_else() -> None:
    assert worth('DEFAULT_TO(ORDER_METADATA("off");7)') == 7
    assert worth('DEFAULT_TO(ORDER_METADATA("off") * 2;7)') == 7
    assert worth('DEFAULT_TO(ORDER_METADATA("off");7)', **{'ORDER_METADATA("off")': 3}) == 3
    assert worth("DEFAULT_TO(1/0;7)") is None


def test_only_the_branch_that_is_taken_is_worked_out() -> None:
    assert worth("IF(1 = 1;2;1/0)") == 2
    assert worth("SWITCH(1;2;1/0;1;5;ORDER_AMOUNT)") == 5
    assert worth("IF(1 = 1 OR ORDER_AMOUNT > 1;2;3)") == 2
    assert worth("IF(1 = 2 AND ORDER_AMOUNT > 1;2;3)") == 3


def test_a_formula_tells_what_it_reads() -> None:
    formula = parse('min(Cheapest_Order_Item_Price; ORDER_ITEM_METADATA("size")) + DAYS_SINCE(NOW)')

    assert formula.operands == {"CHEAPEST_ORDER_ITEM_PRICE", "ORDER_ITEM_METADATA", "TODAY", "NOW"}
    assert parse("1+1").operands == frozenset()


LINES = [f"{which}ORDER_ITEM_" for which in ("", "CHEAPEST_", "MOST_EXPENSIVE_")]


@pytest.mark.parametrize(
    "name",
    [
        *(f"ORDER_{what}" for what in ("AMOUNT", "INITIAL_AMOUNT", "TOTAL_AMOUNT", "ITEMS_QUANTITY", "UNITS_QUANTITY")),
        *(line + what for line in LINES for what in ("PRICE", "AMOUNT", "SUBTOTAL", "UNITS_QUANTITY")),
        *("VOUCHER_REDEMPTION_QUANTITY", "VOUCHER_REDEEMED_QUANTITY", "VOUCHER_PUBLISH_COUNT"),
        *(f'{whose}_METADATA("k")' for whose in ("ORDER", "CUSTOMER", "REDEEMABLE", "REDEMPTION", "PUBLICATION")),
        *(f'{line}{what}("k")' for line in LINES for what in ("METADATA", "PRODUCT_METADATA")),
    ],
)
def test_every_operand_is_read_by_its_name_in_either_case(name: str) -> None:
    assert worth(name, **{name: 12}) == 12
    assert worth(name.lower(), **{name: 12}) == 12


@pytest.mark.parametrize(
    "name", ["VOUCHER_START_DATE", "VOUCHER_EXPIRATION_DATE", "CUSTOMER_BIRTHDATE", "TODAY", "NOW"]
)
def test_operands_that_are_dates_are_dates_even_as_text(name: str) -> None:
    assert holds(f'{name} = DATE_TIME("2026-01-02T00:00:00Z") AND YEAR({name}) = 2026', **{name: "2026-01-02"}) is True
    assert holds(f"{name.lower()} = 1", **{name: "no date"}) is None


def test_formulas_of_one_text_are_equal() -> None:
    assert {parse("1 + 1"), parse.__wrapped__("1 + 1")} == {parse("1 + 1")}
    assert parse("1 + 1") != parse("1+1")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "unexpected end"),
        ("10%", "unexpected end"),
        ("1 2", "unexpected '2' at character 3"),
        ("ORDER_AMOUNT $ 2", "unexpected '$' at character 14"),
        ('"open', "unexpected '\"' at character 1"),
        ("1 + ORDER_AMOUNTS", "unknown operand or function 'ORDER_AMOUNTS' at character 5"),
        ("SQRT(4)", "unknown operand or function 'SQRT' at character 1"),
        ("TODAY(1)", "unexpected '(' at character 6"),
        ("ORDER_METADATA(1)", "unexpected '1' at character 16"),
        ("1 + IF(1 = 1;2)", "wrong number of arguments of IF at character 5"),
        ("SWITCH(1;2;3;4;5)", "wrong number of arguments of SWITCH at character 1"),
        ('DATE("2026-02-30")', "unexpected date at character 6"),
        ("IF(1 ın_array 1;1;0)", "unexpected 'ı' at character 6"),
        ("(" * (MAX_DEPTH + 1) + "1" + ")" * (MAX_DEPTH + 1), "deeper than 50 levels"),
        ("-" * (MAX_LENGTH - 1) + "1", "deeper than 50 levels"),
        ("1" * (MAX_LENGTH + 1), "longer than 2000 characters"),
    ],
)
def test_a_text_that_is_no_formula_is_refused_with_the_place(text: str, why: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(text)

    assert refused.value.details == f"formula: {why}"


def test_long_and_deep_formulas_are_worked_out_up_to_the_limits() -> None:
    assert worth("(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH) == 1
    assert worth("IF(1=1;" * (MAX_DEPTH - 1) + "5" + ";0)" * (MAX_DEPTH - 1)) == 5
    assert holds("NOT " * (MAX_DEPTH - 2) + "1=1") is True
    assert worth("1+" * (MAX_LENGTH // 2 - 1) + "1") == MAX_LENGTH // 2


def test_the_parser_is_loaded_with_the_first_formula() -> None:
    load = "import sys; from checkout_bridge.engine.pricing.formulas import parse"
    check = f"{load}; early = 'lark' in sys.modules; parse('1'); print(early, 'lark' in sys.modules)"

    assert subprocess.check_output([sys.executable, "-c", check], text=True).split() == ["False", "True"]


WORDS = """
ORDER_AMOUNT ORDER_METADATA("k") TODAY NOW IF( MIN( POW( ROUND( SWITCH( DEFAULT_TO( DAYS_SINCE( YEAR( ( ) ) ; , + - *
/ % = < AND OR NOT x IN_ARRAY CONTAINS "a" '2026-01-01' 1 2 0 64 9999999999 0.000001 " ſ İ
"""
words = st.sampled_from(WORDS.split())
texts = st.text(max_size=60) | st.lists(words, max_size=30).map(" ".join)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.fractions()
moments = st.dates() | st.datetimes(timezones=st.none() | st.timezones()) | st.dates().map(date.isoformat)
read_values = st.recursive(scalars | moments, lambda inner: st.lists(inner, max_size=3) | st.tuples(inner))


@settings(max_examples=300, deadline=None)
@given(text=texts, value=read_values)
def test_any_text_is_a_formula_or_invalid_input(text: str, value: Any) -> None:
    try:
        formula = parse(text)
    except InvalidInput:
        return

    worked_out = formula.value(lambda name, keys: value)
    assert worked_out is None or isinstance(worked_out, Fraction)


functions_of_two = [
    *(
        "{0} + {1}",
        "{0} - {1}",
        "{0} * {1}",
        "{0} / {1}",
        "{0} % {1}",
        "MIN({0};{1})",
        "POW({0};{1})",
        "ROUND({0};{1})",
    ),
    *("IF({0} > {1};{0};{1})", "IF({0} = {1};1;0)", "IF(IN_ARRAY({0};{1});1;0)", "SWITCH({0};{1};1;2)"),
    *("DEFAULT_TO({0};{1})", "IF({0} AND {1};1;2)", "IF({0} CONTAINS {1};1;2)", "DAYS_SINCE({0}) - YEARS_SINCE({1})"),
    *("IF(({0};{1}) = ({1};{0});1;2)", "MONTHS_UNTIL({0}) + DAY_OF_MONTH({1})"),
]


@settings(max_examples=300, deadline=None)
@given(text=st.sampled_from(functions_of_two), values=st.tuples(read_values, read_values))
def test_no_value_upsets_a_formula(text: str, values: tuple[Any, Any]) -> None:
    operands = dict(zip(("ORDER_AMOUNT", "ORDER_TOTAL_AMOUNT"), values, strict=True))

    worked_out = worth(text.format(*operands), **operands, **CLOCK)

    assert worked_out is None or isinstance(worked_out, Fraction)


numbers = st.decimals(0, 1000, places=2).map(lambda number: (str(number), Fraction(number)))
signs = st.sampled_from("+-*/%")
Expression = tuple[str, Fraction | None]


def combine(parts: tuple[Expression, str, Expression]) -> Expression:
    """Two expressions as one in brackets, and what Python says it is worth; None after a division by zero."""
    (left_text, left), sign, (right_text, right) = parts
    text = f"({left_text} {sign} {right_text})"
    if left is None or right is None or (sign in "/%" and right == 0):
        return text, None
    operations = {"+": left.__add__, "-": left.__sub__, "*": left.__mul__, "/": left.__truediv__, "%": left.__mod__}
    return text, operations[sign](right)


@settings(deadline=None)
@given(st.recursive(numbers, lambda inner: st.tuples(inner, signs, inner).map(combine), max_leaves=5))
def test_arithmetic_agrees_with_fractions(expression: Expression) -> None:
    text, value = expression

    assert worth(text) == value
