"""Export rows; that one worker at a time writes each is the business of `leases`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from checkout_bridge.engine.store import listing
from checkout_bridge.engine.store.schema import customers, exports

Row = dict[str, Any]

# Exports are numbered as they are asked for, which orders them by that time.
ORDERED: Mapping[str, ColumnElement[Any]] = {"created_at": exports.c.number, "status": exports.c.status}


def find(connection: Connection, export_id: str) -> Row | None:
    """The export with this id."""
    row = connection.execute(select(exports).where(exports.c.id == export_id)).first()
    return row._asdict() if row else None


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert an export."""
    connection.execute(insert(exports), [dict(values)])


def remove(connection: Connection, export_id: str) -> Row | None:
    """Remove an export, so that whoever is writing it has no lease any more; gives what it was, if it was there."""
    row = connection.execute(delete(exports).where(exports.c.id == export_id).returning(exports)).first()
    return row._asdict() if row else None


def page(connection: Connection, *, order: str, limit: int, page: int) -> tuple[list[Row], int]:
    """One page of exports, and how many there are in all."""
    return listing.page(connection, exports, (), order=order, keys=ORDERED, limit=limit, page=page)


def kept_files(connection: Connection) -> set[str]:
    """The names of the files that exports have."""
    return set(connection.execute(select(exports.c.file).where(exports.c.file.is_not(None))).scalars())


def let_go(connection: Connection, *, finished_before: str) -> list[str]:
    """Exports that were finished earlier have no file any more; gives the names of those that they had."""
    old = (exports.c.file.is_not(None), exports.c.finished_at < finished_before)
    files = list(connection.execute(select(exports.c.file).where(*old)).scalars())
    connection.execute(update(exports).where(*old).values(file=None))
    return files


def customer_ids(connection: Connection, source_ids: Sequence[str]) -> list[str]:
    """The ids of the customers with these source ids."""
    statement = select(customers.c.id).where(customers.c.source_id.in_(source_ids)).order_by(customers.c.number)
    return list(connection.execute(statement).scalars())
