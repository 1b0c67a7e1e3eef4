"""Redemption and rollback rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from checkout_bridge.engine.store.schema import redemptions

Row = dict[str, Any]

_mark = (
    update(redemptions)
    .where(redemptions.c.id == bindparam("redemption"), redemptions.c.status == "SUCCEEDED")
    .values(status="ROLLED_BACK")
)
_insert = insert(redemptions)


def find(connection: Connection, redemption_id: str) -> Row | None:
    """The redemption or rollback with this id."""
    row = connection.execute(select(redemptions).where(redemptions.c.id == redemption_id)).first()
    return row._asdict() if row else None


def children(connection: Connection, parent_id: str) -> list[Row]:
    """The redemptions of a stack, in the order in which they were redeemed."""
    statement = select(redemptions).where(redemptions.c.parent_id == parent_id, redemptions.c.object == "redemption")
    return [row._asdict() for row in connection.execute(statement.order_by(redemptions.c.number))]


def rollbacks_of(connection: Connection, redemption_ids: Sequence[str]) -> list[Row]:
    """The rollbacks of these redemptions."""
    statement = select(redemptions).where(
        redemptions.c.redemption_id.in_(redemption_ids), redemptions.c.object == "redemption_rollback"
    )
    return [row._asdict() for row in connection.execute(statement.order_by(redemptions.c.number))]


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert redemptions or rollbacks; all rows have the same columns."""
    connection.execute(_insert, [dict(row) for row in rows])


def mark_rolled_back(connection: Connection, redemption_id: str) -> bool:
    """Whoever changes the row owns the rollback: False when it was rolled back before."""
    return connection.execute(_mark, {"redemption": redemption_id}).rowcount == 1


def of_voucher(connection: Connection, voucher_id: str, *, limit: int = 100) -> tuple[list[Row], int]:
    """The newest redemptions and rollbacks of a voucher, and how many there are in all."""
    its = redemptions.c.related_object_id == voucher_id
    rows = connection.execute(select(redemptions).where(its).order_by(redemptions.c.number.desc()).limit(limit))
    total = connection.execute(select(func.count()).select_from(redemptions).where(its)).scalar_one()
    return [row._asdict() for row in rows], total


def standing_changes(connection: Connection, order_id: str) -> list[Any]:
    """What the redemptions of an order that were not rolled back changed on it."""
    statement = select(redemptions.c.change).where(
        redemptions.c.order_id == order_id,
        redemptions.c.object == "redemption",
        redemptions.c.status == "SUCCEEDED",
        redemptions.c.related_object_type != "redemption",
    )
    return list(connection.execute(statement.order_by(redemptions.c.number)).scalars())
