"""Customers: created by whatever names them first, found again by id or source id."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import customers as store
from checkout_bridge.errors import NotFound

Row = dict[str, Any]


def upsert(unit: Unit, request: Mapping[str, Any] | None) -> Row | None:
    """The stored customer behind the one sent, created or updated by it; None when none was sent."""
    if not request:
        return None
    sent = {name: value for name, value in request.items() if name not in ("id", "source_id")}
    row = store.find(unit.connection, id=request.get("id"), source_id=request.get("source_id"))
    if row is None:
        return create(unit, request)
    if any(row["body"].get(name) != value for name, value in sent.items()):
        return change(unit, row, sent)
    return row


def known(unit: Unit, request: Mapping[str, Any] | None, customer_id: str | None = None) -> Mapping[str, Any] | None:
    """What is known of the customer sent, else of the one with this id: stored properties under those just told."""
    told = request or {}
    row = store.find(unit.connection, id=told.get("id", None if told else customer_id), source_id=told.get("source_id"))
    if row is None:
        return request
    metadata = {**row["body"].get("metadata", {}), **told.get("metadata", {})}
    return {"id": row["id"], **row["body"], **told, "metadata": metadata}


def create(unit: Unit, request: Mapping[str, Any]) -> Row:
    """A new customer."""
    row = {
        "id": request.get("id") or new_id("cust_"),
        "source_id": request.get("source_id"),
        "body": {name: value for name, value in request.items() if name not in ("id", "source_id")},
        "created_at": unit.now,
        "updated_at": None,
    }
    store.add(unit.connection, row)
    return row


def change(unit: Unit, row: Row, sent: Mapping[str, Any]) -> Row:
    """Set the properties that were sent and leave the others; metadata is merged."""
    body = {**row["body"], **sent}
    if "metadata" in sent:
        body["metadata"] = {**row["body"].get("metadata", {}), **sent["metadata"]}
    changed = {"body": body, "updated_at": unit.now}
    store.change(unit.connection, row["id"], changed)
    return {**row, **changed}


def get(unit: Unit, name: str) -> Row:
    """The customer with this id or source id. Raises NotFound."""
    row = store.find(unit.connection, id=name, source_id=name)
    if row is None:
        raise NotFound.of("customer", name)
    return row


def answer(row: Row) -> dict[str, Any]:
    """The customer as answered; what was never given is left out."""
    return {
        "id": row["id"],
        "source_id": row["source_id"],
        **row["body"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "object": "customer",
    }


def simple(row: Row | None) -> dict[str, Any] | None:
    """The form inside redemptions."""
    if row is None:
        return None
    body = row["body"]
    return {
        "id": row["id"],
        "name": body.get("name"),
        "email": body.get("email"),
        "source_id": row["source_id"],
        "metadata": body.get("metadata", {}),
        "object": "customer",
    }


def tracking_id(row: Row | None) -> str | None:
    """A deterministic, opaque stand-in for the customer's source id."""
    if row is None or row["source_id"] is None:
        return None
    digest = hashlib.sha256(f"{row['id']}/{row['source_id']}".encode()).digest()
    return "track_" + base64.b64encode(digest).decode()
