"""Customer rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, update

from checkout_bridge.engine.store import listing
from checkout_bridge.engine.store.schema import customers

Row = dict[str, Any]

_insert = insert(customers)
# Made once: every redemption asks.
_find_by_id = select(customers).where(customers.c.id == bindparam("name"))
_find_by_source_id = select(customers).where(customers.c.source_id == bindparam("name"))
_TEXTS = ("name", "email", "phone", "description", "birthdate", "birthday")
# What filters may speak of.
FILTERED: Mapping[str, ColumnElement[Any]] = {
    **{name: customers.c[name] for name in ("id", "source_id", "created_at", "updated_at")},
    **{name: customers.c.body[name].as_string() for name in _TEXTS},
    "city": customers.c.body[("address", "city")].as_string(),
    "address": customers.c.body["address"],
    "metadata": customers.c.body["metadata"],
}
ORDERED: Mapping[str, ColumnElement[Any]] = {
    name: customers.c[name] for name in ("created_at", "updated_at", "source_id")
}


def find(connection: Connection, *, id: str | None = None, source_id: str | None = None) -> Row | None:
    """The customer with this id, else the one with this source id."""
    for statement, value in ((_find_by_id, id), (_find_by_source_id, source_id)):
        if value is not None and (row := connection.execute(statement, {"name": value}).first()):
            return row._asdict()
    return None


def by_ids(connection: Connection, ids: Iterable[str]) -> dict[str, Row]:
    """Customers by their ids."""
    statement = select(customers).where(customers.c.id.in_(list(ids)))
    return {row.id: row._asdict() for row in connection.execute(statement)}


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a customer."""
    connection.execute(_insert, [dict(values)])


def change(connection: Connection, customer_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of a customer."""
    connection.execute(update(customers).where(customers.c.id == customer_id).values(**values))


def page(
    connection: Connection, where: Sequence[ColumnElement[bool]], *, order: str, limit: int, page: int
) -> tuple[list[Row], int]:
    """One page of customers, and how many there are in all."""
    return listing.page(connection, customers, where, order=order, keys=ORDERED, limit=limit, page=page)


def count(connection: Connection, where: Sequence[ColumnElement[bool]]) -> int:
    """How many customers meet all of ``where``."""
    return connection.execute(select(func.count()).select_from(customers).where(*where)).scalar_one()


def remove(connection: Connection, customer_id: str) -> None:
    """Remove a customer; rows that name them stay."""
    connection.execute(delete(customers).where(customers.c.id == customer_id))
