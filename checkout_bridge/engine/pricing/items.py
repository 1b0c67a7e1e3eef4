"""What one redeemable takes off the lines it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from checkout_bridge.engine.pricing.effects import least, percentage
from checkout_bridge.engine.pricing.order import Change, Line, LineChange, OrderState
from checkout_bridge.engine.pricing.scope import Entry, Picked, Scope, pick
from checkout_bridge.money import allocate

Split = Callable[[Sequence[tuple[Line, Picked]]], list[int]]


@dataclass(frozen=True, slots=True)
class ItemsOff:
    """A discount on lines: ``values`` says what each picked line would get, before limits and what is left of it.

    ``line_limit`` is for each line, ``limit`` for all together; ``skip_discounted`` leaves lines alone that another
    redeemable has discounted already.
    """

    scope: Scope
    values: Split
    line_limit: int | None = None
    limit: int | None = None
    skip_discounted: bool = False

    def change(self, state: OrderState) -> Change:
        """The discount of every picked line; the smallest limit wins."""
        picked = [
            (state.lines[one.index], one)
            for one in pick(self.scope, state.lines)
            if not (self.skip_discounted and state.lines[one.index].discount)
        ]
        left = least(state.total, self.limit)
        by_entry: dict[Entry, int | None] = {}
        changes: dict[int, LineChange] = {}
        for (line, one), value in zip(picked, self.values(picked), strict=True):
            entry = one.entry
            left_of_entry = by_entry.setdefault(entry, entry.aggregated_amount_limit)
            value = least(value, line.subtotal, self.line_limit, entry.amount_limit, left_of_entry, left)
            left -= value
            if left_of_entry is not None:
                by_entry[entry] = left_of_entry - value
            if value:
                changes[one.index] = LineChange(discount=value)
        return Change(lines=changes)


def amount_off(amount: int) -> Split:
    """The amount once a line, however many pieces it has."""
    return lambda picked: [amount for _ in picked]


def amount_off_by_quantity(amount: int) -> Split:
    """The amount for every piece."""
    return lambda picked: [amount * one.units for _, one in picked]


def amount_off_in_proportion(amount: int) -> Split:
    """The amount split over the lines by what they are worth."""
    return lambda picked: allocate(amount, [line.subtotal for line, _ in picked])


def amount_off_in_proportion_by_quantity(amount: int) -> Split:
    """The amount split over the lines by their pieces."""
    return lambda picked: allocate(amount, [one.units for _, one in picked])


def percent_off(percent: Fraction) -> Split:
    """A percentage of every line; of the part of it that counts when not all of its pieces do."""
    return lambda picked: [
        percentage(line.subtotal * one.units, percent, line.quantity)
        if line.quantity and one.units < line.quantity
        else percentage(line.subtotal, percent)
        for line, one in picked
    ]


def fixed_price(price: int | None) -> Split:
    """Every piece for a fixed price, that of the line's own entry first; cheaper ones are left alone."""

    def values(picked: Sequence[tuple[Line, Picked]]) -> list[int]:
        return [_above(line, one, price if one.entry.price is None else one.entry.price) for line, one in picked]

    return values


def gift_credits(credits: int) -> Split:
    """Credits spent on the lines in their order."""

    def values(picked: Sequence[tuple[Line, Picked]]) -> list[int]:
        left, spent = credits, []
        for line, _ in picked:
            spent.append(min(left, line.subtotal))
            left -= spent[-1]
        return spent

    return values


def _above(line: Line, one: Picked, fixed: int | None) -> int:
    if fixed is None or line.price is None:
        return 0
    return max(0, line.price - fixed) * one.units
