"""Applying a stack of redeemables in order: what applies, what does not, what is skipped, and what it is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from checkout_bridge.engine.pricing.effects import Effect
from checkout_bridge.engine.pricing.order import Change, OrderState
from checkout_bridge.engine.pricing.stacking import Kind, StackingRules
from checkout_bridge.errors import RequestError

NOTHING = Change()


class Skipped(NamedTuple):
    """Why a redeemable is left out though nothing is wrong with it; ``reason`` has the numbers."""

    key: str
    message: str
    reason: str


PRECEDING_FAILED = Skipped(
    "preceding_validation_failed",
    "Redeemable cannot be applied due to preceding validation failure",
    "all of them must apply, and one before it does not",
)
EXCLUDED = Skipped(
    "exclusion_rules_not_met",
    "Redeemable cannot be applied due to exclusion rules",
    "exclusive ones and common ones do not combine",
)
NO_EFFECT = Skipped(
    "no_effect",
    "Redeemable cannot be applied due to no effect",
    "it would take 0.00 off",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a candidate: what it changes, and the order right before and right after it, if there is one."""

    status: str
    change: Change = NOTHING
    before: OrderState | None = None
    state: OrderState | None = None
    effect: Effect | None = None
    fault: RequestError | None = None
    skipped: Skipped | None = None

    @property
    def applied(self) -> int:
        """All that it takes off."""
        return self.change.total


Rules = Callable[[OrderState | None, Effect | None, Sequence[Outcome]], RequestError | None]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A redeemable to try: what it would do to an order, or the fault for which it cannot.

    ``effect`` gives what it does to an order in a state; ``rules`` the fault it has on that, with that effect, or None;
    it is told what came of those of its ``group`` that apply before it. Without an order the state is None, and so is
    the effect.
    """

    fault: RequestError | None = None
    effect: Callable[[OrderState], Effect] | None = None
    rules: Rules | None = None
    group: str | None = None
    kind: Kind = Kind.COMMON
    categories: tuple[str, ...] = ()
    hierarchy: int = 1
    skips_no_effect: bool = False


def in_order(candidates: Sequence[Candidate], rules: StackingRules) -> list[int]:
    """The indices of the candidates in the order in which they are tried; equals stay as they were requested."""
    indices = list(range(len(candidates)))
    if rules.redeemables_sorting_rule != "CATEGORY_HIERARCHY":
        return indices
    joint_last = rules.grouped_redeemables_sorting_rule == "JOINT_ALWAYS_LAST"
    return sorted(
        indices,
        key=lambda i: (joint_last and candidates[i].kind is Kind.JOINT, candidates[i].hierarchy),
    )


def apply_stack(candidates: Sequence[Candidate], start: OrderState | None, rules: StackingRules) -> list[Outcome]:
    """Try the candidates one after another. Each sees what those before it left, and its rules are checked on that.

    One that is exclusive and applies keeps all common ones out, also those that were asked for before it; so it is
    first seen whether there is one.
    """
    kinds = {candidate.kind for candidate in candidates}
    excludes = False
    if {Kind.COMMON, Kind.EXCLUSIVE} <= kinds:
        without = [candidate for candidate in candidates if candidate.kind is not Kind.COMMON]
        tried = zip(without, _apply(without, start, rules, excludes=True), strict=True)
        excludes = any(
            candidate.kind is Kind.EXCLUSIVE and outcome.status == "APPLICABLE" for candidate, outcome in tried
        )
    return _apply(candidates, start, rules, excludes=excludes)


def _apply(
    candidates: Sequence[Candidate], start: OrderState | None, rules: StackingRules, *, excludes: bool
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    groups: dict[str, list[Outcome]] = {}
    state, count, failed = start, _Count(rules), False
    for candidate in candidates:
        if failed and not rules.is_partial:
            outcomes.append(Outcome("SKIPPED", skipped=PRECEDING_FAILED))
            continue
        together = groups.setdefault(candidate.group, []) if candidate.group is not None else []
        outcome = _tried(candidate, state, count, together, excludes=excludes)
        if outcome.status == "APPLICABLE" and candidate.kind is Kind.EXCLUSIVE and count.common:
            # It applies only on what common ones left: without them it would not, so it cannot keep them out.
            outcome = Outcome("SKIPPED", skipped=EXCLUDED)
        outcomes.append(outcome)
        if outcome.status == "INAPPLICABLE":
            failed = True
        elif outcome.status == "APPLICABLE":
            count.add(candidate)
            together.append(outcome)
            state = outcome.state
    return outcomes


def _tried(
    candidate: Candidate, state: OrderState | None, count: _Count, together: Sequence[Outcome], *, excludes: bool
) -> Outcome:
    if candidate.fault is not None:
        return Outcome("INAPPLICABLE", fault=candidate.fault)
    effect = candidate.effect(state) if candidate.effect is not None and state is not None else None
    fault = candidate.rules(state, effect, together) if candidate.rules is not None else None
    if fault is not None:
        return Outcome("INAPPLICABLE", fault=fault)
    if excludes and candidate.kind is Kind.COMMON:
        return Outcome("SKIPPED", skipped=EXCLUDED)
    if (over := count.limit_passed_by(candidate)) is not None:
        return Outcome("SKIPPED", skipped=over)
    if state is None:
        return Outcome("APPLICABLE")
    change = effect.change(state) if effect is not None else NOTHING
    if candidate.skips_no_effect and change.is_nothing:
        return Outcome("SKIPPED", skipped=NO_EFFECT)
    return Outcome("APPLICABLE", change, state, state.after(change), effect)


@dataclass(slots=True)
class _Count:
    """How many applied so far: in all, common and exclusive ones, and by category."""

    rules: StackingRules
    all: int = 0
    common: int = 0
    exclusive: int = 0
    by_category: Counter[str] = field(default_factory=Counter)
    exclusive_by_category: Counter[str] = field(default_factory=Counter)

    def add(self, candidate: Candidate) -> None:
        self.all += 1
        self.by_category.update(candidate.categories)
        self.common += candidate.kind is Kind.COMMON
        if candidate.kind is Kind.EXCLUSIVE:
            self.exclusive += 1
            self.exclusive_by_category.update(candidate.categories)

    def limit_passed_by(self, candidate: Candidate) -> Skipped | None:
        """The first limit that one more would pass: of its category, of exclusive ones, of all."""
        rules = self.rules
        for category in candidate.categories:
            limit = rules.applicable_redeemables_category_limits.get(
                category, rules.applicable_redeemables_per_category_limit
            )
            if limit is not None and self.by_category[category] >= limit:
                return _over("applicable_redeemables_per_category_limit", "redeemables limit per category", limit)
        if candidate.kind is Kind.EXCLUSIVE:
            limit = rules.applicable_exclusive_redeemables_limit
            if self.exclusive >= limit:
                return _over("applicable_exclusive_redeemables_limit", "exclusive redeemables limit", limit)
            per_category = rules.applicable_exclusive_redeemables_per_category_limit
            for category in candidate.categories:
                if per_category is not None and self.exclusive_by_category[category] >= per_category:
                    return _over(
                        "applicable_exclusive_redeemables_per_category_limit",
                        "exclusive redeemables limit per category",
                        per_category,
                    )
        if self.all >= rules.applicable_redeemables_limit:
            return _over("applicable_redeemables_limit", "redeemables limit", rules.applicable_redeemables_limit)
        return None


def _over(name: str, words: str, limit: int) -> Skipped:
    return Skipped(f"{name}_exceeded", f"Applicable {words} exceeded", f"at most {limit} may apply, {limit} do already")
