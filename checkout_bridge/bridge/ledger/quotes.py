"""Quotes: prices that were told, until when they stand, and what they hold for whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update

from checkout_bridge.bridge.ledger.model import quotes
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.contract.fields import parse_moment, timestamp
from checkout_bridge.database import reading, writing

Row = dict[str, Any]


def keep(ledger: Ledger, values: Mapping[str, Any], *, ttl: float) -> Row:
    """Write a quote down, or renew it; it stands for ``ttl`` seconds from now."""
    now = ledger.now()
    row = {**values, "expires_at": timestamp(parse_moment(now) + timedelta(seconds=ttl)), "released_at": None}
    with writing(ledger.database) as connection:
        renewed = connection.execute(update(quotes).where(quotes.c.id == row["id"]).values(**row)).rowcount
        if not renewed:
            connection.execute(insert(quotes), [{**row, "created_at": now}])
    return row


def find(ledger: Ledger, quote_id: str) -> Row | None:
    """The quote with this id."""
    with reading(ledger.database) as connection:
        row = connection.execute(select(quotes).where(quotes.c.id == quote_id)).first()
    return row._asdict() if row else None


def holding(ledger: Ledger, quote_id: str | None) -> Row | None:
    """The quote with this id, as long as it stands: what it holds for an order is that order's own."""
    quote = find(ledger, quote_id) if quote_id else None
    return quote if quote is not None and quote["expires_at"] > ledger.now() else None


def held_by(ledger: Ledger, client: str) -> list[Row]:
    """The quotes with which a client still holds something, the newest first."""
    statement = select(quotes).where(
        quotes.c.client == client,
        quotes.c.session_key.is_not(None),
        quotes.c.released_at.is_(None),
        quotes.c.expires_at > ledger.now(),
    )
    with reading(ledger.database) as connection:
        rows = connection.execute(statement.order_by(quotes.c.expires_at.desc()))
        return [row._asdict() for row in rows]


def release(ledger: Ledger, quote_id: str) -> bool:
    """Write down that nothing is held for it any more; False when that was so before."""
    its = (quotes.c.id == quote_id, quotes.c.released_at.is_(None))
    with writing(ledger.database) as connection:
        return connection.execute(update(quotes).where(*its).values(released_at=ledger.now())).rowcount == 1
