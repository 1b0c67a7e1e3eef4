"""Free pieces: of what is in the cart already, or added to it; and pieces replaced by others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from checkout_bridge.engine.pricing.effects import least
from checkout_bridge.engine.pricing.order import Change, Line, LineChange, Names, OrderState, total_of


@dataclass(frozen=True, slots=True)
class Unit:
    """``count`` free pieces of something; ``adds`` puts all of them into the cart, else only those that are missing.

    ``skip_discounted`` leaves a line alone that another redeemable has discounted already.
    A line of the cart is of it by any of ``names``. ``price``, ``item`` and ``also``, the names of what it is besides
    (a SKU is its product), are the catalogue's, for when the cart has none of it.
    """

    names: Names
    count: int
    adds: bool = False
    price: int | None = None
    item: Mapping[str, object] = field(default_factory=dict)
    also: Names = frozenset()
    skip_discounted: bool = False


@dataclass(frozen=True, slots=True)
class UnitsOff:
    """Free pieces of one or several things."""

    units: tuple[Unit, ...]

    def change(self, state: OrderState) -> Change:
        """Each sees what the one before it did."""
        changes: list[Change] = []
        for unit in self.units:
            changes.append(_free(state, unit))
            state = state.after(changes[-1])
        return total_of(changes)


@dataclass(frozen=True, slots=True)
class SameUnits:
    """``count`` free copies more of every line that is one of ``names``."""

    names: Names
    count: int
    skip_discounted: bool = False

    def change(self, state: OrderState) -> Change:
        """Lines without pieces have no copies."""
        these = [line for line in state.lines if line.quantity and line.names & self.names]
        units = (Unit(line.names, self.count, True, skip_discounted=self.skip_discounted) for line in these)
        return UnitsOff(tuple(units)).change(state)


def _free(state: OrderState, unit: Unit) -> Change:
    index = next((i for i, line in enumerate(state.lines) if line.names & unit.names), len(state.lines))
    is_new = index == len(state.lines)
    line = _new(unit) if is_new else state.lines[index]
    if unit.skip_discounted and line.discount:
        return Change()
    price = unit.price if line.price is None else line.price
    more = unit.count if unit.adds else max(0, unit.count - max(0, line.quantity - line.free))
    # A line whose quantity was not sent counts as none: its amount becomes that of its pieces.
    growth = price * (line.quantity + more) - (line.amount or 0) if price is not None and more else 0
    worth = least((price or 0) * unit.count, (line.amount or 0) + growth - line.discount, state.total + growth)
    change = LineChange(discount=max(0, worth), quantity=more, free=unit.count, amount=growth)
    return Change(lines={index: change}, added=_added(index, line))


def _new(unit: Unit) -> Line:
    amount = None if unit.price is None else 0
    return Line(names=unit.names | unit.also, price=unit.price, amount=amount, item=unit.item)


def _added(index: int, line: Line) -> dict[int, Line]:
    """A line that a redeemable adds, now or earlier, as it was with nothing on it; none for one of the cart itself."""
    amount = None if line.price is None else 0
    return {index: Line(names=line.names, price=line.price, amount=amount, item=line.item)} if line.item else {}


@dataclass(frozen=True, slots=True)
class Replace:
    """``taken`` pieces of one thing give way to those of another; the shopper pays no more for it."""

    source: Names
    taken: int
    target: Unit

    def change(self, state: OrderState) -> Change:
        """``discount = max(0, value of the target - value of the source)``; nothing when the source is not there."""
        source = next((i for i, line in enumerate(state.lines) if line.names & self.source), None)
        if source is None or not state.lines[source].quantity:
            return Change()
        line = state.lines[source]
        if self.target.skip_discounted and line.discount:
            return Change()
        taken = min(self.taken, line.quantity)
        value = (line.amount or 0) * taken // line.quantity
        index = next((i for i, one in enumerate(state.lines) if one.names & self.target.names), len(state.lines))
        is_new = index == len(state.lines)
        target = _new(self.target) if is_new else state.lines[index]
        price = (self.target.price if target.price is None else target.price) or 0
        added = price * self.target.count
        return Change(
            lines={
                source: LineChange(quantity=-taken, amount=-value),
                index: LineChange(discount=max(0, added - value), quantity=self.target.count, amount=added),
            },
            added={**_added(source, line), **_added(index, target)},
        )
