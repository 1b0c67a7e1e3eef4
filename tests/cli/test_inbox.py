"""``inbox``: deliveries that came are listed without what is in them, shown, and done again, each once."""

from __future__ import annotations

import json
import logging
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import Result
from flask import Flask

from checkout_bridge import CheckoutBridge, hookimpl
from checkout_bridge.bridge.ledger import inbox
from checkout_bridge.events import Cancellation, Delivery
from checkout_bridge_shopify import ShopifyPlugin

Command = Callable[..., Result]
SECRET, SHOP, EMAIL = "shpss_test", "my-store.myshopify.com", "jo@example.com"


def sold(number: int, *codes: str, **changes: Any) -> dict[str, Any]:
    """An order of two mugs at 12.50 that was paid."""
    order = {
        "id": number,
        "currency": "EUR",
        "financial_status": "paid",
        "email": EMAIL,
        "line_items": [{"id": 1, "sku": "MUG", "quantity": 2, "price": "12.50"}],
        "discount_codes": [{"code": code, "amount": "1.00", "type": "fixed_amount"} for code in codes],
    }
    return order | changes


REFUND = {"id": 5, "order_id": 404, "refund_line_items": [{"line_item_id": 1, "quantity": 1}]}


@pytest.fixture
def shop() -> Flask:
    """An app beside the bridge."""
    return Flask("shop")


@pytest.fixture
def bridge(shop: Flask, data_dir: Path) -> Iterator[CheckoutBridge]:
    """The bridge that takes the deliveries, beside the commands."""
    bridge = CheckoutBridge(shop, data_dir=data_dir, shopify_secret=SECRET, token="let-me-in")
    yield bridge
    bridge.close()


@pytest.fixture
def deliver(shop: Flask, bridge: CheckoutBridge) -> Callable[..., str]:
    """Delivers a signed body, and gives what came of it."""

    def send(event_id: str, topic: str, payload: Any, shop_name: str = SHOP) -> str:
        body = json.dumps(payload).encode()
        headers = {
            "X-Shopify-Topic": topic,
            "X-Shopify-Shop-Domain": shop_name,
            "X-Shopify-Webhook-Id": event_id,
            "X-Shopify-Hmac-Sha256": b64encode(digest(SECRET.encode(), body, sha256)).decode(),
        }
        answer = shop.test_client().post("/bridge/webhooks/shopify", data=body, headers=headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return str(answer.get_json()["status"])

    return send


@pytest.fixture
def five(deliver: Callable[..., str]) -> None:
    """A delivery in each status, the first one an hour ago: e-1 processed, e-2 ignored, and so on."""
    now = datetime.now(UTC)
    sent = [
        ("orders/paid", sold(1)),
        ("orders/updated", sold(1)),
        ("orders/paid", sold(2, "GONE")),
        ("orders/paid", sold(3, currency="MARS")),
        ("refunds/create", REFUND),
    ]
    for number, (topic, payload) in enumerate(sent, 1):
        with time_machine.travel(now - timedelta(minutes=60 - number), tick=False):
            deliver(f"e-{number}", topic, payload)


def listed(command: Command, *options: str) -> list[tuple[str, str]]:
    """What is listed: event id and status."""
    result = command("inbox", "list", *options, "--json")
    assert result.exit_code == 0, result.output
    return [(one["event_id"], one["status"]) for one in json.loads(result.stdout)]


def replayed(command: Command, *options: str, exit_code: int = 0) -> list[tuple[str, str, str]]:
    """What is told of each: event id, the status before, the status since."""
    result = command("inbox", "replay", *options, "--json")
    assert result.exit_code == exit_code, result.output
    return [(one["event_id"], one["was"], one["status"]) for one in json.loads(result.stdout)]


def used(bridge: CheckoutBridge, code: str) -> int:
    return int(bridge.runtime.client.vouchers.get_voucher(code)["redemption"]["redeemed_quantity"])


def test_deliveries_are_listed_newest_first_and_by_status(five: None, command: Command) -> None:
    everything = [
        ("e-5", "open"),
        ("e-4", "unmappable"),
        ("e-3", "refused"),
        ("e-2", "ignored"),
        ("e-1", "processed"),
    ]

    assert listed(command) == everything
    for one in everything:
        assert listed(command, "--status", one[1]) == [one]
    assert listed(command, "--limit", "2") == everything[:2]
    assert listed(command, "--platform", "shopify") == everything
    assert listed(command, "--platform", "generic") == []


def test_a_listing_tells_why_and_has_nothing_of_a_body(five: None, command: Command) -> None:
    text, told = command("inbox", "list").stdout, command("inbox", "list", "--json").stdout

    assert "GONE" in text
    assert "currency" in text
    assert [one["is_kept"] for one in json.loads(told)] == [True, True, True, False, False]
    for private in (EMAIL, "MUG", "12.50"):
        assert private not in text + told


def test_an_empty_inbox_is_an_empty_list(command: Command) -> None:
    assert listed(command) == []
    assert replayed(command, "--all", "--status", "open") == []


def test_a_delivery_is_shown_with_its_body_for_as_long_as_it_is_kept(five: None, command: Command) -> None:
    refused, processed = command("inbox", "show", "e-3").stdout, command("inbox", "show", "e-1").stdout

    assert json.dumps(sold(2, "GONE")) in refused
    assert "orders/paid" in refused
    assert "The body is not kept any more." in processed
    assert EMAIL not in processed
    told = json.loads(command("inbox", "show", "e-5", "--json").stdout)
    assert (told["status"], json.loads(told["body"])) == ("open", REFUND)


def test_an_event_id_of_two_shops_must_be_named_with_its_shop(deliver: Any, command: Command) -> None:
    for shop in ("north.myshopify.com", "south.myshopify.com"):
        deliver("e-1", "orders/paid", sold(1, currency="MARS"), shop)

    for action in ("show", "replay"):
        refused = command("inbox", action, "e-1")
        assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
        assert "shopify/north.myshopify.com, shopify/south.myshopify.com" in refused.stderr
    south = command("inbox", "show", "e-1", "--platform", "shopify", "--shop", "south.myshopify.com", "--json")
    assert json.loads(south.stdout)["shop"] == "south.myshopify.com"


def test_a_refused_delivery_is_done_once_its_code_is_there(
    deliver: Any, bridge: CheckoutBridge, command: Command
) -> None:
    assert deliver("e-1", "orders/paid", sold(1, "LATE")) == "refused"
    assert replayed(command, "e-1", exit_code=1) == [("e-1", "refused", "refused")]
    bridge.runtime.client.vouchers.create_voucher("LATE", {"discount": {"type": "PERCENT", "percent_off": 10}})

    assert replayed(command, "e-1") == [("e-1", "refused", "processed")]

    assert used(bridge, "LATE") == 1
    assert bridge.order("1", platform="shopify", shop=SHOP)["state"] == "confirmed"
    again = command("inbox", "replay", "e-1")
    assert (again.exit_code, again.stdout, again.stderr.count("\n")) == (2, "", 1)
    assert "cleared" in again.stderr
    assert used(bridge, "LATE") == 1


def test_an_order_that_was_redeemed_in_the_meantime_is_not_redeemed_again(
    deliver: Any, bridge: CheckoutBridge, command: Command
) -> None:
    """Given the platform told of the order a second time, under another event id."""
    deliver("e-1", "orders/paid", sold(1, "LATE"))
    bridge.runtime.client.vouchers.create_voucher("LATE", {"discount": {"type": "PERCENT", "percent_off": 10}})
    assert deliver("e-2", "orders/paid", sold(1, "LATE")) == "processed"

    assert replayed(command, "e-1") == [("e-1", "refused", "processed")]

    assert used(bridge, "LATE") == 1


def test_an_unmappable_delivery_is_done_by_a_plugin_that_can_map_it(
    deliver: Any, command: Command, bridge: CheckoutBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver("e-1", "orders/paid", sold(1))
    deliver("e-2", "orders/cancelled", {"id": "one", "cancelled_at": "2030-01-01"})
    assert replayed(command, "e-2", exit_code=1) == [("e-2", "unmappable", "unmappable")]

    @hookimpl
    def event_of(self: ShopifyPlugin, delivery: Delivery, body: bytes) -> Cancellation:
        return Cancellation({"one": "1"}[json.loads(body)["id"]])

    monkeypatch.setattr(ShopifyPlugin, "event_of", event_of)

    assert replayed(command, "e-2") == [("e-2", "unmappable", "processed")]
    assert bridge.order("1", platform="shopify", shop=SHOP)["state"] == "unwound"


def test_an_open_delivery_stays_open_until_it_can_be_done(deliver: Any, command: Command) -> None:
    assert deliver("e-1", "refunds/create", REFUND) == "ignored"
    assert replayed(command, "e-1", exit_code=1) == [("e-1", "open", "open")]

    deliver("e-2", "orders/paid", sold(404))

    assert sorted(listed(command)) == [("e-1", "processed"), ("e-2", "processed")]


def test_all_of_a_status_are_replayed_the_oldest_first(deliver: Any, bridge: CheckoutBridge, command: Command) -> None:
    """Given two orders with a code for one, then the order that was first gets it."""
    now = datetime.now(UTC)
    for minutes, event_id in ((2, "z"), (1, "a")):
        with time_machine.travel(now - timedelta(minutes=minutes), tick=False):
            assert deliver(event_id, "orders/paid", sold(minutes, "ONCE")) == "refused"
    voucher = {"discount": {"type": "PERCENT", "percent_off": 10}, "redemption": {"quantity": 1}}
    bridge.runtime.client.vouchers.create_voucher("ONCE", voucher)

    told = replayed(command, "--all", "--status", "refused", "--platform", "shopify", "--shop", SHOP, exit_code=1)

    assert told == [("z", "refused", "processed"), ("a", "refused", "refused")]
    assert used(bridge, "ONCE") == 1


def test_a_platform_whose_plugin_is_gone_does_not_stop_the_others(
    deliver: Any, bridge: CheckoutBridge, command: Command
) -> None:
    ledger = bridge.runtime.doors.ledger
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=1)):
        row = inbox.receive(ledger, "gone", Delivery("one", "e-0", "order"), b"{}")
    inbox.settle(ledger, row, "refused", "unknown", None)
    deliver("e-1", "orders/paid", sold(1, "LATE"))
    bridge.runtime.client.vouchers.create_voucher("LATE", {"discount": {"type": "PERCENT", "percent_off": 10}})

    told = command("inbox", "replay", "--all", "--status", "refused")

    assert told.exit_code == 1
    assert "There is no platform 'gone'" in told.stdout
    assert listed(command) == [("e-1", "processed"), ("e-0", "refused")]


def test_what_another_process_settled_in_the_meantime_stays(deliver: Any, bridge: CheckoutBridge) -> None:
    deliver("e-1", "orders/paid", sold(1, "LATE"))
    ledger = bridge.runtime.doors.ledger
    (read_before,) = inbox.find(ledger, "e-1")
    inbox.settle(ledger, read_before, "processed", None, "1")

    inbox.settle(ledger, read_before, "unmappable", "too late", None)

    (row,) = inbox.find(ledger, "e-1")
    assert (row["status"], row["reason"]) == ("processed", None)


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay",),
        ("replay", "e-1", "--all"),
        ("replay", "--all"),
        ("replay", "e-1", "--status", "open"),
        ("replay", "--all", "--status", "processed"),
        ("list", "--status", "happy"),
        ("show",),
        ("show", "e-404"),
        ("replay", "e-404"),
    ],
)
def test_a_mistake_exits_2(arguments: tuple[str, ...], command: Command) -> None:
    result = command("inbox", *arguments)

    assert (result.exit_code, result.stdout) == (2, "")


def test_statuses_are_counted(five: None, shop: Flask) -> None:
    visitor = shop.test_client()
    visitor.post("/bridge/webhooks/shopify", data=b"{}")

    text = visitor.get("/bridge/metrics", headers={"Authorization": "Bearer let-me-in"}).get_data(as_text=True)

    for status in inbox.STATUSES:
        assert f'checkout_bridge_inbox_total{{platform="shopify",status="{status}"}} 1.0' in text
    assert 'checkout_bridge_webhooks_total{platform="shopify",status="forged"} 1.0' in text


def test_a_topic_that_is_of_no_use_is_logged_once(deliver: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="checkout_bridge.bridge.webhooks")
    sent = [("orders/updated", sold(1)), ("carts/update", {}), ("orders/paid", sold(1, financial_status="pending"))]

    for number, (topic, payload) in enumerate(sent * 2):
        assert deliver(f"e-{number}", topic, payload) == "ignored"

    topics = [re.search(r"\w+/\w+", record.getMessage()) for record in caplog.records]
    assert [topic and topic[0] for topic in topics] == ["orders/updated", "carts/update", "orders/paid", "orders/paid"]
