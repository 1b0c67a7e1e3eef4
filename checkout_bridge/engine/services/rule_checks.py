"""Checking the validation rules of an incentive on an order, and telling what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from checkout_bridge.contract.vouchers import GIFT, LOYALTY
from checkout_bridge.engine.pricing.conditions import hold
from checkout_bridge.engine.pricing.effects import Effect
from checkout_bridge.engine.pricing.logic import parse
from checkout_bridge.engine.pricing.order import OrderState
from checkout_bridge.engine.pricing.stack import Outcome
from checkout_bridge.engine.services import item_rules
from checkout_bridge.engine.services.faults import Fault, money
from checkout_bridge.engine.services.redeemables import Context, Incentive
from checkout_bridge.engine.services.rule_bodies import ITEM_NAMES
from checkout_bridge.engine.services.rule_names import NAMES, Situation
from checkout_bridge.engine.store.vouchers import TIER
from checkout_bridge.errors import RequestError

Row = dict[str, Any]
Rule = Mapping[str, Any]
_CALLED = {GIFT: "Gift Card", LOYALTY: "Loyalty Card", TIER: "Promotion Tier"}
_ITEMS_ERROR = NAMES["order.amount"].error
_ARE_MONEY = ("order.items.price", "order.items.amount", "order.items.aggregated_amount")
_NEEDS = {
    "$more_than": "more than ",
    "$more_than_or_equal": "",
    "$from": "",
    "$less_than": "less than ",
    "$less_than_or_equal": "at most ",
    "$is": "exactly ",
}


def missing_customer(context: Context, incentive: Incentive) -> RequestError | None:
    """The fault of having rules about the customer when there is none."""
    names = (
        rule["name"]
        for row in incentive.rules
        for number, rule in (row["body"].get("rules") or {}).items()
        if number != "logic" and rule["name"] not in context.ignored
    )
    if context.facts.customer or not any(name in NAMES and NAMES[name].needs_customer for name in names):
        return None
    details = "Customer is required to validate rules"
    reason = "needs a customer, the request has none"
    return Fault("Missing customer", key="missing_customer", details=details, reason=reason)


def first_fault(
    context: Context,
    incentive: Incentive,
    state: OrderState | None,
    effect: Effect | None,
    earlier: Sequence[Outcome] = (),
) -> RequestError | None:
    """The fault an incentive has by its rules on an order in a state, before its effect.

    ``earlier`` is what came of those of its campaign that are redeemed with it, before it.
    """
    for row in incentive.rules:
        now = Situation(
            context, incentive, state, effect, (row["related_object_type"], row["related_object_id"]), earlier
        )
        violated = _violated(row["body"].get("rules") or {}, now)
        if violated is not None:
            return _fault(row, violated, now)
    return None


def _violated(rules: Mapping[str, Any], now: Situation) -> Rule | None:
    """The first rule that does not hold, when they do not hold together."""
    numbered = {number: rule for number, rule in rules.items() if number != "logic"}
    if not numbered or not rules.get("logic"):
        return None
    missed: list[Rule] = []

    def holds(number: str) -> bool:
        rule = numbered[number]
        held = _holds(rule, now)
        if not held:
            missed.append(rule)
        return held

    return None if parse(rules["logic"])(holds) else missed[0]


def _holds(rule: Rule, now: Situation) -> bool:
    if rule["name"] in now.context.ignored:
        return True
    if rule["name"] in ITEM_NAMES:
        return item_rules.holds(rule, now)
    name, moment = NAMES[rule["name"]], now.context.unit.moment
    value = name.value(_counted(rule, now), rule)
    if name.how == "one":
        return hold(rule["conditions"], value, moment)
    each = (hold(rule["conditions"], one, moment) for one in value)
    return any(each) if name.how == "any" else bool(value) and all(each)


def _counted(rule: Rule, now: Situation) -> Situation:
    """A rule about a campaign counts over the campaign, whatever it was assigned to."""
    if rule["name"].startswith("campaign.") and now.incentive.campaign is not None:
        related = ("campaign", now.incentive.campaign["id"])
        return replace(now, related=related)
    return now


def _fault(row: Row, violated: Rule, now: Situation) -> RequestError:
    key, message = NAMES[violated["name"]].error if violated["name"] in NAMES else _ITEMS_ERROR
    error = violated.get("error") or row["body"].get("error") or {}
    called = _CALLED.get(now.incentive.row["type"], "Discount Coupon")
    return Fault(
        message,
        key=key,
        details=f"{called} cannot be redeemed because of violated validation rules: {row['id']}",
        resource_id=now.incentive.row["id"],
        resource_type=now.incentive.kind,
        told=error.get("message"),
        reason=_reason(violated, now) or _not_met(violated),
    )


def _reason(rule: Rule, now: Situation) -> str | None:
    """What is needed and what there is, where both are numbers: ``needs 50.00, cart has 42.10``."""
    if rule["name"] == "order.items.none":
        return None
    if rule["name"] in ITEM_NAMES:
        for subrule, value in item_rules.quantities(rule, now):
            if not hold(subrule["conditions"], value, now.context.unit.moment):
                return _words(subrule["conditions"], value, subrule["name"] in _ARE_MONEY, "cart has")
        return None
    name = NAMES[rule["name"]]
    value = name.value(_counted(rule, now), rule)
    if name.how != "one":
        # Of those that are not as they should be: the others are no reason.
        wrong = [one for one in value if not hold(rule["conditions"], one, now.context.unit.moment)]
        value = max((one for one in wrong if isinstance(one, int) and not isinstance(one, bool)), default=0)
    # Of what is counted this redemption would be one.
    has = "would have" if rule["name"].startswith(("redemption.count", "campaign.")) else "has"
    return _words(rule["conditions"], value, name.is_money, f"{name.whose} {has}")


def _not_met(rule: Rule) -> str:
    """Of a rule without numbers at least which it is."""
    return " ".join(("not met:", rule["name"], *([rule["property"]] if rule.get("property") else [])))


def _words(conditions: Mapping[str, Any], value: Any, is_money: bool, has: str) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    for name, values in conditions.items():
        limit = values[0] if values else None
        if name in _NEEDS and isinstance(limit, int) and not isinstance(limit, bool):
            needed, there = (money(limit), money(value)) if is_money else (str(limit), str(value))
            return f"needs {_NEEDS[name]}{needed}, {has} {there}"
    return None
