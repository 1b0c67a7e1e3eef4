"""Pages of a table: which rows, in which order, and how many there are in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, select

Row = dict[str, Any]


def page(
    connection: Connection,
    table: Table,
    where: Sequence[ColumnElement[bool]],
    *,
    order: str,
    keys: Mapping[str, ColumnElement[Any]],
    limit: int,
    page: int,
) -> tuple[list[Row], int]:
    """One page of the rows that meet all of ``where``, and how many do.

    ``order`` is one of ``keys``, after a dash for descending; rows without it come last. Among equals the number of the
    row decides, so that no row is on two pages or on none.
    """
    falling = order.startswith("-")
    by = [keys[order.removeprefix("-")], table.c.number]
    sorted_by = [key.desc() if falling else key.asc() for key in by]
    statement = select(table).where(*where).order_by(sorted_by[0].nulls_last(), sorted_by[1])
    rows = connection.execute(statement.limit(limit).offset((page - 1) * limit))
    total = connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()
    return [row._asdict() for row in rows], total
