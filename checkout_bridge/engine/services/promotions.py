"""Promotion tiers: discounts of a campaign that need no code. A tier is kept as a voucher whose code is its id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.engine.services import assignments, resources, voucher_rows, vouchers
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaigns as campaign_store
from checkout_bridge.engine.store import promotions as store
from checkout_bridge.engine.store import vouchers as voucher_store
from checkout_bridge.engine.store.vouchers import TIER
from checkout_bridge.errors import NotFound

Row = dict[str, Any]

_PLAIN = (*voucher_rows.DATES, "category")
_OF_A_TIER = ("name", "banner", "hierarchy")


def create(unit: Unit, campaign: Row, request: Mapping[str, Any]) -> Row:
    """Add a tier to a campaign, after its others unless ``hierarchy`` says otherwise.

    Raises InvalidInput for what cannot be, NotFound for a category or rule that does not exist.
    """
    discount = request["action"]["discount"]
    voucher_rows.check_formulas(discount, ".action.discount")
    tier_id = new_id("promo_")
    row: Row = {
        "id": tier_id,
        "code": tier_id,
        "type": TIER,
        "campaign_id": campaign["id"],
        "category_id": voucher_rows.category_id_of(unit, request),
        "discount": discount,
        "redeemed_quantity": 0,
        "redeemed_amount": 0,
        "active": request.get("active", True),
        **{name: request.get(name) for name in _PLAIN},
        "validity": voucher_rows.validity_of(request),
        "tier": {
            "name": request["name"],
            "banner": request.get("banner"),
            "hierarchy": request["hierarchy"] if "hierarchy" in request else _last_hierarchy(unit, campaign) + 1,
        },
        "metadata": request.get("metadata", {}),
        "has_rules": False,
        "created_at": unit.now,
        "updated_at": None,
    }
    store.add(unit.connection, row)
    if rule_ids := request.get("validation_rules"):
        assignments.assign_all(unit, rule_ids, "promotion_tier", tier_id)
        row["has_rules"] = True
    return row


def _last_hierarchy(unit: Unit, campaign: Row) -> int:
    tiers = store.of_campaigns(unit.connection, [campaign["id"]])
    return int(tiers[-1]["tier"]["hierarchy"]) if tiers else 0


def get(unit: Unit, tier_id: str) -> Row:
    """The tier with this id. Raises NotFound."""
    row = store.find(unit.connection, tier_id)
    if row is None:
        raise NotFound.of("promotion_tier", tier_id)
    return row


def update(unit: Unit, tier_id: str, request: Mapping[str, Any]) -> Row:
    """Set what was sent; a null date clears it. The kind of discount cannot change."""
    row = get(unit, tier_id)
    values = {name: request[name] for name in _PLAIN if name in request}
    values["tier"] = {**row["tier"], **{name: request[name] for name in _OF_A_TIER if name in request}}
    if "category_id" in request:
        values["category_id"] = voucher_rows.category_id_of(unit, request)
    if any(name in request for name in voucher_rows.VALIDITY):
        values["validity"] = voucher_rows.changed_validity(row["validity"], request)
    if "metadata" in request:
        values["metadata"] = {**row["metadata"], **request["metadata"]}
    if "discount" in request.get("action", {}):
        values["discount"] = vouchers.changed_discount(row["discount"], request["action"]["discount"])
    return vouchers.change(unit, row, values)


def set_active(unit: Unit, tier_id: str, active: bool) -> Row:
    """Enable or disable."""
    return vouchers.change(unit, get(unit, tier_id), {"active": active})


def delete(unit: Unit, tier_id: str) -> None:
    """Put a tier in the bin: its redemptions can still be rolled back."""
    voucher_store.change(unit.connection, get(unit, tier_id)["id"], {"deleted_at": unit.now})


def answers(unit: Unit, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Tiers as answered, whole: with their campaigns, categories, rule assignments, and what was redeemed of them."""
    campaigns = campaign_store.by_ids(unit.connection, {row["campaign_id"] for row in rows})
    categories = resources.by_ids(unit, resources.CATEGORY, {row["category_id"] for row in rows if row["category_id"]})
    assigned = assignments.of_each(unit, [row["id"] for row in rows if row["has_rules"]])
    redeemed = store.redeemed(unit.connection, [row["id"] for row in rows])
    return [
        {
            **short(row, campaigns.get(row["campaign_id"])),
            "categories": [resources.answer(categories[row["category_id"]])]
            if row["category_id"] in categories
            else [],
            "start_date": row["start_date"],
            "expiration_date": row["expiration_date"],
            **(row["validity"] or {}),
            "promotion_id": row["campaign_id"],
            "summary": _summary(*redeemed.get(row["id"], (0, 0, 0))),
            "validation_rule_assignments": assignments.listed(assigned.get(row["id"], ())),
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
        }
        for row in rows
    ]


def listed(tiers: Sequence[Mapping[str, Any]], total: int, *, has_more: bool = False) -> dict[str, Any]:
    """A list of answered tiers."""
    return {"object": "list", "data_ref": "tiers", "tiers": list(tiers), "total": total, "has_more": has_more}


def short(row: Row, campaign: Row | None) -> dict[str, Any]:
    """A tier as answered where nothing more is looked up: inside redemptions."""
    return {
        "id": row["id"],
        "object": "promotion_tier",
        "name": row["tier"]["name"],
        "banner": row["tier"]["banner"],
        "campaign": _campaign(campaign) if campaign else None,
        "campaign_id": row["campaign_id"],
        "hierarchy": row["tier"]["hierarchy"],
        "action": {"discount": row["discount"]},
        "metadata": row["metadata"],
        "active": row["active"],
        "category_id": row["category_id"],
        "categories": [],
    }


def _campaign(row: Row) -> dict[str, Any]:
    body = row["body"]
    return {
        "id": row["id"],
        "name": row["name"],
        "start_date": body.get("start_date"),
        "expiration_date": body.get("expiration_date"),
        **{name: body[name] for name in voucher_rows.VALIDITY if body.get(name)},
        "active": row["active"],
        "category_id": row["category_id"],
        "object": "campaign",
    }


def _summary(count: int, order_amount: int, discount_amount: int) -> dict[str, Any]:
    orders = {"total_amount": order_amount, "total_discount_amount": discount_amount}
    return {"redemptions": {"total_redeemed": count}, "orders": orders}
