"""One piece of work under a lease: renewing it, ending it, and noticing that it is somebody else's by now."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Table

from checkout_bridge.contract.fields import timestamp
from checkout_bridge.database import writing
from checkout_bridge.engine.store import leases as store

Row = dict[str, Any]
# How long work is left alone that nobody renews: its worker was killed.
LEASE = timedelta(seconds=15)


class LeaseLost(Exception):
    """The work was cancelled, or is another worker's by now: stop, and leave nothing behind."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where a worker works: the database, the time, its own name, and how long it may keep silent about its work."""

    database: Engine
    clock: Callable[[], datetime]
    worker: str = field(default_factory=lambda: secrets.token_hex(8))
    lease: timedelta = LEASE

    @property
    def now(self) -> str:
        """The time, as it is stored."""
        return timestamp(self.clock())

    @property
    def until(self) -> str:
        """When a lease runs out that is taken or renewed now."""
        return timestamp(self.clock() + self.lease)

    def claim(self, table: Table, *, alone: bool = False) -> Row | None:
        """The next piece of work of a kind, now this worker's; None when there is none."""
        with writing(self.database) as connection:
            return store.claim_next(connection, table, worker=self.worker, now=self.now, until=self.until, alone=alone)

    @contextmanager
    def step(self, table: Table, id: str) -> Iterator[Step]:
        """One transaction of the work; it is committed only with the lease renewed. Raises LeaseLost."""
        with writing(self.database) as connection:
            step = Step(connection)
            yield step
            values = {"updated_at": self.now, **step.values}
            if not store.keep(connection, table, id, worker=self.worker, until=self.until, values=values):
                raise LeaseLost(id)


@dataclass(slots=True)
class Step:
    """What one transaction does: on ``connection``, and to the columns of the work itself."""

    connection: Connection
    values: Mapping[str, Any] = field(default_factory=dict)
