"""Product and SKU rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from checkout_bridge.engine.store.schema import catalogue

Row = dict[str, Any]

_names: Any = bindparam("names", expanding=True)
_find_many = select(catalogue).where(or_(catalogue.c.id.in_(_names), catalogue.c.source_id.in_(_names)))


def find_many(connection: Connection, names: Iterable[str]) -> list[Row]:
    """Products and SKUs with these ids or source ids."""
    return [row._asdict() for row in connection.execute(_find_many, {"names": list(names)})]


def find(connection: Connection, kind: str, name: str) -> Row | None:
    """The product or SKU with this id, else with this source id."""
    rows = [row for row in find_many(connection, [name]) if row["kind"] == kind]
    return next((row for row in rows if row["id"] == name), rows[0] if rows else None)


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert one."""
    connection.execute(insert(catalogue), [dict(values)])


def change(connection: Connection, id: str, values: Mapping[str, Any]) -> None:
    """Set columns of one."""
    connection.execute(update(catalogue).where(catalogue.c.id == id).values(**values))


def remove(connection: Connection, id: str) -> None:
    """Remove one; a product's SKUs go with it."""
    connection.execute(delete(catalogue).where(or_(catalogue.c.id == id, catalogue.c.product_id == id)))


def page(
    connection: Connection, kind: str, *, limit: int, page: int, product_id: str | None = None
) -> tuple[list[Row], int]:
    """One page, newest first, and how many there are in all."""
    these = [catalogue.c.kind == kind]
    if product_id is not None:
        these.append(catalogue.c.product_id == product_id)
    statement = select(catalogue).where(*these).order_by(catalogue.c.number.desc())
    total = connection.execute(select(func.count()).select_from(catalogue).where(*these)).scalar_one()
    rows = connection.execute(statement.limit(limit).offset((page - 1) * limit))
    return [row._asdict() for row in rows], total
