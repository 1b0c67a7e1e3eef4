"""The inbox: webhook deliveries by (platform, shop, event id), kept before anything is done about them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from checkout_bridge.bridge.ledger.model import deliveries
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.database import reading, writing
from checkout_bridge.events import Delivery

Row = dict[str, Any]
# A delivery that nothing came of for so long was being dealt with when its process ended.
LEFT_BEHIND = timedelta(minutes=1)
# What came of a delivery; an open one is tried again.
OPEN = "open"
STATUSES = ("processed", "ignored", "refused", "unmappable", OPEN)


def receive(ledger: Ledger, platform: str, delivery: Delivery, body: bytes) -> Row:
    """Keep a delivery, or find it again: ``status`` is None until it has been dealt with for good."""
    row = {
        "platform": platform,
        "shop": delivery.shop,
        "event_id": delivery.event_id,
        "topic": delivery.topic,
        "body": body.decode("utf-8", "replace"),
        "status": None,
        "reason": None,
        "received_at": ledger.now(),
    }
    try:
        with writing(ledger.database) as connection:
            connection.execute(insert(deliveries), [row])
    except IntegrityError:
        with reading(ledger.database) as connection:
            return connection.execute(select(deliveries).where(*_its(row))).one()._asdict()
    return row


def open_rows(ledger: Ledger, platforms: Collection[str], *, limit: int) -> list[Row]:
    """Deliveries of these platforms that could not be dealt with, or that a crash left behind; the oldest first."""
    was_left = deliveries.c.received_at < ledger.ago(LEFT_BEHIND)
    statement = (
        select(deliveries)
        .where(
            deliveries.c.status.is_(None),
            or_(deliveries.c.processed_at.is_not(None), was_left),
            deliveries.c.platform.in_(platforms),
        )
        .order_by(deliveries.c.processed_at)
        .limit(limit)
    )
    with reading(ledger.database) as connection:
        return [row._asdict() for row in connection.execute(statement)]


def newest(
    ledger: Ledger, *, status: str | None = None, platform: str | None = None, shop: str | None = None, limit: int
) -> list[Row]:
    """Deliveries without their bodies, newest first; ``is_kept`` says whether there still is one."""
    columns = [column for column in deliveries.c if column.name != "body"]
    statement = select(*columns, (deliveries.c.body != "").label("is_kept")).limit(limit)
    statement = statement.where(*_those_of(platform, shop), *_those_in(status))
    statement = statement.order_by(deliveries.c.received_at.desc(), deliveries.c.event_id.desc())
    with reading(ledger.database) as connection:
        return [row._asdict() for row in connection.execute(statement)]


def keys(
    ledger: Ledger, *, status: str, platform: str | None = None, shop: str | None = None
) -> Sequence[tuple[str, str, str]]:
    """Platform, shop and event id of all deliveries in a status, the oldest first."""
    statement = select(deliveries.c.platform, deliveries.c.shop, deliveries.c.event_id)
    statement = statement.where(*_those_of(platform, shop), *_those_in(status))
    with reading(ledger.database) as connection:
        rows = connection.execute(statement.order_by(deliveries.c.received_at, deliveries.c.event_id))
        return [(row.platform, row.shop, row.event_id) for row in rows]


def find(ledger: Ledger, event_id: str, platform: str | None = None, shop: str | None = None) -> list[Row]:
    """Every delivery with this event id; platforms and shops may have the same ones."""
    statement = select(deliveries).where(deliveries.c.event_id == event_id, *_those_of(platform, shop))
    with reading(ledger.database) as connection:
        return [row._asdict() for row in connection.execute(statement)]


def settle(ledger: Ledger, row: Row, status: str | None, reason: str | None, order_ref: str | None) -> None:
    """Write down what came of it; without a status it stays open, to be tried again.

    What was dealt with well needs its body no more, and the body is about a person. One that another process has
    dealt with since ``row`` was read is left alone. Should a loss of power undo it, the delivery is dealt with again.
    """
    values = {"status": status, "reason": reason, "order_ref": order_ref, "processed_at": ledger.now()}
    if status in ("processed", "ignored"):
        values["body"] = ""
    with writing(ledger.database, durable=False) as connection:
        is_as_read = deliveries.c.status.is_not_distinct_from(row["status"])
        connection.execute(update(deliveries).where(*_its(row), is_as_read).values(**values))


def _its(row: Row) -> tuple[Any, ...]:
    return tuple(deliveries.c[name] == row[name] for name in ("platform", "shop", "event_id"))


def _those_of(platform: str | None, shop: str | None) -> list[Any]:
    named = ((deliveries.c.platform, platform), (deliveries.c.shop, shop))
    return [column == name for column, name in named if name is not None]


def _those_in(status: str | None) -> list[Any]:
    if status is None:
        return []
    return [deliveries.c.status.is_(None) if status == OPEN else deliveries.c.status == status]
