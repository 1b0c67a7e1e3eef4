"""Operations on promotion tiers and stacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract import promotions as contract
from checkout_bridge.contract.campaigns import PROMOTION, TierList
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.http.campaigns import CLEARED_BY_NULL
from checkout_bridge.engine.http.paging import order_by, page_of
from checkout_bridge.engine.services import campaigns, promotion_stacks, promotions
from checkout_bridge.engine.services.resources import STACK
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import promotions as tier_store
from checkout_bridge.engine.store import resources as resource_store

Row = dict[str, Any]
Body = Mapping[str, Any]
Query = Mapping[str, str]


def _campaign(unit: Unit, campaign_id: str) -> Row:
    return campaigns.get(unit, campaign_id, PROMOTION)


def _tier(unit: Unit, row: Row) -> dict[str, Any]:
    return promotions.answers(unit, [row])[0]


def _create_tier(unit: Unit, campaign_id: str, body: Body) -> dict[str, Any]:
    return _tier(unit, promotions.create(unit, _campaign(unit, campaign_id), body))


def _tiers_of_campaign(unit: Unit, campaign_id: str) -> dict[str, Any]:
    rows = tier_store.of_campaigns(unit.connection, [_campaign(unit, campaign_id)["id"]])
    return promotions.listed(promotions.answers(unit, rows), len(rows))


def _list_tiers(unit: Unit, query: Query) -> dict[str, Any]:
    limit, page = page_of(query)
    order = order_by(query, tier_store.ORDERED)
    rows, total = tier_store.page(unit.connection, order=order, limit=limit, page=page)
    return promotions.listed(promotions.answers(unit, rows), total, has_more=limit * page < total)


def _get_tier(unit: Unit, tier_id: str) -> dict[str, Any]:
    return _tier(unit, promotions.get(unit, tier_id))


def _update_tier(unit: Unit, tier_id: str, body: Body) -> dict[str, Any]:
    return _tier(unit, promotions.update(unit, tier_id, body))


def _delete_tier(unit: Unit, tier_id: str) -> None:
    promotions.delete(unit, tier_id)


def _enable_tier(unit: Unit, tier_id: str) -> dict[str, Any]:
    return _tier(unit, promotions.set_active(unit, tier_id, True))


def _disable_tier(unit: Unit, tier_id: str) -> dict[str, Any]:
    return _tier(unit, promotions.set_active(unit, tier_id, False))


def _stack(unit: Unit, row: Row) -> dict[str, Any]:
    return promotion_stacks.answers(unit, [row])[0]


def _create_stack(unit: Unit, campaign_id: str, body: Body) -> dict[str, Any]:
    return _stack(unit, promotion_stacks.create(unit, _campaign(unit, campaign_id), body))


def _stacks_of_campaign(unit: Unit, campaign_id: str, query: Query) -> dict[str, Any]:
    return _stacks(unit, query, _campaign(unit, campaign_id)["id"])


def _list_stacks(unit: Unit, query: Query) -> dict[str, Any]:
    return _stacks(unit, query, None)


def _stacks(unit: Unit, query: Query, campaign_id: str | None) -> dict[str, Any]:
    limit, page = page_of(query)
    newest_first = order_by(query, ("created_at",)).startswith("-")
    rows, total = resource_store.page(
        unit.connection, STACK, limit=limit, page=page, newest_first=newest_first, parent_id=campaign_id
    )
    return {"object": "list", "data_ref": "data", "data": promotion_stacks.answers(unit, rows), "total": total}


def _get_stack(unit: Unit, campaign_id: str, stack_id: str) -> dict[str, Any]:
    return _stack(unit, promotion_stacks.get(unit, _campaign(unit, campaign_id), stack_id))


def _update_stack(unit: Unit, campaign_id: str, stack_id: str, body: Body) -> dict[str, Any]:
    return _stack(unit, promotion_stacks.update(unit, _campaign(unit, campaign_id), stack_id, body))


def _delete_stack(unit: Unit, campaign_id: str, stack_id: str) -> None:
    promotion_stacks.delete(unit, _campaign(unit, campaign_id), stack_id)


_TIERS, _TIERS_OF = "/v1/promotions/tiers", "/v1/promotions/{campaign_id}/tiers"
_TIER, _TIER_ANSWER = f"{_TIERS}/{{tier_id}}", contract.TierAnswer
_STACKS, _STACKS_OF = "/v1/promotions/stacks", "/v1/promotions/{campaign_id}/stacks"
_STACK, _STACK_ANSWER = f"{_STACKS_OF}/{{stack_id}}", contract.PromotionStackAnswer

OPERATIONS = (
    Operation("POST", _TIERS_OF, _create_tier, "Add a tier to a campaign", contract.TierRequest(), _TIER_ANSWER),
    Operation("GET", _TIERS_OF, _tiers_of_campaign, "List a campaign's tiers by their hierarchy", answer=TierList),
    Operation("GET", _TIERS, _list_tiers, "List tiers", answer=TierList, query=True),
    Operation("GET", _TIER, _get_tier, "Get a tier", answer=_TIER_ANSWER),
    Operation(
        "PUT",
        _TIER,
        _update_tier,
        "Update a tier",
        contract.TierUpdate(),
        _TIER_ANSWER,
        keep_nulls=CLEARED_BY_NULL,
    ),
    Operation("DELETE", _TIER, _delete_tier, "Delete a tier", status=204),
    Operation("POST", f"{_TIER}/enable", _enable_tier, "Enable a tier", answer=_TIER_ANSWER),
    Operation("POST", f"{_TIER}/disable", _disable_tier, "Disable a tier", answer=_TIER_ANSWER),
    Operation("POST", _STACKS_OF, _create_stack, "Create a stack", contract.PromotionStackRequest(), _STACK_ANSWER),
    Operation(
        "GET",
        _STACKS_OF,
        _stacks_of_campaign,
        "List a campaign's stacks",
        answer=contract.PromotionStackList,
        query=True,
    ),
    Operation("GET", _STACKS, _list_stacks, "List stacks", answer=contract.PromotionStackList, query=True),
    Operation("GET", _STACK, _get_stack, "Get a stack", answer=_STACK_ANSWER),
    Operation("PUT", _STACK, _update_stack, "Update a stack", contract.PromotionStackUpdate(), _STACK_ANSWER),
    Operation("DELETE", _STACK, _delete_stack, "Delete a stack", status=204),
)
