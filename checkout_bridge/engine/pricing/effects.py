"""What one redeemable takes off: a discount by amount or by percentage, or the credits of a gift card."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from checkout_bridge.engine.pricing.order import OrderState
from checkout_bridge.money import half_up


@dataclass(frozen=True, slots=True)
class AmountOff:
    """A fixed amount off the order, as far as something is left to pay."""

    amount_off: int

    def value(self, state: OrderState) -> int:
        """``min(amount_off, total)``."""
        return min(self.amount_off, state.total)


@dataclass(frozen=True, slots=True)
class PercentOff:
    """A percentage of what is left to pay, rounded half up, at most ``amount_limit``."""

    percent_off: Fraction
    amount_limit: int | None = None

    def value(self, state: OrderState) -> int:
        """``min(round(total * percent / 100), amount_limit, total)``."""
        value = half_up(state.total * self.percent_off.numerator, 100 * self.percent_off.denominator)
        limit = state.total if self.amount_limit is None else min(self.amount_limit, state.total)
        return min(value, limit)


@dataclass(frozen=True, slots=True)
class GiftCredits:
    """Credits of a gift card, as many as the order takes."""

    credits: int

    def value(self, state: OrderState) -> int:
        """``min(credits, total)``."""
        return min(self.credits, state.total)


Effect = AmountOff | PercentOff | GiftCredits
