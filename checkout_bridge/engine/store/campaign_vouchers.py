"""The vouchers of campaigns: made, counted, found and changed many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from checkout_bridge.engine.store import listing
from checkout_bridge.engine.store.schema import assignments, vouchers
from checkout_bridge.engine.store.vouchers import TIER

Row = dict[str, Any]

_there = and_(vouchers.c.deleted_at.is_(None), vouchers.c.type != TIER)
# Vouchers are numbered as they are made, which orders them by that time.
ORDERED: Mapping[str, ColumnElement[Any]] = {
    "created_at": vouchers.c.number,
    **{name: vouchers.c[name] for name in ("updated_at", "code")},
}
# Fewer than the parameters that any database takes.
_AT_ONCE = 1000


def taken(connection: Connection, codes: Iterable[str]) -> set[str]:
    """Those of these codes that vouchers have."""
    found: set[str] = set()
    listed = list(codes)
    for start in range(0, len(listed), _AT_ONCE):
        its = vouchers.c.code.in_(listed[start : start + _AT_ONCE])
        statement = select(vouchers.c.code).where(vouchers.c.deleted_at.is_(None), its)
        found |= set(connection.execute(statement).scalars())
    return found


def add_many(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert vouchers; all rows have the same columns."""
    if rows:
        connection.execute(insert(vouchers), [dict(row) for row in rows])


def counts(connection: Connection, campaign_ids: Iterable[str]) -> dict[str, int]:
    """How many vouchers these campaigns have; one without any is left out."""
    statement = select(vouchers.c.campaign_id, func.count()).where(_there, vouchers.c.campaign_id.in_(campaign_ids))
    return {row[0]: row[1] for row in connection.execute(statement.group_by(vouchers.c.campaign_id))}


def page(
    connection: Connection, campaign_id: str, *, limit: int, page: int, order: str, holder_id: str | None = None
) -> tuple[list[Row], int]:
    """One page of a campaign's vouchers, or of those that a customer holds, and how many there are in all."""
    these = [_there, vouchers.c.campaign_id == campaign_id]
    if holder_id is not None:
        these.append(vouchers.c.holder_id == holder_id)
    return listing.page(connection, vouchers, these, order=order, keys=ORDERED, limit=limit, page=page)


def is_held(connection: Connection, campaign_id: str, holder_id: str) -> bool:
    """Whether a customer holds a voucher of a campaign."""
    its = (_there, vouchers.c.campaign_id == campaign_id, vouchers.c.holder_id == holder_id)
    return connection.execute(select(vouchers.c.id).where(*its).limit(1)).first() is not None


def unpublished(connection: Connection, campaign_id: str, *, limit: int, now: str) -> list[Row]:
    """The oldest vouchers of a campaign that nobody holds and that can still be used."""
    statement = select(vouchers).where(
        _there,
        vouchers.c.campaign_id == campaign_id,
        vouchers.c.holder_id.is_(None),
        vouchers.c.active,
        or_(vouchers.c.expiration_date.is_(None), vouchers.c.expiration_date > now),
    )
    return [row._asdict() for row in connection.execute(statement.order_by(vouchers.c.number).limit(limit))]


def hold(connection: Connection, voucher_id: str, values: Mapping[str, Any]) -> bool:
    """Give a voucher its holder, and other columns with it, unless somebody holds it already."""
    statement = update(vouchers).where(vouchers.c.id == voucher_id, vouchers.c.holder_id.is_(None)).values(**values)
    return connection.execute(statement).rowcount == 1


def by_ids(connection: Connection, ids: Iterable[str]) -> dict[str, Row]:
    """Vouchers by their ids, deleted or not."""
    statement = select(vouchers).where(vouchers.c.id.in_(list(ids)))
    return {row.id: row._asdict() for row in connection.execute(statement)}


def change_all(connection: Connection, campaign_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of all vouchers of a campaign."""
    statement = update(vouchers).where(_there, vouchers.c.campaign_id == campaign_id)
    connection.execute(statement.values(**values))


def change_where(connection: Connection, campaign_id: str, column: str, old: str | None, new: str | None) -> None:
    """Set a column of those vouchers of a campaign in which it has the old value."""
    its = vouchers.c[column]
    statement = update(vouchers).where(_there, vouchers.c.campaign_id == campaign_id, its.is_not_distinct_from(old))
    connection.execute(statement.values({column: new}))


def bin_all(connection: Connection, campaign_id: str, *, now: str) -> None:
    """Put all vouchers and promotion tiers of a campaign in the bin: their redemptions can still be rolled back."""
    statement = update(vouchers).where(vouchers.c.campaign_id == campaign_id, vouchers.c.deleted_at.is_(None))
    connection.execute(statement.values(deleted_at=now))


def erase_all(connection: Connection, campaign_id: str) -> None:
    """Remove all vouchers and promotion tiers of a campaign for good."""
    connection.execute(delete(vouchers).where(vouchers.c.campaign_id == campaign_id))


def unassign(connection: Connection, related_id: str) -> None:
    """Take all validation rules away from what was deleted."""
    connection.execute(delete(assignments).where(assignments.c.related_object_id == related_id))
