"""``checkout-bridge ledger``: what was applied to an order, and was it given back?"""

from __future__ import annotations

from typing import Any

import click

from checkout_bridge.bridge.ledger.erasure import Eraser
from checkout_bridge.bridge.states import STATES
from checkout_bridge.cli.context import opened_runtime
from checkout_bridge.cli.output import json_option, show_json, show_rows
from checkout_bridge.errors import InvalidInput
from checkout_bridge.money import format_minor


@click.group(epilog="Example: checkout-bridge ledger show 10001")
def ledger() -> None:
    """The orders the bridge knows, from its own ledger alone."""


@ledger.command("list", epilog="Example: checkout-bridge ledger list --state stuck --json")
@click.option("--state", type=click.Choice(STATES), help="Only orders in this state.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many at most.")
@json_option
def list_(state: str | None, limit: int, as_json: bool) -> None:
    """List orders, newest first."""
    columns = ("order_ref", "id", "platform", "shop", "state", "total", "currency", "updated_at", "reason")
    with opened_runtime() as runtime:
        rows = runtime.doors.ledger.newest(limit=limit, state=state)
    shown = [{name: row[name] for name in columns} for row in rows]
    if not as_json:
        shown = [{**row, "total": _money(row["total"], row["currency"])} for row in shown]
    show_rows(shown, columns, as_json=as_json)


@ledger.command(epilog="Example: checkout-bridge ledger show 10001 --platform shopify --shop example.myshopify.com")
@click.argument("order_ref")
@click.option("--platform", help="The platform, when more than one shop is known.")
@click.option("--shop", help="The shop, when more than one is known.")
@json_option
def show(order_ref: str, platform: str | None, shop: str | None, as_json: bool) -> None:
    """Show what was applied to an order, what was given back, and what happened when."""
    with opened_runtime() as runtime:
        doors = runtime.doors
        story = doors.flow.story(order_ref, doors.source_of_order(platform, shop))
    if as_json:
        show_json(story)
    else:
        _tell(story)


@ledger.command(epilog="Example: checkout-bridge ledger settle")
@json_option
def settle(as_json: bool) -> None:
    """Settle what a crash, an outage or a lost answer left open, and give back what nobody confirmed.

    Only orders that are overdue are touched; checkouts do the same for a few at a time. Deliveries that are open are
    taken up, too.
    """
    from checkout_bridge.bridge.webhooks import take_up_open

    with opened_runtime() as runtime:
        settled = runtime.doors.flow.sweep()
        take_up_open(runtime.doors, limit=1000)
    show_rows(settled, ("order_ref", "checkout_id", "platform", "shop", "state", "reason"), as_json=as_json)


@ledger.command(epilog="Example: checkout-bridge ledger erase jo@example.com --yes")
@click.argument("customer")
@click.option("--platform", help="Only of this platform; needed for an id when more than one shop is known.")
@click.option("--shop", help="Only of this shop; needed for an id when more than one is known.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def erase(customer: str, platform: str | None, shop: str | None, yes: bool, as_json: bool) -> None:
    """Erase a CUSTOMER from the ledger: the shop's own id of them, or an e-mail address.

    Orders lose whose they are, and what was sent and answered loses it, too; quotes cannot be presented any more; kept
    deliveries that are about the customer lose their body, so that one that is still open is not done any more; texts
    lose the id or the address. What was bought, redeemed and given back stays: erased orders can be shown, refunded
    and cancelled as before. Erase the id and then the address: the ledger does not know that they are of one person.
    """
    customer = customer.strip()
    if not customer:
        raise InvalidInput("name a CUSTOMER", message="Invalid customer")
    with opened_runtime() as runtime:
        doors = runtime.doors
        if "@" not in customer:
            source = doors.source_of_order(platform, shop)  # another shop's customer with this id is somebody else
            platform, shop = source.platform, source.shop
        if not yes:
            click.confirm(f"Erase {customer} for ever?", abort=True, err=True)
        erased = Eraser(doors.ledger, customer, platform=platform, shop=shop).erase()
    if as_json:
        show_json(erased)
    else:
        click.echo("Erased: " + ", ".join(f"{count} {name}" for name, count in erased.items()))


def _tell(story: dict[str, Any]) -> None:
    currency = story["currency"]
    click.echo(f"Order {story['order_ref']} ({story['platform']}/{story['shop']}): {story['state']}")
    amount, total = _money(story["amount"], currency), _money(story["total"], currency)
    click.echo(f"Amount {amount}, left to pay {total} {currency}")
    for part in story["applied"]:
        by = part["redemption_id"] or "promised"
        click.echo(f"Applied    {part['code']}  {_money(part['amount'], currency)}  {by}")
    for part in story["rejected"]:
        click.echo(f"Rejected   {part['code']}  {part['message']}")
    for part in story["given_back"]:
        what = "usable again" if part["amount"] is None else _money(part["amount"], currency)
        by = part["rollback_id"] or (f"refund {part['refund_id']}" if part["refund_id"] else "")
        click.echo(f"Given back {part['code']}  {what}  {by}  {part['at']}")
    for part in story["kept"]:
        what = "stays used" if part["amount"] is None else _money(part["amount"], currency)
        click.echo(f"Kept       {part['code']}  {what}  {part['because']}")
    if story["outage"]:
        click.echo(f"Outage     {story['outage']}")
    for warning in story["warnings"]:
        click.echo(f"Look at    {warning}")
    for entry in story["history"]:
        facts = (entry["at"], entry["event"], entry["event_id"], entry["detail"])
        click.echo("  ".join(str(fact) for fact in facts if fact))


def _money(amount: int, currency: str) -> str:
    return format_minor(amount, currency) if currency else str(amount)
