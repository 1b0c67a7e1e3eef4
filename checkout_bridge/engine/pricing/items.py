"""What one redeemable takes off the lines it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from checkout_bridge.engine.pricing.effects import least, percentage
from checkout_bridge.engine.pricing.order import Change, Line, LineChange, OrderState
from checkout_bridge.engine.pricing.scope import Picked, Scope, pick
from checkout_bridge.money import allocate

# What a number is for the line at an index.
Each = Callable[[int], int]
# What each of the picked lines would get.
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
        most, given = least(state.total, self.limit), 0
        changes: dict[int, LineChange] = {}
        for (line, one), value in zip(picked, self.values(picked), strict=True):
            # An aggregated limit is for all lines together, of whichever entry.
            left = least(most, one.entry.aggregated_amount_limit) - given
            value = max(0, least(value, line.subtotal, self.line_limit, one.entry.amount_limit, left))
            given += value
            if value:
                changes[one.index] = LineChange(discount=value)
        return Change(lines=changes)


def amount_off(amount: Each) -> Split:
    """The amount once a line, however many pieces it has."""
    return lambda picked: [amount(one.index) for _, one in picked]


def amount_off_by_quantity(amount: Each) -> Split:
    """The amount for every piece."""
    return lambda picked: [amount(one.index) * one.units for _, one in picked]


def amount_off_in_proportion(amount: int) -> Split:
    """The amount split over the lines by what they are worth."""
    return lambda picked: allocate(amount, [line.subtotal for line, _ in picked])


def amount_off_in_proportion_by_quantity(amount: int) -> Split:
    """The amount split over the lines by their pieces."""
    return lambda picked: allocate(amount, [one.units for _, one in picked])


def percent_off(percent: Callable[[int], Fraction], *, initial: bool = False) -> Split:
    """A percentage of every line, of what is left of it or of its ``initial`` amount; of the part of it that counts
    when not all of its pieces do.
    """
    return lambda picked: [
        percentage(_base(line, initial) * one.units, percent(one.index), line.quantity)
        if line.quantity and one.units < line.quantity
        else percentage(_base(line, initial), percent(one.index))
        for line, one in picked
    ]


def _base(line: Line, initial: bool) -> int:
    if not initial:
        return line.subtotal
    return (line.amount if line.initial_amount is None else line.initial_amount) or 0


def fixed_price(price: Callable[[Picked], int | None]) -> Split:
    """Every piece for a fixed price; cheaper ones are left alone, and so is a line that has no price for it."""
    return lambda picked: [_above(line, one, price(one)) for line, one in picked]


def all_that_is_left(picked: Sequence[tuple[Line, Picked]]) -> list[int]:
    """Whatever lines still cost. With a limit for all together, that is spent on them in their order."""
    return [line.subtotal for line, _ in picked]


def _above(line: Line, one: Picked, fixed: int | None) -> int:
    if fixed is None or line.price is None:
        return 0
    return max(0, line.price - fixed) * one.units
