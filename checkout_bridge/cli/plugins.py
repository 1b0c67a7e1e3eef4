"""``checkout-bridge plugins``: the platforms at hand, and what each can do."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import click

from checkout_bridge.cli.context import opened_runtime
from checkout_bridge.cli.output import json_option, show_rows


@click.group(epilog="Example: checkout-bridge plugins list")
def plugins() -> None:
    """The shop platforms that are installed."""


@plugins.command("list", epilog="Example: checkout-bridge plugins list --json")
@json_option
def list_(as_json: bool) -> None:
    """List the platform plugins; one that cannot be loaded is named with its error."""
    with opened_runtime() as runtime:
        found = runtime.doors.plugins
        rows = [{"name": name, "status": "ok", "error": None} for name in found.names]
        rows += [{"name": broken.name, "status": "broken", "error": broken.error} for broken in found.broken]
    show_rows(rows, ("name", "status", "error"), as_json=as_json)


@plugins.command("table", epilog="Example: checkout-bridge plugins table")
def table() -> None:
    """Print what each platform can do, as a table in Markdown; a plugin that says nothing claims nothing."""
    from checkout_bridge.events import Capabilities

    names = [field.name for field in fields(Capabilities)]
    click.echo("| platform | webhooks | " + " | ".join(f"`{name}`" for name in names) + " |")
    click.echo("| --- " * (len(names) + 2) + "|")
    with opened_runtime() as runtime:
        found = runtime.doors.plugins
        for platform in found.names:
            hooks = found.hooks(platform)
            told = hooks.capabilities() or Capabilities()
            sends = bool(hooks.verify_webhook.get_hookimpls())
            shown = {"codes_per_cart": "any"} if told.codes_per_cart is None else {}
            cells = [_cell(sends), *(shown.get(name, _cell(getattr(told, name))) for name in names)]
            click.echo(f"| {platform} | {' | '.join(cells)} |")


def _cell(value: Any) -> str:
    """Yes or nothing for what is or is not; a number or a name as it is."""
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)
