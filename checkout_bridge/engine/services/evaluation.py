"""Trying a stack of redeemables on an order: the part that validations and redemptions have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from checkout_bridge.contract.vouchers import GIFT, LOYALTY
from checkout_bridge.engine.pricing.effects import Effect, NoDiscount, Points
from checkout_bridge.engine.pricing.order import Change, OrderState, total_of
from checkout_bridge.engine.pricing.stack import Candidate, Outcome, apply_stack, in_order
from checkout_bridge.engine.pricing.stacking import StackingRules
from checkout_bridge.engine.services import incentives, orders, redeemables, rule_checks, stacking, standing
from checkout_bridge.engine.services.faults import of_voucher
from checkout_bridge.engine.services.incentives import Discount, Way
from checkout_bridge.engine.services.operands import reader
from checkout_bridge.engine.services.orders import Draft
from checkout_bridge.engine.services.redeemables import Context, Found, Incentive
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.errors import InvalidInput, RequestError

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tried:
    """One redeemable as it was sent, its incentive if there is one, and what came of it."""

    sent: Mapping[str, Any]
    incentive: Incentive | None
    outcome: Outcome
    discount: Discount | None = None

    @property
    def row(self) -> Row | None:
        """The voucher's or tier's row."""
        return self.incentive.row if self.incentive else None

    @property
    def kind(self) -> str:
        """What it is called in answers: these know no promotion stacks, so one that is not there is a tier."""
        return str({"promotion_stack": "promotion_tier"}.get(self.sent["object"], self.sent["object"]))

    @property
    def type(self) -> str:
        """The type of the voucher; empty when there is none."""
        return str(self.incentive.row["type"]) if self.incentive else ""

    @property
    def credits(self) -> int:
        """What goes off a gift card, in credits, or off a loyalty card, in points.

        Of a gift card it is what the order takes of it or, without an order, what was asked. Points are no more than
        what they pay needs; a reward that is a thing has its price in points.
        """
        if self.incentive is None:
            return 0
        if self.type == LOYALTY:
            effect = self.outcome.effect
            if isinstance(effect, Points):
                return effect.spent(self.outcome.applied)
            return _asked(self.incentive) or 0
        if self.type != GIFT:
            return 0
        if self.outcome.state is not None:
            return self.outcome.applied
        return _asked(self.incentive) or 0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All redeemables of a request, in the order in which they were applied, and the rules by which they were."""

    draft: Draft | None
    start: OrderState | None
    tried: Sequence[Tried]
    context: Context
    rules: StackingRules

    def having(self, status: str) -> list[Tried]:
        """Those with this status."""
        return [one for one in self.tried if one.outcome.status == status]

    @property
    def is_valid(self) -> bool:
        """Whether it can be redeemed: something applies and, but in PARTIAL mode, nothing does not."""
        return bool(self.having("APPLICABLE")) and (self.rules.is_partial or not self.having("INAPPLICABLE"))

    @property
    def end(self) -> OrderState | None:
        """The order after all that applied."""
        applied = self.having("APPLICABLE")
        return applied[-1].outcome.state if applied else self.start

    @property
    def change(self) -> Change:
        """What all that applied changes."""
        return total_of(one.outcome.change for one in self.having("APPLICABLE"))


def evaluate(unit: Unit, request: Mapping[str, Any], *, for_change: bool) -> Evaluation:
    """Find what is named, and apply it in the order that the project's stacking rules say.

    ``for_change`` keeps order and vouchers, in this order, from changing until the transaction ends.
    """
    rules = stacking.current(unit)
    if len(request["redeemables"]) > rules.redeemables_limit:
        raise InvalidInput(f"Property .redeemables must not have more than {rules.redeemables_limit} items")
    draft = orders.draft(unit, request.get("order"), for_change=for_change)
    context = redeemables.find(unit, request, draft, for_change=for_change)
    return Evaluation(draft, context.start, try_stack(context, context.found, rules), context, rules)


def try_stack(context: Context, stack: Sequence[Found], rules: StackingRules) -> list[Tried]:
    """Apply some of what was found, or one of it alone, to the order as it is; in the order in which they are tried."""
    built = [_candidate(context, found, rules) for found in stack]
    order = in_order([candidate for candidate, _ in built], rules)
    outcomes = apply_stack([built[i][0] for i in order], context.start, rules)
    return [
        Tried(stack[i].sent, stack[i].incentive, outcome, built[i][1])
        for i, outcome in zip(order, outcomes, strict=True)
    ]


def _candidate(context: Context, found: Found, rules: StackingRules) -> tuple[Candidate, Discount | None]:
    incentive = found.incentive
    if incentive is None:
        return Candidate(found.fault), None
    categories = incentive.category_ids
    way = Way(rules.of_initial_amount(categories), rules.once)
    discount = None
    effect: Callable[[OrderState], Effect]
    if incentive.row["type"] in (GIFT, LOYALTY):
        effect = _card_effect(incentive, way)
    else:
        discount = Discount(incentive.row, incentive.scope, context.things, _read_at(context, incentive.row), way)
        effect = discount.effect
    candidate = Candidate(
        found.fault or _fault(context, incentive),
        effect,
        lambda state, made, together: (
            _card_rules(incentive, context.start) or rule_checks.first_fault(context, incentive, state, made, together)
        ),
        incentive.row["campaign_id"],
        rules.kind_of(categories),
        categories,
        incentive.hierarchy,
        rules.skips_no_effect(categories) and incentive.row["type"] != LOYALTY,
    )
    return candidate, discount


def _fault(context: Context, incentive: Incentive) -> RequestError | None:
    """What is wrong with it on any order."""
    fault = standing.fault_of(context, incentive) or rule_checks.missing_customer(context, incentive)
    if fault is None and incentive.row["type"] in (GIFT, LOYALTY):
        # Points pay something only on an order whose amount is known.
        asked = None if _coin(incentive) and context.start is None else _asked(incentive)
        fault = standing.balance_fault(incentive, context.draft, context.start, asked=asked)
    return fault


def _card_rules(incentive: Incentive, start: OrderState | None) -> RequestError | None:
    """A gift card for certain lines needs one of them; what others leave of it is not its fault."""
    row = incentive.row
    on_lines = row["type"] == GIFT and row["gift_effect"] == "APPLY_TO_ITEMS"
    if on_lines and start is not None and not _card_effect(incentive, Way())(start).change(start).total:
        return of_voucher(row, "missing_order_items_amount", "Missing applicable order items")
    return None


def _read_at(context: Context, row: Row) -> incentives.ReadAt:
    return lambda state, index: reader(context.facts, row, state, index)


def _card_effect(incentive: Incentive, way: Way) -> Callable[[OrderState], Effect]:
    asked = _asked(incentive)
    available = standing.available_on(incentive.row)
    if incentive.row["type"] == GIFT:
        credits = available if asked is None else asked
        effect = incentives.gift_effect(incentive.row, credits, incentive.scope, way)
        return lambda state: effect
    coin = _coin(incentive)
    if coin is None:
        return lambda state: NoDiscount()
    ratio, points = Fraction(str(coin["exchange_ratio"])), Fraction(str(coin.get("points_ratio", 1)))
    return lambda state: Points(available if asked is None else asked, ratio, points)


def _asked(incentive: Incentive) -> int | None:
    """The credits or points that were asked for, or that a reward costs; None: as many as the order takes."""
    if incentive.row["type"] == GIFT:
        credits = incentive.sent.get("gift", {}).get("credits")
        return None if credits is None else int(credits)
    if incentive.reward is not None and _coin(incentive) is None:
        return int(incentive.reward.assignment["body"]["parameters"]["loyalty"]["points"])
    points = incentive.sent.get("reward", {}).get("points")
    return None if points is None else int(points)


def _coin(incentive: Incentive) -> Mapping[str, Any] | None:
    """The exchange ratio of a reward with which is paid."""
    if incentive.reward is None:
        return None
    parameters = incentive.reward.reward["body"].get("parameters") or {}
    coin: Mapping[str, Any] | None = parameters.get("coin")
    return coin
