"""Two who ask for one order at the same moment find it open for too long: one tries again, the other waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from checkout_bridge import CheckoutBridge
from checkout_bridge.errors import Conflict, OutcomeUnknown

Cart = Callable[..., dict[str, Any]]
Used = Callable[[str], int]
PATIENCE = 30  # seconds; a test that waits longer hangs


def _by_refund(bridge: CheckoutBridge, cart: dict[str, Any]) -> Any:
    return bridge.refund("1", refund_id="r-1")


def _by_cancel(bridge: CheckoutBridge, cart: dict[str, Any]) -> Any:
    return bridge.cancel("1")


def _by_checkout(bridge: CheckoutBridge, cart: dict[str, Any]) -> Any:
    return bridge.checkout(cart, "1")


@pytest.mark.parametrize("ask", [_by_checkout, _by_cancel, _by_refund])
def test_who_finds_that_another_tries_again_waits_for_it(
    ask: Callable[[CheckoutBridge, dict[str, Any]], Any], bridge: CheckoutBridge, cart: Cart, wire: Any, used: Used
) -> None:
    """Given an attempt of which nothing came, when two read it back, then one redeems and the other is told to wait."""
    wire.lose_requests("POST", "/redemptions")
    with pytest.raises(OutcomeUnknown):
        bridge.checkout(cart("TEN"), "1")
    wire.mend()
    is_redeeming, may_redeem = threading.Event(), threading.Event()
    faster: list[Future[dict[str, Any]]] = []

    def redeem_slowly(carry: Callable[[], Any]) -> Any:
        is_redeeming.set()
        assert may_redeem.wait(PATIENCE)
        return carry()

    def read_while_another_is_faster(carry: Callable[[], Any]) -> Any:
        answer = carry()
        if threading.current_thread() is threading.main_thread():
            faster.append(pool.submit(bridge.checkout, cart("TEN"), "1"))
            assert is_redeeming.wait(PATIENCE)
        return answer

    wire.when("POST", "/redemptions", redeem_slowly)
    wire.when("GET", bridge.order("1")["source_id"], read_while_another_is_faster)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=20)), ThreadPoolExecutor(1) as pool:
        try:
            with pytest.raises(Conflict) as refusal:
                ask(bridge, cart("TEN"))
        finally:
            may_redeem.set()
        order = faster[0].result(PATIENCE)

    assert refusal.value.key == "checkout_in_progress"
    assert (order["state"], used("TEN")) == ("confirmed", 1)
    assert bridge.order("1")["applied"] == order["applied"]
