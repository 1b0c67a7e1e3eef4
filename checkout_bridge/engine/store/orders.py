"""Order rows, found, kept, and listed so that a page far down costs about as much as the first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
    update,
)

from checkout_bridge.engine.store.schema import orders

Row = dict[str, Any]
Clauses = Sequence[ColumnElement[bool]]

_find = select(orders).where(or_(orders.c.id == bindparam("name"), orders.c.source_id == bindparam("name")))
_find_for_change = _find.with_for_update()
_insert = insert(orders)
_AMOUNTS = ("amount", "discount_amount", "items_discount_amount", "total_amount")
# What filters may speak of.
FILTERED: Mapping[str, ColumnElement[Any]] = {
    **{name: orders.c[name] for name in ("id", "source_id", "status", "customer_id", "referrer_id", *_AMOUNTS)},
    "total_discount_amount": orders.c.discount_amount + orders.c.items_discount_amount,
    "created_at": orders.c.created_at,
    "updated_at": orders.c.updated_at,
    "metadata": orders.c.body["metadata"],
}
# What lists are ordered by; each has an index that ends with the number.
ORDERED = {name: orders.c[name] for name in ("created_at", "updated_at")}


def find(connection: Connection, name: str, *, for_change: bool = False) -> Row | None:
    """The order with this id or source id; an id is looked at first.

    ``for_change`` keeps others from changing it until the transaction ends.
    """
    statement = _find_for_change if for_change else _find
    rows = [row._asdict() for row in connection.execute(statement, {"name": name})]
    return next((row for row in rows if row["id"] == name), rows[0] if rows else None)


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert an order."""
    connection.execute(_insert, [dict(values)])


def change(connection: Connection, order_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of an order."""
    connection.execute(update(orders).where(orders.c.id == order_id).values(**values))


def count(connection: Connection, where: Clauses) -> int:
    """How many orders meet all of ``where``."""
    return connection.execute(select(func.count()).select_from(orders).where(*where)).scalar_one()


def page(
    connection: Connection, where: Clauses, *, order: str, limit: int, skip: int = 0, after: Row | None = None
) -> list[Row]:
    """At most ``limit`` orders that meet all of ``where``, without the first ``skip``, or from behind one order on.

    ``order`` is one of ORDERED, after a dash for descending; orders without it come last, and the number decides among
    equals. What is skipped is read from the index alone; whole rows are read only of what is given.
    """
    falling = order.startswith("-")
    key: ColumnElement[Any] = ORDERED[order.removeprefix("-")]
    by = [column.desc() if falling else column.asc() for column in (key, orders.c.number)]
    walks = [
        select(literal(place).label("place"), key.label("key"), orders.c.number).where(part, *where).order_by(*by)
        for place, part in enumerate(_parts(order.removeprefix("-"), after, falling=falling))
    ]
    numbers = list(connection.execute(_joined(walks, falling, limit, skip)).scalars())
    rows = connection.execute(select(orders).where(orders.c.number.in_(numbers)))
    by_number = {row.number: row._asdict() for row in rows}
    return [by_number[number] for number in numbers]


def _parts(name: str, after: Row | None, *, falling: bool) -> Iterator[ColumnElement[bool]]:
    """The stretches of an index to walk along, each in one go: rows with the key, and then those without it."""
    key, number = ORDERED[name], orders.c.number
    if not key.nullable:
        yield true() if after is None else _behind(key, after[name], after["number"], falling)
        return
    value = None if after is None else after[name]
    if after is None:
        yield key.is_not(None)
        yield key.is_(None)
    elif value is not None:
        yield _behind(key, value, after["number"], falling)
        yield key.is_(None)
    else:
        yield false()
        yield and_(key.is_(None), number < after["number"] if falling else number > after["number"])


def _behind(key: ColumnElement[Any], value: str, number: int, falling: bool) -> ColumnElement[bool]:
    here, there = tuple_(key, orders.c.number), tuple_(literal(value), literal(number))
    return here < there if falling else here > there


def _joined(walks: Sequence[Select[Any]], falling: bool, limit: int, skip: int) -> Select[Any]:
    """The numbers along the walks, one walk after the other."""
    if len(walks) == 1:
        return walks[0].with_only_columns(orders.c.number).limit(limit).offset(skip)
    all_of_it = union_all(*(select(walk.limit(skip + limit).subquery()) for walk in walks)).subquery()
    by = [column.desc() if falling else column.asc() for column in (all_of_it.c.key, all_of_it.c.number)]
    return select(all_of_it.c.number).order_by(all_of_it.c.place, *by).limit(limit).offset(skip)
