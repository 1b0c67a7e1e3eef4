"""Webhooks: verified, kept, acted upon once, and answered for the shop's sake."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from checkout_bridge import CheckoutBridge

Used = Callable[[str], int]
# A platform whose deliveries are {"event", "ref", ...}, signed by a header.
SOURCE = """
import json
from checkout_bridge import Cart, Line, hookimpl
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Checkout, Delivery, Ignored, Refund

class Plugin:
    @hookimpl
    def verify_webhook(self, headers, body):
        return headers.get("X-Signature") == f"{len(body)}"

    @hookimpl
    def identify_webhook(self, headers, body):
        if headers.get("X-Id") == "unreadable":
            raise InvalidInput("Header X-Id is unreadable")
        return Delivery(headers.get("X-Shop", "one"), headers["X-Id"], "order") if "X-Id" in headers else None

    @hookimpl
    def event_of(self, delivery, body):
        told = json.loads(body)
        ref = told["ref"]
        if told["event"] == "paid":
            return Checkout(ref, Cart("EUR", (Line("a", 1, 1000),), codes=tuple(told.get("codes", ()))))
        if told["event"] == "cancelled":
            return Cancellation(ref, "by the merchant")
        if told["event"] == "refunded":
            return Refund(ref, delivery.event_id, amount=told.get("amount"))
        if told["event"] == "odd":
            raise InvalidInput("Property .total is odd")
        return Ignored("not about money") if told["event"] == "viewed" else None
"""


@pytest.fixture
def shop(install_plugin: Callable[[str, str], None]) -> Flask:
    """An empty app beside that platform's plugin."""
    install_plugin("tiny", SOURCE)
    return Flask("shop")


@pytest.fixture
def deliver(visitor: FlaskClient) -> Callable[..., dict[str, Any]]:
    """Delivers an event, signed; gives the answer, which must be 200."""

    def send(event_id: str | None, event: str, ref: str = "7", shop: str = "one", **told: Any) -> dict[str, Any]:
        body = json.dumps({"event": event, "ref": ref, **told}).encode()
        headers = {"X-Signature": str(len(body)), "X-Shop": shop, **({"X-Id": event_id} if event_id else {})}
        answer = visitor.post("/bridge/webhooks/tiny", data=body, headers=headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return dict(answer.get_json())

    return send


@pytest.fixture
def inbox(data_dir: Path) -> Iterator[Callable[[], list[tuple[Any, ...]]]]:
    """What the ledger keeps of deliveries: event id and status."""
    connection = sqlite3.connect(data_dir / "ledger.db")
    yield lambda: connection.execute("SELECT event_id, status FROM ledger_deliveries ORDER BY event_id").fetchall()
    connection.close()


def test_a_paid_order_is_redeemed_and_a_cancelled_one_given_back(
    deliver: Any, bridge: CheckoutBridge, used: Used
) -> None:
    paid = deliver("e-1", "paid", codes=["ONCE"])
    assert (paid["status"], paid["order_ref"], paid["state"], used("ONCE")) == ("processed", "7", "confirmed", 1)
    cancelled = deliver("e-2", "cancelled")
    assert (cancelled["status"], cancelled["state"], used("ONCE")) == ("processed", "unwound", 0)
    assert bridge.order("7", platform="tiny", shop="one")["reason"] == "by the merchant"


def test_the_same_delivery_again_is_answered_the_same_and_done_once(
    deliver: Any, used: Used, inbox: Callable[[], Any]
) -> None:
    deliver("e-1", "paid", codes=["TEN"])
    again = deliver("e-1", "paid", codes=["TEN"])
    assert (again["status"], again["order_ref"], again["duplicate"]) == ("processed", "7", True)
    assert used("TEN") == 1
    assert inbox() == [("e-1", "processed")]


def test_one_event_id_of_two_shops_is_two_events(deliver: Any, used: Used) -> None:
    for shop in ("one", "two"):
        assert "duplicate" not in deliver("e-1", "paid", shop=shop, codes=["TEN"])
    assert used("TEN") == 2


def test_a_forged_delivery_is_refused_and_not_kept(visitor: FlaskClient, inbox: Callable[[], Any]) -> None:
    for headers in ({"X-Id": "e-1"}, {"X-Id": "e-1", "X-Signature": "1"}):
        answer = visitor.post("/bridge/webhooks/tiny", data=b"{}", headers=headers)
        assert (answer.status_code, answer.get_json()["key"]) == (401, "invalid_signature")
    assert inbox() == []


def test_a_platform_that_verifies_nothing_accepts_nothing(visitor: FlaskClient) -> None:
    assert visitor.post("/bridge/webhooks/generic", data=b"{}").status_code == 401
    assert visitor.post("/bridge/webhooks/nobody", data=b"{}").status_code == 404


@pytest.mark.parametrize(
    ("event", "status", "reason"),
    [("viewed", "ignored", "not about money"), ("other", "ignored", "order"), ("odd", "unmappable", ".total")],
)
def test_what_is_of_no_use_is_told_and_kept(
    event: str, status: str, reason: str, deliver: Any, inbox: Callable[[], Any]
) -> None:
    answer = deliver("e-1", event)
    assert answer["status"] == status
    assert reason in answer["reason"]
    assert inbox() == [("e-1", status)]


def test_a_delivery_without_identity_is_ignored(deliver: Any, inbox: Callable[[], Any]) -> None:
    assert deliver(None, "paid")["status"] == "ignored"
    assert deliver("unreadable", "paid")["status"] == "unmappable"
    assert inbox() == []


def test_a_delivery_that_breaks_the_plugin_is_kept_open(deliver: Any, inbox: Callable[[], Any]) -> None:
    answer = deliver("e-1", "paid", codes=7)
    assert answer["status"] == "unmappable"
    assert inbox() == [("e-1", None)]


def test_a_used_up_code_on_a_paid_order_is_refused_with_its_reason(
    deliver: Any, used: Used, inbox: Callable[[], Any]
) -> None:
    answer = deliver("e-1", "paid", codes=["TEN", "USED"])
    assert (answer["status"], answer["order_ref"]) == ("refused", "7")
    assert "USED" in answer["reason"]
    assert used("TEN") == 0
    assert inbox() == [("e-1", "refused")]


def test_refunds_of_parts_are_processed_and_the_last_one_gives_everything_back(deliver: Any, balance: Used) -> None:
    paid = deliver("e-1", "paid", codes=["ONCE", "SMALL"])
    assert [one["code"] for one in paid["applied"]] == ["ONCE", "SMALL"]
    part = deliver("e-2", "refunded", amount=100)
    assert (part["status"], part["state"], part["given_back"][0]["amount"]) == ("processed", "confirmed", 25)
    assert balance("SMALL") == 25
    too_much = deliver("e-3", "refunded", amount=400)
    assert (too_much["status"], "300 of 400" in too_much["reason"]) == ("refused", True)
    rest = deliver("e-4", "refunded", amount=300)
    assert (rest["status"], rest["state"], balance("SMALL")) == ("processed", "unwound", 100)


def test_a_refund_done_at_another_door_and_its_echo_are_one(
    deliver: Any, bridge: CheckoutBridge, balance: Used
) -> None:
    deliver("e-1", "paid", codes=["SMALL"])
    bridge.refund("7", refund_id="e-2", amount=90, platform="tiny", shop="one")
    echo = deliver("e-2", "refunded", amount=90)
    assert (echo["status"], len(echo["given_back"]), balance("SMALL")) == ("processed", 1, 10)


def test_a_refund_that_somebody_is_at_is_tried_again_and_done_once(
    deliver: Any, wire: Any, balance: Used, inbox: Callable[[], Any]
) -> None:
    deliver("e-1", "paid", codes=["SMALL"])
    wire.lose_answers("POST", "/balance")
    assert deliver("e-2", "refunded", amount=90)["status"] == "refused"
    wire.mend()
    assert deliver("e-2", "refunded", amount=90)["reason"].startswith("This refund is being given back")
    assert inbox()[-1] == ("e-2", None)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=20)):
        assert deliver("e-2", "refunded", amount=90)["status"] == "processed"
    assert balance("SMALL") == 10


def test_a_cancellation_that_comes_first_wins(deliver: Any, used: Used) -> None:
    first = deliver("e-2", "cancelled")
    assert (first["status"], first["state"]) == ("ignored", "unwound")
    assert deliver("e-1", "paid", codes=["ONCE"])["status"] == "ignored"
    assert used("ONCE") == 0


def test_a_paid_event_after_the_cancellation_is_older(deliver: Any, used: Used) -> None:
    deliver("e-1", "paid", codes=["ONCE"])
    deliver("e-2", "cancelled")
    assert deliver("e-3", "paid", codes=["ONCE"])["status"] == "ignored"
    assert used("ONCE") == 0


def test_keys_that_are_refused_leave_a_delivery_open_until_it_comes_again(
    deliver: Any, wire: Any, used: Used, inbox: Callable[[], Any]
) -> None:
    wire.refuse("POST", "/redemptions", 401, "not_now")
    assert deliver("e-1", "paid", codes=["ONCE"])["status"] == "refused"
    assert inbox() == [("e-1", None)]
    wire.mend()
    answer = deliver("e-1", "paid", codes=["ONCE"])
    assert (answer["status"], answer["state"], used("ONCE")) == ("processed", "confirmed", 1)
    assert inbox() == [("e-1", "processed")]


def test_an_order_that_is_cancelled_while_nobody_knows_whether_it_was_redeemed_gives_back_what_was(
    deliver: Any, wire: Any, used: Used, bridge: Any, inbox: Callable[[], Any]
) -> None:
    wire.lose_answers("POST", "/redemptions")
    assert deliver("e-1", "paid", codes=["ONCE"])["state"] == "deferred"
    wire.mend()
    assert deliver("e-2", "cancelled")["state"] == "unwound"
    assert inbox() == [("e-1", "processed"), ("e-2", "processed")]
    assert used("ONCE") == 1  # the answer was lost, the redemption was not
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=20)):
        bridge.runtime.doors.flow.sweep()
    assert used("ONCE") == 0


def test_deliveries_are_counted(deliver: Any, visitor: FlaskClient) -> None:
    deliver("e-1", "viewed")
    visitor.post("/bridge/webhooks/tiny", data=b"{}")
    text = visitor.get("/bridge/metrics", headers={"Authorization": "Bearer let-me-in"}).get_data(as_text=True)
    assert 'checkout_bridge_webhooks_total{platform="tiny",status="ignored"} 1.0' in text
    assert 'checkout_bridge_webhooks_total{platform="tiny",status="forged"} 1.0' in text
