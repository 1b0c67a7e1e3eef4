"""``checkout-bridge orders``: bring orders of the past into the engine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from checkout_bridge.cli.background import PATIENCE, working
from checkout_bridge.cli.context import opened_runtime
from checkout_bridge.cli.order_files import ReadOrder, orders_in
from checkout_bridge.cli.output import json_option, show_json
from checkout_bridge.client import Client
from checkout_bridge.errors import InvalidInput

# As many as the API takes at once, and as large: in characters of JSON, below its limit of 10 MiB.
BATCH = 2000
BATCH_SIZE = 8_000_000


@click.group(epilog="Example: checkout-bridge orders import orders.csv")
def orders() -> None:
    """Orders of the embedded engine, or of the API at CHECKOUT_BRIDGE_API_URL."""


@orders.command("import", epilog="Example: checkout-bridge orders import orders.csv")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def import_(file: Path, as_json: bool) -> None:
    """Import orders from FILE: CSV with a header row, JSON (an array), or JSON lines.

    Columns are source_id, status, amount, discount_amount, initial_amount, customer_id, customer_source_id,
    referrer_id, metadata (JSON) and metadata.NAME; amounts are in minor units. Columns that are calculated are passed
    over, so that an export can be imported. Rows that cannot be imported are told, the rest is done; then the exit code
    is 1. Nothing is redeemed.
    """
    done = 0
    failed: list[dict[str, Any]] = []
    with opened_runtime() as runtime, working(runtime):
        size = file.stat().st_size
        with click.progressbar(length=size, label="Importing", file=sys.stderr) as bar:
            at = 0
            for batch in _batches(file):
                told, wrong = _imported(runtime.client, batch)
                done, failed = done + told, failed + wrong
                bar.update(batch[-1].end - at)
                at = batch[-1].end
            bar.update(size - at)
    if as_json:
        show_json({"done_count": done, "failed_count": len(failed), "failed": failed})
    else:
        for one in failed:
            click.echo(f"row {one['row']}, {one['source_id'] or 'no source_id'}: {one['reason']}", err=True)
        click.echo(f"{done} orders imported, {len(failed)} failed")
    if failed:
        click.get_current_context().exit(1)


def _batches(file: Path) -> Iterator[list[ReadOrder]]:
    batch: list[ReadOrder] = []
    left = BATCH_SIZE
    for row in orders_in(file):
        size = len(json.dumps(row.order))
        if batch and (len(batch) == BATCH or size > left):
            yield batch
            batch, left = [], BATCH_SIZE
        batch.append(row)
        left -= size
    if batch:
        yield batch


def _imported(client: Client, batch: list[ReadOrder]) -> tuple[int, list[dict[str, Any]]]:
    """Import what could be read; gives how many were kept, and what is wrong with the others."""
    wrong = [_told(row, str(row.fault)) for row in batch if row.fault is not None]
    sent = [row for row in batch if row.fault is None]
    if not sent:
        return 0, wrong
    action = client.orders.import_orders([row.order for row in sent])
    ended = client.async_actions.wait_for_async_action(action["async_action_id"], timeout=PATIENCE, every=0.1)
    result = ended.get("result") or {}
    if ended["status"] != "DONE":
        # `jobs retry` goes on where it stopped.
        raise InvalidInput(f"{ended['id']} ended early: {result.get('message')}", message="The import failed")
    refused = result.get("failed") or []
    by_source = {row.order.get("source_id"): row for row in sent}
    for one in refused:
        row = sent[one["index"]] if "index" in one else by_source.get(one.get("source_id"))
        wrong.append(_told(row or sent[0], one["reason"]))
    return int(result.get("done_count") or 0), sorted(wrong, key=lambda one: one["row"])


def _told(row: ReadOrder, reason: str) -> dict[str, Any]:
    return {"row": row.number, "source_id": row.order.get("source_id"), "reason": reason}
