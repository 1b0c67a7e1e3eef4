"""What a voucher request means: the row it makes, alone or like the others of its campaign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.contract.vouchers import DISCOUNT, GIFT, LOYALTY
from checkout_bridge.engine.pricing.formulas import parse
from checkout_bridge.engine.pricing.validity import fault_in_validity
from checkout_bridge.engine.services import resources
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.errors import InvalidInput

Row = dict[str, Any]

# Type of voucher -> the property that says what it is worth.
WORTH = {DISCOUNT: "discount", GIFT: "gift", LOYALTY: "loyalty_card"}
DATES = ("start_date", "expiration_date")
VALIDITY = ("validity_timeframe", "validity_day_of_week", "validity_hours")
_INHERITED = (*DATES, *VALIDITY, "category")


def like_its_campaign(campaign: Row, request: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked for, completed by what the campaign says of its vouchers.

    Raises InvalidInput for another type of voucher, and for a campaign whose redeemables are no vouchers.
    """
    body, like = campaign["body"], campaign["body"].get("voucher")
    if like is None:
        details = f"Campaign {campaign['name']} has no vouchers"
        raise InvalidInput(details, message="Invalid campaign", key="invalid_campaign")
    if request.get("type", like["type"]) != like["type"]:
        raise InvalidInput(f"Property .type must be {like['type']}, as in its campaign")
    inherited = {name: body[name] for name in _INHERITED if name in body}
    if campaign["category_id"] is not None:
        inherited["category_id"] = campaign["category_id"]
    told = {**inherited, **like, **request}
    for name in ("metadata", "redemption"):
        source = body if name == "metadata" else like
        told[name] = {**source.get(name, {}), **request.get(name, {})}
    return told


def row_of(unit: Unit, request: Mapping[str, Any], campaign_id: str | None) -> Row:
    """The row of a new voucher, without its code. Raises InvalidInput for what cannot be, NotFound for its category."""
    kind = request.get("type") or (GIFT if "gift" in request and "discount" not in request else DISCOUNT)
    if WORTH[kind] not in request:
        raise InvalidInput(f"Payload should have required property '{WORTH[kind]}'")
    if kind == LOYALTY and campaign_id is None:
        raise InvalidInput("Payload should have required property 'campaign'")
    if kind == DISCOUNT:
        check_formulas(request["discount"])
    return {
        "id": new_id("v_"),
        "code": None,
        "type": kind,
        "campaign_id": campaign_id,
        "category_id": category_id_of(unit, request),
        "holder_id": None,
        "discount": request["discount"] if kind == DISCOUNT else None,
        **_worth(kind, request),
        "quantity": request.get("redemption", {}).get("quantity"),
        "redeemed_quantity": 0,
        "redeemed_amount": 0,
        "active": request.get("active", True),
        **{name: request.get(name) for name in (*DATES, "category", "additional_info")},
        "validity": validity_of(request),
        "tier": None,
        "metadata": request.get("metadata", {}),
        "has_rules": False,
        "created_at": unit.now,
        "updated_at": None,
    }


def _worth(kind: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a gift card's credits or a loyalty card's points; empty ones for a coupon."""
    if kind == LOYALTY:
        points = request["loyalty_card"]["points"]
        return {"gift_amount": points, "gift_balance": points, "gift_effect": None}
    if kind == DISCOUNT:
        return dict.fromkeys(("gift_amount", "gift_balance", "gift_effect"))
    gift = request["gift"]
    if "amount" not in gift:
        raise InvalidInput("Property .gift should have required property 'amount'")
    if gift.get("balance", 0) > gift["amount"]:
        raise InvalidInput("Property .gift.balance must not be more than the amount")
    balance = gift.get("balance", gift["amount"])
    return {"gift_amount": gift["amount"], "gift_balance": balance, "gift_effect": gift.get("effect")}


def validity_of(told: Mapping[str, Any]) -> dict[str, Any] | None:
    """When within its dates something may be used; None for always. Raises InvalidInput for what is no such time."""
    fault = fault_in_validity(told)
    if fault is not None:
        raise InvalidInput(fault)
    return {name: told[name] for name in VALIDITY if told.get(name)} or None


def changed_validity(old: Mapping[str, Any] | None, request: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same after an update, in which null clears."""
    return validity_of({**(old or {}), **{name: request[name] for name in VALIDITY if name in request}})


def category_id_of(unit: Unit, told: Mapping[str, Any]) -> str | None:
    """The category something is put into, by id. Raises NotFound."""
    category_id: str | None = told.get("category_id")
    if category_id is not None:
        resources.get(unit, resources.CATEGORY, category_id)
    return category_id


def check_formulas(discount: Mapping[str, Any], where: str = ".discount") -> None:
    """Raise InvalidInput, naming the property, for a formula that cannot be understood."""
    for name, value in discount.items():
        if name.endswith("_formula"):
            try:
                parse(value)
            except InvalidInput as wrong:
                # Its details begin with "formula:".
                raise InvalidInput(f"Property {where}.{name.removesuffix('formula')}{wrong.details}") from None
    for i, unit in enumerate(discount.get("units", ())):
        check_formulas(unit, f"{where}.units[{i}]")
