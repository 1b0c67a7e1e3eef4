"""Which lines, and how many pieces of each, an incentive with an application scope is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checkout_bridge.engine.pricing.order import Line, Names

EVERY = "APPLY_TO_EVERY"


@dataclass(frozen=True, slots=True)
class Entry:
    """One product or SKU that an incentive is about, how its pieces are chosen, and its limits.

    Chosen are, of the lines (or, with ``per_unit``, the pieces) in the order of ``effect``, those at positions
    ``skip``, ``skip + repeat``, ...; ``APPLY_TO_CHEAPEST`` and ``APPLY_TO_MOST_EXPENSIVE`` stop after the first.
    """

    names: Names
    effect: str = EVERY
    skip: int = 0
    repeat: int = 1
    per_unit: bool = False
    price: int | None = None
    price_formula: str | None = None
    quantity_limit: int | None = None
    aggregated_quantity_limit: int | None = None
    amount_limit: int | None = None
    aggregated_amount_limit: int | None = None

    @property
    def rhythm(self) -> tuple[str, int, int, bool]:
        """How its pieces are chosen; entries that agree in it choose together."""
        return self.effect, self.skip, self.repeat, self.per_unit


@dataclass(frozen=True, slots=True)
class Scope:
    """What an incentive is about: ``included`` less ``excluded``, or everything less ``excluded``."""

    included: tuple[Entry, ...] = ()
    excluded: tuple[Entry, ...] = ()
    included_all: bool = False

    @property
    def is_about_lines(self) -> bool:
        """Whether it says anything of products at all."""
        return bool(self.included or self.excluded)


@dataclass(frozen=True, slots=True)
class Picked:
    """A line, the entry that picked it, and how many of its pieces count."""

    index: int
    entry: Entry
    units: int


_ALL = Entry(frozenset())


def pick(scope: Scope, lines: Sequence[Line]) -> list[Picked]:
    """The picked lines in the order of the order, without empty ones. A line counts for the first entry it matches."""
    excluded: set[tuple[str, str]] = set().union(*(entry.names for entry in scope.excluded))
    matched: dict[int, Entry] = {}
    for i, line in enumerate(lines):
        entry = _entry_for(scope, line)
        if entry is not None and (line.quantity or line.amount) and not line.names & excluded:
            matched[i] = entry
    picked: list[Picked] = []
    for rhythm in dict.fromkeys(entry.rhythm for entry in matched.values()):
        its = {i: entry for i, entry in matched.items() if entry.rhythm == rhythm}
        picked += _limited(its, lines, _chosen(its[min(its)], lines, list(its)), sum(one.units for one in picked))
    return sorted(picked, key=lambda one: one.index)


def _entry_for(scope: Scope, line: Line) -> Entry | None:
    for entry in scope.included:
        if line.names & entry.names:
            return entry
    return _ALL if scope.included_all or (scope.excluded and not scope.included) else None


def _chosen(entry: Entry, lines: Sequence[Line], indices: list[int]) -> dict[int, int]:
    """Pieces by line index, by the entry's order and rhythm."""
    if entry.effect.endswith("CHEAPEST"):
        indices = sorted(indices, key=lambda i: _price(lines[i]))
    elif entry.effect.endswith("MOST_EXPENSIVE"):
        indices = sorted(indices, key=lambda i: -_price(lines[i]))
    left = 1 if entry.effect in ("APPLY_TO_CHEAPEST", "APPLY_TO_MOST_EXPENSIVE") else None
    chosen: dict[int, int] = {}
    position = 0
    for i in indices:
        # Counted, not listed: a line may have a thousand million pieces.
        size = lines[i].quantity if entry.per_unit else 1
        hits = _hits_before(entry, position + size) - _hits_before(entry, position)
        position += size
        if left is not None:
            hits = min(hits, left)
            left -= hits
        if hits:
            chosen[i] = hits if entry.per_unit else lines[i].quantity
    return chosen


def _hits_before(entry: Entry, position: int) -> int:
    """How many positions below this one the rhythm chooses."""
    return max(0, -((entry.skip - position) // entry.repeat))


def _limited(entries: Mapping[int, Entry], lines: Sequence[Line], chosen: dict[int, int], count: int) -> list[Picked]:
    """The pieces within the limits of their entries; those that were chosen first count first.

    An aggregated limit is for all pieces together, of whichever entry: ``count`` are picked before these.
    """
    picked = []
    for i, units in chosen.items():
        entry = entries[i]
        if entry.quantity_limit is not None:
            units = min(units, entry.quantity_limit)
        if entry.aggregated_quantity_limit is not None:
            units = max(0, min(units, entry.aggregated_quantity_limit - count))
        count += units
        if units or not lines[i].quantity:
            picked.append(Picked(i, entry, units))
    return picked


def _price(line: Line) -> int:
    if line.price is not None:
        return line.price
    return (line.amount or 0) // line.quantity if line.quantity else 0
