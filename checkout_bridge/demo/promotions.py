"""What the shop is told about codes: it reads one key of the WSGI environ, and does without when the key is absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checkout_bridge.demo.prices import CURRENCY, decimal_string

STATE_KEY = "checkout_bridge.state"
GIFT_CARD = "GIFT_VOUCHER"

REASONS = {
    "not_found": "We don't know this code.",
    "resource_not_found": "We don't know this code.",
    "voucher_expired": "This code has expired.",
    "voucher_disabled": "This code is switched off.",
    "voucher_not_active_now": "This code cannot be used at this time.",
    "promotion_not_active_now": "This offer is not running at this time.",
    "quantity_exceeded": "This code is already used up.",
    "gift_amount_exceeded": "There is nothing left on this card.",
    "loyalty_card_points_exceeded": "There are not enough points on this card.",
    "order_rules_violated": "Your cart does not meet the conditions of this code.",
    "customer_rules_violated": "This code is meant for other customers.",
    "redemption_rules_violated": "This code has been used as often as it may be.",
    "resource_in_use": "This code is being used in another checkout right now.",
    "applicable_redeemables_limit_exceeded": "No more codes can be combined in one order.",
    "applicable_exclusive_redeemables_limit_exceeded": "This code cannot be combined with the others.",
}

STATES = {
    "intended": "being redeemed",
    "redeemed": "redeemed",
    "confirmed": "redeemed",
    "deferred": "will be redeemed later",
    "unwinding": "being given back",
    "unwound": "given back",
    "failed": "not redeemed",
    "stuck": "being looked into",
    "review": "being looked into",
}


@dataclass(frozen=True, slots=True)
class Applied:
    """A code that counts. ``amount`` is in cents: what it takes off, or what a gift card pays."""

    code: str
    type: str
    amount: int

    @property
    def is_gift_card(self) -> bool:
        return self.type == GIFT_CARD

    @property
    def label(self) -> str:
        return f"{'Gift card' if self.is_gift_card else 'Discount'} {self.code}"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A code that does not count, and why."""

    code: str
    key: str
    message: str

    @property
    def reason(self) -> str:
        """A sentence for the customer."""
        return REASONS.get(self.key, self.message or "This code cannot be used.")


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A code that was given back. ``amount`` is in cents, or None when it is not money; ``at`` is ISO 8601."""

    code: str
    type: str
    amount: int | None
    at: str

    @property
    def sentence(self) -> str:
        if self.type != GIFT_CARD:
            return f"{self.code} can be used again"
        what = "The amount" if self.amount is None else decimal_string(self.amount)
        return f"{what} went back to {self.code}"


@dataclass(frozen=True, slots=True)
class Promotions:
    """All that is known about the codes of this request. ``state`` is None where nothing is mounted."""

    state: str | None = None
    total: int | None = None
    currency: str = CURRENCY
    applied: tuple[Applied, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    given_back: tuple[GivenBack, ...] = ()

    @property
    def unreachable(self) -> bool:
        return self.state == "failed" and not self.rejected

    @property
    def forbid_checkout(self) -> bool:
        """Whether an order must not be made: the customer was promised something that does not hold."""
        return self.state == "failed" or bool(self.rejected)

    @property
    def progress(self) -> str:
        """The state in words."""
        return STATES.get(self.state or "", self.state or "")

    def payable(self, subtotal: int) -> int:
        """Cents to pay for a cart that costs ``subtotal`` without codes."""
        return subtotal if self.total is None or self.state == "failed" else self.total

    def undecided(self, codes: Sequence[str]) -> list[str]:
        """Those of ``codes`` that are neither applied nor rejected."""
        decided = {entry.code for entry in self.applied} | {entry.code for entry in self.rejected}
        return [code for code in codes if code not in decided]


def promotions_of(environ: Mapping[str, Any]) -> Promotions:
    """Read ``{state, total, currency, applied, rejected, given_back}`` from the environ of a request."""
    told = environ.get(STATE_KEY)
    if told is None:
        return Promotions()
    return Promotions(
        state=told["state"],
        total=told.get("total"),
        currency=told.get("currency") or CURRENCY,
        applied=_applied(told),
        rejected=tuple(Rejected(one["code"], one["key"], one["message"]) for one in told.get("rejected") or ()),
        given_back=tuple(
            GivenBack(one["code"], one["type"], one["amount"], one["at"]) for one in told.get("given_back") or ()
        ),
    )


def _applied(told: Mapping[str, Any]) -> tuple[Applied, ...]:
    """Nothing is applied in a checkout that failed, whatever was hoped for before."""
    if told["state"] == "failed":
        return ()
    return tuple(Applied(one["code"], one["type"], one["amount"]) for one in told.get("applied") or ())
