"""``checkout-bridge import-history``: bring a platform's orders of the past into the promotions API."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO, TextIO

import click

from checkout_bridge.cli.background import working
from checkout_bridge.cli.context import opened_runtime
from checkout_bridge.cli.export_files import Row, open_export
from checkout_bridge.cli.history import Exported, Mapped
from checkout_bridge.cli.importing import batches, refused, result_of, send
from checkout_bridge.cli.journal import Journal
from checkout_bridge.cli.output import json_option, show_json
from checkout_bridge.client import Client
from checkout_bridge.errors import BackendNotFound, InvalidInput

# Rows that are looked up at once.
TOGETHER = 500


@dataclass
class Told:
    """What became of the rows; faults are also written down one by one, as they are found."""

    write: Callable[[dict[str, Any]], object]
    imported: int = 0
    unchanged: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    failed: list[dict[str, Any]] = field(default_factory=list)

    def fail(self, row: Mapped, reason: str) -> None:
        """A row that cannot be imported."""
        self.failed.append({"row": row.number, "order_ref": row.order_ref, "reason": reason})
        self.write(self.failed[-1])

    def as_json(self) -> dict[str, Any]:
        """``{imported_count, unchanged_count, skipped_count, failed_count, skipped{reason: count}, failed[]}``."""
        return {
            "imported_count": self.imported,
            "unchanged_count": self.unchanged,
            "skipped_count": self.skipped.total(),
            "failed_count": len(self.failed),
            "skipped": dict(self.skipped),
            "failed": self.failed,
        }

    def __str__(self) -> str:
        counts = f"{self.unchanged} unchanged, {self.skipped.total()} skipped, {len(self.failed)} failed"
        return f"{self.imported} orders imported, {counts}"


@click.command(
    "import-history",
    epilog="Example: checkout-bridge import-history shopify orders.json --shop example.myshopify.com",
)
@click.argument("platform")
@click.argument("file", type=click.File("rb"))
@click.option("--shop", help="The shop that the orders are of, as its deliveries name it; left out: the setting's.")
@click.option("--errors", type=click.File("w", "utf-8", lazy=False), help="File for rows that failed, as JSON lines.")
@json_option
def import_history(platform: str, file: BinaryIO, shop: str | None, errors: TextIO | None, as_json: bool) -> None:
    """Import the orders in FILE, an export of PLATFORM: a JSON array, an object with one list, or JSON lines.

    FILE is read by the platform's plugin; - is standard input. Orders are kept as paid, under the source id
    PLATFORM:SHOP:ORDER_REF, each encoded as in a URL. Nothing is redeemed: coupon codes are noted in the order's
    metadata. What is no paid order, or known to the bridge already, is skipped. Interrupted, it goes on where it
    stopped when it is called again; orders that are there already are not sent again (history.db in DATA_DIR tells).
    Rows that cannot be imported are told, the rest is done; then the exit code is 1.
    """
    told = Told(lambda fault: _write(errors, fault))
    with opened_runtime() as runtime:
        exported = Exported(runtime.doors, runtime.doors.source(platform, shop))
        export = open_export(file, getattr(file, "name", "-"))
        with (
            closing(Journal(runtime.settings)) as journal,
            working(runtime),
            click.progressbar(length=export.length, label="Importing", file=sys.stderr) as bar,
        ):
            groups = _mapped(export.rows, exported, lambda end: bar.update(end - bar.pos))
            Sending(runtime.client, journal, told).all_of(groups)
            bar.update(export.length - bar.pos)
    told.failed.sort(key=lambda fault: int(fault["row"]))
    if as_json:
        show_json(told.as_json())
    else:
        for reason, count in told.skipped.items():
            click.echo(f"skipped {count}: {reason}", err=True)
        for fault in told.failed if errors is None else ():
            click.echo(f"row {fault['row']}, {fault['order_ref'] or 'no order'}: {fault['reason']}", err=True)
        click.echo(str(told))
    if told.failed:
        click.get_current_context().exit(1)


class Sending:
    """Brings mapped rows to the promotions API that it does not have yet."""

    def __init__(self, client: Client, journal: Journal, told: Told) -> None:
        self._client, self._journal, self._told = client, journal, told
        self._is_there = False

    def all_of(self, groups: Iterator[list[Mapped]]) -> None:
        """Send them, after finding out what became of those that an earlier run left under way."""
        for action_id in self._journal.under_way():
            try:
                result = result_of(self._client, action_id)
            except (InvalidInput, BackendNotFound):
                self._journal.lost(action_id)
            else:
                self._journal.arrived(action_id, [one["source_id"] for one in result.get("failed") or []])
        for batch in batches(self._missing(groups)):
            action_id = send(self._client, batch)
            self._journal.sent(action_id, [row.order for row in batch])
            wrong = refused(result_of(self._client, action_id), batch)
            self._journal.arrived(action_id, [row.order["source_id"] for row, _ in wrong])
            self._told.imported += len(batch) - len(wrong)
            for row, reason in wrong:
                self._told.fail(row, reason)

    def _missing(self, groups: Iterator[list[Mapped]]) -> Iterator[Mapped]:
        """The rows that have to be sent; what becomes of the others is told."""
        for group in groups:
            there = self._there([row.order for row in group if row.order])
            for row in group:
                if row.fault is not None:
                    self._told.fail(row, row.fault)
                elif row.left_out is not None:
                    self._told.skipped[row.left_out] += 1
                elif row.order["source_id"] in there:
                    self._told.unchanged += 1
                else:
                    yield row

    def _there(self, orders: list[dict[str, Any]]) -> set[str]:
        """What the promotions API has. Of the first one it is asked itself: it may have been emptied since."""
        there = self._journal.there(orders)
        if there and not self._is_there:
            try:
                self._client.orders.get_order(min(there))
            except BackendNotFound:
                self._journal.forget()
                return set()
            self._is_there = True
        return there


def _mapped(rows: Iterator[Row], exported: Exported, reached: Callable[[int], object]) -> Iterator[list[Mapped]]:
    while group := exported.mapped(islice(rows, TOGETHER)):
        yield group
        reached(group[-1].end)


def _write(errors: TextIO | None, fault: dict[str, Any]) -> None:
    if errors is not None:
        errors.write(json.dumps(fault, ensure_ascii=False) + "\n")
        errors.flush()
