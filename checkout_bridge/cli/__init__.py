"""The command ``checkout-bridge``: one module a command, imported only when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from checkout_bridge import __version__
from checkout_bridge.errors import BridgeError

# Command -> the module that has it, under the same name.
COMMANDS = (
    "db",
    "demo",
    "engine",
    "export",
    "import-history",
    "inbox",
    "jobs",
    "ledger",
    "orders",
    "plugins",
    "reconcile",
    "serve",
    "stacking-rules",
    "vouchers",
    "worker",
)


class LazyGroup(click.Group):
    """Knows its commands by name, and shows the user's mistakes in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        module = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"checkout_bridge.cli.{module}"), module)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run; what the user can put right is one line on stderr and exit code 2."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            mistake = _users_mistake(error)
            if mistake is None:
                raise
            click.echo(f"checkout-bridge: {' '.join(mistake.split())}", err=True)
            ctx.exit(2)


def _users_mistake(error: Exception) -> str | None:
    """What to tell the user, or None when the fault is ours."""
    from sqlalchemy.exc import DBAPIError

    if isinstance(error, DBAPIError):
        return f"the database cannot be used: {error.orig}"
    if isinstance(error, BridgeError) or (isinstance(error, OSError) and error.filename):
        return str(error)
    return None


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": None},
    epilog="Example: checkout-bridge demo --port 8000",
)
@click.version_option(__version__, prog_name="checkout-bridge")
def main() -> None:
    """Redeem at checkout, give back when the order does not stand. Settings: CHECKOUT_BRIDGE_*."""
