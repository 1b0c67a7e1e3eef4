"""Vouchers: making, changing, finding and answering them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from checkout_bridge.contract.discounts import Discount
from checkout_bridge.contract.errors import load
from checkout_bridge.contract.vouchers import DISCOUNT, GIFT, LOYALTY
from checkout_bridge.engine.services import assignments, codes, resources, voucher_rows
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaigns as campaign_store
from checkout_bridge.engine.store import vouchers as store
from checkout_bridge.errors import InvalidInput, NotFound, RequestError

Row = dict[str, Any]
_DISCOUNT = Discount()

_PLAIN = (*voucher_rows.DATES, "category", "additional_info")
# What an update cannot change, and would lose silently.
_FIXED = ("loyalty_card", "campaign", "campaign_id", "validation_rules")


def refuse_expiring_points(payload: Any) -> None:
    """Raise InvalidInput for points that are to expire: here they would stay."""
    card = payload.get("loyalty_card") if isinstance(payload, Mapping) else None
    if isinstance(card, Mapping) and card.get("expiration_rules"):
        raise InvalidInput("Property .loyalty_card.expiration_rules is not supported by this engine")


def refuse_fixed(payload: Any) -> None:
    """Raise InvalidInput when an update holds a property that would be lost silently."""
    for name in _FIXED if isinstance(payload, Mapping) else ():
        if payload.get(name):
            raise InvalidInput(f"Property .{name} is not supported by this engine")


def create(unit: Unit, code: str | None, request: Mapping[str, Any], campaign: Row | None = None) -> Row:
    """Make a voucher with this code, or with a random one; like the others of its campaign, where it is in one.

    Raises Conflict when the code is taken, NotFound for a campaign, category or rule that does not exist.
    """
    campaign = campaign or _named_campaign(unit, request)
    if campaign is not None:
        request = voucher_rows.like_its_campaign(campaign, request)
    row = voucher_rows.row_of(unit, request, campaign["id"] if campaign else None)
    row = codes.add(unit, row, code, request.get("code_config", {}))
    if rule_ids := request.get("validation_rules"):
        assignments.assign_all(unit, rule_ids, "voucher", row["id"])
        row["has_rules"] = True
    return row


def _named_campaign(unit: Unit, request: Mapping[str, Any]) -> Row | None:
    name = request.get("campaign_id") or request.get("campaign")
    if name is None:
        return None
    row = campaign_store.find(unit.connection, name)
    if row is None:
        raise NotFound.of("campaign", name)
    return row


def get(unit: Unit, code: str, *, for_change: bool = False) -> Row:
    """The voucher with this code or id. Raises NotFound."""
    row = store.find(unit.connection, code, now=unit.now, for_change=for_change)
    if row is None or row["type"] == store.TIER:
        raise NotFound.of("voucher", code)
    return row


def update(unit: Unit, code: str, request: Mapping[str, Any]) -> Row:
    """Set what was sent; a null date clears it. The kind of discount cannot change."""
    row = get(unit, code, for_change=True)
    values = {name: request[name] for name in (*_PLAIN, "active") if name in request}
    if "category_id" in request:
        values["category_id"] = voucher_rows.category_id_of(unit, request)
    if any(name in request for name in voucher_rows.VALIDITY):
        values["validity"] = voucher_rows.changed_validity(row["validity"], request)
    if "metadata" in request:
        values["metadata"] = {**row["metadata"], **request["metadata"]}
    if "quantity" in request.get("redemption", {}):
        values["quantity"] = request["redemption"]["quantity"]
    if "discount" in request and row["discount"] is not None:
        values["discount"] = changed_discount(row["discount"], request["discount"])
    if "gift" in request and row["type"] == GIFT and "amount" in request["gift"]:
        grown = request["gift"]["amount"] - row["gift_amount"]
        if row["gift_balance"] + grown < 0:
            raise InvalidInput("Property .gift.amount is less than what was spent of it")
        values |= {"gift_amount": request["gift"]["amount"], "gift_balance": row["gift_balance"] + grown}
    return change(unit, row, values)


def changed_discount(old: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """A discount after an update. Raises RequestError when its type would be another."""
    if sent.get("type", old["type"]) != old["type"]:
        raise RequestError("Invalid voucher", key="invalid_voucher", details="The discount type cannot change")
    changed = load(_DISCOUNT, {**old, **sent})
    voucher_rows.check_formulas(changed)
    return changed


def set_active(unit: Unit, code: str, active: bool) -> Row:
    """Enable or disable."""
    return change(unit, get(unit, code), {"active": active})


def change(unit: Unit, row: Row, values: dict[str, Any]) -> Row:
    """Set columns of a voucher or promotion tier."""
    values["updated_at"] = unit.now
    store.change(unit.connection, row["id"], values)
    return {**row, **values}


def delete(unit: Unit, code: str, *, force: bool) -> None:
    """Put a voucher in the bin: its code is free again, its redemptions can still be rolled back. Or for good."""
    row = get(unit, code)
    if force:
        store.erase(unit.connection, row["id"])
    else:
        store.change(unit.connection, row["id"], {"deleted_at": unit.now})


def answers(unit: Unit, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Vouchers as answered, whole: with their campaigns, categories and rule assignments, own and inherited."""
    campaigns = campaign_store.by_ids(unit.connection, {row["campaign_id"] for row in rows if row["campaign_id"]})
    ruled = [one["id"] for one in (*rows, *campaigns.values()) if one["has_rules"]]
    assigned = assignments.of_each(unit, ruled) if ruled else {}
    categories = resources.by_ids(unit, resources.CATEGORY, {row["category_id"] for row in rows if row["category_id"]})
    return [
        answer(
            row,
            campaigns.get(row["campaign_id"]),
            categories.get(row["category_id"]),
            [*assigned.get(row["id"], ()), *assigned.get(row["campaign_id"], ())],
        )
        for row in rows
    ]


def answer(
    row: Row, campaign: Row | None = None, category: Row | None = None, assigned: Sequence[Row] = ()
) -> dict[str, Any]:
    """The voucher as answered; ``answers`` finds what belongs to it."""
    code = row["code"]
    return {
        "id": row["id"],
        "code": code,
        "type": row["type"],
        "campaign": campaign["name"] if campaign else None,
        "campaign_id": row["campaign_id"],
        "category": row["category"],
        "category_id": row["category_id"],
        "categories": [resources.answer(category)] if category else [],
        "start_date": row["start_date"],
        "active": row["active"],
        "additional_info": row["additional_info"],
        "metadata": row["metadata"],
        "publish": {
            "object": "list",
            "count": 0 if row["holder_id"] is None else 1,
            "url": url_of(row, "publications"),
        },
        "redemption": _redemption(row),
        "is_referral_code": False,
        "holder_id": row["holder_id"],
        "referrer_id": None,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "object": "voucher",
        "validation_rules_assignments": assignments.listed(assigned),
        **({} if row["expiration_date"] is None else {"expiration_date": row["expiration_date"]}),
        **(row["validity"] or {}),
        voucher_rows.WORTH[row["type"]]: _worth(row),
    }


def url_of(row: Row, what: str) -> str:
    """Where the list of a voucher's redemptions or publications begins."""
    return f"/v1/vouchers/{quote(row['code'], safe='')}/{what}?page=1&limit=10"


def _redemption(row: Row) -> dict[str, Any]:
    counted = {
        "quantity": row["quantity"],
        "redeemed_quantity": row["redeemed_quantity"],
        "object": "list",
        "url": url_of(row, "redemptions"),
    }
    if row["type"] == DISCOUNT:
        return counted
    return {**counted, "redeemed_points" if row["type"] == LOYALTY else "redeemed_amount": row["redeemed_amount"]}


def _worth(row: Row) -> Any:
    if row["type"] == DISCOUNT:
        return row["discount"]
    subtracted = row["gift_amount"] - row["redeemed_amount"] - row["gift_balance"]
    if row["type"] == GIFT:
        return {
            "amount": row["gift_amount"],
            "subtracted_amount": subtracted,
            "balance": row["gift_balance"],
            "effect": row["gift_effect"] or "APPLY_TO_ORDER",
        }
    return {
        "points": row["gift_amount"],
        "balance": row["gift_balance"],
        "subtracted_points": subtracted,
        "expired_points": 0,
        "pending_points": 0,
        "next_expiration_date": None,
        "next_expiration_points": None,
    }
