"""One unit of work: a transaction, the moment at which everything in it happens, and who asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection

from checkout_bridge.contract.fields import timestamp


@dataclass(frozen=True)
class Unit:
    """Leaving it by an exception leaves nothing behind."""

    connection: Connection
    moment: datetime
    app_id: str

    @cached_property
    def now(self) -> str:
        """The moment, in the form in which times are stored."""
        return timestamp(self.moment)
