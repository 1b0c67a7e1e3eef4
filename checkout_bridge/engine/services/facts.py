"""What filters read of a thing: its properties, and those of its metadata or address, by the names filters use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def reader(facts: Mapping[str, Any]) -> Callable[[str], Any]:
    """Reads ``name``, ``metadata.size`` or ``address.city``; None for what is not there."""

    def read(name: str) -> Any:
        owner, _, inner = name.partition(".")
        value = facts.get(owner)
        if not inner:
            return value
        return value.get(inner) if isinstance(value, Mapping) else None

    return read
