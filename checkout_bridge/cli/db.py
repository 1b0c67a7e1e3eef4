"""``checkout-bridge db``: the databases of the bridge and of its embedded engine."""

from __future__ import annotations

import click

from checkout_bridge.cli.context import opened_runtime
from checkout_bridge.runtime import Runtime


@click.group(epilog="Example: checkout-bridge db upgrade")
def db() -> None:
    """Look after the databases."""


@db.command(epilog="Example: CHECKOUT_BRIDGE_DATA_DIR=/srv/bridge checkout-bridge db upgrade")
def upgrade() -> None:
    """Bring the databases to the newest form. Servers do it themselves when they start."""
    with opened_runtime() as runtime:
        for name in upgrade_all(runtime):
            click.echo(f"{name}: up to date")


def upgrade_all(runtime: Runtime) -> list[str]:
    """Migrate the ledger, and the engine when it is embedded; says which."""
    names = []
    if not runtime.settings.api_url:
        assert runtime.engine is not None
        names.append("engine")
    assert runtime.doors.ledger is not None
    return [*names, "ledger"]
