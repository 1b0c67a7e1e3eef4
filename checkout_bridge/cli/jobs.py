"""``checkout-bridge jobs``: the engine's work in the background."""

from __future__ import annotations

from typing import Any

import click

from checkout_bridge.cli.context import opened_runtime
from checkout_bridge.cli.output import json_option, show_rows
from checkout_bridge.errors import NotFound
from checkout_bridge.runtime import Runtime

_COLUMNS = ("id", "what", "status", "done", "total", "created_at", "finished_at", "problem")


@click.group(epilog="Example: checkout-bridge jobs list")
def jobs() -> None:
    """Imports and exports of the embedded engine, or of the one at CHECKOUT_BRIDGE_ENGINE_DATABASE_URL."""


@jobs.command("list", epilog="Example: checkout-bridge jobs list --limit 50 --json")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many at most.")
@json_option
def list_(limit: int, as_json: bool) -> None:
    """List imports and exports, newest first."""
    from checkout_bridge.engine.work import control

    with opened_runtime() as runtime:
        rows = control.newest(_database(runtime), limit=limit)
    show_rows(rows, _COLUMNS, as_json=as_json)


@jobs.command(epilog="Example: checkout-bridge jobs retry exp_0123456789abcdef01234567")
@click.argument("job_id")
def retry(job_id: str) -> None:
    """Do a job again that failed or was cancelled. An import goes on where it stopped."""
    from checkout_bridge.engine.work import control

    with opened_runtime() as runtime:
        _tell(job_id, control.retry(_database(runtime), job_id), "waits for a worker")
        runtime.bell.ring()


@jobs.command(epilog="Example: checkout-bridge jobs cancel aa_0123456789abcdef01")
@click.argument("job_id")
def cancel(job_id: str) -> None:
    """Stop a job that waits or is being done. Orders that an import has kept by then stay."""
    from checkout_bridge.engine.work import control

    with opened_runtime() as runtime:
        _tell(job_id, control.cancel(_database(runtime), job_id), "cancelled")


def _database(runtime: Runtime) -> Any:
    from checkout_bridge.engine.app import database_of

    return database_of(runtime.engine)


def _tell(job_id: str, status: str | None, done: str) -> None:
    if status is None:
        raise NotFound.of("job", job_id)
    click.echo(f"{job_id}: {done if status == 'moved' else f'is {status}, nothing to do'}")
