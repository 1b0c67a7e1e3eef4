"""Access tokens by their hash, which opens nothing to whoever reads it here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from checkout_bridge.engine.store.schema import access_tokens

Row = dict[str, Any]


def keep(connection: Connection, *, hash: str, scope: str, expires_at: str) -> None:
    """Let a token in until it expires."""
    connection.execute(insert(access_tokens).values(hash=hash, scope=scope, expires_at=expires_at))


def find(connection: Connection, hash: str, *, now: str) -> Row | None:
    """The token of this hash, unless it has expired."""
    live = access_tokens.c.expires_at > now
    row = connection.execute(select(access_tokens).where(access_tokens.c.hash == hash, live)).first()
    return row._asdict() if row else None


def forget(connection: Connection, hash: str) -> None:
    """Let a token in no longer."""
    connection.execute(delete(access_tokens).where(access_tokens.c.hash == hash))


def forget_expired(connection: Connection, *, now: str) -> None:
    """Keep no more tokens than are of use."""
    connection.execute(delete(access_tokens).where(access_tokens.c.expires_at <= now))


def count(connection: Connection) -> int:
    """How many there are."""
    return int(connection.execute(select(func.count()).select_from(access_tokens)).scalar_one())
