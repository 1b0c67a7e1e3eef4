"""An order stands again that did not: exactly what was given back is claimed again, once, or a person must look."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge import Cart, Customer, GiftCard, Line
from checkout_bridge.errors import Conflict, NotFound, RedeemablesRejected

from .policies import LINES, PIECE, PolicyWorld, back, kept, policy_worlds
from .worlds import BACKENDS, SHOP, Killed

numbers = count()


@pytest.fixture(scope="module")
def worlds(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, PolicyWorld]]:
    """One of each kind for all; every order has a reference of its own."""
    for make in policy_worlds(empty, tmp_path_factory):
        yield {kind: make(kind) for kind in BACKENDS}


@pytest.fixture(params=BACKENDS)
def world(request: pytest.FixtureRequest, worlds: dict[str, PolicyWorld]) -> PolicyWorld:
    """The policy is the default."""
    worlds[request.param].policy("", lambda *_: None)
    return worlds[request.param]


@pytest.fixture
def ref() -> str:
    """Of an order that no other test has."""
    return str(next(numbers))


def claims(order: dict[str, Any]) -> dict[str, int]:
    """What was redeemed in the order's newest attempt, by the kind of its code."""
    return {one["code"].split("-")[0]: one["amount"] for one in order["applied"]}


@pytest.mark.parametrize("end", ["cancelled", "payment_failed", "full_refund"])
def test_what_was_given_back_is_claimed_again_as_an_attempt_of_its_own(end: str, world: PolicyWorld, ref: str) -> None:
    first = world.order_of(ref)
    ended = world.refund(ref, "r-1") if end == "full_refund" else world.cancel_for(ref, end)
    assert len(ended["given_back"]) == 2
    order = world.reinstate(ref, event_id="e-7", reason="the bank was wrong")
    assert world.stands(ref) == ("confirmed", 1, 0, "PAID")
    assert (claims(order), order["total"]) == (claims(first), 501) == ({"COUPON": 500, "CARD": 1001}, 501)
    assert (order["given_back"], order["kept"], order["reason"]) == ([], [], None)
    assert [one["redemption_id"] for one in order["applied"]] != [one["redemption_id"] for one in first["applied"]]
    story = world.order(ref)
    assert story["source_id"] == f"{story['checkout_id']}.2"
    assert world.client.orders.get_order(story["checkout_id"])["status"] == "CANCELED"
    noted = next(one for one in story["history"] if one["event"] == "reinstated")
    assert (noted["event_id"], noted["detail"], noted["state"]) == ("e-7", "the bank was wrong", "unwound")


def test_repeated_it_answers_the_same_and_claims_once(world: PolicyWorld, ref: str) -> None:
    world.order_of(ref)
    assert world.reinstate(ref) == world.flow.report(world.flow.get(ref, SHOP)), "one that stands is left alone"
    world.cancel(ref)
    order = world.reinstate(ref)
    world.cable.sent.clear()
    assert world.reinstate(ref) == world.reinstate(ref, event_id="another") == order
    assert world.stands(ref)[:3] == ("confirmed", 1, 0)
    assert not world.cable.sent["POST redemptions"]


def test_it_can_be_cancelled_and_stand_again_any_number_of_times(world: PolicyWorld, ref: str) -> None:
    world.order_of(ref)
    for _ in range(3):
        assert len(world.cancel(ref)["given_back"]) == 2
        assert world.stands(ref) == ("unwound", 0, 1001, "CANCELED")
        world.reinstate(ref)
        assert world.stands(ref) == ("confirmed", 1, 0, "PAID")
    assert world.buy(ref, LINES, (f"COUPON-{ref}",), (f"CARD-{ref}",))["state"] == "confirmed"
    assert world.used(f"COUPON-{ref}") == 1, "its checkout, told of again, is the same order"


@pytest.mark.parametrize("lines", [{"0": 1}, {"1": 1}])
def test_what_refunds_of_parts_gave_back_stays_given_back(lines: dict[str, int], world: PolicyWorld, ref: str) -> None:
    world.order_of(ref)
    (share,) = [amount for _, amount, _ in back(world.refund(ref, "r-1", lines))]
    assert share is not None
    world.cancel(ref)
    order = world.reinstate(ref)
    assert claims(order) == {"COUPON": 500, "CARD": 1001 - share}
    assert world.balance(f"CARD-{ref}") == share
    assert world.refund(ref, "r-1", lines) == order, "it is a refund of the first attempt"
    assert world.refund(ref, "r-2", {"0": 1})["state"] == "confirmed"
    previewed = [amount for _, amount in world.preview(ref)]
    assert [amount for _, amount, asked in back(world.refund(ref, "r-3")) if asked == "r-3"] == previewed
    assert world.stands(ref) == ("unwound", 0, 1001, "CANCELED")


def test_money_that_was_refunded_without_pieces_leaves_the_cart_as_it_was(world: PolicyWorld, ref: str) -> None:
    world.order_of(ref)
    world.refund(ref, "r-1", amount=250)
    assert world.balance(f"CARD-{ref}") == 500
    world.cancel(ref)
    assert claims(world.reinstate(ref)) == {"COUPON": 500, "CARD": 501}
    assert world.balance(f"CARD-{ref}") == 500
    world.cancel(ref)
    assert world.stands(ref) == ("unwound", 0, 1001, "CANCELED")


def test_a_coupon_that_was_let_go_of_before_the_end_is_not_claimed(world: PolicyWorld, ref: str) -> None:
    world.policy("partial_refund.coupon=restore")
    world.order_of(ref)
    world.refund(ref, "r-1", {"0": 1})
    world.cancel(ref)
    assert claims(world.reinstate(ref)) == {"CARD": 1001 - PIECE}
    assert world.stands(ref) == ("confirmed", 0, PIECE, "PAID")
    world.cancel(ref)
    assert world.stands(ref) == ("unwound", 0, 1001, "CANCELED")


def test_after_a_dispute_that_is_won_all_that_was_kept_can_go_back_yet(world: PolicyWorld, ref: str) -> None:
    world.order_of(ref)
    world.refund(ref, "r-1", {"0": 1})
    world.cancel_for(ref, "chargeback")
    world.cable.sent.clear()
    order = world.reinstate(ref)
    assert (order["state"], order["kept"], claims(order)) == ("confirmed", [], {"COUPON": 500, "CARD": 1001})
    assert world.stands(ref)[:3] == ("confirmed", 1, PIECE)
    assert not world.cable.sent["POST redemptions"]
    assert world.reinstate(ref) == order
    assert back(world.refund(ref, "r-2", {"1": 1}))[-1] == ("CARD", 333, "r-2")
    assert back(world.cancel(ref)) == [
        ("COUPON", None, None),
        ("CARD", PIECE, "r-1"),
        ("CARD", 333, "r-2"),
        ("CARD", 445, None),
    ]
    assert world.stands(ref) == ("unwound", 0, 1001, "CANCELED")


def test_after_a_dispute_that_is_won_the_order_counts_as_paid_again(world: PolicyWorld, ref: str) -> None:
    world.order_of(ref)
    world.cancel_for(ref, "chargeback")
    world.reinstate(ref)
    assert world.stands(ref) == ("confirmed", 1, 0, "PAID")


@pytest.mark.parametrize("restored", ["COUPON", "CARD"])
def test_what_was_kept_beside_what_was_given_back_is_not_claimed_again(
    restored: str, world: PolicyWorld, ref: str
) -> None:
    world.policy(f"chargeback.{'coupon' if restored == 'COUPON' else 'gift_card'}=restore")
    world.order_of(ref)
    world.cancel_for(ref, "chargeback")
    again = world.reinstate(ref)
    assert claims(again) == {restored: {"COUPON": 500, "CARD": 1001}[restored]}
    assert [one["code"].split("-")[0] for one in again["kept"]] == [{"COUPON": "CARD", "CARD": "COUPON"}[restored]]
    assert world.stands(ref) == ("confirmed", 1, 0, "PAID")
    world.cancel(ref)
    assert world.stands(ref) == ("unwound", *((0, 0) if restored == "COUPON" else (1, 1001)), "CANCELED")


def test_an_end_in_which_all_was_kept_by_a_refund_claims_nothing(world: PolicyWorld, ref: str) -> None:
    world.policy("full_refund=keep")
    world.order_of(ref)
    world.refund(ref, "r-1")
    assert claims(world.reinstate(ref)) == {}
    assert world.refund(ref, "r-1")["state"] == "confirmed", "the refund is told of again, and ends nothing twice"
    assert world.stands(ref) == ("confirmed", 1, 0, "PAID")


def _spent(world: PolicyWorld, ref: str) -> Callable[[], Any]:
    world.move(f"CARD-{ref}", -1, "elsewhere")
    return lambda: world.move(f"CARD-{ref}", 1, "returned")


def _used_elsewhere(world: PolicyWorld, ref: str) -> Callable[[], Any]:
    world.buy(f"{ref}-other", LINES, (f"COUPON-{ref}",))
    return lambda: world.cancel(f"{ref}-other")


@pytest.mark.parametrize("gone", [_used_elsewhere, _spent])
def test_what_is_gone_meanwhile_is_for_a_person_and_nothing_is_half_claimed(
    gone: Callable[[PolicyWorld, str], Callable[[], Any]], world: PolicyWorld, ref: str
) -> None:
    world.order_of(ref)
    world.cancel(ref)
    bring_back = gone(world, ref)
    held = world.used(f"COUPON-{ref}"), world.balance(f"CARD-{ref}")
    order = world.reinstate(ref)
    assert (order["state"], bool(order["reason"]), order["applied"]) == ("review", True, [])
    assert len(order["rejected"]) == 1
    assert world.order(ref)["history"][-1]["state"] == "review"
    with pytest.raises(Conflict) as refusal:
        world.reinstate(ref)
    assert refusal.value.key == "order_review"
    assert (world.used(f"COUPON-{ref}"), world.balance(f"CARD-{ref}")) == held
    assert (world.cancel(ref)["state"], world.order(ref)["given_back"]) == ("unwound", [])
    bring_back()
    assert claims(world.reinstate(ref)) == {"COUPON": 500, "CARD": 1001}
    assert world.stands(ref) == ("confirmed", 1, 0, "PAID")


def test_an_order_that_never_stood_has_nothing_to_claim(world: PolicyWorld, ref: str) -> None:
    with pytest.raises(NotFound) as unknown:
        world.reinstate(ref)
    assert (unknown.value.key, ref in str(unknown.value.details)) == ("order_not_found", True)
    world.flow.bury(ref, SHOP, reason="cancelled first", event_id=None)
    world.once(f"COUPON-{ref}")
    world.buy(f"{ref}-other", LINES, (f"COUPON-{ref}",))
    with pytest.raises(RedeemablesRejected):
        world.buy(f"{ref}-failed", LINES, (f"COUPON-{ref}",))
    world.cancel(f"{ref}-other")
    for never, state in ((ref, "unwound"), (f"{ref}-failed", "failed"), (f"{ref}-failed", "unwound")):
        with pytest.raises(Conflict) as refusal:
            world.reinstate(never)
        assert (refusal.value.key, refusal.value.details) == ("order_not_redeemed", f"Order {never} is {state}")
        world.cancel(never)
    assert world.used(f"COUPON-{ref}") == 0


def test_an_order_without_anything_to_redeem_stands_again_too(world: PolicyWorld, ref: str) -> None:
    world.buy(ref, LINES)
    world.cancel(ref)
    order = world.reinstate(ref)
    assert (order["state"], order["applied"], order["total"]) == ("confirmed", [], 2002)
    assert world.client.orders.get_order(world.order(ref)["source_id"])["status"] == "PAID"


def test_during_an_outage_it_is_deferred_and_done_once_by_the_sweep(world: PolicyWorld, ref: str) -> None:
    world.order_of(ref)
    world.cancel(ref)
    world.cable.is_cut = True
    order = world.reinstate(ref)
    assert (order["state"], order["outage"]) == ("deferred", "reinstated")
    assert world.reinstate(ref) == order
    world.cable.is_cut = False
    assert (world.used(f"COUPON-{ref}"), world.balance(f"CARD-{ref}")) == (0, 1001)
    world.cable.sent.clear()
    for _ in range(3):
        world.later(seconds=20)
        world.flow.sweep()
    assert world.cable.sent["POST redemptions"] == 1
    assert world.stands(ref) == ("confirmed", 1, 0, "PAID")
    assert claims(world.cancel(ref)) == {"COUPON": 500, "CARD": 1001}


def test_a_deferred_one_that_is_cancelled_can_stand_again(world: PolicyWorld, ref: str) -> None:
    world.order_of(ref)
    world.cancel(ref)
    world.cable.is_cut = True
    world.reinstate(ref)
    assert world.cancel(ref)["state"] == "unwound"
    world.cable.is_cut = False
    assert claims(world.reinstate(ref)) == {"COUPON": 500, "CARD": 1001}
    for _ in range(2):
        world.later(minutes=20)
        world.flow.sweep()
    assert world.stands(ref) == ("confirmed", 1, 0, "PAID")


def test_killed_anywhere_the_sweep_alone_claims_once_what_was_begun(world: PolicyWorld) -> None:
    claimed = []
    for at in count(1):
        ref = str(next(numbers))
        world.order_of(ref)
        world.cancel(ref)
        world.boundary.crossed, world.boundary.kill_at = 0, at
        try:
            world.reinstate(ref)
            break
        except Killed:
            world.restart()
        for _ in range(3):
            world.flow.sweep()
            world.later(minutes=20)
        claimed.append(world.stands(ref))
    before, after = ("unwound", 0, 1001, "CANCELED"), ("confirmed", 1, 0, "PAID")
    assert set(claimed) == {before, after}
    assert claimed == sorted(claimed, key=claimed.index), "what was begun is done"
    world.boundary.kill_at = None


def test_a_customer_is_told_to_the_api_again_also_by_the_sweep(worlds: dict[str, PolicyWorld], ref: str) -> None:
    """A code that is the customer's own can only be claimed for them."""
    world, told = worlds["hosted"], list[Any]()
    world.policy("")
    world.card(f"CARD-{ref}", 1001)
    cart = Cart("EUR", (Line("0", 1, 2000),), customer=Customer(id="c-1"), gift_cards=(GiftCard(f"CARD-{ref}"),))
    world.flow.checkout(cart, SHOP, ref)
    world.cancel(ref)

    def die(request: Any) -> None:
        raise Killed

    world.cable.before = die
    with pytest.raises(Killed):
        world.reinstate(ref)
    world.cable.before = lambda request: told.append(json.loads(request.body or "{}").get("customer"))
    for _ in range(2):
        world.restart()
        world.flow.sweep()
    world.cable.before = lambda _: None
    assert [one for one in told if one] == [{"source_id": "c-1"}]
    assert (world.order(ref)["state"], world.balance(f"CARD-{ref}")) == ("confirmed", 0)


def test_unconfirmed_and_kept_are_as_they_were_told(world: PolicyWorld, ref: str) -> None:
    """A reinstated order is the shop's: nobody has to confirm it again."""
    world.order_of(ref)
    world.cancel_for(ref, "chargeback")
    assert kept(world.order(ref)) == [("COUPON", None, "chargeback"), ("CARD", 1001, "chargeback")]
    world.reinstate(ref)
    world.later(minutes=20)
    world.flow.sweep()
    assert world.order(ref)["state"] == "confirmed"
