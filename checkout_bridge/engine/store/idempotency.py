"""Answers of writes by idempotency key, kept in the transaction of the write itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select

from checkout_bridge.engine.store.schema import idempotency_keys

_insert = insert(idempotency_keys)


def find(connection: Connection, key: str) -> dict[str, Any] | None:
    """The answer that was given to this key."""
    row = connection.execute(select(idempotency_keys).where(idempotency_keys.c.key == key)).first()
    return row._asdict() if row else None


def keep(connection: Connection, *, key: str, fingerprint: str, status: int, answer: Any, now: str) -> None:
    """Remember the answer to this key."""
    connection.execute(
        _insert,
        [{"key": key, "fingerprint": fingerprint, "status": status, "answer": answer, "created_at": now}],
    )
