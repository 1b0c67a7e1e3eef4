"""``ledger erase``: nobody can tell any more who bought; what was bought, redeemed and given back stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from checkout_bridge import CheckoutBridge
from checkout_bridge.bridge.identity import Source
from checkout_bridge.bridge.ledger import inbox
from checkout_bridge.bridge.ledger.model import metadata
from checkout_bridge.cli import main
from checkout_bridge.database import reading
from checkout_bridge.events import Delivery

Command = Callable[..., Result]
ID, EMAIL = "cus-4711", "jo@example.com"
CART: dict[str, Any] = {
    "currency": "EUR",
    "items": [{"id": "mug", "sku": "MUG", "quantity": 2, "unit_price": "12.50"}],
    "customer": {"id": ID, "email": EMAIL, "name": "Jo Smith"},
    "codes": ["TEN"],
    "gift_cards": [{"code": "GIFT"}],
}
SHOPIFY = Source("shopify", "jo.myshopify.com")


@pytest.fixture(params=["sqlite", "postgresql"])
def bridge(request: pytest.FixtureRequest, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CheckoutBridge]:
    """A bridge with a coupon and a card, whose ledger the commands share."""
    if request.param == "postgresql":
        monkeypatch.setenv("CHECKOUT_BRIDGE_LEDGER_URL", request.getfixturevalue("postgres_url"))
    bridge = CheckoutBridge(Flask("shop"), data_dir=data_dir)
    vouchers = bridge.runtime.client.vouchers
    vouchers.create_voucher("TEN", {"discount": {"type": "PERCENT", "percent_off": 10}})
    vouchers.create_voucher("GIFT", {"type": "GIFT_VOUCHER", "gift": {"amount": 2000}})
    yield bridge
    bridge.close()


def everything(bridge: CheckoutBridge) -> str:
    """All that the ledger keeps, as text."""
    with reading(bridge.runtime.doors.ledger.database) as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
    return json.dumps([[str(value) for value in row] for row in rows])


def deliver(bridge: CheckoutBridge, event_id: str, body: Any, status: str | None, topic: str = "orders/paid") -> None:
    """Keep a delivery that came to nothing, or is still open."""
    ledger = bridge.runtime.doors.ledger
    text = body if isinstance(body, str) else json.dumps(body)
    row = inbox.receive(ledger, SHOPIFY.platform, Delivery(SHOPIFY.shop, event_id, topic), text.encode())
    inbox.settle(ledger, row, status, None, None)


def bodies(bridge: CheckoutBridge) -> dict[str, str]:
    """What is kept of each delivery."""
    ledger = bridge.runtime.doors.ledger
    return {row["event_id"]: inbox.find(ledger, row["event_id"])[0]["body"] for row in inbox.newest(ledger, limit=99)}


def erased(command: Command, *arguments: str) -> dict[str, int]:
    """How many of what were changed."""
    result = command("ledger", "erase", *arguments, "--yes", "--json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_nothing_in_the_ledger_tells_of_the_customer_any_more(command: Command, bridge: CheckoutBridge) -> None:
    bridge.quote(CART, hold=True)
    bridge.checkout(CART, "1")
    bridge.cancel("1", reason=f"customer {ID} <{EMAIL}> asked for it")
    other = {**CART, "customer": {"id": "cus-47", "email": "me@example.com"}, "gift_cards": []}
    bridge.checkout(other, "2")
    before = bridge.order("1")
    ledger = bridge.runtime.doors.ledger
    row = ledger.newest(limit=2)[1]
    fingerprint = row["fingerprint"]
    upstream = bridge.runtime.client.orders.get_order(row["source_id"])["customer_id"]
    assert upstream in everything(bridge)

    counts = erased(command, ID)

    assert (counts["orders"], counts["exchanges"], counts["quotes"]) == (1, 1, 1)
    assert counts["texts"] > 0
    assert erased(command, EMAIL)["texts"] > 0
    kept = everything(bridge)
    for told in (f"{ID}'", f"{ID} ", EMAIL, "Jo Smith", fingerprint, upstream):
        assert told not in kept
    assert "cus-47" in kept, "somebody else"
    after = bridge.order("1")
    unchanged = ("state", "amount", "total", "applied", "given_back", "refunds", "source_id", "lines")
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}
    assert after["reason"] == "customer [erased] <[erased]> asked for it"
    assert [entry["event"] for entry in after["history"]][-1] == "erased"
    assert set(erased(command, ID).values()) == {0}


def test_an_erased_order_is_shown_refunded_in_part_and_cancelled(command: Command, bridge: CheckoutBridge) -> None:
    bridge.checkout(CART, "1")

    def card() -> int:
        return int(bridge.runtime.client.vouchers.get_voucher("GIFT")["gift"]["balance"])

    assert card() == 0
    erased(command, ID)

    assert json.loads(command("ledger", "show", "1", "--json").stdout)["applied"][1]["amount"] == 2000
    refunded = bridge.refund("1", refund_id="r-1", lines=[{"line_id": "mug", "quantity": 1}])
    assert (refunded["state"], card()) == ("confirmed", 1000)
    cancelled = bridge.cancel("1")
    assert (cancelled["state"], card()) == ("unwound", 2000)
    assert bridge.runtime.client.vouchers.get_voucher("TEN")["redemption"]["redeemed_quantity"] == 0


def test_what_waits_for_the_promotions_api_is_redeemed_without_its_customer(
    command: Command, bridge: CheckoutBridge
) -> None:
    bridge.checkout({**CART, "codes": [], "gift_cards": [], "customer": {"email": EMAIL, "name": "Jo Smith"}}, "1")
    ledger = bridge.runtime.doors.ledger
    row = ledger.newest(limit=1)[0]
    person = {"id": None, "email": "Jo@Example.com", "name": "Jo Smith"}
    ledger.move(row, ("confirmed",), {"state": "deferred", "deferral": {"mode": "closed", "customer": person}})

    assert erased(command, EMAIL)["orders"] == 1

    assert ledger.newest(limit=1)[0]["deferral"] == {"mode": "closed", "customer": None}
    assert "Jo Smith" not in everything(bridge)


def test_deliveries_about_the_customer_lose_their_body_and_are_not_done_any_more(
    command: Command, bridge: CheckoutBridge
) -> None:
    deliver(bridge, "by-id", {"customer": {"id": ID}, "note": "Jo"}, "refused")
    deliver(bridge, "by-email", {"contact": [{"mail": "Jo@Example.com"}]}, "unmappable")
    deliver(bridge, "escaped", '{"email": "jo\\u0040example.com"}', "refused")
    deliver(bridge, "no-json", f"customer={ID}&mail={EMAIL}", "unmappable")
    deliver(bridge, "open", {"customer_id": ID}, None)
    deliver(bridge, "other-id", {"customer": {"id": f"{ID}2"}}, "refused")
    deliver(bridge, "other-email", {"email": f"banjo{EMAIL[1:]}"}, "refused")

    platform = ("--platform", SHOPIFY.platform, "--shop", SHOPIFY.shop)
    assert erased(command, ID, *platform)["deliveries"] == 3
    assert erased(command, EMAIL)["deliveries"] == 2

    assert {name for name, body in bodies(bridge).items() if body} == {"other-id", "other-email"}
    ledger = bridge.runtime.doors.ledger
    (opened,) = inbox.find(ledger, "open")
    assert (opened["status"], opened["reason"]) == ("ignored", "its customer was erased")


def test_an_id_that_is_a_number_is_the_customers_only_where_it_is_said_to_be(
    command: Command, bridge: CheckoutBridge
) -> None:
    about = {
        "object": {"customer": {"id": 7, "note": "hello"}},
        "text": {"customer": {"id": "7"}},
        "field": {"id_customer": 7},
        "plain": {"customer": 7},
        "nested": {"user": {"pk": {"customerId": 7}}},
    }
    others = {
        "price": {"line_items": [{"id": 7, "quantity": 7, "price": "7"}]},
        "counted": {"customer": {"id": 8, "orders_count": 7}},
        "order": {"id": 7, "customer": None},
    }
    for name, body in {**about, **others}.items():
        deliver(bridge, name, body, "refused")
    bridge.checkout({**CART, "customer": {"id": "7"}}, "1")
    bridge.cancel("1", reason="7 of 7 mugs were broken; customer no. 7 told us, customer 77 not")

    shopify = erased(command, "7", "--platform", SHOPIFY.platform, "--shop", SHOPIFY.shop)
    assert (shopify["deliveries"], shopify["orders"]) == (len(about), 0)
    assert {name for name, body in bodies(bridge).items() if body} == set(others)
    assert erased(command, "7", "--platform", "generic", "--shop", "default")["orders"] == 1
    assert bridge.order("1")["reason"] == "7 of 7 mugs were broken; customer no. [erased] told us, customer 77 not"


def test_with_several_shops_an_id_needs_its_shop(command: Command, bridge: CheckoutBridge) -> None:
    bridge.checkout({**CART, "gift_cards": []}, "1", shop="north")
    bridge.checkout({**CART, "gift_cards": []}, "1", shop="south")

    refused = command("ledger", "erase", ID, "--yes")
    assert refused.exit_code == 2
    assert "generic/north, generic/south" in refused.stderr
    assert erased(command, ID, "--shop", "north")["orders"] == 1
    assert [row["cart"]["customer_id"] for row in bridge.runtime.doors.ledger.newest(limit=2)] == [ID, None]


def test_it_asks_before_it_erases(command: Command, bridge: CheckoutBridge) -> None:
    bridge.checkout(CART, "1")
    no = CliRunner().invoke(main, ["ledger", "erase", ID], input="n\n")
    assert (no.exit_code, bridge.runtime.doors.ledger.newest(limit=1)[0]["cart"]["customer_id"]) == (1, ID)
    yes = CliRunner().invoke(main, ["ledger", "erase", ID], input="y\n")
    assert yes.exit_code == 0
    assert yes.stdout.startswith("Erased: 0 deliveries, ")
    assert bridge.runtime.doors.ledger.newest(limit=1)[0]["cart"]["customer_id"] is None


def test_a_customer_must_be_named(command: Command, bridge: CheckoutBridge) -> None:
    assert command("ledger", "erase", " ", "--yes").exit_code == 2
