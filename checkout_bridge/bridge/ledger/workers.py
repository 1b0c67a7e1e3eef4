"""Which workers look after the ledger, and when each was last seen."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, func, insert, select, update

from checkout_bridge.bridge.ledger.model import workers
from checkout_bridge.contract.fields import timestamp
from checkout_bridge.database import reading, writing

# Workers that were not seen for so long are forgotten.
_FORGOTTEN = timedelta(days=1)


def beat(database: Engine, worker: str, now: datetime) -> None:
    """Note that this worker is there."""
    seen = {"seen_at": timestamp(now)}
    with writing(database) as connection:
        if not connection.execute(update(workers).where(workers.c.worker == worker).values(**seen)).rowcount:
            connection.execute(insert(workers), [{"worker": worker, **seen}])
            connection.execute(delete(workers).where(workers.c.seen_at < timestamp(now - _FORGOTTEN)))


def last_seen(database: Engine) -> str | None:
    """When any worker was last seen."""
    with reading(database) as connection:
        return connection.execute(select(func.max(workers.c.seen_at))).scalar()
