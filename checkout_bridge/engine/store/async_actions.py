"""Rows of asynchronous actions, as those see them who ask how far they are. Who does the work: see ``leases``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from checkout_bridge.engine.store.schema import async_actions

Row = dict[str, Any]

# The payload, which may have megabytes, is for the worker alone.
_asked = select(*(column for column in async_actions.c if column.name != "payload"))


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert one."""
    connection.execute(insert(async_actions), [dict(values)])


def find(connection: Connection, action_id: str) -> Row | None:
    """The action with this id, without its payload."""
    row = connection.execute(_asked.where(async_actions.c.id == action_id)).first()
    return row._asdict() if row else None


def newest(connection: Connection, *, limit: int, before: str | None = None) -> list[Row]:
    """The newest actions, without their payloads; with ``before`` those created earlier than that."""
    statement = _asked.order_by(async_actions.c.number.desc()).limit(limit)
    if before is not None:
        statement = statement.where(async_actions.c.created_at < before)
    return [row._asdict() for row in connection.execute(statement)]
