"""How rules are combined: the little language of ``1 and (2 or 3)``."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout_bridge.engine.pricing.logic import MAX_DEPTH, MAX_LENGTH, numbers_in, parse
from checkout_bridge.errors import InvalidInput


def table(logic: str) -> list[bool]:
    """What an expression of rules 1, 2 and 3 says for all their combinations, from all false to all true."""
    expression = parse(logic)
    return [
        expression(dict(zip("123", values, strict=True)).__getitem__) for values in product([False, True], repeat=3)
    ]


@pytest.mark.parametrize(
    ("logic", "meaning"),
    [
        ("1", lambda a, b, c: a),
        ("1 and 2", lambda a, b, c: a and b),
        ("1 or 2", lambda a, b, c: a or b),
        ("1 or 2 and 3", lambda a, b, c: a or (b and c)),
        ("1 and 2 or 3", lambda a, b, c: (a and b) or c),
        ("(1 or 2) and 3", lambda a, b, c: (a or b) and c),
        ("1 and (2 or 3)", lambda a, b, c: a and (b or c)),
        ("1 AND 2 Or 3", lambda a, b, c: (a and b) or c),
        ("1&&2||3", lambda a, b, c: (a and b) or c),
        ("1 && (2 || 3)", lambda a, b, c: a and (b or c)),
        (" ( ( 1 ) ) ", lambda a, b, c: a),
        ("1 and 2 and 3", lambda a, b, c: a and b and c),
        ("1 or 2 or 3", lambda a, b, c: a or b or c),
    ],
)
def test_and_binds_tighter_than_or_and_brackets_tighter_than_both(logic: str, meaning: Any) -> None:
    assert table(logic) == [bool(meaning(*values)) for values in product([False, True], repeat=3)]


@pytest.mark.parametrize(
    "logic",
    [
        "",
        "and",
        "1 and",
        "or 1",
        "1 2",
        "(1",
        "1)",
        "()",
        "1 & 2",
        "1 | 2",
        "not 1",
        "1 and x",
        "1,2",
        "-1",
        "1 nand 2",
    ],
)
def test_what_is_no_expression_is_refused(logic: str) -> None:
    with pytest.raises(InvalidInput, match=r"\.rules\.logic") as refused:
        parse(logic)
    assert refused.value.key == "invalid_validation_rules"


def test_an_expression_has_a_greatest_depth_and_length() -> None:
    assert parse("(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH)(lambda number: True)
    with pytest.raises(InvalidInput, match="deep"):
        parse("(" * (MAX_DEPTH + 1) + "1" + ")" * (MAX_DEPTH + 1))
    with pytest.raises(InvalidInput, match="longer"):
        parse("1 or " * (MAX_LENGTH // 5) + "1")


def test_the_rules_an_expression_speaks_of_are_known() -> None:
    assert numbers_in("1 and (22 or 3) && 1") == {"1", "22", "3"}


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet="123 ()andor&|", max_size=20))
def test_any_text_is_either_an_expression_or_refused(text: str) -> None:
    try:
        expression = parse(text)
    except InvalidInput:
        return
    assert expression(lambda number: True) is True
    assert expression(lambda number: False) is False
