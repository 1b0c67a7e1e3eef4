"""Campaign rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from checkout_bridge.engine.store import listing
from checkout_bridge.engine.store.schema import campaigns
from checkout_bridge.errors import Conflict

Row = dict[str, Any]

_lock = (
    select(campaigns.c.id)
    .where(campaigns.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(campaigns.c.id)
    .with_for_update()
)


def find(connection: Connection, name: str) -> Row | None:
    """The campaign with this id, else with this name."""
    for column in (campaigns.c.id, campaigns.c.name):
        if row := connection.execute(select(campaigns).where(column == name)).first():
            return row._asdict()
    return None


def by_ids(connection: Connection, ids: Iterable[str]) -> dict[str, Row]:
    """Campaigns by their ids."""
    statement = select(campaigns).where(campaigns.c.id.in_(list(ids)))
    return {row.id: row._asdict() for row in connection.execute(statement)}


def lock(connection: Connection, ids: Iterable[str]) -> None:
    """Keep others from redeeming on these campaigns until the transaction ends; in one order for all."""
    if connection.dialect.name == "postgresql":  # a write transaction of SQLite is alone anyway
        connection.execute(_lock, {"ids": list(ids)}).all()


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a campaign. Raises Conflict when the name is taken."""
    try:
        with connection.begin_nested():
            connection.execute(insert(campaigns), [dict(values)])
    except IntegrityError:
        raise Conflict(
            "Duplicated resource found",
            key="duplicate_found",
            details=f"Duplicated campaign exists with name {values['name']}",
        ) from None


def change(connection: Connection, campaign_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of a campaign."""
    connection.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(**values))


def remove(connection: Connection, campaign_id: str) -> None:
    """Remove a campaign; its name is free again."""
    connection.execute(delete(campaigns).where(campaigns.c.id == campaign_id))


# Campaigns are numbered as they are made, which orders them by that time.
ORDERED: Mapping[str, ColumnElement[Any]] = {"created_at": campaigns.c.number, "updated_at": campaigns.c.updated_at}


def page(
    connection: Connection, *, order: str, limit: int, page: int, campaign_type: str | None = None
) -> tuple[list[Row], int]:
    """One page of campaigns, and how many there are in all."""
    these = [] if campaign_type is None else [campaigns.c.campaign_type == campaign_type]
    return listing.page(connection, campaigns, these, order=order, keys=ORDERED, limit=limit, page=page)
