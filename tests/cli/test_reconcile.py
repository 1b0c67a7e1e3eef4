"""``reconcile``: what differs is printed and told by the exit code; only ``--repair`` changes anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from checkout_bridge import CheckoutBridge
from checkout_bridge.client import Client
from checkout_bridge.errors import DeadlineExceeded

Command = Callable[..., Result]
CART = {"currency": "EUR", "items": [{"sku": "MUG", "quantity": 2, "unit_price": "12.50"}], "codes": ["TEN"]}


@pytest.fixture
def bridge(data_dir: Path) -> Iterator[CheckoutBridge]:
    """The shop's bridge, beside the commands; a coupon, and an order that used it."""
    bridge = CheckoutBridge(Flask("shop"), data_dir=data_dir)
    bridge.runtime.client.vouchers.create_voucher("TEN", {"discount": {"type": "PERCENT", "percent_off": 10}})
    bridge.checkout(CART, "1")
    yield bridge
    bridge.close()


@pytest.fixture
def client(bridge: CheckoutBridge) -> Client:
    """What goes behind the bridge's back."""
    return bridge.runtime.client


@pytest.fixture
def orphan(client: Client) -> str:
    """A redemption of an order of which the ledger knows nothing."""
    order = {
        "source_id": "chk_" + "0" * 24,
        "amount": 2500,
        "metadata": {"platform": "generic", "shop": "default", "order_ref": "lost"},
    }
    answer = client.redemptions.redeem_stacked_discounts(
        {"redeemables": [{"object": "voucher", "id": "TEN"}], "order": order}
    )
    return str(answer["redemptions"][0]["id"])


def _used(client: Client) -> int:
    return int(client.vouchers.get_voucher("TEN")["redemption"]["redeemed_quantity"])


def test_where_nothing_differs_the_exit_code_is_zero(command: Command, bridge: CheckoutBridge) -> None:
    result = command("reconcile")
    assert (result.exit_code, result.stdout) == (0, "1 orders, 1 redemptions and rollbacks: nothing differs\n")
    assert "Orders" in result.stderr
    assert json.loads(command("reconcile", "--json").stdout) == {
        "orders": 1,
        "redemptions": 1,
        "elsewhere": 0,
        "kinds": {},
        "found": [],
    }


def test_differences_are_a_table_and_nothing_is_changed_until_they_are_repaired(
    command: Command, client: Client, orphan: str
) -> None:
    for _ in range(2):
        told = command("reconcile")
        assert told.exit_code == 1
        heading, row, summary = told.stdout.splitlines()
        assert heading.split()[:2] == ["kind", "order_ref"]
        assert row.split()[:2] == ["orphan_redemption", "lost"]
        assert orphan in row
        assert summary == "1 orders, 2 redemptions and rollbacks: 1 orphan_redemption"
    assert _used(client) == 2

    repaired = command("reconcile", "--repair", "--json")
    assert repaired.exit_code == 0
    (found,) = json.loads(repaired.stdout)["found"]
    assert (found["kind"], found["outcome"], found["redemption_id"]) == ("orphan_redemption", "rolled_back", orphan)
    assert _used(client) == 1

    again = command("reconcile", "--repair")
    assert (again.exit_code, again.stdout.count("\n")) == (0, 1)


def test_redemptions_of_another_bridge_are_counted_and_left_alone(command: Command, client: Client) -> None:
    order = {"source_id": "chk_" + "1" * 24, "amount": 2500, "metadata": {"platform": "shopify", "shop": "theirs"}}
    client.redemptions.redeem_stacked_discounts({"redeemables": [{"object": "voucher", "id": "TEN"}], "order": order})
    result = command("reconcile", "--repair")
    assert result.exit_code == 0
    assert "1 redemptions are of shops that this ledger has no order of" in result.stdout
    assert _used(client) == 2


def test_since_takes_a_date_and_refuses_anything_else(command: Command, client: Client, orphan: str) -> None:
    assert command("reconcile", "--since", "2999-01-31").exit_code == 0
    assert command("reconcile", "--since", "2020-01-31").exit_code == 1
    refused = command("reconcile", "--since", "yesterday")
    assert refused.exit_code == 2
    assert "must be a date" in refused.stderr


def test_what_was_found_before_the_promotions_api_went_away_is_told(
    command: Command, bridge: CheckoutBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(2, 8):
        bridge.checkout(CART, str(n))
    row = bridge.runtime.doors.ledger.find("1", "generic", "default")
    assert row is not None
    bridge.runtime.client.redemptions.rollback_redemption(row["redemption_id"])
    from checkout_bridge.client.resources.orders import Orders

    get = Orders.get_order

    def fail_at_others(self: Orders, order_id: str, **options: Any) -> Any:
        if order_id != row["source_id"]:
            raise DeadlineExceeded("too slow")
        return get(self, order_id, **options)

    monkeypatch.setattr(Orders, "get_order", fail_at_others)
    result = command("reconcile")
    assert result.exit_code == 2
    assert "missing_redemption" in result.stdout
    assert "too slow" in result.stderr
