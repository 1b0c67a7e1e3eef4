"""Campaigns: making, changing, finding and deleting them; their vouchers and tiers come and go with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract.async_actions import VOUCHERS_DELETE, VOUCHERS_GENERATE
from checkout_bridge.contract.campaigns import (
    MOST_VOUCHERS,
    PROMOTION,
    STANDALONE,
    STATIC,
    TYPE_OF_VOUCHERS,
)
from checkout_bridge.contract.ids import new_id
from checkout_bridge.contract.vouchers import DISCOUNT, GIFT
from checkout_bridge.engine.pricing.validity import fault_in_validity
from checkout_bridge.engine.services import assignments, async_actions, codes, promotions, voucher_rows, vouchers
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaign_vouchers
from checkout_bridge.engine.store import campaigns as store
from checkout_bridge.engine.store import resources as resource_store
from checkout_bridge.errors import InvalidInput, NotFound

Row = dict[str, Any]

# What a campaign has columns or rows for; the rest of it is kept as told.
_ELSEWHERE = ("name", "campaign_type", "active", "category_id", "vouchers_count", "validation_rules", "promotion")
# What an update says of parts of what is kept.
_TAKEN_APART = ("metadata", "unset_metadata_fields", "discount", "gift", "category_id")
_UNSUPPORTED = ("referral_program", "loyalty_tiers_expiration")


def refuse_unsupported(payload: Any) -> None:
    """Raise InvalidInput when a property was sent that would be lost silently."""
    if not isinstance(payload, Mapping):
        return
    if payload.get("campaign_type") == "REFERRAL_PROGRAM":
        raise InvalidInput("Property .campaign_type REFERRAL_PROGRAM is not supported by this engine")
    for name in _UNSUPPORTED:
        if payload.get(name):
            raise InvalidInput(f"Property .{name} is not supported by this engine")
    like = payload.get("voucher")
    if not isinstance(like, Mapping):
        return
    card = like.get("loyalty_card")
    if like.get("is_referral_code"):
        raise InvalidInput("Property .voucher.is_referral_code is not supported by this engine")
    if isinstance(card, Mapping) and card.get("expiration_rules"):
        raise InvalidInput("Property .voucher.loyalty_card.expiration_rules is not supported by this engine")


def create(unit: Unit, request: Mapping[str, Any]) -> Row:
    """Make a campaign with its vouchers or tiers.

    Raises Conflict when the name is taken, NotFound for a category or rule that does not exist.
    """
    campaign_type = _type_of(request)
    body = {name: value for name, value in request.items() if name not in _ELSEWHERE}
    _check(body)
    if campaign_type != PROMOTION:
        body["voucher"] = _like(request["voucher"])
    row: Row = {
        "id": new_id("camp_"),
        "name": request["name"],
        "campaign_type": campaign_type,
        "active": request.get("active", True),
        "category_id": voucher_rows.category_id_of(unit, request),
        "body": {"type": STATIC, **body},
        "has_rules": False,
        "created_at": unit.now,
        "updated_at": None,
    }
    store.add(unit.connection, row)
    if rule_ids := request.get("validation_rules"):
        assignments.assign_all(unit, rule_ids, "campaign", row["id"])
        row["has_rules"] = True
    for tier in request.get("promotion", {}).get("tiers", ()):
        promotions.create(unit, row, tier)
    if request.get("vouchers_count"):
        generate(unit, row, request["vouchers_count"], {})
    return row


def _type_of(request: Mapping[str, Any]) -> str:
    """The type of a campaign as told, or as its vouchers tell."""
    told: str | None = request.get("campaign_type")
    if "voucher" not in request:
        if told is None and "promotion" in request:
            return PROMOTION
        if told != PROMOTION:
            raise InvalidInput("Payload should have required property 'voucher'")
        return told
    kind = _kind_of(request["voucher"])
    campaign_type = TYPE_OF_VOUCHERS[kind]
    if told is not None and told != campaign_type:
        raise InvalidInput(f"Property .voucher.type {kind} does not fit a campaign of type {told}")
    return campaign_type


def _kind_of(like: Mapping[str, Any]) -> str:
    kind = like.get("type") or next((kind for kind, worth in voucher_rows.WORTH.items() if worth in like), None)
    if kind is None:
        raise InvalidInput("Property .voucher should have required property 'type'")
    if voucher_rows.WORTH[kind] not in like:
        raise InvalidInput(f"Property .voucher should have required property '{voucher_rows.WORTH[kind]}'")
    return str(kind)


def _like(told: Mapping[str, Any]) -> dict[str, Any]:
    """What a campaign keeps of what its vouchers are like."""
    kind = _kind_of(told)
    worth = voucher_rows.WORTH[kind]
    if kind == GIFT and "amount" not in told[worth]:
        raise InvalidInput("Property .voucher.gift should have required property 'amount'")
    if kind == DISCOUNT:
        voucher_rows.check_formulas(told[worth], ".voucher.discount")
    return {"type": kind, **{name: told[name] for name in (worth, "redemption", "code_config") if name in told}}


def _check(body: Mapping[str, Any]) -> None:
    voucher_rows.validity_of(body)
    lasting = body.get("activity_duration_after_publishing")
    if lasting is not None and fault_in_validity({"validity_timeframe": {"interval": lasting, "duration": lasting}}):
        raise InvalidInput("Property .activity_duration_after_publishing must be a valid ISO 8601 duration")


def generate(unit: Unit, campaign: Row, count: int, request: Mapping[str, Any]) -> None:
    """Add vouchers with random codes to a campaign, at most 10,000 at a time. Raises InvalidInput."""
    if count > MOST_VOUCHERS:
        raise InvalidInput(f"Property .vouchers_count must be from 0 to {MOST_VOUCHERS}")
    _refuse_standalone(campaign)
    told = voucher_rows.like_its_campaign(campaign, request)
    row = voucher_rows.row_of(unit, told, campaign["id"])
    codes.add_many(unit, row, count, told.get("code_config", {}))


def add_voucher(unit: Unit, campaign: Row, code: str | None, request: Mapping[str, Any]) -> Row:
    """Add one voucher to a campaign: with this code, or with a random one. Raises Conflict when the code is taken."""
    if code is None:
        _refuse_standalone(campaign)
    return vouchers.create(unit, code, request, campaign)


def _refuse_standalone(campaign: Row) -> None:
    if campaign["body"]["type"] == STANDALONE:
        details = f"Campaign {campaign['name']} is STANDALONE, codes cannot be generated"
        raise InvalidInput(details, message="Invalid campaign", key="invalid_campaign")


def get(unit: Unit, name: str, campaign_type: str | None = None) -> Row:
    """The campaign with this id or name; where a type is told, of that type. Raises NotFound."""
    row = store.find(unit.connection, name)
    if row is None or campaign_type not in (None, row["campaign_type"]):
        raise NotFound.of("campaign", name)
    return row


def update(unit: Unit, row: Row, request: Mapping[str, Any]) -> Row:
    """Set what was sent. Its vouchers change with it, but for dates of their own; cards keep what is on them."""
    values: dict[str, Any] = {"body": _changed(row["body"], request), "updated_at": unit.now}
    if "category_id" in request:
        values["category_id"] = voucher_rows.category_id_of(unit, request)
    store.change(unit.connection, row["id"], values)
    _change_vouchers(unit, row, {**row, **values}, request)
    return {**row, **values}


def _changed(body: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept as told, after an update, in which null clears."""
    sent = {name: value for name, value in request.items() if name not in _TAKEN_APART}
    changed = {name: value for name, value in {**body, **sent}.items() if value is not None}
    _check(changed)
    if "metadata" in request or "unset_metadata_fields" in request:
        unset = request.get("unset_metadata_fields", ())
        merged = {**body.get("metadata", {}), **request.get("metadata", {})}
        changed["metadata"] = {name: value for name, value in merged.items() if name not in unset}
    like = changed.get("voucher", {})
    if "discount" in request and "discount" in like:
        changed["voucher"] = {**like, "discount": vouchers.changed_discount(like["discount"], request["discount"])}
    if "gift" in request and "gift" in like:
        changed["voucher"] = {**like, "gift": {**like["gift"], **request["gift"]}}
    return changed


def _change_vouchers(unit: Unit, old: Row, new: Row, request: Mapping[str, Any]) -> None:
    if new["campaign_type"] == PROMOTION:
        return
    for name in voucher_rows.DATES:
        if name in request:
            before, after = old["body"].get(name), new["body"].get(name)
            campaign_vouchers.change_where(unit.connection, new["id"], name, before, after)
    values: dict[str, Any] = {}
    if "discount" in request and "discount" in new["body"]["voucher"]:
        values["discount"] = new["body"]["voucher"]["discount"]
    if any(name in request for name in voucher_rows.VALIDITY):
        values["validity"] = voucher_rows.validity_of(new["body"])
    if "category_id" in request:
        values["category_id"] = new["category_id"]
    if values:
        campaign_vouchers.change_all(unit.connection, new["id"], values)


def set_active(unit: Unit, row: Row, active: bool) -> None:
    """Enable or disable."""
    store.change(unit.connection, row["id"], {"active": active, "updated_at": unit.now})


def delete(unit: Unit, row: Row, *, force: bool) -> dict[str, Any]:
    """Remove a campaign with its stacks; its vouchers and tiers go into the bin, or for good.

    Gives the id of the asynchronous action, which is done already.
    """
    if force:
        campaign_vouchers.erase_all(unit.connection, row["id"])
    else:
        campaign_vouchers.bin_all(unit.connection, row["id"], now=unit.now)
    campaign_vouchers.unassign(unit.connection, row["id"])
    resource_store.remove(unit.connection, row["id"])
    store.remove(unit.connection, row["id"])
    result = {"message": f"Campaign {row['name']} was deleted with its vouchers"}
    return {"async_action_id": async_actions.done(unit, VOUCHERS_DELETE, result)}


def generated(unit: Unit, count: int) -> dict[str, Any]:
    """The answer of so many vouchers that were added, as of work that the contract does later."""
    result = {"message": f"{count} vouchers were added", "done_count": count}
    return {"async_action_id": async_actions.done(unit, VOUCHERS_GENERATE, result)}
