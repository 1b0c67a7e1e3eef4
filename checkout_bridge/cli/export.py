"""``checkout-bridge export``: write what the engine keeps into a CSV file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from checkout_bridge.cli.background import PATIENCE, percentages, working
from checkout_bridge.cli.context import opened_runtime
from checkout_bridge.errors import InvalidInput

# What it is called here -> in the contract.
OBJECTS = {
    "orders": "order",
    "redemptions": "redemption",
    "vouchers": "voucher",
    "customers": "customer",
    "publications": "publication",
    "products": "product",
    "skus": "sku",
    "transactions": "voucher_transactions",
    "points-expirations": "points_expiration",
}


@click.command(epilog="Example: checkout-bridge export orders --out orders.csv --fields source_id,status,total_amount")
@click.argument("what", type=click.Choice(list(OBJECTS)), metavar="WHAT")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@click.option("--fields", help="Columns, with commas between; left out: the default ones.")
@click.option("--order", help="Order of the rows, as created_at or -created_at.")
@click.option("--filters", help='Filters of the API as JSON: {"status": {"conditions": {"$is": ["PAID"]}}}.')
@click.option("--neutralise-formulas", is_flag=True, help="Make the file safe to open in a spreadsheet.")
def export(
    what: str, out: Path, fields: str | None, order: str | None, filters: str | None, neutralise_formulas: bool
) -> None:
    """Export WHAT from the embedded engine, or from the API at CHECKOUT_BRIDGE_API_URL, as CSV with times in UTC.

    WHAT is orders, redemptions, vouchers, customers, publications, products, skus, transactions or points-expirations.
    """
    parameters: dict[str, Any] = {}
    if fields:
        parameters["fields"] = [name.strip() for name in fields.split(",")]
    if order:
        parameters["order"] = order
    if filters:
        parameters["filters"] = _parsed(filters)
    if neutralise_formulas:
        parameters["neutralise_formulas"] = True
    with opened_runtime() as runtime:
        api = runtime.client.exports
        made = api.create_export({"exported_object": OBJECTS[what], "parameters": parameters})
        with working(runtime), percentages(f"Exporting {what}") as show:
            done = api.wait_for_export(made["id"], timeout=PATIENCE, every=0.2, progress=show)
        if done["status"] != "DONE":
            raise InvalidInput(f"{done['id']} ended with {done['status']}", message="The export failed")
        size = api.download_export(done, to=out)
    click.echo(f"{out}: {size} bytes")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"--filters is not JSON: {error}", message="Invalid filters") from None
