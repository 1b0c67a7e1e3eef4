"""``checkout-bridge stacking-rules``: how redeemables combine, the same for the whole project."""

from __future__ import annotations

import json
from typing import Any, TextIO

import click

from checkout_bridge.cli.context import opened_runtime
from checkout_bridge.errors import InvalidInput

project_option = click.option("--project", default="default", show_default=True, help="Project id of a hosted API.")


@click.group("stacking-rules", epilog="Example: checkout-bridge stacking-rules get")
def stacking_rules() -> None:
    """How redeemables combine in one checkout: limits, categories, order, all or nothing.

    Of the embedded engine, or of the API at CHECKOUT_BRIDGE_API_URL with CHECKOUT_BRIDGE_ENGINE_MANAGEMENT_ID and
    CHECKOUT_BRIDGE_ENGINE_MANAGEMENT_TOKEN.
    """


@stacking_rules.command(epilog="Example: checkout-bridge stacking-rules get > rules.json")
@project_option
def get(project: str) -> None:
    """Print the rules that count, as JSON; the defaults while none were set."""
    with opened_runtime() as runtime, runtime.open_management(project) as management:
        found = management.list_stacking_rules()["data"]
    _show(found[0] if found else _defaults())


@stacking_rules.command("set", epilog="Example: checkout-bridge stacking-rules set rules.json")
@click.argument("file", type=click.File())
@project_option
def set_(file: TextIO, project: str) -> None:
    """Set the rules in FILE (JSON; - is standard input); what it does not have stays. Prints them in full."""
    try:
        rules = json.load(file)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{file.name} is not JSON: {error}", message="Invalid stacking rules") from None
    if not isinstance(rules, dict):
        raise InvalidInput(f"{file.name} must hold an object", message="Invalid stacking rules")
    unknown = set(rules) - set(_defaults()) - {"id", "object", "created_at", "updated_at"}
    if unknown:
        raise InvalidInput(f"{file.name}: {min(unknown)} is not a stacking rule", message="Invalid stacking rules")
    with opened_runtime() as runtime, runtime.open_management(project) as management:
        found = management.list_stacking_rules()["data"]
        if found:
            _show(management.update_stacking_rules(found[0]["id"], rules))
        else:
            _show(management.create_stacking_rules(rules))


def _defaults() -> dict[str, Any]:
    from checkout_bridge.engine.pricing.stacking import StackingRules

    return StackingRules().told


def _show(rules: dict[str, Any]) -> None:
    click.echo(json.dumps(rules, indent=2))
