"""Promotion stacks: tiers of one campaign that are redeemed together, in the order in which they are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge.engine.services import resources, voucher_rows
from checkout_bridge.engine.services.resources import CATEGORY, STACK
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import promotions as tier_store
from checkout_bridge.errors import InvalidInput, NotFound

Row = dict[str, Any]


def create(unit: Unit, campaign: Row, request: Mapping[str, Any]) -> Row:
    """Keep a stack. Raises InvalidInput for tiers that the campaign does not have, or that are named twice."""
    _check(unit, campaign, request)
    return resources.create(unit, STACK, request, parent_id=campaign["id"])


def get(unit: Unit, campaign: Row, stack_id: str) -> Row:
    """The stack of a campaign with this id. Raises NotFound."""
    row = resources.get(unit, STACK, stack_id)
    if row["parent_id"] != campaign["id"]:
        raise NotFound.of(STACK, stack_id)
    return row


def update(unit: Unit, campaign: Row, stack_id: str, request: Mapping[str, Any]) -> Row:
    """Set what was sent; what is absent stays."""
    row = get(unit, campaign, stack_id)
    _check(unit, campaign, request)
    return resources.change(unit, row, request)


def delete(unit: Unit, campaign: Row, stack_id: str) -> None:
    """Remove a stack; its tiers stay."""
    resources.delete(unit, STACK, get(unit, campaign, stack_id)["id"])


def _check(unit: Unit, campaign: Row, request: Mapping[str, Any]) -> None:
    voucher_rows.category_id_of(unit, request)
    ids: Sequence[str] = request.get("tiers", {}).get("ids", ())
    there = {row["id"] for row in tier_store.of_campaigns(unit.connection, [campaign["id"]])}
    for i, tier_id in enumerate(ids):
        if tier_id not in there:
            raise InvalidInput(f"Property .tiers.ids[{i}] must be a tier of the campaign, {tier_id} is none")
    if len(set(ids)) < len(ids):
        raise InvalidInput("Property .tiers.ids must not have the same tier twice")


def answers(unit: Unit, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Stacks as answered, with their categories."""
    wanted = {row["body"]["category_id"] for row in rows if row["body"].get("category_id")}
    categories = resources.by_ids(unit, CATEGORY, wanted)
    return [_answer(row, categories.get(row["body"].get("category_id"))) for row in rows]


def _answer(row: Row, category: Row | None) -> dict[str, Any]:
    return {
        **resources.answer(row),
        "tiers": {"hierarchy_mode": "MANUAL", **row["body"]["tiers"]},
        "campaign_id": row["parent_id"],
        "category_id": category["id"] if category else None,
        "categories": [resources.answer(category)] if category else [],
    }
