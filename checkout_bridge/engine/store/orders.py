"""Order rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from checkout_bridge.engine.store.schema import orders

Row = dict[str, Any]

_find = select(orders).where(or_(orders.c.id == bindparam("name"), orders.c.source_id == bindparam("name")))
_find_for_change = _find.with_for_update()
_insert = insert(orders)


def find(connection: Connection, name: str, *, for_change: bool = False) -> Row | None:
    """The order with this id or source id; an id is looked at first.

    ``for_change`` keeps others from changing it until the transaction ends.
    """
    statement = _find_for_change if for_change else _find
    rows = [row._asdict() for row in connection.execute(statement, {"name": name})]
    return next((row for row in rows if row["id"] == name), rows[0] if rows else None)


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert an order."""
    connection.execute(_insert, [dict(values)])


def change(connection: Connection, order_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of an order."""
    connection.execute(update(orders).where(orders.c.id == order_id).values(**values))
