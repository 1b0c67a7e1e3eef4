"""Session rows: what validations hold of vouchers until they are redeemed, released or out of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert

from checkout_bridge.engine.store.schema import sessions


def replace(connection: Connection, session_key: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let the session hold exactly these: ``{voucher_id, quantity, credits, expires_at}``."""
    release(connection, session_key)
    if rows:
        connection.execute(insert(sessions), [{**row, "session_key": session_key} for row in rows])


def forget_expired(connection: Connection, now: str) -> int:
    """Remove what nobody holds any more; it holds nothing anyway. Says how much."""
    return connection.execute(delete(sessions).where(sessions.c.expires_at <= now)).rowcount


def release(connection: Connection, session_key: str, voucher_id: str | None = None) -> int:
    """Let go of one voucher, or of all that the session holds. Says of how many."""
    statement = delete(sessions).where(sessions.c.session_key == session_key)
    if voucher_id is not None:
        statement = statement.where(sessions.c.voucher_id == voucher_id)
    return connection.execute(statement).rowcount
