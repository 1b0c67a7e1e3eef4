"""Redemptions, failed ones and rollbacks as answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge.contract.vouchers import LOYALTY
from checkout_bridge.engine.services import customers, promotions, vouchers
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaigns as campaign_store
from checkout_bridge.engine.store import customers as customer_store
from checkout_bridge.engine.store import redemptions as store
from checkout_bridge.engine.store import vouchers as voucher_store
from checkout_bridge.engine.store.vouchers import TIER
from checkout_bridge.errors import NotFound

Row = dict[str, Any]

# The columns that not every redemption, failure and rollback has.
EMPTY: Mapping[str, Any] = {
    "parent_id": None,
    "redemption_id": None,
    "campaign_id": None,
    "voucher_code": None,
    "order_id": None,
    "customer_id": None,
    "tracking_id": None,
    "result": "SUCCESS",
    "status": "SUCCEEDED",
    "failure_code": None,
    "failure_message": None,
    "amount": None,
    "order_amount": None,
    "discount_amount": None,
    "reward": None,
    "rollback_order_mode": None,
    "change": None,
    "reason": None,
    "metadata": None,
    "session_key": None,
    "channel_id": None,
    "order": None,
}


def find(unit: Unit, redemption_id: str) -> Row:
    """The row of a redemption or rollback. Raises NotFound."""
    row = store.find(unit.connection, redemption_id)
    if row is None:
        raise NotFound.of("redemption", redemption_id)
    return row


def answered(unit: Unit, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Stored rows with what belongs to them, each kind of it read from the database at once."""
    connection, ids = unit.connection, [row["id"] for row in rows]
    done = {row["redemption_id"]: row for row in store.rollbacks_of(connection, ids)}
    parents = [row["id"] for row in rows if row["related_object_type"] == "redemption"]
    parts = store.parts_of(connection, parents) if parents else []
    found = voucher_store.by_ids(connection, {row["related_object_id"] for row in rows})
    campaigns = campaign_store.by_ids(connection, {row["campaign_id"] for row in rows if row["campaign_id"]})
    people = customer_store.by_ids(connection, {row["customer_id"] for row in rows if row["customer_id"]})
    bodies = []
    for row in rows:
        render = redemption if row["object"] == "redemption" else rollback
        related = found.get(row["related_object_id"])
        body = render(row, related, campaigns.get(row["campaign_id"]), people.get(row["customer_id"]))
        its_parts = [{"id": part["id"], "date": part["date"]} for part in parts if part["parent_id"] == row["id"]]
        undone = done.get(row["id"])
        if undone is not None or its_parts:
            body["related_redemptions"] = {
                "rollbacks": [_undone(undone)] if undone is not None else [],
                "redemptions": its_parts,
            }
        bodies.append(body)
    return bodies


def _undone(rollback: Row) -> dict[str, Any]:
    told = {"id": rollback["id"], "date": rollback["date"]}
    mode = rollback["rollback_order_mode"]
    return told | ({"rollback_order_mode": mode} if mode else {})


def redemption(row: Row, related: Row | None, campaign: Row | None, customer: Row | None) -> dict[str, Any]:
    """A redemption; ``amount`` is what went off a gift card, in credits, or off a loyalty card, in points."""
    body = _entry(row, related, campaign, customer) | {"redemption": row["parent_id"]}
    if row["session_key"] is not None:
        body["session"] = {"key": row["session_key"], "type": "LOCK"}
    return body


def rollback(row: Row, related: Row | None, campaign: Row | None, customer: Row | None) -> dict[str, Any]:
    """A rollback; ``amount`` is negative."""
    return _entry(row, related, campaign, customer) | {"redemption": row["redemption_id"], "reason": row["reason"]}


def _entry(row: Row, related: Row | None, campaign: Row | None, customer: Row | None) -> dict[str, Any]:
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
        "channel": {"channel_id": row["channel_id"], "channel_type": "API"},
        "customer": customers.simple(customer),
        "related_object_type": row["related_object_type"],
        "related_object_id": row["related_object_id"],
    }
    if row["result"] == "FAILURE":
        body |= {"failure_code": row["failure_code"], "failure_message": row["failure_message"]}
    if row["reward"] is not None:
        body["reward"] = row["reward"]
    if related is not None and related["type"] == TIER:
        body["promotion_tier"] = promotions.short(related, campaign)
    elif related is not None:
        body["voucher"] = vouchers.answer(related, campaign)
    if row["amount"] is not None:
        body["amount"] = row["amount"]
        if related is not None and related["type"] == LOYALTY:
            body["loyalty_card"] = {"points": row["amount"]}
        else:
            body["gift"] = {"amount": row["amount"]}
    return body
