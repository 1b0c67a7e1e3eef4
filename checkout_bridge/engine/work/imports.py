"""Importing orders: history, so it redeems nothing and tells nobody. What is done is counted with what it did."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.exc import IntegrityError

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import is_text
from checkout_bridge.contract.orders import OrderRequest
from checkout_bridge.engine.services import orders
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store.leases import find
from checkout_bridge.engine.store.schema import async_actions
from checkout_bridge.engine.work.leased import Bench, LeaseLost
from checkout_bridge.errors import RequestError, StorageFailed

Row = dict[str, Any]
# Orders in one transaction: few enough that checkouts need not wait for it.
CHUNK = 50
_ATTEMPTS = 3
_REQUEST = OrderRequest()
log = logging.getLogger(__name__)


def import_next(bench: Bench) -> bool:
    """Do the oldest import that waits, unless one is being done; False when there is nothing to do.

    Raises StorageFailed when the database is out of reach; the import goes on where it was when its lease runs out.
    """
    action = bench.claim(async_actions, alone=True)
    if action is None:
        return False
    try:
        _import(bench, action)
    except LeaseLost:
        log.info("import %s was cancelled, or is another worker's", action["id"])
    except StorageFailed:
        raise
    except Exception:
        # What one import stumbles over must not keep the others waiting for ever.
        log.exception("import %s failed", action["id"])
        _give_up(bench, action)
    return True


def _import(bench: Bench, action: Row) -> None:
    rows: Sequence[Any] = action["payload"]
    failed: list[dict[str, Any]] = list((action["result"] or {}).get("failed", ()))
    done: int = action["done"]
    while done < len(rows):
        chunk = rows[done : done + CHUNK]
        with bench.step(async_actions, action["id"]) as step:
            unit = Unit(step.connection, bench.clock(), "")
            found = [fault for number, row in enumerate(chunk, done) if (fault := _imported(unit, number, row))]
            failed += found
            done += len(chunk)
            step.values = {"done": done, "result": {"failed": failed}}
    with bench.step(async_actions, action["id"]) as step:
        step.values = {
            "status": "DONE",
            "operation_status": "FAILED" if rows and len(failed) == len(rows) else "SUCCESS",
            "result": result_of(action, len(rows), failed),
            # Who was in it is in the orders by now.
            "payload": None,
            "finished_at": bench.now,
        }


def _give_up(bench: Bench, action: Row) -> None:
    """End it where it is, with all that is needed to try it again."""
    try:
        with bench.step(async_actions, action["id"]) as step:
            reached = find(step.connection, async_actions, action["id"]) or action
            step.values = {
                "status": "FAILED",
                "operation_status": "FAILED",
                "result": result_so_far(reached, "The import failed; the worker's log says why"),
                "finished_at": bench.now,
            }
    except LeaseLost:
        log.info("import %s was cancelled, or is another worker's", action["id"])


def _imported(unit: Unit, number: int, row: Any) -> dict[str, Any] | None:
    """Keep one order as of now; what is wrong with it is told, and the others go on."""
    try:
        told = load(_REQUEST, row)
        told.pop("created_at", None)
        _keep(unit, told)
    except RequestError as fault:
        source_id = row.get("source_id") if isinstance(row, Mapping) else None
        shown = source_id if isinstance(source_id, str) and is_text(source_id) else None
        return {"source_id": shown, "index": number, "reason": fault.details or fault.message}
    return None


def _keep(unit: Unit, told: Mapping[str, Any]) -> None:
    for _ in range(_ATTEMPTS):
        try:
            with unit.connection.begin_nested():
                orders.upsert(unit, told)
            return
        except IntegrityError:
            # Somebody else made the same order or customer at this moment: it is there to be found now.
            continue
    raise RequestError("Multiple requests", details="The same order or customer is being made by others")


def result_so_far(action: Row, why: str) -> dict[str, Any]:
    """The result of an import that ends before it is through."""
    failed = (action["result"] or {}).get("failed", ())
    result = result_of(action, action["done"], failed)
    return {**result, "message": f"{why}: {result['message']}"}


def result_of(action: Row, done: int, failed: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What came of the first ``done`` orders of an import."""
    kept = done - len(failed)
    return {
        "message": f"{kept} of {action['total']} orders were imported",
        "failed": list(failed),
        "done_count": kept,
        "failed_count": len(failed),
    }
