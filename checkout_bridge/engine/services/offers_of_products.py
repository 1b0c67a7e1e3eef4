"""Whether an offer is about the items of an order: discounts them, gives them for free, or needs them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from checkout_bridge.engine.pricing.order import Names
from checkout_bridge.engine.pricing.scope import Scope
from checkout_bridge.engine.services import incentives, item_rules
from checkout_bridge.engine.services.evaluation import Tried
from checkout_bridge.engine.services.incentives import Things
from checkout_bridge.engine.services.offers import Offer
from checkout_bridge.engine.services.redeemables import Incentive
from checkout_bridge.engine.services.rule_bodies import ITEM_NAMES

_NEEDED = tuple(name for name in ITEM_NAMES if name != "order.items.none")
_THESE = ("$is", "$in", "$from")


def is_about_items(offer: Offer, *, discounted: bool) -> bool:
    """Whether anything in it is about an item of the order; ``discounted``: and takes something off one."""
    draft, things = offer.evaluation.draft, offer.evaluation.context.things
    items = [draft.found.names_of(item) for item in draft.told.get("items") or ()] if draft is not None else []
    return any(_is_about(one, names, things, discounted) for one in offer.tried for names in items)


def _is_about(one: Tried, names: Names, things: Things, discounted: bool) -> bool:
    incentive = one.incentive
    assert incentive is not None
    if discounted and not one.outcome.change.items_discount:
        return False
    given = incentives.names_in_discount(incentive.row)
    return (
        _covers(incentive.scope, names)
        or any(names & things.of_kindless(name) for name in given)
        or (not discounted and any(names & needed for needed in _needed(incentive, things)))
    )


def _covers(scope: Scope, names: Names) -> bool:
    if any(names & entry.names for entry in scope.excluded):
        return False
    if scope.included and not scope.included_all:
        return any(names & entry.names for entry in scope.included)
    return scope.included_all or bool(scope.excluded)


def _needed(incentive: Incentive, things: Things) -> Iterator[Names]:
    """What its rules ask for."""
    for row in incentive.rules:
        rules: Mapping[str, Any] = row["body"].get("rules") or {}
        for number, rule in rules.items():
            if number != "logic" and rule["name"] in _NEEDED:
                conditions = {name: told for name, told in rule["conditions"].items() if name in _THESE}
                for entry in item_rules.entries({"conditions": conditions}):
                    yield incentives.entry_names(entry, things)
