"""``checkout-bridge reconcile``: does the promotions API have what the ledger says, and nothing else?"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click

from checkout_bridge.bridge.differences import UNKNOWN, Finding
from checkout_bridge.bridge.identity import Source
from checkout_bridge.bridge.reconcile import Compared, Reconciler
from checkout_bridge.cli.context import opened_runtime
from checkout_bridge.cli.output import json_option, show_json, show_rows
from checkout_bridge.contract.fields import parse_moment, timestamp

_COLUMNS = ("kind", "order_ref", "checkout_id", "platform", "shop", "attempt", "redemption_id", "outcome", "detail")


@click.command(epilog="Example: checkout-bridge reconcile --since 2030-01-31 --repair")
@click.option("--repair", is_flag=True, help="Put right what can be; left out: only tell.")
@click.option("--since", help="Only what has changed from then on, as 2030-01-31 or with a time.")
@json_option
def reconcile(repair: bool, since: str | None, as_json: bool) -> None:
    """Compare the ledger with the promotions API, order by order, and tell what differs.

    An orphan_redemption stands upstream for an order that the ledger does not know, or for an attempt that was given
    up; a missed_rollback was given back in the ledger alone; both are rolled back by --repair. A missing_redemption is
    what an order stands on and is gone; --repair claims it again, and leaves the order in review where it cannot be.
    Where an amount_differs a person must look: it is never changed. Orders that are under_way are the sweep's, and what
    is unknown is tried again by the next call. Redemptions that no bridge made, and those of shops that this ledger has
    no order of, are left alone. The exit code is 1 while something differs, or is unknown.
    """
    found: list[Finding] = []
    with opened_runtime() as runtime:
        doors = runtime.doors
        home = Source(doors.platform, doors.shop)
        reconciler = doors.flow.reconciler(home, repairs=repair, since=_moment(since))
        with _told_at_the_end(found, reconciler, as_json) as compared:
            _go_through("Orders", reconciler.count_orders(), reconciler.orders(), found, compared)
            _go_through("Redemptions", reconciler.count_redemptions(), reconciler.redemptions(), found, compared)
    if found and all(one.kind == UNKNOWN for one in found):
        click.get_current_context().exit(2)
    if any(one.is_left for one in found):
        click.get_current_context().exit(1)


def _moment(since: str | None) -> str | None:
    try:
        return since and timestamp(parse_moment(since))
    except (ValueError, OverflowError):
        raise click.BadParameter("must be a date as 2030-01-31, or with a time", param_hint="--since") from None


def _go_through(
    label: str, length: int, steps: Iterator[Compared], found: list[Finding], compared: Counter[str]
) -> None:
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        for count, findings in steps:
            found += findings
            compared[label] += count
            bar.update(count)


@contextmanager
def _told_at_the_end(found: Sequence[Finding], reconciler: Reconciler, as_json: bool) -> Iterator[Counter[str]]:
    """Also when the promotions API cannot be asked any more: what was repaired by then is told."""
    compared: Counter[str] = Counter()
    try:
        yield compared
    finally:
        kinds = dict(Counter(one.kind for one in found))
        if as_json:
            told: dict[str, Any] = {label.lower(): compared[label] for label in ("Orders", "Redemptions")}
            show_json({**told, "elsewhere": reconciler.elsewhere, "kinds": kinds, "found": [*map(asdict, found)]})
        else:
            _show(found, kinds, compared, reconciler.elsewhere)


def _show(found: Sequence[Finding], kinds: dict[str, int], compared: Counter[str], elsewhere: int) -> None:
    if found:
        show_rows([asdict(one) for one in found], _COLUMNS, as_json=False)
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "nothing differs"
    click.echo(f"{compared['Orders']} orders, {compared['Redemptions']} redemptions and rollbacks: {counts}")
    if elsewhere:
        click.echo(f"{elsewhere} redemptions are of shops that this ledger has no order of; they were left alone")
