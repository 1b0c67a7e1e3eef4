"""Quotes: prices that were told, until when they stand, and what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from checkout_bridge.bridge.ledger.model import quotes
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.contract.fields import parse_moment, timestamp
from checkout_bridge.database import reading, writing


def keep(ledger: Ledger, values: Mapping[str, Any], *, ttl: float) -> dict[str, Any]:
    """Write a quote down; it stands for ``ttl`` seconds."""
    now = ledger.now()
    expires_at = timestamp(parse_moment(now) + timedelta(seconds=ttl))
    row = {**values, "created_at": now, "expires_at": expires_at}
    with writing(ledger.database) as connection:
        connection.execute(insert(quotes), [row])
    return row


def find(ledger: Ledger, quote_id: str) -> dict[str, Any] | None:
    """The quote with this id."""
    with reading(ledger.database) as connection:
        row = connection.execute(select(quotes).where(quotes.c.id == quote_id)).first()
    return row._asdict() if row else None
