"""Policies on orders that are in trouble: too old, half spent, or with a plugin that talks nonsense."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge import Cart, CheckoutBridge, GiftCard, Line
from checkout_bridge.errors import BackendRefused, Conflict, PluginFailed

from .policies import LAST_LINE, PIECE, PolicyWorld, back, kept, policy_worlds
from .worlds import BACKENDS, SHOP


@pytest.fixture(scope="module")
def make(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], PolicyWorld]]:
    """Makes a world of a kind."""
    yield from policy_worlds(empty, tmp_path_factory)


@pytest.fixture(params=BACKENDS)
def world(request: pytest.FixtureRequest, make: Callable[[str], PolicyWorld]) -> PolicyWorld:
    """One of each kind."""
    return make(request.param)


@pytest.fixture
def old(make: Callable[[str], PolicyWorld]) -> PolicyWorld:
    """One whose API rolls back nothing any more."""
    world = make("hosted")
    world.hosted.refused_key = "rollback_window_exceeded"
    return world


def _spend_before_debit(world: PolicyWorld, code: str, amount: int) -> None:
    """Somebody spends what a rollback has put on a card before it is taken off again."""

    def before(request: Any) -> None:
        if request.path_url.endswith("/balance") and request.method == "POST":
            world.cable.before = lambda _: None
            world.move(code, -amount, "elsewhere")

    world.cable.before = before


def test_an_order_is_ended_as_it_was_decided_when_its_end_began(world: PolicyWorld) -> None:
    world.policy("full_refund.coupon=keep, cancelled=keep")
    world.order_of("1")
    world.refund("1", "r-1", {"0": 1})
    world.move("CARD-1", -PIECE, "spent")
    world.policy("full_refund.coupon=restore, full_refund.gift_card=keep")
    _spend_before_debit(world, "CARD-1", 1001)
    with pytest.raises(BackendRefused) as refusal:
        world.refund("1", "r-2")
    assert refusal.value.key == "gift_amount_exceeded"
    owed = "CARD-1: 1001 to be debited: "
    assert (world.order("1")["state"], world.order("1")["reason"].startswith(owed)) == ("stuck", True)
    world.policy("*=restore")
    world.move("CARD-1", 1001, "returned")
    for again in (lambda: world.refund("1", "r-2"), lambda: world.cancel("1")):
        assert kept(again()) == [("CARD", 1001 - PIECE, "full_refund")]
        assert world.stands("1") == ("unwound", 0, 0, "CANCELED")


def test_too_late_to_roll_back_a_kept_coupon_needs_no_rollback(old: PolicyWorld) -> None:
    old.policy("cancelled.coupon=keep")
    old.order_of("1")
    order = old.cancel("1")
    assert (back(order), kept(order)) == ([("CARD", 1001, None)], [("COUPON", None, "cancelled")])
    assert old.stands("1") == ("unwound", 1, 1001, "CANCELED")


def test_too_late_to_roll_back_a_coupon_beside_a_kept_card_waits_for_a_person(old: PolicyWorld) -> None:
    old.policy("cancelled.gift_card=keep")
    old.order_of("1")
    for _ in range(2):
        order = old.cancel("1")
        assert (order["state"], order["reason"]) == ("stuck", "it is too late to roll back: COUPON-1 stay used")
        assert (back(order), kept(order)) == ([], [("CARD", 1001, "cancelled")])
        assert (old.used("COUPON-1"), old.balance("CARD-1")) == (1, 0)


def test_what_was_let_go_of_in_time_ends_well_when_it_is_too_late(old: PolicyWorld) -> None:
    old.policy("partial_refund.coupon=restore")
    old.hosted.refused_key = None
    old.order_of("1")
    old.refund("1", "r-1", {"0": 1})
    old.hosted.refused_key = "rollback_window_exceeded"
    old.later(days=100)
    old.refund("1", "r-2", {"0": 1})
    assert back(old.cancel("1"))[-1] == ("CARD", 556, None)
    assert old.stands("1") == ("unwound", 0, 1001, "CANCELED")


def test_a_coupon_that_could_not_be_let_go_of_any_more_is_told_and_the_card_has_its_share(old: PolicyWorld) -> None:
    old.policy("partial_refund.coupon=restore")
    old.order_of("1")
    order = old.refund("1", "r-1", {"0": 1})
    assert (order["state"], back(order)) == ("confirmed", [("CARD", PIECE, "r-1")])
    assert [warning.split(":")[0] for warning in order["warnings"]] == ["its coupons stay used"]
    refund = old.order("1")["refunds"][0]
    assert (refund["status"], refund["reason"]) == ("stuck", order["warnings"][0])
    assert old.refund("1", "r-1", {"0": 1}) == order
    order = old.cancel("1")
    assert (order["state"], "COUPON-1 stay used; what was paid" in order["reason"]) == ("stuck", True)
    assert (old.used("COUPON-1"), old.balance("CARD-1")) == (1, 1001)


def test_a_card_spent_while_coupons_are_let_go_of_owes_that_until_it_can_be_taken_off(world: PolicyWorld) -> None:
    world.policy("partial_refund.coupon=restore")
    world.order_of("1")
    _spend_before_debit(world, "CARD-1", 500)
    for _ in range(2):
        with pytest.raises(BackendRefused) as refusal:
            world.refund("1", "r-1", {"0": 1})
        assert refusal.value.key == "gift_amount_exceeded"
        order = world.order("1")
        assert (order["state"], order["reason"].startswith("CARD-1: 1001 to be debited: ")) == ("stuck", True)
        assert (back(order), world.balance("CARD-1")) == ([], 501)
    with pytest.raises(Conflict) as conflict:
        world.refund("1", "r-2", {"0": 1})
    assert conflict.value.key == "order_stuck"
    assert [one["event"] for one in order["history"]].count("stuck") == 1
    world.move("CARD-1", 500, "returned")
    world.later(seconds=20)
    assert [one["state"] for one in world.flow.sweep()] != []
    assert world.stands("1") == ("confirmed", 0, PIECE, "PAID")
    assert back(world.order("1")) == [("COUPON", None, "r-1"), ("CARD", PIECE, "r-1")]
    assert world.order("1")["warnings"] == []
    assert back(world.cancel("1"))[-1] == ("CARD", 1001 - PIECE, None)
    assert world.stands("1") == ("unwound", 0, 1001, "CANCELED")


def test_an_order_that_owes_ends_well_once_it_can_be_taken_off(world: PolicyWorld) -> None:
    world.policy("partial_refund.coupon=restore")
    world.order_of("1")
    _spend_before_debit(world, "CARD-1", 500)
    for end in (lambda: world.refund("1", "r-1", {"1": 1}), lambda: world.cancel("1")):
        with pytest.raises(BackendRefused):
            end()
        assert world.order("1")["state"] == "stuck"
    world.move("CARD-1", 500, "returned")
    order = world.cancel("1")
    assert back(order) == [("COUPON", None, "r-1"), ("CARD", LAST_LINE, "r-1"), ("CARD", 1001 - LAST_LINE, None)]
    assert world.stands("1") == ("unwound", 0, 1001, "CANCELED")


def test_a_card_that_is_gone_does_not_change_what_is_kept(make: Callable[[str], PolicyWorld]) -> None:
    world = make("hosted")
    world.policy("full_refund.coupon=keep")
    world.order_of("1")
    world.hosted.gone.add("CARD-1")
    for again in (lambda: world.refund("1", "r-1"), lambda: world.refund("1", "r-1"), lambda: world.cancel("1")):
        with pytest.raises(BackendRefused):
            again()
        assert world.order("1")["state"] == "stuck"
    world.hosted.gone.clear()
    assert kept(world.refund("1", "r-1")) == [("COUPON", None, "full_refund")]
    assert world.stands("1") == ("unwound", 1, 1001, "CANCELED")


@pytest.mark.parametrize("cause", ["cancelled", "expired", "chargeback"])
def test_what_ends_an_order_after_its_payment_failed_is_remembered(cause: Any, world: PolicyWorld) -> None:
    """So that nobody takes a payment for the next try that was told of late."""
    world.order_of("1")
    for one in ("payment_failed", cause, "payment_failed", cause):
        assert world.cancel_for("1", one)["state"] == "unwound"
    assert world.flow.get("1", SHOP)["occasion"] == cause
    assert world.stands("1")[1:3] == (0, 1001)


PLUGIN = """
from checkout_bridge import hookimpl

class Plugin:
    @hookimpl
    def restore_policy(self, order_ref, occasion, kind):
        if order_ref == "broken":
            raise RuntimeError("the database of the platform is away")
        return {"kept": "keep", "wrong": "forget", "odd": 7, "no": False}.get(order_ref)
"""


@pytest.fixture
def plugged(install_plugin: Any, data_dir: Path) -> Iterator[CheckoutBridge]:
    """A bridge whose platform's plugin has an opinion on some orders; the setting keeps gift cards."""
    install_plugin("opinion", PLUGIN)
    bridge = CheckoutBridge(data_dir=data_dir, platform="opinion", restore_policy="cancelled.gift_card=keep")
    bridge.wrap(lambda *_: [])
    yield bridge
    bridge.close()


def _ordered(bridge: CheckoutBridge, ref: str) -> Callable[[], list[int]]:
    """An order; gives what shows how often its coupon is used, and what its card holds."""
    cart = Cart("EUR", (Line("a", 2, 1000),), codes=("ONCE",), gift_cards=(GiftCard("GIFT"),))
    assert bridge.checkout(cart, ref)["total"] == 0
    vouchers = bridge.runtime.client.vouchers
    return lambda: [
        vouchers.get_voucher("ONCE")["redemption"]["redeemed_quantity"],
        vouchers.get_voucher("GIFT")["gift"]["balance"],
    ]


def test_a_plugins_word_counts_more_than_the_setting_and_none_is_as_is_set(plugged: CheckoutBridge) -> None:
    held = _ordered(plugged, "kept")
    assert held() == [1, 3500]
    assert len(plugged.cancel("kept")["kept"]) == 2
    assert held() == [1, 3500]


def test_where_the_plugin_says_nothing_it_is_as_is_set(plugged: CheckoutBridge) -> None:
    held = _ordered(plugged, "other")
    assert [one["code"] for one in plugged.cancel("other")["kept"]] == ["GIFT"]
    assert held() == [0, 3500]


@pytest.mark.parametrize("ref", ["wrong", "odd", "no", "broken"])
def test_a_plugin_that_says_nonsense_is_an_error_that_does_nothing(ref: str, plugged: CheckoutBridge) -> None:
    held = _ordered(plugged, ref)
    before = plugged.order(ref)
    lines = [{"line_id": "a", "quantity": 1}]
    calls: list[Callable[[], Any]] = [
        lambda: plugged.cancel(ref),
        lambda: plugged.refund(ref, refund_id="r-1"),
        lambda: plugged.refund(ref, refund_id="r-2", lines=lines),
        lambda: plugged.preview_refund(ref, lines=lines),
    ]
    for call in calls:
        with pytest.raises(PluginFailed, match=r"restore_policy of opinion (said|failed)"):
            call()
    assert (plugged.order(ref), held()) == (before, [1, 3500])
