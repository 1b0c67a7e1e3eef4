"""Applying a stack of redeemables in order: what applies, what does not, what is skipped, and what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from checkout_bridge.engine.pricing.effects import Effect
from checkout_bridge.engine.pricing.order import Change, OrderState
from checkout_bridge.errors import RequestError

# Applied at most, of the 30 that may be sent; the rest is skipped.
APPLICABLE_LIMIT = 5

# What the whole project uses: the defaults of the contract.
STACKING_RULES: dict[str, Any] = {
    "redeemables_limit": 30,
    "applicable_redeemables_limit": APPLICABLE_LIMIT,
    "applicable_redeemables_per_category_limit": None,
    "applicable_redeemables_category_limits": {},
    "applicable_exclusive_redeemables_limit": 1,
    "applicable_exclusive_redeemables_per_category_limit": None,
    "exclusive_categories": [],
    "joint_categories": [],
    "redeemables_application_mode": "ALL",
    "redeemables_sorting_rule": "REQUESTED_ORDER",
    "redeemables_products_application_mode": "STACK",
    "redeemables_no_effect_rule": "REDEEM_ANYWAY",
    "no_effect_skip_categories": [],
    "no_effect_redeem_anyway_categories": [],
    "redeemables_rollback_order_mode": "WITH_ORDER",
}

NOTHING = Change()
LIMIT_EXCEEDED = ("applicable_redeemables_limit_exceeded", "Applicable redeemables limit exceeded")
PRECEDING_FAILED = (
    "preceding_validation_failed",
    "Redeemable cannot be applied due to preceding validation failure",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A redeemable to try: what it would do, or the fault for which it cannot.

    ``rules`` gives the fault it has on an order in a certain state, or None.
    """

    effect: Effect | None
    fault: RequestError | None = None
    rules: Callable[[OrderState | None], RequestError | None] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a candidate: what it changes, and the order right before and right after it, if there is one."""

    status: str
    change: Change = NOTHING
    before: OrderState | None = None
    state: OrderState | None = None
    fault: RequestError | None = None
    skipped: tuple[str, str] | None = None

    @property
    def applied(self) -> int:
        """All that it takes off."""
        return self.change.total


def apply_stack(candidates: Sequence[Candidate], start: OrderState | None) -> list[Outcome]:
    """Try the candidates in order, all or nothing: after the first that fails the rest is skipped.

    Each sees what its predecessors left, and its rules are checked against that. Without an order nothing is changed.
    """
    outcomes: list[Outcome] = []
    state, applied, failed = start, 0, False
    for candidate in candidates:
        fault = candidate.fault or (candidate.rules(state) if candidate.rules and not failed else None)
        if failed:
            outcomes.append(Outcome("SKIPPED", skipped=PRECEDING_FAILED))
        elif fault is not None or candidate.effect is None:
            failed = True
            outcomes.append(Outcome("INAPPLICABLE", fault=fault))
        elif applied == APPLICABLE_LIMIT:
            outcomes.append(Outcome("SKIPPED", skipped=LIMIT_EXCEEDED))
        else:
            change = candidate.effect.change(state) if state is not None else NOTHING
            after = state.after(change) if state is not None else None
            applied += 1
            outcomes.append(Outcome("APPLICABLE", change, state, after))
            state = after
    return outcomes
