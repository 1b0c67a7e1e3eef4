"""``checkout-bridge orders``: bring orders of the past into the engine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from checkout_bridge.cli.background import working
from checkout_bridge.cli.context import opened_runtime
from checkout_bridge.cli.importing import BATCH_SIZE, batches, refused, result_of, send
from checkout_bridge.cli.order_files import ReadOrder, orders_in
from checkout_bridge.cli.output import json_option, show_json
from checkout_bridge.client import Client


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
            for batch in batches(orders_in(file), BATCH_SIZE):
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


def _imported(client: Client, batch: list[ReadOrder]) -> tuple[int, list[dict[str, Any]]]:
    """Import what could be read; gives how many were kept, and what is wrong with the others."""
    wrong = [_told(row, str(row.fault)) for row in batch if row.fault is not None]
    sent = [row for row in batch if row.fault is None]
    if not sent:
        return 0, wrong
    result = result_of(client, send(client, sent))
    wrong += [_told(row, reason) for row, reason in refused(result, sent)]
    return int(result.get("done_count") or 0), sorted(wrong, key=lambda one: one["row"])


def _told(row: ReadOrder, reason: str) -> dict[str, Any]:
    return {"row": row.number, "source_id": row.order.get("source_id"), "reason": reason}
