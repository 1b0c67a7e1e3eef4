"""What one redeemable takes off the whole order: by amount, by percentage, to a fixed price, or as gift credits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from checkout_bridge.engine.pricing.order import Change, OrderState
from checkout_bridge.money import half_up


class Effect(Protocol):
    """What a redeemable does."""

    def change(self, state: OrderState) -> Change:
        """What it does to an order in this state."""


def percentage(value: int, percent: Fraction, of: int = 1) -> int:
    """``value * percent / 100 / of``, rounded half up."""
    return half_up(value * percent.numerator, 100 * percent.denominator * of)


def least(value: int, *limits: int | None) -> int:
    """The smallest of a value and those limits that there are."""
    return min([value, *(limit for limit in limits if limit is not None)])


@dataclass(frozen=True, slots=True)
class AmountOff:
    """A fixed amount off the order, as far as something is left to pay."""

    amount_off: int
    limit: int | None = None

    def change(self, state: OrderState) -> Change:
        """``min(amount_off, limit, total)``."""
        return Change(least(self.amount_off, self.limit, state.total))


@dataclass(frozen=True, slots=True)
class PercentOff:
    """A percentage of what is left to pay, or of the ``initial`` amount, rounded half up, at most ``limit``."""

    percent_off: Fraction
    limit: int | None = None
    initial: bool = False

    def change(self, state: OrderState) -> Change:
        """``min(round(total * percent / 100), limit, total)``."""
        base = state.before_units if self.initial else state.total
        return Change(least(percentage(base, self.percent_off), self.limit, state.total))


@dataclass(frozen=True, slots=True)
class FixedPrice:
    """The order for a fixed price; one that costs less already is left alone."""

    fixed_amount: int

    def change(self, state: OrderState) -> Change:
        """``max(0, total - fixed_amount)``."""
        return Change(max(0, state.total - self.fixed_amount))


@dataclass(frozen=True, slots=True)
class GiftCredits:
    """Credits of a gift card, as many as the order takes."""

    credits: int

    def change(self, state: OrderState) -> Change:
        """``min(credits, total)``."""
        return Change(min(self.credits, state.total))


@dataclass(frozen=True, slots=True)
class Points:
    """Points of a loyalty card: ``points_ratio`` of them pay ``exchange_ratio`` in major units."""

    points: int
    exchange_ratio: Fraction
    points_ratio: Fraction = Fraction(1)

    def change(self, state: OrderState) -> Change:
        """``min(round(points / points_ratio * exchange_ratio * 100), total)``."""
        worth = self.points / self.points_ratio * self.exchange_ratio * 100
        return Change(min(half_up(worth.numerator, worth.denominator), state.total))

    def spent(self, paid: int) -> int:
        """The points that pay this much: no more than are needed for it."""
        if not self.exchange_ratio:
            return 0
        return min(self.points, math.ceil(paid * self.points_ratio / (self.exchange_ratio * 100)))


@dataclass(frozen=True, slots=True)
class NoDiscount:
    """A reward that is a thing: it costs points, and takes nothing off."""

    def change(self, state: OrderState) -> Change:
        """Nothing."""
        return Change()
