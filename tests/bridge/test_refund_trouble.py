"""Refunds that cannot be done as they should: what is owed is never lost, never given twice and never silent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from checkout_bridge import CheckoutBridge
from checkout_bridge.errors import BackendRefused, Conflict, OutcomeUnknown

from .worlds import BACKENDS, Killed, MakeWorld, World, told

Cart = Callable[..., dict[str, Any]]
Used = Callable[[str], int]
MUG = [{"line_id": "mug", "quantity": 1}]
LINES = [(3, 334), (1, 500)]


def _in(**time: float) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(**time))


@pytest.fixture
def order(bridge: CheckoutBridge, cart: Cart) -> dict[str, Any]:
    """An order of 34.99: 5.00 off, 29.99 by a card of 50.00, of which a mug is 10.72."""
    return bridge.checkout(cart("ONCE", gift_cards=("GIFT",)), "1")


@pytest.mark.usefixtures("order")
@pytest.mark.parametrize("lose", ["lose_answers", "lose_requests"])
def test_a_credit_whose_answer_was_lost_is_settled_by_the_same_refund_later(
    lose: str, bridge: CheckoutBridge, wire: Any, balance: Used
) -> None:
    getattr(wire, lose)("POST", "/balance")
    with pytest.raises(OutcomeUnknown):
        bridge.refund("1", refund_id="r-1", lines=MUG)
    wire.mend()
    assert bridge.order("1")["given_back"] == []
    with pytest.raises(Conflict) as refusal:
        bridge.refund("1", refund_id="r-1", lines=MUG)
    assert refusal.value.key == "refund_in_progress"
    with _in(seconds=20):
        assert told(bridge.refund("1", refund_id="r-1", lines=MUG)) == [("GIFT", 1072, "r-1")]
    assert balance("GIFT") == 2001 + 1072


@pytest.mark.usefixtures("order")
@pytest.mark.parametrize("lose", ["lose_answers", "lose_requests"])
def test_a_credit_whose_answer_was_lost_is_settled_by_the_sweep(
    lose: str, bridge: CheckoutBridge, wire: Any, balance: Used
) -> None:
    getattr(wire, lose)("POST", "/balance")
    with pytest.raises(OutcomeUnknown):
        bridge.refund("1", refund_id="r-1", lines=MUG)
    wire.mend()
    sweep = bridge.runtime.doors.flow.sweep
    assert sweep() == []
    with _in(seconds=20):
        assert [told(one) for one in sweep()] == [[("GIFT", 1072, "r-1")]]
        assert sweep() == []
    assert balance("GIFT") == 2001 + 1072


@pytest.mark.usefixtures("order")
@pytest.mark.parametrize("status", [401, 429])
def test_a_credit_that_must_wait_is_done_when_the_refund_comes_again(
    status: int, bridge: CheckoutBridge, wire: Any, balance: Used
) -> None:
    wire.refuse("POST", "/balance", status, "not_now")
    with pytest.raises(BackendRefused):
        bridge.refund("1", refund_id="r-1", lines=MUG)
    assert bridge.order("1")["refunds"][0]["status"] == "planned"
    wire.mend()
    assert told(bridge.refund("1", refund_id="r-1", lines=MUG)) == [("GIFT", 1072, "r-1")]
    assert balance("GIFT") == 2001 + 1072


def test_a_shops_refund_whose_credit_was_lost_goes_out_and_is_carried_on(
    visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart, wire: Any, balance: Used
) -> None:
    visitor.post("/basket", json=cart(gift_cards=("GIFT",)))
    ref = visitor.post("/checkout").get_json()["order_ref"]
    wire.lose_requests("POST", "/balance")
    assert visitor.post(f"/orders/{ref}/refund", json={"lines": MUG, "refund_id": "r-1"}).status_code == 200
    wire.mend()
    assert (bridge.order(ref)["refunds"][0]["status"], balance("GIFT")) == ("planned", 1501)
    with _in(seconds=20):
        bridge.runtime.doors.flow.sweep()
    assert (bridge.order(ref)["refunds"][0]["status"], balance("GIFT")) == ("done", 1501 + 1250)


@pytest.mark.parametrize("kind", BACKENDS)
def test_a_card_that_is_gone_makes_the_refund_stuck_with_a_warning_and_the_others_go_on(
    kind: str, make_world: MakeWorld
) -> None:
    world = make_world(kind)
    world.card("OTHER", 300)
    world.buy("1", LINES, ("FIVE",), ("OTHER", "CARD"))
    _remove(world, "OTHER")
    preview = dict(world.preview("1", {"1": 1}))
    order = world.refund("1", "r-1", {"1": 1})
    assert told(order) == [("CARD", preview["CARD"], "r-1")]
    assert order["state"] == "confirmed"
    assert [warning.split(":")[0] for warning in order["warnings"]] == ["OTHER"]
    story = world.order("1")
    assert (story["refunds"][0]["status"], story["refunds"][0]["reason"]) == ("stuck", order["warnings"][0])
    assert (story["history"][-1]["event"], story["history"][-1]["event_id"]) == ("refund_stuck", "r-1")
    assert world.refund("1", "r-1", {"1": 1}) == order
    assert world.balance("CARD") == 1001 - _redeemed(order, "CARD") + preview["CARD"]


def _redeemed(order: dict[str, Any], code: str) -> int:
    return next(int(part["amount"]) for part in order["applied"] if part["code"] == code)


def _remove(world: World, code: str) -> None:
    if world.hosted_is_real:
        world.hosted.gone.add(code)
    else:
        world.client.vouchers.delete_voucher(code, force=True)


def test_the_rest_for_a_card_that_is_gone_waits_for_a_person_who_may_try_again(make_world: MakeWorld) -> None:
    world = make_world("hosted")
    world.card("OTHER", 300)
    world.buy("1", LINES, (), ("CARD", "OTHER"))
    world.refund("1", "r-1", {"1": 1})
    world.hosted.gone.add("OTHER")
    for _ in range(2):
        with pytest.raises(BackendRefused):
            world.cancel("1")
        order = world.order("1")
        assert (order["state"], order["reason"].split(": ")[:2]) == ("stuck", ["OTHER", "200 to be credited"])
        assert world.balance("CARD") == 1001
    world.hosted.gone.clear()
    assert world.cancel("1")["state"] == "unwound"
    assert (world.balance("CARD"), world.balance("OTHER")) == (1001, 300)
    assert told(world.order("1"))[2:] == [("CARD", 668, None), ("OTHER", 200, None)]


@pytest.mark.parametrize("kind", BACKENDS)
def test_a_credit_that_cannot_be_taken_off_again_is_owed_and_taken_off_once_it_can(
    kind: str, make_world: MakeWorld
) -> None:
    """The rollback gives back the whole card; of that, somebody has spent what the refund had given before."""
    world = make_world(kind)
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    world.refund("1", "r-1", {"0": 1})
    world.boundary.kill_after = "/rollbacks?reason=refunded"
    with pytest.raises(Killed):
        world.refund("1", "r-2")
    world.restart()
    spent = world.balance("CARD")
    world.client.vouchers.update_voucher_balance("CARD", {"amount": -spent, "source_id": "elsewhere"})
    with pytest.raises(BackendRefused) as refusal:
        world.refund("1", "r-2")
    assert refusal.value.key == "gift_amount_exceeded"
    order = world.order("1")
    credited = order["given_back"][0]["amount"]
    assert (order["state"], order["reason"].split(": ")[:2]) == ("stuck", ["CARD", f"{credited} to be debited"])
    assert sum(one["amount"] for one in order["given_back"]) == credited
    world.client.vouchers.update_voucher_balance("CARD", {"amount": spent, "source_id": "returned"})
    done = world.cancel("1")
    assert (done["state"], world.used("FIVE"), world.balance("CARD")) == ("unwound", 0, 1001)
    assert sum(one["amount"] or 0 for one in done["given_back"]) == _redeemed(done, "CARD")


@pytest.mark.parametrize(("key", "days"), [("rollback_window_exceeded", 0), ("something_else", 100)])
def test_cards_of_an_order_too_old_to_be_rolled_back_get_the_rest_and_its_coupons_stay_used(
    key: str, days: int, make_world: MakeWorld
) -> None:
    world = make_world("hosted")
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    world.refund("1", "r-1", {"0": 1})
    world.hosted.refused_key = key
    world.boundary.time += timedelta(days=days)
    for _ in range(2):
        order = world.cancel("1")
        assert (order["state"], "FIVE stay used" in order["reason"]) == ("stuck", True)
        assert (world.balance("CARD"), world.used("FIVE")) == (1001, 1)
        assert sum(one["amount"] for one in order["given_back"]) == _redeemed(order, "CARD")
    assert world.order("1")["history"][-1]["event"] == "stuck"


def test_a_young_order_that_the_api_does_not_let_go_is_as_stuck_as_ever(make_world: MakeWorld) -> None:
    world = make_world("hosted")
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    world.hosted.refused_key = "something_else"
    with pytest.raises(BackendRefused):
        world.cancel("1")
    assert (world.order("1")["state"], world.balance("CARD")) == ("stuck", 0)
    world.hosted.refused_key = None
    assert (world.cancel("1")["state"], world.balance("CARD")) == ("unwound", 1001)


def test_an_old_order_that_only_cards_paid_is_given_back_whole(make_world: MakeWorld) -> None:
    world = make_world("hosted")
    world.buy("1", LINES, (), ("CARD",))
    world.hosted.refused_key = "rollback_window_exceeded"
    order = world.cancel("1")
    assert (order["state"], told(order), world.balance("CARD")) == ("unwound", [("CARD", 1001, None)], 1001)


def test_an_order_of_our_engine_can_be_rolled_back_for_three_months(
    bridge: CheckoutBridge, cart: Cart, balance: Used, used: Used
) -> None:
    items = [{"sku": "A", "quantity": 1, "unit_price": "10.00"}]
    for ref, codes in (("1", ("TEN",)), ("2", ()), ("3", ("ONCE",))):
        bridge.checkout(cart(*codes, gift_cards=("GIFT",), items=items), ref)
    with _in(days=85):
        assert bridge.cancel("3")["state"] == "unwound"
    with _in(days=100):
        assert (bridge.cancel("1")["state"], bridge.cancel("2")["state"]) == ("stuck", "unwound")
    assert (balance("GIFT"), used("TEN"), used("ONCE")) == (5000, 1, 0)


def test_an_order_that_waits_for_a_person_takes_no_refund_of_a_part(make_world: MakeWorld) -> None:
    world = make_world("hosted")
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    world.refund("1", "r-1", {"0": 1})
    world.hosted.refused_key = "rollback_window_exceeded"
    world.cancel("1")
    with pytest.raises(Conflict) as refusal:
        world.refund("1", "r-2", {"0": 1})
    assert refusal.value.key == "order_stuck"
    assert world.refund("1", "r-1", {"0": 1})["state"] == "stuck"
    assert world.balance("CARD") == 1001


def test_a_movement_is_found_again_behind_hundreds_of_others(make_world: MakeWorld) -> None:
    world = make_world("hosted")
    world.buy("1", LINES, (), ("CARD",))
    world.boundary.kill_after = "/balance"
    with pytest.raises(Killed):
        world.refund("1", "r-1", {"0": 1})
    world.restart()
    for n in range(230):
        world.client.vouchers.update_voucher_balance("CARD", {"amount": 0, "source_id": f"other-{n}"})
    assert told(world.refund("1", "r-1", {"0": 1})) == [("CARD", 223, "r-1")]
    assert world.balance("CARD") == 223
