"""Query parameters of lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from checkout_bridge.errors import RequestError


def page_of(query: Mapping[str, str]) -> tuple[int, int]:
    """``limit`` (1 to 100, default 10) and ``page`` (1 to 99, default 1)."""
    return whole_number(query, "limit", 10, 1, 100), whole_number(query, "page", 1, 1, 99)


def whole_number(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A parameter that is a number within bounds."""
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
        raise _invalid(f"Query param {name} must be from {least} to {most}")
    return int(text)


def order_of(query: Mapping[str, str], allowed: Sequence[str], default: str) -> str:
    """The parameter ``order``."""
    order = query.get("order", default)
    if order not in allowed:
        raise _invalid(f"Query param order must be one of: {', '.join(allowed)}")
    return order


def order_by(query: Mapping[str, str], names: Iterable[str]) -> str:
    """The parameter ``order``: one of these names, after a dash for descending; newest first when it is not told."""
    return order_of(query, [sign + name for name in names for sign in ("", "-")], "-created_at")


def flag(query: Mapping[str, str], name: str) -> bool:
    """A parameter that is true or false; absent is false."""
    return query.get(name) in ("true", "1")


def _invalid(details: str) -> RequestError:
    return RequestError("Invalid query params", key="invalid_query_params", details=details)
