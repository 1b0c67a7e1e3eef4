"""Whether an incentive may be used now at all: active, in time, not used up, with enough on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract.vouchers import GIFT, LOYALTY
from checkout_bridge.engine.pricing.order import OrderState
from checkout_bridge.engine.pricing.validity import is_valid_at
from checkout_bridge.engine.services.faults import Fault, money, of_voucher
from checkout_bridge.engine.services.orders import Draft
from checkout_bridge.engine.services.redeemables import Context, Incentive
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store.vouchers import TIER
from checkout_bridge.errors import RequestError

Row = dict[str, Any]


def fault_of(context: Context, incentive: Incentive) -> RequestError | None:
    """The first thing for which it cannot be used, whatever the order is."""
    unit, row = context.unit, incentive.row
    return (
        (_tier_fault if row["type"] == TIER else _voucher_fault)(unit, row, incentive.campaign)
        or _quantity_fault(row)
        or _holder_fault(context, row)
        or _stock_fault(incentive)
    )


def _voucher_fault(unit: Unit, row: Row, campaign: Row | None) -> Fault | None:
    if not row["active"] or (campaign is not None and not campaign["active"]):
        whose = "the voucher" if not row["active"] else "its campaign"
        return of_voucher(row, "voucher_disabled", "voucher is disabled", f"{whose} is disabled")
    for start, end in ((row["start_date"], row["expiration_date"]), _dates(campaign)):
        if start is not None and unit.now < start:
            return of_voucher(row, "voucher_not_active", "voucher is not active yet", f"it starts at {start}")
        if end is not None and unit.now >= end:
            return of_voucher(row, "voucher_expired", "voucher expired", f"it expired at {end}")
    if not _is_valid_now(unit, row, campaign):
        return of_voucher(row, "voucher_not_active_now", "voucher not active now", f"it is {unit.now[:16]} UTC")
    return None


def _tier_fault(unit: Unit, row: Row, campaign: Row | None) -> Fault | None:
    if not row["active"] or (campaign is not None and not campaign["active"]):
        return Fault(
            "Inactive Promotion",
            key="promotion_inactive",
            details=f"Promotion Tier with id: {row['id']} is disabled.",
            resource_id=row["id"],
            resource_type="promotion_tier",
        )
    dates = ((row["start_date"], row["expiration_date"]), _dates(campaign))
    in_time = all((start is None or unit.now >= start) and (end is None or unit.now < end) for start, end in dates)
    if not in_time or not _is_valid_now(unit, row, campaign):
        return of_voucher(row, "promotion_not_active_now", "promotion is not active now", f"it is {unit.now[:16]} UTC")
    return None


def _dates(campaign: Row | None) -> tuple[str | None, str | None]:
    body = campaign["body"] if campaign is not None else {}
    return body.get("start_date"), body.get("expiration_date")


def _is_valid_now(unit: Unit, row: Row, campaign: Row | None) -> bool:
    """Within the timeframe, on the days and in the hours of the voucher and of its campaign."""
    times = {"start_date": row["start_date"], "created_at": row["created_at"]}
    of_campaign: Mapping[str, Any] = campaign["body"] if campaign is not None else {}
    checked = [{**times, **row["validity"]}] if row["validity"] else []
    if any(name.startswith("validity_") and of_campaign[name] for name in of_campaign):
        checked.append({"created_at": campaign["created_at"] if campaign else None, **of_campaign})
    return all(is_valid_at(facts, unit.moment) for facts in checked)


def _quantity_fault(row: Row) -> Fault | None:
    if row["quantity"] is None or row["redeemed_quantity"] + row["locked_quantity"] < row["quantity"]:
        return None
    held = f", {row['locked_quantity']} are held" if row["locked_quantity"] else ""
    reason = f"it may be redeemed {row['quantity']} times, it was {row['redeemed_quantity']} times{held}"
    return of_voucher(row, "quantity_exceeded", "quantity exceeded", reason)


def _holder_fault(context: Context, row: Row) -> Fault | None:
    """A loyalty card is its holder's alone."""
    customer = context.facts.customer
    if row["type"] != LOYALTY or row["holder_id"] is None or not customer or customer.get("id") == row["holder_id"]:
        return None
    details = row["code"]
    return Fault("Customer must be a holder of a loyalty card.", key="invalid_customer", details=details)


def _stock_fault(incentive: Incentive) -> Fault | None:
    """Of a reward that is a thing there may be none left."""
    body = incentive.reward.reward["body"] if incentive.reward is not None else {}
    stock, redeemed = body.get("stock"), body.get("redeemed", 0)
    if stock is None or redeemed < stock:
        return None
    return of_voucher(
        incentive.row, "quantity_exceeded", "quantity exceeded", f"of the reward there were {stock}, all are redeemed"
    )


def balance_fault(
    incentive: Incentive, draft: Draft | None, start: OrderState | None, *, asked: int | None
) -> Fault | None:
    """Of a gift card or loyalty card: when too little is on it, or it is not known what is to be paid."""
    row = incentive.row
    available = available_on(row)
    if asked is None and start is None:
        if draft is None:
            return of_voucher(row, "missing_order", "Missing order")
        return of_voucher(row, "missing_amount", "Missing order amount")
    if available > 0 and (asked is None or asked <= available):
        return None
    if row["type"] == GIFT:
        needed = money(asked) if asked is not None else "more than 0.00"
        reason = f"needs {needed}, card has {money(available)}"
        return of_voucher(row, "gift_amount_exceeded", "gift amount exceeded", reason)
    reason = f"needs {asked if asked is not None else 'more than 0'} points, card has {available}"
    return of_voucher(row, "loyalty_card_points_exceeded", "loyalty card points exceeded", reason)


def available_on(row: Row) -> int:
    """The credits or points on a card that no session holds."""
    return int(row["gift_balance"] - row["locked_credits"])
