"""What a crash or a lost answer left open is taken on by the checkouts after it: settled, confirmed or given back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask

from checkout_bridge import CheckoutBridge
from checkout_bridge.bridge import sweep
from checkout_bridge.errors import OutcomeUnknown

Cart = Callable[..., dict[str, Any]]
Used = Callable[[str], int]
States = Callable[[], list[str]]
CRASHED = ("a", "b", "c", "d")


@pytest.fixture
def at_every_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkouts sweep however short ago the last one did."""
    monkeypatch.setattr(sweep, "EVERY_SECONDS", 0)


def _in(**time: float) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(**time))


def _crash(bridge: CheckoutBridge, cart: dict[str, Any], order_ref: str | None = None) -> dict[str, Any]:
    """The redemption of a checkout whose process ended before the shop's view had answered."""
    doors = bridge.runtime.doors
    return doors.flow.redeem(doors.cart(cart, "generic"), doors.source(), order_ref=order_ref)


def _lose(bridge: CheckoutBridge, cart: dict[str, Any], wire: Any, order_ref: str | None = None) -> None:
    """A redemption that happened, and whose answer was lost."""
    wire.lose_answers("POST", "/redemptions")
    with pytest.raises(OutcomeUnknown):
        _crash(bridge, cart, order_ref)
    wire.mend()


def test_the_code_of_a_checkout_that_nobody_confirmed_is_usable_again_at_the_next(
    bridge: CheckoutBridge, data_dir: Path, cart: Cart, used: Used
) -> None:
    left = _crash(bridge, cart("ONCE", gift_cards=("GIFT",)))
    another = CheckoutBridge(Flask("another process"), data_dir=data_dir)
    with _in(seconds=901):
        assert another.checkout(cart("ONCE"), "2")["total"] == 2999
    another.close()
    order = bridge.order(left["id"])
    assert (order["state"], order["reason"]) == ("unwound", "nobody confirmed the order")
    assert [back["code"] for back in order["given_back"]] == ["ONCE", "GIFT"]
    assert (used("ONCE"), used("GIFT")) == (1, 0)


def test_how_long_a_shop_may_take_can_be_set(shop: Flask, data_dir: Path, cart: Cart) -> None:
    bridge = CheckoutBridge(shop, data_dir=data_dir, confirm_within=5)
    _crash(bridge, cart("ONCE"), "1")
    with _in(seconds=6):
        assert [(order["order_ref"], order["state"]) for order in bridge.runtime.doors.flow.sweep()] == [
            ("1", "unwound")
        ]
    bridge.close()


def test_an_unknown_redemption_that_happened_without_an_order_is_given_back(
    bridge: CheckoutBridge, cart: Cart, wire: Any, used: Used
) -> None:
    _lose(bridge, cart("ONCE"), wire)
    assert used("ONCE") == 1
    with _in(seconds=20):
        (order,) = bridge.runtime.doors.flow.sweep()
    assert (order["state"], [back["code"] for back in order["given_back"]]) == ("unwound", ["ONCE"])
    assert used("ONCE") == 0


def test_an_unknown_redemption_that_happened_for_an_order_waits_for_its_confirmation(
    bridge: CheckoutBridge, cart: Cart, wire: Any, used: Used
) -> None:
    _lose(bridge, cart("ONCE"), wire, "1")
    with _in(seconds=20):
        assert [order["state"] for order in bridge.runtime.doors.flow.sweep()] == ["redeemed"]
        assert bridge.runtime.doors.flow.sweep() == []
        assert bridge.confirm("1")["state"] == "confirmed"
    with _in(days=1):
        assert bridge.runtime.doors.flow.sweep() == []
    assert used("ONCE") == 1


def test_an_unknown_redemption_that_did_not_happen_has_failed(
    bridge: CheckoutBridge, cart: Cart, wire: Any, used: Used
) -> None:
    wire.lose_requests("POST", "/redemptions")
    with pytest.raises(OutcomeUnknown):
        _crash(bridge, cart("ONCE"))
    wire.mend()
    with _in(seconds=20):
        assert [order["state"] for order in bridge.runtime.doors.flow.sweep()] == ["failed"]
    assert used("ONCE") == 0


@pytest.mark.parametrize("lose", ["lose_answers", "lose_requests"])
def test_a_give_back_that_broke_off_is_finished(
    lose: str, bridge: CheckoutBridge, cart: Cart, wire: Any, used: Used
) -> None:
    bridge.checkout(cart("ONCE", gift_cards=("GIFT",)), "1")
    getattr(wire, lose)("POST", "/rollbacks")
    with pytest.raises(OutcomeUnknown):
        bridge.cancel("1", reason="out of stock")
    wire.mend()
    with _in(seconds=20):
        (order,) = bridge.runtime.doors.flow.sweep()
    assert (order["state"], order["reason"], len(order["given_back"])) == ("unwound", "out of stock", 2)
    assert (used("ONCE"), used("GIFT")) == (0, 0)


def test_nothing_young_is_touched(bridge: CheckoutBridge, cart: Cart, wire: Any, states: States) -> None:
    _lose(bridge, cart("TEN"), wire)
    bridge.checkout(cart("TEN"), "1")
    wire.lose_requests("POST", "/rollbacks")
    with pytest.raises(OutcomeUnknown):
        bridge.cancel("1")
    wire.mend()
    with _in(seconds=10):
        assert bridge.runtime.doors.flow.sweep() == []
    assert states() == ["unwinding", "intended"]


def test_an_order_that_is_not_yet_confirmed_may_take_its_time_and_a_confirmed_one_stands(
    bridge: CheckoutBridge, cart: Cart, states: States
) -> None:
    _crash(bridge, cart("TEN"), "1")
    bridge.checkout(cart("TEN"), "2")
    with _in(seconds=890):
        assert bridge.runtime.doors.flow.sweep() == []
    assert states() == ["confirmed", "redeemed"]


def test_a_process_sweeps_at_most_once_a_minute(
    bridge: CheckoutBridge, cart: Cart, states: States, monkeypatch: pytest.MonkeyPatch
) -> None:
    _crash(bridge, cart("ONCE"))
    with _in(seconds=901):
        bridge.checkout(cart(), "2")
        assert states() == ["confirmed", "redeemed"]
        monkeypatch.setattr(sweep, "EVERY_SECONDS", 0)
        bridge.checkout(cart(), "3")
        assert states() == ["confirmed", "confirmed", "unwound"]


def test_a_checkout_takes_on_a_few_the_oldest_first_and_a_sweep_all(
    bridge: CheckoutBridge, cart: Cart, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n, ref in enumerate(CRASHED):
        with _in(seconds=n):
            _crash(bridge, cart("TEN"), ref)
    monkeypatch.setattr(sweep, "EVERY_SECONDS", 0)
    with _in(seconds=999):
        bridge.checkout(cart(), "next")
        assert [bridge.order(ref)["state"] for ref in CRASHED] == ["unwound", "unwound", "unwound", "redeemed"]
        assert [order["order_ref"] for order in bridge.runtime.doors.flow.sweep()] == ["d"]


@pytest.mark.usefixtures("at_every_checkout")
def test_a_sweep_that_cannot_be_done_does_not_keep_back_the_checkout(
    bridge: CheckoutBridge, cart: Cart, wire: Any, states: States
) -> None:
    _crash(bridge, cart("ONCE"))
    wire.lose_requests("POST", "/rollbacks")
    with _in(seconds=901):
        assert bridge.checkout(cart("TEN"), "2")["state"] == "confirmed"
    assert states() == ["confirmed", "unwinding"]
    wire.mend()
    with _in(seconds=999):
        bridge.checkout(cart("TEN"), "3")
    assert states() == ["confirmed", "confirmed", "unwound"]
