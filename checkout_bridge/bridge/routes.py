"""The prebuilt table of the shop's requests that the bridge takes part in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from checkout_bridge.hookspecs import Route, RouteKind


@dataclass(frozen=True, slots=True)
class Match:
    """A request that was recognised: of which platform, what it is, and the order reference in its path."""

    platform: str
    kind: RouteKind
    ref: str | None = None


class RouteTable:
    """Matches (method, path); literal paths by one look-up, those with ``<ref>`` only where one was declared."""

    def __init__(self, routes: Iterable[tuple[str, Route]]) -> None:
        self._literal: dict[tuple[str, str], Match] = {}
        self._patterns: dict[str, list[tuple[re.Pattern[str], Match]]] = {}
        for platform, route in routes:
            match = Match(platform, route.kind)
            if "<ref>" in route.path:
                before, after = (re.escape(part) for part in route.path.split("<ref>", 1))
                pattern = re.compile(f"{before}([^/]+){after}")
                self._patterns.setdefault(route.method, []).append((pattern, match))
            else:
                self._literal[route.method, route.path] = match

    def match(self, method: str, path: str) -> Match | None:
        """What this request is, or None when it is none of the bridge's business."""
        literal = self._literal.get((method, path))
        if literal is not None:
            return literal
        for pattern, match in self._patterns.get(method, ()):
            if found := pattern.fullmatch(path):
                return Match(match.platform, match.kind, _text(found[1]))
        return None


def _text(segment: str) -> str:
    """What WSGI hands over as bytes in the guise of Latin-1, as the text that the shop meant."""
    return segment.encode("latin-1").decode("utf-8", "replace")
