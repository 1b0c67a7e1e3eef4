"""Rows of small things: categories, product collections, segments, rewards and their assignments, promotion stacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, or_, select, update

from checkout_bridge.engine.store.schema import resources

Row = dict[str, Any]

_by_ids = select(resources).where(
    resources.c.kind == bindparam("kind"), resources.c.id.in_(bindparam("ids", expanding=True))
)


def find(connection: Connection, kind: str, id: str, *, for_change: bool = False) -> Row | None:
    """The one of this kind with this id; ``for_change`` keeps others from changing it until the transaction ends."""
    statement = select(resources).where(resources.c.kind == kind, resources.c.id == id)
    row = connection.execute(statement.with_for_update() if for_change else statement).first()
    return None if row is None else row._asdict()


def find_many(connection: Connection, kind: str, ids: Iterable[str]) -> list[Row]:
    """Those of this kind with these ids."""
    return [row._asdict() for row in connection.execute(_by_ids, {"kind": kind, "ids": list(ids)})]


def every(connection: Connection, kind: str) -> list[Row]:
    """All of this kind, newest first."""
    statement = select(resources).where(resources.c.kind == kind).order_by(resources.c.number.desc())
    return [row._asdict() for row in connection.execute(statement)]


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert one."""
    connection.execute(insert(resources), [dict(values)])


def change(connection: Connection, id: str, values: Mapping[str, Any]) -> None:
    """Set columns of one."""
    connection.execute(update(resources).where(resources.c.id == id).values(**values))


def remove(connection: Connection, id: str) -> None:
    """Remove one; what belongs to it goes with it."""
    connection.execute(delete(resources).where(or_(resources.c.id == id, resources.c.parent_id == id)))


def page(
    connection: Connection,
    kind: str,
    *,
    limit: int,
    page: int,
    newest_first: bool = True,
    id: str | None = None,
    parent_id: str | None = None,
    campaign_id: str | None = None,
) -> tuple[list[Row], int]:
    """One page of a kind, and how many there are in all: with this id, of this parent, assigned to this campaign."""
    these = [resources.c.kind == kind, *_narrowed(id, parent_id, campaign_id)]
    by = resources.c.number.desc() if newest_first else resources.c.number
    total = connection.execute(select(func.count()).select_from(resources).where(*these)).scalar_one()
    rows = connection.execute(select(resources).where(*these).order_by(by).limit(limit).offset((page - 1) * limit))
    return [row._asdict() for row in rows], total


def _narrowed(id: str | None, parent_id: str | None, campaign_id: str | None) -> list[ColumnElement[bool]]:
    related = resources.c.body["related_object_id"].as_string()
    told = ((resources.c.id, id), (resources.c.parent_id, parent_id), (related, campaign_id))
    return [column == value for column, value in told if value is not None]
