"""Finds a customer in texts and in bodies of deliveries, and nobody else: a number may be anything but an id."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

ERASED = "erased"
_PEOPLE = re.compile("customer|user|buyer|shopper", re.IGNORECASE)
_IDS = re.compile(r"(^|_)(id|key|number)$|[a-z](Id|ID|Key|Number)$")


class Mentions:
    """``who`` is an id or an e-mail address. An id that is a number counts only where it is said to be a customer's."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._is_number = who.isdecimal()
        self._is_email = "@" in who
        name = re.escape(who)
        if self._is_number:
            pattern = rf"((?:customer|user)s?\b\D{{0,40}}?){name}(?!\d)"
        else:
            pattern = rf"()(?<![\w.+@-]){name}(?![\w@-]|\.\w)"
        is_exact = not (self._is_email or self._is_number)
        self._pattern = re.compile(pattern, re.NOFLAG if is_exact else re.IGNORECASE)

    def hidden(self, text: str) -> str:
        """The text without the customer."""
        return self._pattern.sub(rf"\1[{ERASED}]", text)

    def is_in_body(self, body: str) -> bool:
        """Whether a delivery is about the customer: JSON if it is any, else text."""
        try:
            told = json.loads(body)
        except ValueError:
            return self._pattern.search(body) is not None
        return any(self._is_meant(value, path) for value, path in _values(told, ()))

    def _is_meant(self, value: str | int, path: tuple[str, ...]) -> bool:
        if self._is_email:
            return self._pattern.search(str(value)) is not None
        if str(value) != self._who:
            return False
        is_of_person = any(_PEOPLE.search(name) for name in path)
        return not self._is_number or bool(is_of_person and (_PEOPLE.search(path[-1]) or _IDS.search(path[-1])))


def _values(told: Any, path: tuple[str, ...]) -> Iterator[tuple[str | int, tuple[str, ...]]]:
    """Texts and numbers, each with the names that lead to it."""
    if isinstance(told, dict):
        for name, value in told.items():
            yield from _values(value, (*path, name))
    elif isinstance(told, list):
        for value in told:
            yield from _values(value, path)
    elif isinstance(told, str | int) and not isinstance(told, bool):
        yield told, path
