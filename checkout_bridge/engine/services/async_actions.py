"""Asynchronous actions: work is put into the queue, or was done at once; and how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from checkout_bridge.contract.fields import parse_moment
from checkout_bridge.contract.ids import new_id
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import async_actions as store
from checkout_bridge.errors import NotFound

Row = dict[str, Any]
_ENDED = ("DONE", "FAILED")
_MILLISECOND = timedelta(milliseconds=1)


def schedule(unit: Unit, type: str, rows: Sequence[Any], request_id: str) -> str:
    """Put work on these rows into the queue; gives the id of the action."""
    waiting = {"status": "ENQUEUED", "payload": list(rows), "done": 0, "total": len(rows), "request_id": request_id}
    return _add(unit, type, waiting)


def done(unit: Unit, type: str, result: Mapping[str, Any]) -> str:
    """Record work that the contract does later and that was done at once; gives the id of the action."""
    ended = {"status": "DONE", "operation_status": "SUCCESS", "result": dict(result), "done": 1, "total": 1}
    return _add(unit, type, ended | {"started_at": unit.now, "finished_at": unit.now})


def _add(unit: Unit, type: str, values: Mapping[str, Any]) -> str:
    action_id = new_id("aa_")
    store.add(unit.connection, {"id": action_id, "type": type, "created_at": unit.now, **values})
    return action_id


def get(unit: Unit, action_id: str) -> Row:
    """The action with this id, without what it works on. Raises NotFound."""
    row = store.find(unit.connection, action_id)
    if row is None:
        raise NotFound.of("async_action", action_id)
    return row


def answer(row: Row) -> dict[str, Any]:
    """An action as answered. What it has found so far is no result before it has ended."""
    return listed(row) | {"result": row["result"] if row["status"] in _ENDED else None}


def listed(row: Row) -> dict[str, Any]:
    """An action as answered among others."""
    return {
        "id": row["id"],
        "type": row["type"],
        "status": row["status"],
        "operation_status": row["operation_status"] or "UNKNOWN",
        "progress": 100 if row["status"] == "DONE" else 100 * row["done"] // max(1, row["total"]),
        "processing_time": _processing_time(row),
        "request_id": row["request_id"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "object": "async_action",
    }


def _processing_time(row: Row) -> int:
    """Milliseconds from its beginning to its end, so far to the last step."""
    if row["started_at"] is None:
        return 0
    until = row["finished_at"] or row["updated_at"] or row["started_at"]
    return max(0, (parse_moment(until) - parse_moment(row["started_at"])) // _MILLISECOND)
