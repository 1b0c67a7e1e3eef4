"""What the shop did while something else was going on with its order is done later, once, and never forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from checkout_bridge import CheckoutBridge
from checkout_bridge.bridge import webhooks
from checkout_bridge.bridge.ledger import inbox
from checkout_bridge.errors import BackendNotFound
from checkout_bridge.events import Delivery, Ignored

Cart = Callable[..., dict[str, Any]]
Used = Callable[[str], int]


def _work(bridge: CheckoutBridge) -> None:
    """What a worker does, some time later."""
    doors = bridge.runtime.doors
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)):
        doors.flow.sweep()
        webhooks.take_up_open(doors, limit=100)


@pytest.fixture
def deferred(visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart, wire: Any) -> str:
    """An order that its shop has, and that waits to be redeemed: it came while the promotions API was out of reach."""
    doors = bridge.runtime.doors
    wire.refuse("POST", "/redemptions", 429, "slow_down")
    source = doors.source()
    doors.flow.checkout(doors.cart(cart("ONCE", gift_cards=("GIFT",)), "generic"), source, "1001", is_placed=True)
    wire.mend()
    return "1001"


def _given_by_the_shop(visitor: FlaskClient, order: str) -> int:
    return visitor.post(f"/orders/{order}/refund", json={"refund_id": "r-1"}).status_code


def test_a_refund_of_a_deferred_order_is_done_once_it_is_redeemed(
    visitor: FlaskClient, bridge: CheckoutBridge, deferred: str, used: Used
) -> None:
    assert [_given_by_the_shop(visitor, deferred) < 400 for _ in range(2)] == [True, True]
    assert bridge.order(deferred)["state"] == "deferred"

    for _ in range(2):
        _work(bridge)

    order = bridge.order(deferred)
    assert (order["state"], [one["refund_id"] for one in order["refunds"]]) == ("unwound", ["r-1"])
    assert (used("ONCE"), used("GIFT")) == (0, 0)


def test_a_cancellation_while_the_checkout_may_still_be_running_is_done_later(
    visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart, wire: Any, used: Used
) -> None:
    wire.lose_answers("POST", "/redemptions")
    doors = bridge.runtime.doors
    with pytest.raises(Exception, match="broke"):
        doors.flow.checkout(doors.cart(cart("ONCE"), "generic"), doors.source(), "1002")
    wire.mend()

    assert visitor.post("/orders/1002/cancel").status_code == 303
    assert (bridge.order("1002")["state"], used("ONCE")) == ("intended", 1)

    _work(bridge)
    assert (bridge.order("1002")["state"], used("ONCE")) == ("unwound", 0)


def test_no_delivery_of_a_platform_is_taken_for_one(bridge: CheckoutBridge, monkeypatch: pytest.MonkeyPatch) -> None:
    from checkout_bridge.bridge.put_aside import TOPIC

    doors = bridge.runtime.doors
    hooks = type("Hooks", (), {})()
    hooks.answer_ping = lambda **_: None
    hooks.verify_webhook = lambda **_: True
    hooks.identify_webhook = lambda **_: Delivery("default", "e-1", TOPIC)
    monkeypatch.setattr(doors, "hooks", lambda _: hooks)
    answer = webhooks.receive(doors, "generic", {}, b'{"kind": "cancel", "event": {"order_ref": "1"}}')
    assert b"ignored" in answer.body
    assert inbox.newest(doors.ledger, limit=10) == []


def test_a_delivery_that_cannot_be_read_keeps_back_no_other(
    bridge: CheckoutBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its platform's API does not know the thing yet; that is no outage of the promotions API."""
    doors, read = bridge.runtime.doors, list[str]()
    hooks = type("Hooks", (), {})()

    def event_of(delivery: Delivery, body: bytes) -> Ignored:
        read.append(delivery.event_id)
        if delivery.event_id != "last":
            raise BackendNotFound(404, {"message": "no such order"})
        return Ignored("read at last")

    hooks.event_of = event_of
    monkeypatch.setattr(doors, "hooks", lambda _: hooks)
    for event_id in ("one", "two", "last"):
        row = inbox.receive(doors.ledger, "generic", Delivery("default", event_id, "paid"), b"{}")
        inbox.settle(doors.ledger, row, None, "not known yet", None)

    webhooks.take_up_open(doors, limit=10)

    assert read == ["one", "two", "last"]
    assert [row["event_id"] for row in inbox.newest(doors.ledger, status="open", limit=9)] == ["two", "one"]


@pytest.mark.parametrize("name", ["\ud800", "a\0b", "x" * 300])
def test_names_that_no_database_can_keep_are_kept_in_another_form(
    name: str, bridge: CheckoutBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    doors = bridge.runtime.doors
    hooks = type("Hooks", (), {})()
    hooks.answer_ping = lambda **_: None
    hooks.verify_webhook = lambda **_: True
    hooks.identify_webhook = lambda **_: Delivery(name, name, name)
    hooks.event_of = lambda **_: Ignored("of no use")
    monkeypatch.setattr(doors, "hooks", lambda _: hooks)
    answers = [webhooks.receive(doors, "generic", {}, b"{}").body for _ in range(2)]
    assert [b"duplicate" in answer for answer in answers] == [False, True]
