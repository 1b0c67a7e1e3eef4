"""Customer rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from checkout_bridge.engine.store.schema import customers

Row = dict[str, Any]


_insert = insert(customers)


def find(connection: Connection, *, id: str | None = None, source_id: str | None = None) -> Row | None:
    """The customer with this id, else the one with this source id."""
    for column, value in ((customers.c.id, id), (customers.c.source_id, source_id)):
        if value is not None and (row := connection.execute(select(customers).where(column == value)).first()):
            return row._asdict()
    return None


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a customer."""
    connection.execute(_insert, [dict(values)])


def change(connection: Connection, customer_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of a customer."""
    connection.execute(update(customers).where(customers.c.id == customer_id).values(**values))
