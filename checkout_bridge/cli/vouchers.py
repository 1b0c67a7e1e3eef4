"""``checkout-bridge vouchers``: make and list vouchers of the promotions API the bridge uses."""

from __future__ import annotations

from typing import Any

import click

from checkout_bridge.cli.context import opened_runtime
from checkout_bridge.cli.output import json_option, show_json, show_rows
from checkout_bridge.errors import InvalidInput


@click.group(epilog="Example: checkout-bridge vouchers create SAVE10 --percent-off 10")
def vouchers() -> None:
    """Coupons and gift cards of the embedded engine, or of the API at CHECKOUT_BRIDGE_API_URL."""


@vouchers.command(epilog="Example: checkout-bridge vouchers create FIVER --amount-off 500 --quantity 1")
@click.argument("code", required=False)
@click.option("--percent-off", type=click.FloatRange(0, 100), help="Percent off the order.")
@click.option("--amount-off", type=click.IntRange(min=0), help="Amount off the order, in minor units (500 is 5.00).")
@click.option("--gift", type=click.IntRange(min=1), help="A gift card of this amount, in minor units.")
@click.option("--quantity", type=click.IntRange(min=1), help="How often it may be redeemed; left out: without limit.")
@click.option("--expires", help="When it ends, as 2030-01-31 or with a time.")
@json_option
def create(
    code: str | None,
    percent_off: float | None,
    amount_off: int | None,
    gift: int | None,
    quantity: int | None,
    expires: str | None,
    as_json: bool,
) -> None:
    """Create a voucher with this CODE, or with a random one: one of --percent-off, --amount-off, --gift."""
    if code is not None and not code.strip():
        raise InvalidInput("leave CODE out for a random one", message="Invalid voucher")
    voucher = _worth(percent_off, amount_off, gift)
    if quantity is not None:
        voucher["redemption"] = {"quantity": quantity}
    if expires is not None:
        voucher["expiration_date"] = expires
    with opened_runtime() as runtime:
        api = runtime.client.vouchers
        created = api.create_voucher(code, voucher) if code else api.generate_random_code(voucher)
    if as_json:
        show_json(created)
    else:
        click.echo(f"{created['code']}: created")


def _worth(percent_off: float | None, amount_off: int | None, gift: int | None) -> dict[str, Any]:
    given = [value for value in (percent_off, amount_off, gift) if value is not None]
    if len(given) != 1:
        raise InvalidInput("give one of --percent-off, --amount-off, --gift", message="Invalid voucher")
    if percent_off is not None:
        return {"type": "DISCOUNT_VOUCHER", "discount": {"type": "PERCENT", "percent_off": percent_off}}
    if amount_off is not None:
        return {"type": "DISCOUNT_VOUCHER", "discount": {"type": "AMOUNT", "amount_off": amount_off}}
    return {"type": "GIFT_VOUCHER", "gift": {"amount": gift}}


@vouchers.command("list", epilog="Example: checkout-bridge vouchers list --limit 50 --json")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 100), help="How many at most.")
@click.option("--page", default=1, show_default=True, type=click.IntRange(1, 99), help="Which page.")
@json_option
def list_(limit: int, page: int, as_json: bool) -> None:
    """List vouchers, newest first."""
    with opened_runtime() as runtime:
        found = runtime.client.vouchers.list_vouchers(limit=limit, page=page)["vouchers"]
    if as_json:
        show_json(found)
        return
    rows = [{"code": one["code"], "worth": _told(one), "used": _used(one), "active": one["active"]} for one in found]
    show_rows(rows, ("code", "worth", "used", "active"), as_json=False)


def _told(voucher: dict[str, Any]) -> str:
    if "gift" in voucher:
        return f"gift card, {voucher['gift']['balance']} of {voucher['gift']['amount']} left"
    discount = voucher.get("discount") or {}
    return f"{discount['percent_off']} %" if "percent_off" in discount else f"{discount.get('amount_off')} off"


def _used(voucher: dict[str, Any]) -> str:
    redemption = voucher["redemption"]
    limit = redemption.get("quantity")
    return f"{redemption['redeemed_quantity']}" + (f" of {limit}" if limit is not None else "")
