"""``checkout-bridge worker``: does the work that needs no shopper to wait for it."""

from __future__ import annotations

import click


@click.command(epilog="Example: checkout-bridge worker")
@click.option("--engine-only", is_flag=True, help="Leave the ledger alone: for an engine that serves without a bridge.")
def worker(engine_only: bool) -> None:
    """Import, export, remove old export files, and settle orders that were left open.

    `demo`, `serve` and `engine serve` start one by themselves; a shop that mounts the bridge starts its own. Several
    may run at once, on the same DATA_DIR or on the same databases and queue. Killed at any moment, its work is taken
    up again.
    """
    from checkout_bridge.cli.context import opened_runtime
    from checkout_bridge.cli.supervise import end_with_parent

    end_with_parent()
    with opened_runtime() as runtime:
        runtime.open_worker(engine_only=engine_only).run()
