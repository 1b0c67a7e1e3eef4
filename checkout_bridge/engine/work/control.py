"""Seeing to work by hand: listing it, doing it again, cancelling it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, Table

from checkout_bridge.contract.fields import timestamp
from checkout_bridge.database import reading, writing
from checkout_bridge.engine.store import leases as store
from checkout_bridge.engine.store.schema import async_actions, exports
from checkout_bridge.engine.work.imports import result_so_far

Row = dict[str, Any]
MOVED = "moved"
CANCELLED = "cancelled"
# In what status each kind of work ends when it fails.
_FAILED = {async_actions.name: "FAILED", exports.name: "ERROR"}


def newest(database: Engine, *, limit: int) -> list[Row]:
    """Imports and exports, the newest first: ``{id, what, status, done, total, created_at, finished_at, problem}``."""
    with reading(database) as connection:
        found = [store.newest(connection, table, limit=limit) for table in (async_actions, exports)]
    rows = [_told(row) for its in found for row in its]
    return sorted(rows, key=lambda row: str(row["created_at"]), reverse=True)[:limit]


def retry(database: Engine, job_id: str) -> str | None:
    """Let it wait again, when it failed or was cancelled: ``moved``; else its status, or None when it is not there."""
    again = {"worker": None, "lease_until": None, "finished_at": None}
    with writing(database) as connection:
        table, row = _find(connection, job_id)
        if table is None or row is None:
            return None
        values: Row = {**again, "status": store.WAITING[table.name], "updated_at": _now()}
        values |= {"operation_status": None} if table is async_actions else {"error": None, "done": 0}
        moved = store.move(connection, table, job_id, (_FAILED[table.name],), values)
        return MOVED if moved else str(row["status"])


def cancel(database: Engine, job_id: str) -> str | None:
    """Stop it, when it waits or is being done: ``moved``; else its status, or None when it is not there."""
    with writing(database) as connection:
        table, row = _find(connection, job_id)
        if table is None or row is None:
            return None
        values: Row = {"status": _FAILED[table.name], "worker": None, "lease_until": None, "updated_at": _now()}
        values["finished_at"] = _now()
        if table is async_actions:
            values |= {"operation_status": "FAILED", "result": result_so_far(row, CANCELLED)}
        else:
            values["error"] = CANCELLED
        moved = store.move(connection, table, job_id, (store.WAITING[table.name], "IN_PROGRESS"), values)
        return MOVED if moved else str(row["status"])


def _find(connection: Any, job_id: str) -> tuple[Table | None, Row | None]:
    for table in (async_actions, exports):
        if row := store.find(connection, table, job_id):
            return table, row
    return None, None


def _told(row: Row) -> Row:
    shown = ("id", "status", "done", "total", "created_at", "finished_at")
    is_export = "exported_object" in row
    what = f"export of {row['exported_object']}" if is_export else row["type"]
    problem = row["error"] if is_export else None
    if not is_export and row["operation_status"] == "FAILED":
        problem = (row["result"] or {}).get("message")
    return {"what": what, "problem": problem} | {name: row[name] for name in shown}


def _now() -> str:
    return timestamp(datetime.now(UTC))
