"""Leases on work for later: whoever changes the row owns the work, until the lease runs out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, and_, func, or_, select, update

from checkout_bridge.engine.store.schema import async_actions, exports

Row = dict[str, Any]

# Each kind of work with the status in which it waits, and those in which it has ended.
WAITING = {async_actions.name: "ENQUEUED", exports.name: "SCHEDULED"}
ENDED = ("DONE", "FAILED", "ERROR")
# Taken while work is claimed of which only one is done at a time.
_CLAIM_LOCK = 0x43484B43


def claim_next(connection: Connection, table: Table, *, worker: str, now: str, until: str, alone: bool) -> Row | None:
    """Take the oldest work that waits or whose worker is gone. ``alone``: nothing while another is at work on one.

    Two who ask at once may aim at the same row; the one who comes too late gets nothing and asks again.
    """
    free = or_(
        table.c.status == WAITING[table.name],
        and_(table.c.status == "IN_PROGRESS", table.c.lease_until <= now),
    )
    if alone:
        _take_turns(connection)
        at_work = select(func.count()).select_from(table).where(table.c.status == "IN_PROGRESS")
        if connection.execute(at_work.where(table.c.lease_until > now)).scalar_one():
            return None
    oldest = select(table.c.id).where(free).order_by(table.c.number).limit(1)
    name = connection.execute(oldest.with_for_update(skip_locked=True)).scalar()
    if name is None:
        return None
    values = {
        "status": "IN_PROGRESS",
        "worker": worker,
        "lease_until": until,
        "started_at": func.coalesce(table.c.started_at, now),
        "updated_at": now,
    }
    taken = connection.execute(update(table).where(table.c.id == name, free).values(**values))
    return find(connection, table, name) if taken.rowcount == 1 else None


def _take_turns(connection: Connection) -> None:
    """Whoever looks whether another is at work must see it; on SQLite all who write take turns anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_CLAIM_LOCK)))


def keep(connection: Connection, table: Table, id: str, *, worker: str, until: str, values: Mapping[str, Any]) -> bool:
    """Renew the lease and set columns; False when it is another's, or was cancelled: then the work must stop."""
    mine = and_(table.c.id == id, table.c.status == "IN_PROGRESS", table.c.worker == worker)
    return connection.execute(update(table).where(mine).values(lease_until=until, **values)).rowcount == 1


def find(connection: Connection, table: Table, id: str) -> Row | None:
    """One piece of work."""
    row = connection.execute(select(table).where(table.c.id == id)).first()
    return row._asdict() if row else None


def move(connection: Connection, table: Table, id: str, statuses: tuple[str, ...], values: Mapping[str, Any]) -> bool:
    """Set columns when it is in one of these statuses."""
    statement = update(table).where(table.c.id == id, table.c.status.in_(statuses)).values(**values)
    return connection.execute(statement).rowcount == 1


def open_count(connection: Connection, table: Table) -> int:
    """How many have not ended."""
    return int(
        connection.execute(select(func.count()).select_from(table).where(table.c.status.not_in(ENDED))).scalar_one()
    )


def newest(connection: Connection, table: Table, *, limit: int) -> list[Row]:
    """The newest, ended or not."""
    rows = connection.execute(select(table).order_by(table.c.number.desc()).limit(limit))
    return [row._asdict() for row in rows]
