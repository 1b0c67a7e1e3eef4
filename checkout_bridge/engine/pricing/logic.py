"""The small language in which numbered rules are combined: ``1 and (2 or 3)``."""

from __future__ import annotations

import re
from collections.abc import Callable

from checkout_bridge.errors import InvalidInput

_TOKEN = re.compile(r"\s*(\(|\)|[0-9]+|and\b|or\b|&&|\|\|)", re.IGNORECASE)
_WORDS = {"&&": "and", "||": "or"}
MAX_LENGTH = 2000
MAX_DEPTH = 50

Expression = Callable[[Callable[[str], bool]], bool]


def parse(logic: str) -> Expression:
    """The expression as a function of ``holds(number)``. Raises InvalidInput when it is not one."""
    reader = _Reader(_tokens(logic))
    expression = reader.any_of(0)
    if reader.left:
        raise _invalid(logic)
    return expression


def numbers_in(logic: str) -> set[str]:
    """The rules an expression speaks of."""
    return {token for token in _tokens(logic) if token.isdecimal()}


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.left = tokens

    def any_of(self, depth: int) -> Expression:
        parts = [self._all_of(depth)]
        while self._takes("or"):
            parts.append(self._all_of(depth))
        return lambda holds: any(part(holds) for part in parts)

    def _all_of(self, depth: int) -> Expression:
        parts = [self._one(depth)]
        while self._takes("and"):
            parts.append(self._one(depth))
        return lambda holds: all(part(holds) for part in parts)

    def _one(self, depth: int) -> Expression:
        if depth > MAX_DEPTH or not self.left:
            raise _invalid("it is too deep or ends too soon")
        if self._takes("("):
            inner = self.any_of(depth + 1)
            if not self._takes(")"):
                raise _invalid("a bracket is not closed")
            return inner
        number = self.left.pop(0)
        if not number.isdecimal():
            raise _invalid(f"{number!r} stands where a rule's number should")
        return lambda holds: holds(number)

    def _takes(self, token: str) -> bool:
        if self.left and self.left[0] == token:
            self.left.pop(0)
            return True
        return False


def _tokens(logic: str) -> list[str]:
    if len(logic) > MAX_LENGTH:
        raise _invalid(f"it is longer than {MAX_LENGTH} characters")
    tokens, position, text = [], 0, logic.strip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise _invalid(f"{text[position : position + 10]!r} is not understood")
        word = found[1].lower()
        tokens.append(_WORDS.get(word, word))
        position = found.end()
    return tokens


def _invalid(why: str) -> InvalidInput:
    return InvalidInput(
        f"Property .rules.logic: {why}", message="Invalid validation rules", key="invalid_validation_rules"
    )
