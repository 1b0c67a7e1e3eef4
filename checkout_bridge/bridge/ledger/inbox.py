"""The inbox: webhook deliveries by (platform, shop, event id), kept before anything is done about them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from checkout_bridge.bridge.ledger.model import deliveries
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.database import reading, writing
from checkout_bridge.events import Delivery

Row = dict[str, Any]


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
    """Deliveries of these platforms that were tried and could not be dealt with, the oldest first."""
    statement = (
        select(deliveries)
        .where(
            deliveries.c.status.is_(None),
            deliveries.c.processed_at.is_not(None),
            deliveries.c.platform.in_(platforms),
        )
        .order_by(deliveries.c.processed_at)
        .limit(limit)
    )
    with reading(ledger.database) as connection:
        return [row._asdict() for row in connection.execute(statement)]


def settle(ledger: Ledger, row: Row, status: str | None, reason: str | None, order_ref: str | None) -> None:
    """Write down what came of it; without a status it stays open, to be tried again.

    What was dealt with well needs its body no more, and the body is about a person. One that another process has
    dealt with in the meantime is left alone.
    """
    values = {"status": status, "reason": reason, "order_ref": order_ref, "processed_at": ledger.now()}
    if status in ("processed", "ignored"):
        values["body"] = ""
    with writing(ledger.database) as connection:
        connection.execute(update(deliveries).where(*_its(row), deliveries.c.status.is_(None)).values(**values))


def _its(row: Row) -> tuple[Any, ...]:
    return tuple(deliveries.c[name] == row[name] for name in ("platform", "shop", "event_id"))
