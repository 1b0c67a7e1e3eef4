"""``checkout-bridge inbox``: the webhook deliveries that came, and doing them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from checkout_bridge.bridge import webhooks
from checkout_bridge.bridge.doors import Doors
from checkout_bridge.bridge.ledger import inbox as kept
from checkout_bridge.cli.context import opened_runtime
from checkout_bridge.cli.output import json_option, show_json, show_rows
from checkout_bridge.errors import Conflict, NotFound, RequestError

# Those that were dealt with well have no body any more.
REPLAYABLE = ("refused", "unmappable", kept.OPEN)
_COLUMNS = ("event_id", "platform", "shop", "topic", "status", "order_ref", "received_at", "reason")
_REPLAYED = ("event_id", "platform", "shop", "was", "status", "order_ref", "reason")

_platform_option = click.option("--platform", help="Only of this platform.")
_shop_option = click.option("--shop", help="Only of this shop.")


@click.group(epilog="Example: checkout-bridge inbox list --status refused")
def inbox() -> None:
    """Webhook deliveries that the ledger keeps, and what came of each."""


@inbox.command("list", epilog="Example: checkout-bridge inbox list --status unmappable --platform shopify --json")
@click.option("--status", type=click.Choice(kept.STATUSES), help="Only those in this status.")
@_platform_option
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many at most.")
@json_option
def list_(status: str | None, platform: str | None, limit: int, as_json: bool) -> None:
    """List deliveries, newest first, without their bodies. One that is open is tried again."""
    with opened_runtime() as runtime:
        rows = kept.newest(runtime.doors.ledger, status=status, platform=platform, limit=limit)
    show_rows([_told(row) for row in rows], _COLUMNS, as_json=as_json)


@inbox.command(epilog="Example: checkout-bridge inbox show b54557e4-bdd9-4b37-8a5f-bf7d70bcd043 --platform shopify")
@click.argument("event_id")
@_platform_option
@_shop_option
@json_option
def show(event_id: str, platform: str | None, shop: str | None, as_json: bool) -> None:
    """Show a delivery with its body, which may be about a person.

    The body of one that was processed or ignored is not kept.
    """
    with opened_runtime() as runtime:
        row = _only(runtime.doors, event_id, platform, shop)
    told = _told(row)
    if as_json:
        show_json(told)
        return
    body = told.pop("body")
    for name, value in told.items():
        if value is not None:
            click.echo(f"{name:12}  {value}")
    click.echo(body or "The body is not kept any more.")


@inbox.command(epilog="Example: checkout-bridge inbox replay --all --status refused")
@click.argument("event_id", required=False)
@click.option("--all", "is_all", is_flag=True, help="Every delivery in the status that --status names, oldest first.")
@click.option("--status", type=click.Choice(REPLAYABLE), help="With --all: which ones.")
@_platform_option
@_shop_option
@json_option
def replay(
    event_id: str | None, is_all: bool, status: str | None, platform: str | None, shop: str | None, as_json: bool
) -> None:
    """Read a delivery again, and act upon it as if it had just come.

    What was done before is not done again. One that was processed or ignored has no body any more, and cannot be
    replayed. The exit code is 1 when one of them still is refused, unmappable or open.
    """
    if (event_id is None) != is_all:
        raise click.UsageError("Name an EVENT_ID, or --all.")
    if is_all != (status is not None):
        raise click.UsageError("--all and --status go together.")
    with opened_runtime() as runtime:
        doors = runtime.doors
        if event_id is not None:
            found = _only(doors, event_id, platform, shop)
            rows = [_replayed(doors, found)]
        else:
            rows = _replay_all(doors, kept.keys(doors.ledger, status=str(status), platform=platform, shop=shop))
    show_rows(rows, _REPLAYED, as_json=as_json)
    if any(row["status"] in REPLAYABLE for row in rows):
        click.get_current_context().exit(1)


def _replay_all(doors: Doors, keys: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Each is read again just before, for the one before it may have taken it up."""
    rows = []
    for platform, shop, event_id in keys:
        row = _only(doors, event_id, platform, shop)
        try:
            rows.append(_replayed(doors, row))
        except RequestError as error:
            told = _told(row)
            rows.append({**{name: told.get(name) for name in _REPLAYED}, "was": told["status"], "reason": str(error)})
    return rows


def _replayed(doors: Doors, row: kept.Row) -> dict[str, Any]:
    """What came of it, as the ledger has it since."""
    webhooks.replay(doors, row)
    told = _told(_only(doors, row["event_id"], row["platform"], row["shop"]))
    return {**{name: told.get(name) for name in _REPLAYED}, "was": row["status"] or kept.OPEN}


def _only(doors: Doors, event_id: str, platform: str | None, shop: str | None) -> kept.Row:
    """The one delivery that is meant. Raises NotFound, or Conflict when there are several."""
    rows = kept.find(doors.ledger, event_id, platform, shop)
    if not rows:
        raise NotFound.of("delivery", event_id)
    if len(rows) > 1:
        those = ", ".join(sorted(f"{row['platform']}/{row['shop']}" for row in rows))
        raise Conflict("More than one delivery has this id", details=f"Name --platform and --shop: {those}")
    return rows[0]


def _told(row: kept.Row) -> dict[str, Any]:
    return {**row, "status": row["status"] or kept.OPEN}
