"""An order while redeemables are applied to it: its lines, what was taken off, and the changes each redeemable makes.

A change is a difference, so that the changes of several redemptions add up, and one of them can be taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

Names = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: ``amount`` before discounts, ``discount`` off it so far, ``free`` of its pieces free so far.

    ``names`` are the products and SKUs it is: ``("product", id)``, ``("sku", id)``. Without a price it has no amount.
    ``item`` is how a line that a redeemable adds is to be called; pricing does not look at it.
    """

    quantity: int = 0
    price: int | None = None
    amount: int | None = None
    discount: int = 0
    free: int = 0
    names: Names = frozenset()
    initial_quantity: int | None = None
    initial_amount: int | None = None
    item: Mapping[str, object] = field(default_factory=dict)

    @property
    def subtotal(self) -> int:
        """What is left of its amount; never below 0."""
        return max(0, (self.amount or 0) - self.discount)


@dataclass(frozen=True, slots=True)
class LineChange:
    """What a redeemable does to one line: more discount, pieces, free pieces and amount (which may be negative)."""

    discount: int = 0
    quantity: int = 0
    free: int = 0
    amount: int = 0

    @property
    def moves_pieces(self) -> bool:
        """Whether it does more than to discount."""
        return bool(self.quantity or self.free or self.amount)

    def __add__(self, other: LineChange) -> LineChange:
        return LineChange(
            self.discount + other.discount,
            self.quantity + other.quantity,
            self.free + other.free,
            self.amount + other.amount,
        )

    def __neg__(self) -> LineChange:
        return LineChange(-self.discount, -self.quantity, -self.free, -self.amount)


_SAME = LineChange()


@dataclass(frozen=True, slots=True)
class Change:
    """What a redeemable does to an order: ``discount`` off the whole, and line changes by index.

    An index past the last line is a line that it adds; ``added`` says what that is: names and price. It says so too of
    a line that an earlier redeemable added, so that each of them can be taken back without the other.
    """

    discount: int = 0
    lines: Mapping[int, LineChange] = field(default_factory=dict)
    added: Mapping[int, Line] = field(default_factory=dict)

    @property
    def items_discount(self) -> int:
        """What it takes off lines."""
        return sum(line.discount for line in self.lines.values())

    @property
    def total(self) -> int:
        """All it takes off."""
        return self.discount + self.items_discount

    @property
    def is_nothing(self) -> bool:
        """Whether it leaves the order as it is."""
        return not self.discount and all(line == _SAME for line in self.lines.values())

    def __add__(self, other: Change) -> Change:
        lines = dict(self.lines)
        for i, line in other.lines.items():
            lines[i] = lines[i] + line if i in lines else line
        return Change(self.discount + other.discount, lines, {**self.added, **other.added})

    def __neg__(self) -> Change:
        """What takes it back."""
        return Change(-self.discount, {i: -line for i, line in self.lines.items()}, self.added)


@dataclass(frozen=True, slots=True)
class OrderState:
    """``amount`` before any discount, ``discount`` off the whole so far, and the lines with theirs."""

    amount: int
    discount: int = 0
    lines: tuple[Line, ...] = ()
    initial_amount: int | None = None

    @property
    def items_discount(self) -> int:
        """What is off the lines so far."""
        return sum(line.discount for line in self.lines)

    @property
    def total(self) -> int:
        """What is left to pay; never below 0."""
        return max(0, self.amount - self.discount - self.items_discount)

    @property
    def before_units(self) -> int:
        """What it was worth before pieces were added to it."""
        return self.amount if self.initial_amount is None else self.initial_amount

    def after(self, change: Change) -> OrderState:
        """The state with a change made."""
        lines = list(self.lines)
        for i in sorted(change.lines):
            while len(lines) <= i:
                lines.append(Line())
            if i in change.added and i >= len(self.lines):
                lines[i] = change.added[i]
            lines[i] = _changed(lines[i], change.lines[i])
        more = sum(line.amount for line in change.lines.values())
        counts = any(line.moves_pieces for line in change.lines.values())
        initial = self.initial_amount
        return OrderState(
            max(0, self.amount + more),
            self.discount + change.discount,
            tuple(lines),
            self.amount if counts and initial is None else initial,
        )


def total_of(changes: Iterable[Change]) -> Change:
    """Several changes as one."""
    return sum(changes, start=Change())


def _changed(line: Line, change: LineChange) -> Line:
    changed = replace(line, discount=line.discount + change.discount, free=line.free + change.free)
    if not change.moves_pieces:
        return changed
    return replace(
        changed,
        quantity=line.quantity + change.quantity,
        amount=None if line.price is None and line.amount is None else (line.amount or 0) + change.amount,
        initial_quantity=line.quantity if line.initial_quantity is None else line.initial_quantity,
        initial_amount=_before(line) if line.initial_amount is None else line.initial_amount,
    )


def _before(line: Line) -> int | None:
    """What a line was worth before pieces were added to it: nothing when it had none, whatever amount was sent."""
    return line.amount if line.quantity or line.amount is None else 0
