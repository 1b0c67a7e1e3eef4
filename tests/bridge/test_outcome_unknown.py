"""When the promotions API does not answer: intents are there first, and what happened is read back, never guessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from checkout_bridge import CheckoutBridge
from checkout_bridge.errors import BackendRefused, Conflict, OutcomeUnknown, RateLimited, RedeemablesRejected

Cart = Callable[..., dict[str, Any]]
Used = Callable[[str], int]
States = Callable[[], list[str]]


def _later() -> time_machine.travel:
    """When the deadline and the grace have passed."""
    return time_machine.travel(datetime.now(UTC) + timedelta(seconds=20))


def test_the_intent_is_committed_before_the_call_and_the_outcome_after(
    bridge: CheckoutBridge, cart: Cart, wire: Any, states: States
) -> None:
    during: list[list[str]] = []

    def look(carry: Callable[[], Any]) -> Any:
        during.append(states())
        return carry()

    wire.when("POST", "/redemptions", look)
    wire.when("POST", "/rollbacks", look)
    bridge.checkout(cart("TEN"), "1")
    bridge.cancel("1")
    assert during == [["intended"], ["unwinding"]]
    assert states() == ["unwound"]


def test_a_lost_redemption_answer_leaves_the_intent_and_blocks_the_order_for_a_while(
    bridge: CheckoutBridge, cart: Cart, wire: Any, states: States
) -> None:
    wire.lose_answers("POST", "/redemptions")
    with pytest.raises(OutcomeUnknown):
        bridge.checkout(cart("ONCE"), "1")
    assert states() == ["intended"]
    wire.mend()
    for attempt in (lambda: bridge.checkout(cart("ONCE"), "1"), lambda: bridge.cancel("1")):
        with pytest.raises(Conflict) as refusal:
            attempt()
        assert refusal.value.key == "checkout_in_progress"


def test_a_redemption_that_happened_is_adopted_later(bridge: CheckoutBridge, cart: Cart, wire: Any, used: Used) -> None:
    wire.lose_answers("POST", "/redemptions")
    with pytest.raises(OutcomeUnknown):
        bridge.checkout(cart("ONCE", gift_cards=("GIFT",)), "1")
    wire.mend()
    with _later():
        order = bridge.checkout(cart("ONCE", gift_cards=("GIFT",)), "1")
    assert (order["state"], order["total"]) == ("confirmed", 0)
    assert [(one["code"], one["type"], one["amount"]) for one in order["applied"]] == [
        ("ONCE", "DISCOUNT_VOUCHER", 500),
        ("GIFT", "GIFT_VOUCHER", 2999),
    ]
    assert bridge.order("1")["source_id"] == order["checkout_id"]
    assert (used("ONCE"), used("GIFT")) == (1, 2999)
    assert [one["amount"] for one in bridge.cancel("1")["given_back"]] == [None, 2999]
    assert (used("ONCE"), used("GIFT")) == (0, 0)


def test_an_adopted_redemption_of_one_code_is_given_back_too(
    bridge: CheckoutBridge, cart: Cart, wire: Any, used: Used
) -> None:
    wire.lose_answers("POST", "/redemptions")
    with pytest.raises(OutcomeUnknown):
        bridge.checkout(cart("ONCE"), "1")
    wire.mend()
    with _later():
        assert bridge.cancel("1")["state"] == "unwound"
    assert used("ONCE") == 0


def test_a_redemption_that_happened_and_was_rolled_back_since_is_not_adopted(
    bridge: CheckoutBridge, cart: Cart, wire: Any, used: Used
) -> None:
    wire.lose_answers("POST", "/redemptions")
    with pytest.raises(OutcomeUnknown):
        bridge.checkout(cart("ONCE"), "1")
    wire.mend()
    api = bridge.runtime.client
    for redemption_id in api.orders.get_order(bridge.order("1")["source_id"])["redemptions"]:
        api.redemptions.rollback_stacked_redemptions(redemption_id)
    with _later():
        order = bridge.checkout(cart("ONCE"), "1")
    assert bridge.order("1")["source_id"] == f"{order['checkout_id']}.2"
    assert used("ONCE") == 1


def test_a_redemption_that_did_not_happen_is_a_new_attempt_later(
    bridge: CheckoutBridge, cart: Cart, wire: Any, used: Used
) -> None:
    wire.lose_requests("POST", "/redemptions")
    with pytest.raises(OutcomeUnknown):
        bridge.checkout(cart("ONCE"), "1")
    wire.mend()
    with _later():
        order = bridge.checkout(cart("ONCE"), "1")
    assert order["state"] == "confirmed"
    assert bridge.order("1")["source_id"] == f"{order['checkout_id']}.2"
    assert used("ONCE") == 1


def test_a_lost_order_without_codes_is_adopted_too(bridge: CheckoutBridge, cart: Cart, wire: Any) -> None:
    """It stops no checkout: there is nothing that could be redeemed or not."""
    wire.lose_answers("POST", "/orders")
    assert bridge.checkout(cart(), "1")["state"] == "deferred"
    wire.mend()
    with _later():
        bridge.runtime.doors.flow.sweep()
        order = bridge.checkout(cart(), "1")
    assert (order["state"], order["total"], order["applied"]) == ("confirmed", 3499, [])
    assert bridge.order("1")["source_id"] == order["checkout_id"]


def test_a_redemption_said_to_be_running_is_not_taken_for_a_refusal(
    bridge: CheckoutBridge, cart: Cart, wire: Any, states: States
) -> None:
    wire.refuse("POST", "/redemptions", 400, "multiple_requests")
    with pytest.raises(BackendRefused):
        bridge.checkout(cart("ONCE"), "1")
    assert states() == ["intended"]


def test_a_refusal_whose_reasons_cannot_be_asked_for_is_a_refusal_all_the_same(
    bridge: CheckoutBridge, cart: Cart, wire: Any, states: States
) -> None:
    wire.lose_requests("POST", "/validations")
    with pytest.raises(RedeemablesRejected) as refusal:
        bridge.checkout(cart("LATE"), "1")
    assert [one["code"] for one in refusal.value.rejected] == ["LATE"]
    assert states() == ["failed"]


def test_a_shops_checkout_with_codes_does_not_go_on_when_nobody_answers(
    visitor: FlaskClient, cart: Cart, wire: Any, states: States
) -> None:
    visitor.post("/basket", json=cart("ONCE"))
    wire.lose_requests("POST", "/redemptions")
    answer = visitor.post("/checkout")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert visitor.get("/orders/1000").get_json()["state"] == "none"
    assert states() == ["intended"]


def test_a_shops_checkout_without_codes_goes_on_when_nobody_answers(
    visitor: FlaskClient, cart: Cart, wire: Any
) -> None:
    visitor.post("/basket", json=cart())
    wire.lose_requests("POST", "/orders")
    assert visitor.post("/checkout").get_json()["order_ref"] == "1000"


def test_a_cart_page_is_shown_when_nobody_answers(visitor: FlaskClient, cart: Cart, wire: Any) -> None:
    visitor.post("/basket", json=cart("TEN"))
    wire.lose_requests("POST", "/validations")
    state = visitor.get("/cart").get_json()
    assert (state["state"], state["total"], state["applied"]) == ("failed", 3499, [])


@pytest.mark.parametrize("lose", ["lose_answers", "lose_requests"])
@pytest.mark.parametrize("codes", [("ONCE",), ("ONCE", "TEN")])
def test_a_give_back_whose_answer_was_lost_is_finished_by_the_next_cancel(
    lose: str, codes: tuple[str, ...], bridge: CheckoutBridge, cart: Cart, wire: Any, used: Used, states: States
) -> None:
    bridge.checkout(cart(*codes), "1")
    getattr(wire, lose)("POST", "/rollbacks")
    with pytest.raises(OutcomeUnknown):
        bridge.cancel("1", reason="first")
    assert states() == ["unwinding"]
    with pytest.raises(Conflict) as refusal:
        bridge.checkout(cart(*codes), "1")
    assert refusal.value.key == "order_unwinding"
    wire.mend()
    order = bridge.cancel("1", reason="second")
    assert (order["state"], order["reason"]) == ("unwound", "first")
    assert [back["code"] for back in order["given_back"]] == list(codes)
    assert [used(code) for code in codes] == [0] * len(codes)


@pytest.mark.parametrize("codes", [("ONCE",), ("ONCE", "TEN")])
def test_what_was_rolled_back_already_counts_as_given_back(
    codes: tuple[str, ...], bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    bridge.checkout(cart(*codes), "1")
    row = bridge.runtime.doors.flow.get("1", bridge.runtime.doors.source())
    bridge.runtime.client.redemptions.rollback_stacked_redemptions(row["redemption_id"])
    order = bridge.cancel("1")
    assert order["state"] == "unwound"
    assert [back["code"] for back in order["given_back"]] == list(codes)
    assert all(back["rollback_id"].startswith("rr_") for back in order["given_back"])
    assert [used(code) for code in codes] == [0] * len(codes)


def test_a_give_back_that_is_refused_waits_for_a_person_who_may_try_again(
    bridge: CheckoutBridge, cart: Cart, wire: Any, used: Used, states: States
) -> None:
    bridge.checkout(cart("ONCE"), "1")
    wire.refuse("POST", "/rollbacks", 400, "campaign_closed")
    with pytest.raises(BackendRefused):
        bridge.cancel("1")
    assert (states(), used("ONCE")) == (["stuck"], 1)
    assert bridge.order("1")["history"][-1]["detail"] == "campaign_closed"
    with pytest.raises(Conflict) as refusal:
        bridge.checkout(cart("ONCE"), "1")
    assert refusal.value.key == "order_stuck"
    wire.mend()
    assert bridge.cancel("1")["state"] == "unwound"
    assert used("ONCE") == 0


@pytest.mark.parametrize(
    ("status", "key", "error"), [(429, "slow_down", RateLimited), (400, "multiple_requests", BackendRefused)]
)
def test_a_give_back_that_must_wait_is_not_stuck(
    status: int, key: str, error: Any, bridge: CheckoutBridge, cart: Cart, wire: Any, states: States
) -> None:
    bridge.checkout(cart("ONCE"), "1")
    wire.refuse("POST", "/rollbacks", status, key)
    with pytest.raises(error):
        bridge.cancel("1")
    assert states() == ["unwinding"]
    wire.mend()
    assert bridge.cancel("1")["state"] == "unwound"


def test_a_shops_cancel_goes_out_even_when_the_give_back_must_wait(
    visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart, wire: Any, used: Used
) -> None:
    visitor.post("/basket", json=cart("ONCE"))
    visitor.post("/checkout")
    wire.lose_requests("POST", "/rollbacks")
    assert visitor.post("/orders/1000/cancel").status_code == 303
    assert bridge.order("1000")["state"] == "unwinding"
    wire.mend()
    visitor.post("/orders/1000/cancel")
    assert (bridge.order("1000")["state"], used("ONCE")) == ("unwound", 0)
