"""``python -m benchmarks --size small|large``: prints the table and writes ``benchmarks/results.json``."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console

from benchmarks import (
    breakdown,
    calls,
    engine,
    exports,
    faults,
    latency,
    orders,
    report,
    shop,
    stacks,
    volume,
    webhooks,
)
from benchmarks.rounds import SIZES, Row, Size
from checkout_bridge.settings import PREFIX

RESULTS = Path(__file__).parent / "results.json"


@click.command(epilog="Example: python -m benchmarks --size small")
@click.option("--size", "name", type=click.Choice(list(SIZES)), default="small", show_default=True)
def main(name: str) -> None:
    """Measure everything. A missed goal is told in the table, not by the exit code."""
    _forget_settings()
    size = SIZES[name]
    console = Console(width=None if sys.stdout.isatty() else 132)  # a pipe would break every line at 80
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder, console.status("measuring") as status:
        rows = []
        for row in _rows(Path(folder), size):
            rows.append(row)
            status.update(f"measured {row.name}")
        delivered = []
        for one in webhooks.platforms(Path(folder), size):
            delivered.append(one)
            status.update(f"measured webhooks of {one.platform}")
        answered = []
        for late in faults.answers(Path(folder) / "faults", name):
            answered.append(late)
            status.update(f"measured {late.fault} beside {late.mode}")
        stages = breakdown.where_the_time_goes(Path(folder), calls=size.rounds * 5)
    report.show(console, rows, stages, delivered, answered)
    report.write(RESULTS, size, rows, stages, delivered, answered)


def _rows(folder: Path, size: Size) -> Iterator[Row]:
    yield from shop.pass_through_in_process(folder / "mounted", size)
    yield from shop.pass_through_served(folder / "served", size)
    yield from calls.client_over_requests(size)
    yield from shop.quote_and_checkout(folder, size)
    yield from engine.redemptions(folder, size)
    yield from stacks.stacks(folder, size)
    yield from volume.redemptions_among_many(folder, size)
    yield from latency.latencies(folder, size)
    yield from shop.imports(size)
    yield from exports.redemption_exports(folder, size)
    yield from orders.lists(folder, size)
    yield from orders.imports(folder, size)
    yield from calls.granian_over_gunicorn(size)


def _forget_settings() -> None:
    """Everything is measured as it is by default, whatever the environment says."""
    for variable in [variable for variable in os.environ if variable.startswith(PREFIX)]:
        del os.environ[variable]


if __name__ == "__main__":
    main()
