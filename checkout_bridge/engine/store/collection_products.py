"""The whole catalogue row by row, for collections that take in whatever matches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from checkout_bridge.engine.store.schema import catalogue

Row = dict[str, Any]

_BATCH = 500


def each(connection: Connection, *, newest_first: bool = True) -> Iterator[Row]:
    """Every product and SKU, a batch at a time, so that a large catalogue is never in memory at once."""
    last: int | None = None
    by = catalogue.c.number.desc() if newest_first else catalogue.c.number
    while True:
        statement = select(catalogue).order_by(by).limit(_BATCH)
        if last is not None:
            statement = statement.where(catalogue.c.number < last if newest_first else catalogue.c.number > last)
        rows = [row._asdict() for row in connection.execute(statement)]
        yield from rows
        if len(rows) < _BATCH:
            return
        last = rows[-1]["number"]
