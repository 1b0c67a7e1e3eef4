"""Vouchers: making, changing, finding and answering them."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.ids import new_id
from checkout_bridge.contract.vouchers import DISCOUNT, GIFT, LONGEST_CODE, Discount
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import vouchers as store
from checkout_bridge.errors import Conflict, InvalidInput, NotFound, RequestError

Row = dict[str, Any]
_DISCOUNT = Discount()

_ALPHANUMERIC = string.digits + string.ascii_letters
_PLAIN = ("category", "start_date", "expiration_date", "additional_info", "metadata")
# Properties of the contract that would change what a voucher is worth or when it may be used, and that this engine
# does not have: taking them and leaving them out would be a silent loss.
_UNSUPPORTED = (
    "loyalty_card",
    "campaign",
    "campaign_id",
    "validity_timeframe",
    "validity_day_of_week",
    "validity_hours",
    "validation_rules",
)


def refuse_unsupported(payload: Any) -> None:
    """Raise InvalidInput when a property was sent that would be lost silently."""
    for name in _UNSUPPORTED:
        if isinstance(payload, Mapping) and payload.get(name):
            raise InvalidInput(f"Property .{name} is not supported by this engine")
    discount = payload.get("discount") if isinstance(payload, Mapping) else None
    for part in (discount, *_listed(discount)):
        for name in part if isinstance(part, Mapping) else ():
            if name.endswith("_formula") and part[name]:
                raise InvalidInput(f"Property .discount.{name} is not supported by this engine")


def _listed(discount: Any) -> list[Any]:
    units = discount.get("units") if isinstance(discount, Mapping) else None
    return units if isinstance(units, list) else []


def create(unit: Unit, code: str | None, request: Mapping[str, Any]) -> Row:
    """Make a voucher with this code, or with a random one. Raises Conflict when the code is taken."""
    kind = request.get("type") or (GIFT if "gift" in request and "discount" not in request else DISCOUNT)
    needed = "gift" if kind == GIFT else "discount"
    if needed not in request:
        raise InvalidInput(f"Payload should have required property '{needed}'")
    gift = request.get("gift") if kind == GIFT else None
    if gift is not None and "amount" not in gift:
        raise InvalidInput("Property .gift should have required property 'amount'")
    if gift is not None and gift.get("balance", 0) > gift["amount"]:
        raise InvalidInput("Property .gift.balance must not be more than the amount")
    row: Row = {
        "id": new_id("v_"),
        "code": code,
        "type": kind,
        "discount": request["discount"] if kind == DISCOUNT else None,
        "gift_amount": gift["amount"] if gift else None,
        "gift_balance": gift.get("balance", gift["amount"]) if gift else None,
        "gift_effect": gift.get("effect") if gift else None,
        "quantity": request.get("redemption", {}).get("quantity"),
        "redeemed_quantity": 0,
        "redeemed_amount": 0,
        "active": request.get("active", True),
        **{name: request.get(name) for name in _PLAIN},
        "metadata": request.get("metadata", {}),
        "has_rules": False,
        "created_at": unit.now,
        "updated_at": None,
    }
    if code is not None:
        if len(code) > LONGEST_CODE:
            raise InvalidInput(f"Property .code must not be longer than {LONGEST_CODE}")
        store.add(unit.connection, row)
        return row
    return _add_with_random_code(unit, row, request.get("code_config", {}))


def _add_with_random_code(unit: Unit, row: Row, config: Mapping[str, Any]) -> Row:
    for _ in range(20):
        row["code"] = random_code(config)
        try:
            store.add(unit.connection, row)
        except Conflict:
            continue
        return row
    raise InvalidInput("Property .code_config leaves no code that is not taken", key="invalid_code_config")


def random_code(config: Mapping[str, Any]) -> str:
    """A code of 8 alphanumerics, or as ``{length, charset, prefix, postfix, pattern}`` says."""
    pattern = config.get("pattern") or "#" * config.get("length", 8)
    charset = config.get("charset", _ALPHANUMERIC)
    random = re.sub("#", lambda _: secrets.choice(charset), pattern)
    return f"{config.get('prefix', '')}{random}{config.get('postfix', '')}"


def get(unit: Unit, code: str, *, for_change: bool = False) -> Row:
    """The voucher with this code or id. Raises NotFound."""
    row = store.find(unit.connection, code, now=unit.now, for_change=for_change)
    if row is None:
        raise NotFound.of("voucher", code)
    return row


def update(unit: Unit, code: str, request: Mapping[str, Any]) -> Row:
    """Set what was sent; a null date clears it. The kind of discount cannot change."""
    row = get(unit, code, for_change=True)
    values = {name: request[name] for name in (*_PLAIN, "active") if name in request}
    if "metadata" in request:
        values["metadata"] = {**row["metadata"], **request["metadata"]}
    if "quantity" in request.get("redemption", {}):
        values["quantity"] = request["redemption"]["quantity"]
    if "discount" in request and row["discount"] is not None:
        if request["discount"].get("type", row["discount"]["type"]) != row["discount"]["type"]:
            raise RequestError("Invalid voucher", key="invalid_voucher", details="The discount type cannot change")
        values["discount"] = load(_DISCOUNT, {**row["discount"], **request["discount"]})
    if "gift" in request and row["gift_amount"] is not None and "amount" in request["gift"]:
        grown = request["gift"]["amount"] - row["gift_amount"]
        if row["gift_balance"] + grown < 0:
            raise InvalidInput("Property .gift.amount is less than what was spent of it")
        values |= {"gift_amount": request["gift"]["amount"], "gift_balance": row["gift_balance"] + grown}
    return _change(unit, row, values)


def set_active(unit: Unit, code: str, active: bool) -> Row:
    """Enable or disable."""
    return _change(unit, get(unit, code), {"active": active})


def _change(unit: Unit, row: Row, values: dict[str, Any]) -> Row:
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


def answer(row: Row) -> dict[str, Any]:
    """The voucher as answered."""
    redemption = {
        "quantity": row["quantity"],
        "redeemed_quantity": row["redeemed_quantity"],
        "object": "list",
        "url": f"/v1/vouchers/{row['code']}/redemptions?page=1&limit=10",
    }
    body: dict[str, Any] = {
        "id": row["id"],
        "code": row["code"],
        "type": row["type"],
        "campaign": None,
        "campaign_id": None,
        "category": row["category"],
        "category_id": None,
        "categories": [],
        "start_date": row["start_date"],
        "active": row["active"],
        "additional_info": row["additional_info"],
        "metadata": row["metadata"],
        "publish": {"object": "list", "count": 0, "url": f"/v1/vouchers/{row['code']}/publications?page=1&limit=10"},
        "redemption": redemption,
        "is_referral_code": False,
        "holder_id": None,
        "referrer_id": None,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "object": "voucher",
        "validation_rules_assignments": {"data": [], "total": 0, "data_ref": "data", "object": "list"},
    }
    if row["expiration_date"] is not None:
        body["expiration_date"] = row["expiration_date"]
    if row["type"] == GIFT:
        body["gift"] = {
            "amount": row["gift_amount"],
            "subtracted_amount": row["gift_amount"] - row["redeemed_amount"] - row["gift_balance"],
            "balance": row["gift_balance"],
            "effect": row["gift_effect"] or "APPLY_TO_ORDER",
        }
        redemption["redeemed_amount"] = row["redeemed_amount"]
    else:
        body["discount"] = row["discount"]
    return body
