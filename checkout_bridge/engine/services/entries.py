"""Redemptions and rollbacks as answered: rows put into the contract's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checkout_bridge.engine.services import customers, vouchers
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import customers as customer_store
from checkout_bridge.engine.store import redemptions as store
from checkout_bridge.engine.store import vouchers as voucher_store
from checkout_bridge.errors import NotFound

Row = dict[str, Any]


def find(unit: Unit, redemption_id: str) -> Row:
    """The row of a redemption or rollback. Raises NotFound."""
    row = store.find(unit.connection, redemption_id)
    if row is None:
        raise NotFound.of("redemption", redemption_id)
    return row


def answered(unit: Unit, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Stored rows with what belongs to them read from the database."""
    done = {row["redemption_id"]: row for row in store.rollbacks_of(unit.connection, [row["id"] for row in rows])}
    bodies = []
    for row in rows:
        voucher = None
        if row["related_object_type"] == "voucher":
            voucher = voucher_store.by_id(unit.connection, row["related_object_id"])
        customer = customer_store.find(unit.connection, id=row["customer_id"]) if row["customer_id"] else None
        render = redemption if row["object"] == "redemption" else rollback
        body = render(unit, row, voucher, customer)
        if row["id"] in done:
            undone = done[row["id"]]
            body["related_redemptions"] = {"rollbacks": [{"id": undone["id"], "date": undone["date"]}]}
        bodies.append(body)
    return bodies


def redemption(unit: Unit, row: Row, voucher: Row | None, customer: Row | None) -> dict[str, Any]:
    """A redemption; ``amount`` and ``gift`` are the credits of a gift card."""
    body = _entry(unit, row, voucher, customer) | {"redemption": row["parent_id"]}
    if row["amount"] is not None:
        body["gift"] = {"amount": row["amount"]}
    if row["session_key"] is not None:
        body["session"] = {"key": row["session_key"], "type": "LOCK"}
    return body


def rollback(unit: Unit, row: Row, voucher: Row | None, customer: Row | None) -> dict[str, Any]:
    """A rollback; ``amount`` and ``gift`` are negative."""
    body = _entry(unit, row, voucher, customer) | {"redemption": row["redemption_id"], "reason": row["reason"]}
    if row["amount"] is not None:
        body["gift"] = {"amount": row["amount"]}
    return body


def _entry(unit: Unit, row: Row, voucher: Row | None, customer: Row | None) -> dict[str, Any]:
    body = {
        "id": row["id"],
        "object": row["object"],
        "date": row["date"],
        "customer_id": row["customer_id"],
        "tracking_id": row["tracking_id"],
        "metadata": row["metadata"] or {},
        "result": row["result"],
        "status": row["status"],
        "order": row["order"],
        "channel": {"channel_id": unit.app_id, "channel_type": "API"},
        "customer": customers.simple(customer),
        "related_object_type": row["related_object_type"],
        "related_object_id": row["related_object_id"],
    }
    if row["amount"] is not None:
        body["amount"] = row["amount"]
    if voucher is not None:
        body["voucher"] = vouchers.answer(voucher)
    return body
