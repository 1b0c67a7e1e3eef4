"""Campaigns as they are answered: with all that belongs to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge.contract.campaigns import LOYALTY_PROGRAM, PROMOTION
from checkout_bridge.engine.services import assignments, codes, promotions, resources
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaign_vouchers
from checkout_bridge.engine.store import promotions as tier_store

Row = dict[str, Any]


def answers(unit: Unit, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Campaigns as answered, whole: with tiers, categories, rule assignments, and how many vouchers they have."""
    ids = [row["id"] for row in rows]
    counts = campaign_vouchers.counts(unit.connection, ids)
    categories = resources.by_ids(unit, resources.CATEGORY, {row["category_id"] for row in rows if row["category_id"]})
    assigned = assignments.of_each(unit, [row["id"] for row in rows if row["has_rules"]])
    of_promotions = [row["id"] for row in rows if row["campaign_type"] == PROMOTION]
    tiers = promotions.answers(unit, tier_store.of_campaigns(unit.connection, of_promotions)) if of_promotions else []
    return [
        {
            **_answer(row),
            "vouchers_count": counts.get(row["id"], 0),
            "categories": [resources.answer(categories[row["category_id"]])]
            if row["category_id"] in categories
            else [],
            "validation_rules_assignments": assignments.listed(assigned.get(row["id"], ())),
            **_promotion(row, [tier for tier in tiers if tier["campaign_id"] == row["id"]]),
        }
        for row in rows
    ]


def _answer(row: Row) -> dict[str, Any]:
    body = {"category": None, "start_date": None, "expiration_date": None, **row["body"]}
    if "voucher" in body:
        body["voucher"] = _voucher(body["voucher"])
    return {
        "id": row["id"],
        "name": row["name"],
        "campaign_type": row["campaign_type"],
        "auto_join": False,
        "use_voucher_metadata_schema": row["campaign_type"] != PROMOTION,
        **body,
        # A customer is a member of a loyalty program once, whatever was told.
        "join_once": row["campaign_type"] == LOYALTY_PROGRAM or body.get("join_once", False),
        "active": row["active"],
        "category_id": row["category_id"],
        "creation_status": "DONE",
        "vouchers_generation_status": "DONE",
        "protected": False,
        "readonly": False,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "object": "campaign",
    }


def _voucher(like: Mapping[str, Any]) -> dict[str, Any]:
    told = like.get("code_config", {})
    length = told.get("length", codes.DEFAULT_LENGTH)
    config = {"length": length, "charset": codes.ALPHANUMERIC, "pattern": "#" * length, **told}
    redemption = {"quantity": None, **like.get("redemption", {})}
    return {**like, "redemption": redemption, "code_config": config, "is_referral_code": False}


def _promotion(row: Row, tiers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"promotion": promotions.listed(tiers, len(tiers))} if row["campaign_type"] == PROMOTION else {}
