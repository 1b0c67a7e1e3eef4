"""A bounded cache behind a lock, for facts that never change."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

from cachetools import LRUCache

Fact = TypeVar("Fact")


class FactCache(Generic[Fact]):
    """Remembers the facts asked for most lately. Never put anything here that another process could change."""

    def __init__(self, size: int = 10_000) -> None:
        self._facts: LRUCache[Hashable, Fact] = LRUCache(size)
        self._lock = Lock()

    def get(self, key: Hashable) -> Fact | None:
        """The fact, or None when it is not remembered."""
        with self._lock:
            return self._facts.get(key)

    def put(self, key: Hashable, fact: Fact) -> None:
        """Remember it, and forget the one not asked for longest when there are too many."""
        with self._lock:
            self._facts[key] = fact
