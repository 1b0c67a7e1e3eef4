"""Rolling back a redemption or a whole stack: what was counted and paid goes back, exactly once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.contract.vouchers import GIFT
from checkout_bridge.engine.pricing.order import total_of
from checkout_bridge.engine.services import balances, entries, orders
from checkout_bridge.engine.services.changes import from_json, to_json
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import customers as customer_store
from checkout_bridge.engine.store import orders as order_store
from checkout_bridge.engine.store import redemptions as store
from checkout_bridge.engine.store import vouchers as voucher_store
from checkout_bridge.errors import NotFound, RequestError

Row = dict[str, Any]
Body = dict[str, Any]


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
    row = entries.find(unit, redemption_id)
    if row["object"] != "redemption":
        raise RequestError("Invalid redemption", key="invalid_redemption", details="A rollback cannot be rolled back.")
    if row["parent_id"] is not None:
        raise RequestError(
            "Invalid redemption parent",
            key="invalid_redemption_parent",
            details=f"Redemption {redemption_id} is part of a stack; roll back its parent {row['parent_id']}.",
            resource_id=redemption_id,
            resource_type="redemption",
        )
    if row["status"] == "ROLLED_BACK":
        raise _already_rolled_back(redemption_id)
    _cross_check(unit, row, request)
    return row


def _already_rolled_back(redemption_id: str) -> RequestError:
    return RequestError(
        "Already rolled back",
        key="already_rolled_back",
        details="Redemption has been already rolled back.",
        resource_id=redemption_id,
        resource_type="redemption",
    )


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
    if not store.mark_rolled_back(unit.connection, row["id"]):
        raise _already_rolled_back(row["id"])
    before = order_store.find(unit.connection, row["order_id"], for_change=True) if row["order_id"] else None
    is_stack = row["related_object_type"] == "redemption"
    undone = [_rollback_row(unit, part, row["id"] if is_stack else None, request) for part in parts]
    for part, back in sorted(zip(parts, undone, strict=True), key=lambda pair: pair[0]["related_object_id"]):
        if is_stack:
            store.mark_rolled_back(unit.connection, part["id"])
        _give_back(unit, part, back)
    if is_stack:
        undone.append(_rollback_row(unit, row, None, request))
    body = orders.answer(_restore_order(unit, row, before, undone)) if before is not None else None
    for back in undone:
        back["order"] = _order_of(back, body, is_stack)
    store.add(unit.connection, undone)
    return undone, body


def _rollback_row(unit: Unit, part: Row, parent_id: str | None, request: Mapping[str, Any]) -> Row:
    copied = ("related_object_type", "related_object_id", "order_id", "customer_id")
    return {
        "id": new_id("rr_"),
        "object": "redemption_rollback",
        "date": unit.now,
        "parent_id": parent_id,
        "redemption_id": part["id"],
        **{name: part[name] for name in copied},
        "tracking_id": request.get("tracking_id") or part["tracking_id"],
        "metadata": request.get("metadata", part["metadata"]),
        "session_key": None,
        "result": "SUCCESS",
        "status": "SUCCEEDED",
        "amount": -part["amount"] if part["amount"] is not None else None,
        "change": None,
        "reason": request.get("reason"),
        "order": None,
    }


def _give_back(unit: Unit, part: Row, back: Row) -> None:
    credits = part["amount"] or 0
    voucher_store.give_back(unit.connection, part["related_object_id"], credits=credits)
    voucher = voucher_store.by_id(unit.connection, part["related_object_id"])
    if voucher is not None and voucher["type"] == GIFT:
        entry = balances.transaction(
            unit,
            voucher["id"],
            "CREDITS_REFUND",
            credits,
            voucher["gift_balance"],
            order={"id": part["order_id"]} if part["order_id"] else None,
            redemption={"id": part["id"]},
            rollback={"id": back["id"]},
        )
        voucher_store.add_transactions(unit.connection, [entry])


def _restore_order(unit: Unit, row: Row, order: Row, undone: Sequence[Row]) -> Row:
    """The order is cancelled and worth what it would be without this redemption."""
    by_redemption = {back["redemption_id"]: back["id"] for back in undone}
    entry = {
        **order["redemptions"].get(row["id"], {}),
        "rollback_id": by_redemption[row["id"]],
        "rollback_date": unit.now,
    }
    if "stacked" in entry:
        entry["rollback_stacked"] = [by_redemption[child] for child in entry["stacked"]]
    changed = {
        "status": "CANCELED",
        "change": to_json(total_of(map(from_json, store.standing_changes(unit.connection, order["id"])))),
        "applied": None,
        "redemptions": {**order["redemptions"], row["id"]: entry},
        "updated_at": unit.now,
    }
    order_store.change(unit.connection, order["id"], changed)
    return {**order, **changed}


def _order_of(back: Row, body: Body | None, is_stack: bool) -> Body | None:
    """The order inside a rollback: its amounts only where it is one part of a stack."""
    if body is not None and is_stack and back["parent_id"] is not None:
        return {name: body[name] for name in ("amount", "total_amount") if name in body} | {"object": "order"}
    return body
