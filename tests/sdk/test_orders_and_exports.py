"""The published Python SDK against the engine as it is served: orders in and out, and the file that a worker writes."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from voucherify import ApiClient

voucherify = pytest.importorskip("voucherify", reason="the published SDK is not installed")

PATIENCE = 60.0  # seconds, for processes to start and for a worker to come


@pytest.fixture
def engine_address(tmp_path: Path) -> Iterator[str]:
    """A server process and its worker process, over an engine with nothing in it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "checkout_bridge.cli", "engine", "serve", "--port", str(port)),
                *("--database", f"sqlite:///{tmp_path}/engine.db", "--app-id", "shop", "--app-token", "secret"),
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=tmp_path,
            env={**os.environ, "CHECKOUT_BRIDGE_DATA_DIR": str(tmp_path / "data")},
        )
    try:
        _wait_for_server(port, tmp_path / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for_server(port: int, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    pytest.fail(f"the server did not start: {log.read_text()}")


def wait_for(read: Callable[[], Any], *ended: str) -> Any:
    """Ask until the status is one of these."""
    until = time.monotonic() + PATIENCE
    while (answer := read()).status not in ended and time.monotonic() < until:
        time.sleep(0.1)
    assert answer.status in ended
    return answer


def downloaded(exports: Any, export_id: str) -> list[list[str]]:
    """The rows of an export's file, once it is there."""
    export = wait_for(lambda: exports.get_export(export_id), "DONE", "ERROR")
    assert export.status == "DONE"
    token = parse_qs(urlsplit(export.result.url).query)["token"][0]
    return list(csv.reader(io.StringIO(exports.download_export(export_id, token))))


def test_orders_are_imported_listed_changed_exported_and_downloaded(sdk: ApiClient) -> None:
    orders, exports = voucherify.OrdersApi(sdk), voucherify.ExportsApi(sdk)
    made = orders.create_order(
        voucherify.OrdersCreateRequestBody.from_dict(
            {"source_id": "new-1", "amount": 1000, "customer": {"source_id": "ann"}, "metadata": {"note": 'a "b", c'}}
        )
    )

    history = [{"source_id": f"old-{number}", "amount": 100 * number, "status": "FULFILLED"} for number in (1, 2)]
    begun = orders.import_orders([voucherify.OrdersImportCreateRequestBodyItem.from_dict(order) for order in history])
    actions = voucherify.AsyncActionsApi(sdk)
    done = wait_for(lambda: actions.get_async_action(begun.async_action_id), "DONE", "FAILED")
    assert (done.type, done.status, done.operation_status) == ("ORDERS.IMPORT", "DONE", "SUCCESS")
    assert (done.progress, done.result["done_count"], done.result["failed"]) == (100, 2, [])
    assert [action.id for action in actions.list_async_actions().async_actions] == [done.id]

    changed = orders.update_order("old-1", voucherify.OrdersUpdateRequestBody.from_dict({"status": "CANCELED"}))
    assert (changed.status, changed.amount) == ("CANCELED", 100)
    listed = orders.list_orders(limit=2, order="created_at")
    assert (listed.total, [order.source_id for order in listed.orders]) == (3, ["new-1", "old-1"])

    wanted = ["source_id", "status", "total_amount", "metadata", "id"]
    request = {"parameters": {"order": "created_at", "fields": wanted}}
    asked = orders.create_order_export(voucherify.OrdersExportCreateRequestBody.from_dict(request))
    assert (asked.status, asked.exported_object, asked.result) == ("SCHEDULED", "order", None)
    header, *rows = downloaded(exports, asked.id)
    assert header == wanted
    assert [row[:3] for row in rows] == [
        ["new-1", "CREATED", "1000"],
        ["old-1", "CANCELED", "100"],
        ["old-2", "FULFILLED", "200"],
    ]
    assert (json.loads(rows[0][3]), rows[0][4]) == ({"note": 'a "b", c'}, made.id)

    some = {"junction": "and", "status": {"conditions": {"$is": ["FULFILLED"]}}}
    request = {"exported_object": "order", "parameters": {"fields": ["source_id"], "filters": some}}
    filtered = exports.create_export(voucherify.ExportsCreateRequestBody.from_dict(request))
    assert downloaded(exports, filtered.id) == [["source_id"], ["old-2"]]
    assert [one.id for one in exports.list_exports().exports] == [filtered.id, asked.id]

    with pytest.raises(voucherify.exceptions.UnauthorizedException):
        exports.download_export(asked.id, "guessed")
    exports.delete_export(asked.id)
    with pytest.raises(voucherify.exceptions.NotFoundException):
        exports.get_export(asked.id)
