"""Webhooks that come late, early, twice or during an outage: what is owed is done later, what is final stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from checkout_bridge import CheckoutBridge
from checkout_bridge.bridge.ledger import inbox
from checkout_bridge.bridge.ledger.model import deliveries
from checkout_bridge.database import reading
from checkout_bridge.events import Delivery

Used = Callable[[str], int]
Deliver = Callable[..., dict[str, Any]]
Kept = Callable[[], dict[str, tuple[str | None, str]]]
# A platform whose deliveries say {"event", "ref"}, and which signs nothing.
SOURCE = """
import json
from checkout_bridge import Cart, Line, hookimpl
from checkout_bridge.events import Cancellation, Checkout, Delivery, Ignored, Refund

class Plugin:
    @hookimpl
    def verify_webhook(self, headers, body):
        return True

    @hookimpl
    def identify_webhook(self, headers, body):
        return Delivery("one", headers["X-Id"], "order")

    @hookimpl
    def event_of(self, delivery, body):
        told = json.loads(body)
        if told["event"] == "paid":
            return Checkout(told["ref"], Cart("EUR", (Line("a", 1, 1000),), codes=tuple(told["codes"])))
        if told["event"] == "refunded":
            return Refund(told["ref"], delivery.event_id, amount=told.get("amount"))
        return Cancellation(told["ref"]) if told["event"] == "cancelled" else Ignored("seen")
"""


@pytest.fixture
def shop(install_plugin: Callable[[str, str], None]) -> Flask:
    """An empty app beside that platform's plugin."""
    install_plugin("plain", SOURCE)
    return Flask("shop")


@pytest.fixture
def deliver(visitor: FlaskClient) -> Deliver:
    """Delivers an event about order 7; gives the answer, which must be 200."""

    def send(event_id: str, event: str, **told: Any) -> dict[str, Any]:
        body = json.dumps({"event": event, "ref": "7", "by": "ada@example.com", **told})
        answer = visitor.post("/bridge/webhooks/plain", data=body, headers={"X-Id": event_id})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return dict(answer.get_json())

    return send


@pytest.fixture
def kept(bridge: CheckoutBridge) -> Kept:
    """What the ledger keeps of deliveries: their status and body by event id."""

    def read() -> dict[str, tuple[str | None, str]]:
        with reading(bridge.runtime.doors.ledger.database) as connection:
            rows = connection.execute(select(deliveries.c.event_id, deliveries.c.status, deliveries.c.body))
            return {event_id: (status, body) for event_id, status, body in rows}

    return read


def _state(bridge: CheckoutBridge, ref: str = "7") -> str:
    return str(bridge.order(ref, platform="plain", shop="one")["state"])


@pytest.mark.parametrize("amount", [None, 500])
def test_a_refund_that_overtakes_its_order_is_done_when_the_order_is_there(
    amount: int | None, deliver: Deliver, bridge: CheckoutBridge, used: Used, kept: Kept
) -> None:
    early = deliver("e-1", "refunded", amount=amount)
    assert (early["status"], early["reason"]) == ("ignored", "the order is not known yet")
    assert kept()["e-1"][0] is None
    assert deliver("e-2", "paid", codes=["ONCE"])["status"] == "processed"
    deliver("e-3", "seen")
    assert (_state(bridge), used("ONCE"), kept()["e-1"][0]) == ("unwound", 0, "processed")


def test_a_refund_whose_order_never_comes_is_ignored_after_a_week(deliver: Deliver, kept: Kept) -> None:
    deliver("e-1", "refunded")
    for days, status in ((6, None), (8, "ignored")):
        with time_machine.travel(datetime.now(UTC) + timedelta(days=days)):
            deliver(f"seen-{days}", "seen")
        assert kept()["e-1"][0] == status


def test_what_an_outage_left_open_is_taken_up_with_the_next_delivery(
    deliver: Deliver, bridge: CheckoutBridge, wire: Any, used: Used, kept: Kept
) -> None:
    wire.refuse("POST", "/redemptions", 401, "unauthorized")
    deliver("e-1", "paid", codes=["ONCE"])
    deliver("e-2", "paid", ref="8", codes=["TEN"])
    assert [status for status, _ in kept().values()] == [None, None]
    wire.mend()
    deliver("e-3", "seen")
    assert (_state(bridge, "7"), _state(bridge, "8"), used("ONCE"), used("TEN")) == ("confirmed", "confirmed", 1, 1)
    assert {status for status, _ in kept().values()} == {"processed", "ignored"}


def test_a_refund_that_waits_for_its_order_does_not_keep_back_the_others(
    deliver: Deliver, wire: Any, used: Used, kept: Kept
) -> None:
    deliver("e-1", "refunded", ref="never")
    wire.refuse("POST", "/redemptions", 401, "unauthorized")
    deliver("e-2", "paid", codes=["ONCE"])
    wire.mend()
    deliver("e-3", "seen")
    assert (used("ONCE"), kept()["e-1"][0], kept()["e-2"][0]) == (1, None, "processed")


def test_while_the_outage_lasts_the_next_delivery_tries_only_one(deliver: Deliver, wire: Any, kept: Kept) -> None:
    wire.refuse("POST", "/redemptions", 401, "unauthorized")
    for n in range(3):
        deliver(f"e-{n}", "paid", ref=str(n), codes=["TEN"])
    before = wire.count("POST", "/redemptions")
    deliver("e-9", "seen")
    assert wire.count("POST", "/redemptions") == before + 1
    assert [status for status, _ in kept().values()].count(None) == 3


def test_a_final_status_is_never_reset_by_a_late_duplicate(
    deliver: Deliver, bridge: CheckoutBridge, wire: Any, used: Used, kept: Kept
) -> None:
    deliver("e-1", "paid", codes=["ONCE"])
    wire.refuse("POST", "/redemptions", 401, "unauthorized")
    again = deliver("e-1", "paid", codes=["ONCE"])
    assert (again["status"], again["duplicate"], used("ONCE")) == ("processed", True, 1)
    assert kept()["e-1"][0] == "processed"


def test_of_two_processes_with_one_delivery_the_first_to_finish_says_what_came_of_it(
    bridge: CheckoutBridge, kept: Kept
) -> None:
    ledger, delivery = bridge.runtime.doors.ledger, Delivery("one", "e-1", "order")
    rows = [inbox.receive(ledger, "plain", delivery, b"{}") for _ in range(2)]
    assert [row["status"] for row in rows] == [None, None]
    inbox.settle(ledger, rows[0], "processed", None, "7")
    inbox.settle(ledger, rows[1], None, "backend_unreachable", "7")
    inbox.settle(ledger, rows[1], "refused", "this order is being checked out", "7")
    assert kept() == {"e-1": ("processed", "")}


def test_a_body_is_kept_only_while_somebody_may_need_it(deliver: Deliver, wire: Any, kept: Kept) -> None:
    deliver("processed", "paid", codes=["TEN"])
    deliver("ignored", "seen")
    deliver("refused", "refunded", amount=10_000)
    wire.refuse("POST", "/redemptions", 401, "unauthorized")
    deliver("open", "paid", ref="8", codes=["TEN"])
    bodies = {event_id: body for event_id, (_, body) in kept().items()}
    assert (bodies["processed"], bodies["ignored"]) == ("", "")
    assert "ada@example.com" in bodies["refused"]
    assert "ada@example.com" in bodies["open"]
