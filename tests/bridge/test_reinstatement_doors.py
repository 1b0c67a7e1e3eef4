"""An order stands again, told through each door; and payments that fail, which is not the end of an order yet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from checkout_bridge import CheckoutBridge
from checkout_bridge.errors import Conflict, InvalidInput, NotFound

TOKEN = {"Authorization": "Bearer let-me-in"}
PLUGIN = """
import json
from checkout_bridge import Cart, GiftCard, Line, hookimpl
from checkout_bridge.events import Cancellation, Checkout, Delivery, Refund, Reinstatement

class Plugin:
    @hookimpl
    def verify_webhook(self, headers, body):
        return True

    @hookimpl
    def identify_webhook(self, headers, body):
        told = json.loads(body)
        return Delivery("default", told.pop("event"), told["what"])

    @hookimpl
    def event_of(self, delivery, body):
        told = json.loads(body)
        told.pop("event")
        told |= told.pop("about", {})
        if told.pop("what") == "paid":
            return Checkout(told["order_ref"], Cart("EUR", (Line("a", 1, 1000),), None, ("ONCE",), (GiftCard("GIFT"),)))
        return (Cancellation if "cause" in told else Reinstatement)(**told)
"""
Tell = Callable[..., dict[str, Any]]
Held = Callable[[], tuple[int, int]]


@pytest.fixture
def bridge(shop: Flask, install_plugin: Any, data_dir: Path) -> Iterator[CheckoutBridge]:
    """Around a shop, with the plugins of a platform and of a payment provider."""
    for name in ("platform", "provider"):
        install_plugin(name, PLUGIN)
    bridge = CheckoutBridge(shop, data_dir=data_dir, token="let-me-in", platform="platform")
    yield bridge
    bridge.close()


@pytest.fixture
def held(bridge: CheckoutBridge) -> Held:
    """How often the coupon is used, and what the card holds."""
    vouchers = bridge.runtime.client.vouchers

    def read() -> tuple[int, int]:
        once, gift = vouchers.get_voucher("ONCE"), vouchers.get_voucher("GIFT")
        return once["redemption"]["redeemed_quantity"], gift["gift"]["balance"]

    return read


@pytest.fixture
def post(visitor: FlaskClient) -> Tell:
    """Posts JSON to the bridge's HTTP door; the answer must have this status."""

    def send(path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
        answer = visitor.post(f"/bridge/{path}", json=body, headers=TOKEN)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return dict(json.loads(answer.get_data()))

    return send


@pytest.fixture
def tell(post: Tell) -> Tell:
    """Tells of something by webhook, as an event of its own unless it is named."""
    told: list[str] = []

    def deliver(what: str, order_ref: str = "1", *, platform: str = "platform", event: str = "", **more: Any) -> Any:
        told.append(what)
        body = {"what": what, "order_ref": order_ref, "event": event or f"e-{len(told)}", **more}
        return post(f"webhooks/{platform}", body)

    return deliver


FREE, USED = (0, 5000), (1, 4500)


def test_by_the_python_door(bridge: CheckoutBridge, tell: Tell, held: Held) -> None:
    tell("paid")
    with pytest.raises(NotFound):
        bridge.reinstate("2")
    with pytest.raises(InvalidInput):
        bridge.reinstate("1", reason="")
    bridge.cancel("1", cause="payment_failed")
    assert held() == FREE
    order = bridge.reinstate("1", event_id="e-9", reason="it was paid after all")
    assert (order["state"], held()) == ("confirmed", USED)
    assert bridge.reinstate("1", platform="platform", shop="default") == order
    told = [one for one in bridge.order("1")["history"] if one["event"] == "reinstated"]
    assert [(one["event_id"], one["detail"]) for one in told] == [("e-9", "it was paid after all")]


def test_by_the_http_door(visitor: FlaskClient, post: Tell, tell: Tell, held: Held) -> None:
    tell("paid")
    assert post("orders/2/reinstate", {}, status=404)["key"] == "order_not_found"
    assert post("orders/1/cancel", {"cause": "expired"})["state"] == "unwound"
    assert ".reason" in post("orders/1/reinstate", {"reason": 7}, status=400)["details"]
    order = post("orders/1/reinstate", {"event_id": "e-9", "reason": "paid"})
    assert (order["state"], held()) == ("confirmed", USED)
    assert post("orders/1/reinstate", {"platform": "platform", "shop": "default"}) == order
    assert (
        post("orders/1/reinstate", {"platform": "provider", "shop": "default"}, status=404)["key"] == "order_not_found"
    )
    assert visitor.post("/bridge/orders/1/reinstate", json={}).status_code == 401


def test_by_webhook_once(tell: Tell, held: Held, bridge: CheckoutBridge) -> None:
    tell("paid")
    tell("chargeback", cause="cancelled", reason="by mistake")
    assert held() == FREE
    answer = tell("reinstated", event="e-won", reason="it stands")
    assert (answer["status"], answer["state"], held()) == ("processed", "confirmed", USED)
    assert len(answer["applied"]) == 2
    assert tell("reinstated", event="e-won")["duplicate"] is True
    assert tell("reinstated")["state"] == "confirmed"
    assert held() == USED
    assert [one["event"] for one in bridge.order("1")["history"]].count("reinstated") == 1


def test_by_the_webhook_of_a_payment_provider_about_an_order_of_a_platform(tell: Tell, held: Held) -> None:
    tell("paid")
    of_it = {"platform": "platform", "shop": "default"}
    assert tell("reinstated", platform="provider")["status"] == "ignored", "the provider itself has no such order"
    answer = tell("cancelled", platform="provider", about=of_it, cause="cancelled")
    assert (answer["state"], held()) == ("unwound", FREE)
    answer = tell("reinstated", platform="provider", about=of_it)
    assert (answer["state"], held()) == ("confirmed", USED)
    assert tell("reinstated", platform="provider", about={**of_it, "shop": "another"})["status"] == "ignored"


def test_of_an_order_that_is_not_known_yet_it_waits_for_it(bridge: CheckoutBridge, tell: Tell, held: Held) -> None:
    answer = tell("reinstated")
    assert (answer["status"], answer["reason"]) == ("ignored", "the order is not known yet")
    assert tell("paid")["state"] == "confirmed"
    assert (bridge.order("1")["state"], held()) == ("confirmed", USED)


def test_what_was_cancelled_before_it_came_was_never_redeemed(tell: Tell, held: Held, bridge: CheckoutBridge) -> None:
    assert tell("cancelled", cause="cancelled")["reason"] == "the order is not known; it will not be redeemed"
    assert tell("paid")["status"] == "ignored"
    answer = tell("reinstated")
    assert (answer["status"], "nothing to claim again" in answer["reason"]) == ("refused", True)
    with pytest.raises(Conflict) as refusal:
        bridge.reinstate("1")
    assert (refusal.value.key, held()) == ("order_not_redeemed", FREE)


def test_what_is_gone_meanwhile_is_told_to_be_in_review(tell: Tell, held: Held) -> None:
    tell("paid")
    tell("cancelled", cause="cancelled")
    tell("paid", "2")
    answer = tell("reinstated")
    assert (answer["status"], answer["state"], held()) == ("processed", "review", USED)
    assert tell("reinstated")["status"] == "refused"
    tell("cancelled", "2", cause="cancelled")
    assert (tell("cancelled", cause="cancelled")["state"], held()) == ("unwound", FREE)


def test_a_payment_that_failed_does_not_bury_an_order_that_may_be_paid_yet(tell: Tell, held: Held) -> None:
    answer = tell("failed", cause="payment_failed")
    assert (answer["status"], answer["reason"]) == ("ignored", "the order is not known; nothing was redeemed for it")
    assert (tell("paid")["state"], held()) == ("confirmed", USED)
    assert (tell("failed", cause="payment_failed")["state"], held()) == ("unwound", FREE)
    assert (tell("paid")["state"], held()) == ("confirmed", USED)


@pytest.mark.parametrize("cause", ["cancelled", "expired", "chargeback"])
def test_an_order_that_ended_after_its_payment_failed_is_not_redeemed_by_an_older_event(
    cause: str, tell: Tell, held: Held
) -> None:
    tell("paid")
    for one in ("payment_failed", cause, "payment_failed"):
        tell("failed", cause=one)
    answer = tell("paid")
    assert (answer["status"], answer["reason"], held()) == ("ignored", "the order was cancelled before", FREE)
