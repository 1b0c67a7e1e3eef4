"""``checkout-bridge plugins``: the platforms at hand."""

from __future__ import annotations

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
