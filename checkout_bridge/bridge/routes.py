"""The prebuilt table of the shop's requests that the bridge takes part in."""

from __future__ import annotations

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
        self._around: dict[str, list[tuple[str, str, Match]]] = {}
        for platform, route in routes:
            match = Match(platform, route.kind)
            if "<ref>" in route.path:
                before, after = route.path.split("<ref>", 1)
                self._around.setdefault(route.method, []).append((before, after, match))
            else:
                self._literal[route.method, route.path] = match
        # Most requests begin like none of them, and one test says so.
        self._beginnings = {
            method: tuple({before for before, _, _ in around}) for method, around in self._around.items()
        }

    def match(self, method: str, path: str) -> Match | None:
        """What this request is, or None when it is none of the bridge's business."""
        literal = self._literal.get((method, path))
        if literal is not None or not path.startswith(self._beginnings.get(method, ())):
            return literal
        for before, after, match in self._around[method]:
            ref = path[len(before) : len(path) - len(after)]
            if path.startswith(before) and path.endswith(after) and ref and "/" not in ref:
                return Match(match.platform, match.kind, _text(ref))
        return None


def _text(segment: str) -> str:
    """What WSGI hands over as bytes in the guise of Latin-1, as the text that the shop meant."""
    return segment.encode("latin-1").decode("utf-8", "replace")
