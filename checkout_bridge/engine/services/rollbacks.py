"""Rolling back a redemption or a whole stack: what was counted and paid goes back, exactly once."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge.contract.fields import timestamp
from checkout_bridge.contract.ids import new_id
from checkout_bridge.contract.vouchers import LOYALTY
from checkout_bridge.engine.pricing.order import total_of
from checkout_bridge.engine.services import balances, entries, failures, orders, rewards, stacking
from checkout_bridge.engine.services.changes import from_json, state_of, to_json
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import customers as customer_store
from checkout_bridge.engine.store import orders as order_store
from checkout_bridge.engine.store import redemptions as store
from checkout_bridge.engine.store import vouchers as voucher_store
from checkout_bridge.errors import NotFound, RequestError

Row = dict[str, Any]
Body = dict[str, Any]
# How long after it a redemption can be rolled back.
MONTHS = 3


def rollback_one(unit: Unit, redemption_id: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Roll back a redemption that is not part of a stack."""
    row = _redemption(unit, redemption_id, request)
    if row["related_object_type"] == "redemption":
        raise RequestError(
            "Invalid redemption",
            key="invalid_redemption",
            details="You can rollback only a single redemption. Use different endpoint for stacked redemption.",
            resource_id=redemption_id,
            resource_type="redemption",
        )
    rolled_back, _ = _roll_back(unit, row, [row], request)
    return entries.answered(unit, rolled_back)[0]


def rollback_stack(unit: Unit, redemption_id: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Roll back a stack by its parent's id, or a single redemption by its own."""
    row = _redemption(unit, redemption_id, request)
    is_stack = row["related_object_type"] == "redemption"
    parts = store.children(unit.connection, redemption_id) if is_stack else [row]
    rolled_back, body = _roll_back(unit, row, parts, request)
    bodies = entries.answered(unit, rolled_back)
    answer: dict[str, Any] = {"rollbacks": bodies[: len(parts)]}
    if is_stack:
        answer["parent_rollback"] = bodies[-1]
    if body is not None:
        answer["order"] = body
    return answer


def _redemption(unit: Unit, redemption_id: str, request: Mapping[str, Any]) -> Row:
    """The redemption to roll back. Raises failures.Refused when it was rolled back or is too old."""
    row = entries.find(unit, redemption_id)
    if row["object"] != "redemption" or row["result"] == "FAILURE":
        what = "A failed redemption" if row["object"] == "redemption" else "A rollback"
        raise RequestError("Invalid redemption", key="invalid_redemption", details=f"{what} cannot be rolled back.")
    if row["parent_id"] is not None:
        raise RequestError(
            "Invalid redemption parent",
            key="invalid_redemption_parent",
            details=f"Redemption {redemption_id} is part of a stack; roll back its parent {row['parent_id']}.",
            resource_id=redemption_id,
            resource_type="redemption",
        )
    if row["status"] == "ROLLED_BACK":
        raise _already_rolled_back(row)
    if row["date"] < _oldest(unit):
        details = f"Redemption of {row['date']} is older than {MONTHS} months."
        raise _refused(row, "Redemption cannot be rolled back", "rollback_window_exceeded", details)
    _cross_check(unit, row, request)
    return row


def _oldest(unit: Unit) -> str:
    """The time before which redemptions stay as they are: so many calendar months ago."""
    moment = unit.moment
    months = moment.year * 12 + moment.month - 1 - MONTHS
    year, month = divmod(months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return timestamp(moment.replace(year=year, month=month + 1, day=min(moment.day, last_day)))


def _already_rolled_back(row: Row) -> RequestError:
    details = "Redemption has been already rolled back."
    return _refused(row, "Already rolled back", "already_rolled_back", details)


def _refused(row: Row, message: str, key: str, details: str) -> failures.Refused:
    copied = ("related_object_type", "related_object_id", "campaign_id", "voucher_code", "order_id", "customer_id")
    subject = {"object": "redemption_rollback", "redemption_id": row["id"], **{name: row[name] for name in copied}}
    return failures.Refused(RequestError(message, key=key, details=details), subject)


def _cross_check(unit: Unit, row: Row, request: Mapping[str, Any]) -> None:
    """An order or customer sent along must be the redemption's own."""
    order = request.get("order") or {}
    for name in (order.get("id"), order.get("source_id")):
        found = order_store.find(unit.connection, name) if name is not None else None
        if name is not None and (found is None or found["id"] != row["order_id"]):
            raise RequestError("Invalid order", key="invalid_order", details="Order is not related with redemption.")
    customer = request.get("customer") or {}
    if customer.get("id") or customer.get("source_id"):
        person = customer_store.find(unit.connection, id=customer.get("id"), source_id=customer.get("source_id"))
        if person is None:
            name = customer.get("id") or customer.get("source_id")
            raise NotFound("Resource not found", details=f"Cannot find customer with id {name}")
        if person["id"] != row["customer_id"]:
            raise RequestError(
                "Invalid customer", key="invalid_customer", details="Customer is not related with redemption."
            )


def _roll_back(unit: Unit, row: Row, parts: Sequence[Row], request: Mapping[str, Any]) -> tuple[list[Row], Body | None]:
    """Mark the redemption first: whoever changes the row owns the work. Then the order, then the vouchers in one
    fixed order: as redemptions do, so that they never wait for each other.
    """
    mode = stacking.current(unit).redeemables_rollback_order_mode
    if not store.mark_rolled_back(unit.connection, row["id"], mode):
        raise _already_rolled_back(row)
    before = order_store.find(unit.connection, row["order_id"], for_change=True) if row["order_id"] else None
    is_stack = row["related_object_type"] == "redemption"
    undone = [_rollback_row(unit, part, row["id"] if is_stack else None, mode, request) for part in parts]
    for part, back in sorted(zip(parts, undone, strict=True), key=lambda pair: pair[0]["related_object_id"]):
        if is_stack:
            store.mark_rolled_back(unit.connection, part["id"], mode)
        _give_back(unit, part, back, before)
    if "metadata" in request:
        for one in (*parts, row) if is_stack else parts:
            metadata = {**(one["metadata"] or {}), **request["metadata"]}
            store.change(unit.connection, one["id"], {"metadata": metadata})
    for reward_id in sorted(part["reward"]["id"] for part in parts if part["reward"]):
        rewards.give_back(unit, reward_id)
    if is_stack:
        undone.append(_rollback_row(unit, row, None, mode, request))
    body = orders.answer(_change_order(unit, row, before, undone, mode)) if before is not None else None
    for back in undone:
        back["order"] = _order_of(back, body, is_stack)
    store.add(unit.connection, undone)
    return undone, body


def _rollback_row(unit: Unit, part: Row, parent_id: str | None, mode: str, request: Mapping[str, Any]) -> Row:
    copied = ("related_object_type", "related_object_id", "campaign_id", "voucher_code", "order_id", "customer_id")
    return {
        **entries.EMPTY,
        "id": new_id("rr_"),
        "object": "redemption_rollback",
        "date": unit.now,
        "parent_id": parent_id,
        "redemption_id": part["id"],
        **{name: part[name] for name in (*copied, "reward")},
        "tracking_id": request.get("tracking_id") or part["tracking_id"],
        "metadata": request.get("metadata", part["metadata"]),
        "amount": -part["amount"] if part["amount"] is not None else None,
        "rollback_order_mode": mode,
        "reason": request.get("reason"),
        "channel_id": unit.app_id,
    }


def _give_back(unit: Unit, part: Row, back: Row, order: Row | None) -> None:
    credits = part["amount"] or 0
    voucher_store.give_back(unit.connection, part["related_object_id"], credits=credits)
    voucher = voucher_store.by_id(unit.connection, part["related_object_id"]) if part["amount"] is not None else None
    if voucher is not None:
        entry = balances.transaction(
            unit,
            voucher["id"],
            "POINTS_REFUND" if voucher["type"] == LOYALTY else "CREDITS_REFUND",
            credits,
            voucher["gift_balance"],
            order={"id": order["id"], "source_id": order["source_id"]} if order else None,
            redemption={"id": part["id"]},
            rollback={"id": back["id"]},
        )
        voucher_store.add_transactions(unit.connection, [entry])


def _change_order(unit: Unit, row: Row, order: Row, undone: Sequence[Row], mode: str) -> Row:
    """The order names the rollback; with the mode WITH_ORDER it is cancelled, too, and worth what it would be without
    this redemption.
    """
    by_redemption = {back["redemption_id"]: back["id"] for back in undone}
    entry = {
        **order["redemptions"].get(row["id"], {}),
        "rollback_id": by_redemption[row["id"]],
        "rollback_date": unit.now,
    }
    if "stacked" in entry:
        entry["rollback_stacked"] = [by_redemption[child] for child in entry["stacked"]]
    changed: Row = {"redemptions": {**order["redemptions"], row["id"]: entry}, "updated_at": unit.now}
    if mode == "WITH_ORDER":
        standing = store.standing_changes(unit.connection, order["id"])
        change = total_of(map(from_json, standing))
        base = state_of(order["body"])
        changed |= {"status": "CANCELED", "change": to_json(change), "applied": None}
        changed |= orders.amount_columns(base and base.after(change))
    order_store.change(unit.connection, order["id"], changed)
    return {**order, **changed}


def _order_of(back: Row, body: Body | None, is_stack: bool) -> Body | None:
    """The order inside a rollback: its amounts only where it is one part of a stack."""
    if body is not None and is_stack and back["parent_id"] is not None:
        return {name: body[name] for name in ("amount", "total_amount") if name in body} | {"object": "order"}
    return body
