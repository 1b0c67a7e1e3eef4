"""What a request redeems: vouchers, promotion tiers and stacks, with their campaigns, categories, rules and facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checkout_bridge.contract.vouchers import LOYALTY
from checkout_bridge.engine.pricing.order import OrderState
from checkout_bridge.engine.pricing.scope import Scope
from checkout_bridge.engine.services import catalogue, customers, incentives, product_collections, resources, rewards
from checkout_bridge.engine.services.incentives import Things
from checkout_bridge.engine.services.operands import Facts
from checkout_bridge.engine.services.orders import Draft
from checkout_bridge.engine.services.rewards import OfferedReward
from checkout_bridge.engine.services.rule_bodies import things_in
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaigns as campaign_store
from checkout_bridge.engine.store import rules as rule_store
from checkout_bridge.engine.store import vouchers as store
from checkout_bridge.errors import NotFound, RequestError

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Incentive:
    """A voucher or promotion tier as it was sent, with all that decides what it is worth."""

    sent: Mapping[str, Any]
    row: Row
    campaign: Row | None
    categories: Sequence[Row]
    rules: Sequence[Row]
    scope: Scope
    reward: OfferedReward | None = None

    @property
    def kind(self) -> str:
        """``voucher`` or ``promotion_tier``."""
        return "promotion_tier" if self.row["type"] == store.TIER else "voucher"

    @property
    def category_ids(self) -> tuple[str, ...]:
        """Its own category, that of its campaign, and that of the promotion stack in which it came."""
        return tuple(category["id"] for category in self.categories)

    @property
    def hierarchy(self) -> int:
        """That of its categories; the lowest comes first."""
        return min((category["body"].get("hierarchy", 1) for category in self.categories), default=1)


@dataclass(frozen=True, slots=True)
class Found:
    """What was sent, and the incentive it names, if there is one; else the fault for which there is none."""

    sent: Mapping[str, Any]
    incentive: Incentive | None
    fault: RequestError | None = None


@dataclass(slots=True)
class Context:
    """What all redeemables of one request have in common."""

    unit: Unit
    draft: Draft | None
    start: OrderState | None
    facts: Facts
    things: Things
    found: list[Found] = field(default_factory=list)
    # The names of rules that are not checked.
    ignored: frozenset[str] = frozenset()


def find(unit: Unit, request: Mapping[str, Any], draft: Draft | None, *, for_change: bool) -> Context:
    """Look everything up that the redeemables of a request need, each kind of thing at once.

    ``for_change`` keeps the vouchers, and the campaigns that have rules, from changing until the transaction ends.
    Raises RequestError for redeemables that cannot be in one request, NotFound for a promotion stack.
    """
    sent, stack = _unstacked(unit, request["redeemables"])
    rows = _rows(unit, sent, request.get("session", {}).get("key", ""), for_change)
    of_stack = stack["body"].get("category_id") if stack else None
    return of_rows(unit, request, draft, sent, rows, [of_stack] * len(sent), for_change=for_change)


def of_rows(
    unit: Unit,
    request: Mapping[str, Any],
    draft: Draft | None,
    sent: Sequence[Mapping[str, Any]],
    rows: Sequence[Row | None],
    of_stacks: Sequence[str | None],
    *,
    for_change: bool = False,
    ignored: frozenset[str] = frozenset(),
) -> Context:
    """The same where the rows are there: one for each that was ``sent``, None where there is none.

    ``of_stacks`` are the categories of the promotion stacks they came in.
    """
    standing = [row for row in rows if row is not None]
    campaigns = _campaigns(unit, standing, for_change)
    rules = _rules(unit, standing, campaigns)
    categories = _categories(unit, standing, campaigns, of_stacks)
    assigned = [rule for its in rules.values() for rule in its]
    things = _things(unit, standing, assigned, draft)
    needs_facts = bool(assigned) or any(_has_formula(row) or row["type"] == LOYALTY for row in standing)
    facts = _facts(unit, request, draft, needs_facts)
    context = Context(unit, draft, draft.start if draft else None, facts, things, ignored=ignored)
    for one, row, of_stack in zip(sent, rows, of_stacks, strict=True):
        if row is None:
            context.found.append(Found(one, None, NotFound.of(one["object"], one["id"])))
            continue
        its_rules = rules.get(row["id"], [])
        campaign = campaigns.get(row["campaign_id"] or "")
        reward, fault = _reward(unit, one, row)
        incentive = Incentive(
            one,
            row,
            campaign,
            [categories[id] for id in _category_ids(row, campaign, of_stack) if id in categories],
            its_rules,
            incentives.scope_of(its_rules, things),
            reward,
        )
        context.found.append(Found(one, incentive, fault))
    return context


def _unstacked(unit: Unit, redeemables: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], Row | None]:
    """A promotion stack is its tiers, in their order; gives the stack, too. One that does not exist stays as it is."""
    stacks = [one for one in redeemables if one["object"] == "promotion_stack"]
    if not stacks:
        return list(redeemables), None
    if len(redeemables) > 1:
        raise RequestError(
            "Invalid redeemables",
            key="invalid_redeemables",
            details="Promotion Stack cannot be use with other redeemables",
        )
    stack = resources.find(unit, resources.STACK, stacks[0]["id"])
    if stack is None:
        return list(redeemables), None
    return [{"object": "promotion_tier", "id": tier} for tier in stack["body"]["tiers"]["ids"]], stack


def _rows(unit: Unit, sent: Sequence[Mapping[str, Any]], session_key: str, for_change: bool) -> list[Row | None]:
    names = [one["id"] for one in sent]
    found = store.find_many(unit.connection, names, now=unit.now, session_key=session_key, for_change=for_change)
    tiers = {row["id"]: row for row in found if row["type"] == store.TIER}
    vouchers = [row for row in found if row["type"] != store.TIER]
    by_name = {row["id"]: row for row in vouchers} | {row["code"]: row for row in vouchers}
    of_kind: Mapping[str, dict[str, Row]] = {"promotion_tier": tiers, "voucher": by_name}
    rows = [of_kind.get(one["object"], {}).get(one["id"]) for one in sent]
    told = [(one["object"], one["id"]) for one in sent]
    ids = [row["id"] for row in rows if row]
    if len(set(told)) < len(told) or len(set(ids)) < len(ids):
        raise RequestError(
            "Duplicated redeemables detected",
            key="duplicated_redeemables",
            details="Duplicated redeemables detected in one redemption",
        )
    return rows


def _campaigns(unit: Unit, rows: Sequence[Row], for_change: bool) -> dict[str, Row]:
    ids = {row["campaign_id"] for row in rows if row["campaign_id"]}
    if not ids:
        return {}
    found = campaign_store.by_ids(unit.connection, ids)
    # A voucher's own rules, too, may count over its campaign.
    ruled = {row["campaign_id"] for row in rows if row["has_rules"]}
    limited = [id for id, row in found.items() if row["has_rules"] or id in ruled]
    if limited and for_change:
        # Their limits are counted after nobody else can redeem any more.
        campaign_store.lock(unit.connection, limited)
    return found


def _rules(unit: Unit, rows: Sequence[Row], campaigns: Mapping[str, Row]) -> dict[str, list[Row]]:
    """The rules of each row, its own first, then those of its campaign."""
    ids = [row["id"] for row in (*rows, *campaigns.values()) if row["has_rules"]]
    if not ids:
        return {}
    by_related: dict[str, list[Row]] = {}
    for rule in rule_store.assigned_to(unit.connection, ids):
        by_related.setdefault(rule["related_object_id"], []).append(rule)
    return {row["id"]: [*by_related.get(row["id"], ()), *by_related.get(row["campaign_id"] or "", ())] for row in rows}


def _categories(
    unit: Unit, rows: Sequence[Row], campaigns: Mapping[str, Row], of_stacks: Sequence[str | None]
) -> dict[str, Row]:
    ids = {row["category_id"] for row in (*rows, *campaigns.values()) if row["category_id"]}
    ids |= {id for id in of_stacks if id}
    return resources.by_ids(unit, resources.CATEGORY, ids) if ids else {}


def _category_ids(row: Row, campaign: Row | None, of_stack: str | None) -> list[str]:
    ids = (row["category_id"], campaign["category_id"] if campaign else None, of_stack)
    return list(dict.fromkeys(id for id in ids if id))


def _things(unit: Unit, rows: Sequence[Row], rules: Sequence[Row], draft: Draft | None) -> Things:
    """What the rules and discounts speak of. The lines of the order were looked up with the order."""
    names = {*incentives.names_in(rules), *(name for row in rows for name in incentives.names_in_discount(row))}
    names |= set(things_in(rule["body"] for rule in rules))
    if not names:
        return Things()
    found = catalogue.look_up(unit, (), names)
    unknown = names - set(found.products) - set(found.skus)
    in_cart = draft.found if draft is not None else found
    collections = product_collections.members(unit, unknown, in_cart) if unknown else {}
    return Things(found, collections)


def _has_formula(row: Row) -> bool:
    discount = row["discount"] or {}
    return any(name.endswith("_formula") for part in (discount, *discount.get("units", ())) for name in part)


def _facts(unit: Unit, request: Mapping[str, Any], draft: Draft | None, needed: bool) -> Facts:
    """Order and customer as stored and as told, and the redemption; nothing when nobody asks."""

    def product_metadata(item: Mapping[str, Any]) -> Mapping[str, Any]:
        told = (item.get("product") or {}).get("metadata")
        return told or (draft.found.metadata_of(item) if draft is not None else {})

    customer = None
    if needed:
        told = request.get("customer") or (request.get("order") or {}).get("customer")
        customer = customers.known(unit, told, draft.customer_id if draft else None)
    return Facts(draft.told if draft else {}, customer, request.get("metadata") or {}, unit.now, product_metadata)


def _reward(unit: Unit, sent: Mapping[str, Any], row: Row) -> tuple[OfferedReward | None, RequestError | None]:
    if row["type"] != LOYALTY:
        return None, None
    if "reward" not in sent:
        details = "A reward is required when redeeming a LOYALTY_CARD"
        return None, RequestError("Missing reward", key="missing_reward", details=details)
    try:
        return rewards.for_card(unit, sent["reward"]["id"], row["campaign_id"]), None
    except NotFound as fault:
        return None, fault
