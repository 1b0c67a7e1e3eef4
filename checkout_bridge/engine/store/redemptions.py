"""Redemption and rollback rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, bindparam, cast, func, insert, null, or_, select, update

from checkout_bridge.engine.store import listing
from checkout_bridge.engine.store.schema import campaigns, redemptions

Row = dict[str, Any]

_mark = (
    update(redemptions)
    .where(redemptions.c.id == bindparam("redemption"), redemptions.c.status == "SUCCEEDED")
    .values(status="ROLLED_BACK", rollback_order_mode=bindparam("mode"))
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


def parts_of(connection: Connection, parent_ids: Sequence[str]) -> list[Row]:
    """Id, date and parent of what was redeemed together, in that order."""
    columns = (redemptions.c.id, redemptions.c.date, redemptions.c.parent_id)
    statement = select(*columns).where(redemptions.c.parent_id.in_(parent_ids), redemptions.c.object == "redemption")
    return [row._asdict() for row in connection.execute(statement.order_by(redemptions.c.number))]


def rollbacks_of(connection: Connection, redemption_ids: Sequence[str]) -> list[Row]:
    """The rollbacks of these redemptions that were done."""
    statement = select(redemptions).where(
        redemptions.c.redemption_id.in_(redemption_ids),
        redemptions.c.object == "redemption_rollback",
        redemptions.c.result == "SUCCESS",
    )
    return [row._asdict() for row in connection.execute(statement.order_by(redemptions.c.number))]


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert redemptions or rollbacks; all rows have the same columns."""
    connection.execute(_insert, [dict(row) for row in rows])


def change(connection: Connection, redemption_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of a redemption."""
    connection.execute(update(redemptions).where(redemptions.c.id == redemption_id).values(**values))


def mark_rolled_back(connection: Connection, redemption_id: str, mode: str) -> bool:
    """Whoever changes the row owns the rollback: False when it was rolled back before."""
    return connection.execute(_mark, {"redemption": redemption_id, "mode": mode}).rowcount == 1


def of_voucher(connection: Connection, voucher_id: str, *, limit: int = 100) -> tuple[list[Row], int]:
    """The newest redemptions and rollbacks of a voucher, and how many there are in all."""
    its = redemptions.c.related_object_id == voucher_id
    rows = connection.execute(select(redemptions).where(its).order_by(redemptions.c.number.desc()).limit(limit))
    total = connection.execute(select(func.count()).select_from(redemptions).where(its)).scalar_one()
    return [row._asdict() for row in rows], total


def standing_changes(connection: Connection, order_id: str) -> list[Any]:
    """What the redemptions of an order changed on it that were not rolled back, or without their part of the order."""
    statement = select(redemptions.c.change).where(
        redemptions.c.order_id == order_id,
        redemptions.c.object == "redemption",
        or_(redemptions.c.status == "SUCCEEDED", redemptions.c.rollback_order_mode == "WITHOUT_ORDER"),
        redemptions.c.related_object_type != "redemption",
    )
    return list(connection.execute(statement.order_by(redemptions.c.number)).scalars())


_campaign_name = select(campaigns.c.name).where(campaigns.c.id == redemptions.c.campaign_id).scalar_subquery()
# What filters of lists may speak of. Redemptions are made by keys, never by users.
FILTERED: Mapping[str, ColumnElement[Any]] = {
    "voucher_code": redemptions.c.voucher_code,
    "related_object_id": redemptions.c.related_object_id,
    "related_object_parent_id": redemptions.c.campaign_id,
    "parent_redemption_id": redemptions.c.parent_id,
    "failure_code": redemptions.c.failure_code,
    "result": redemptions.c.result,
    "object": redemptions.c.object,
    "customer_id": redemptions.c.customer_id,
    "campaign_name": _campaign_name,
    "user_login": cast(null(), String),
    "created_at": redemptions.c.date,
}
# What lists are ordered by. Rows are numbered as they come, which orders them by time.
ORDERED: Mapping[str, ColumnElement[Any]] = {
    "created_at": redemptions.c.number,
    **{name: redemptions.c[name] for name in ("id", "voucher_code", "tracking_id", "customer_id")},
}


def page(
    connection: Connection, where: Sequence[ColumnElement[bool]], *, order: str, limit: int, page: int
) -> tuple[list[Row], int]:
    """One page of redemptions and rollbacks, and how many there are in all."""
    return listing.page(connection, redemptions, where, order=order, keys=ORDERED, limit=limit, page=page)
