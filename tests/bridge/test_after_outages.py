"""What an outage left to do is done once, whatever happens to the order meanwhile; what cannot be done is told."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge import CheckoutBridge
from checkout_bridge.errors import BridgeError, Conflict

from .faults import Fault
from .remote import SOON, Remote, after, cart, remote_shop, served_engine

REFUSE, CUT, LOST = Fault("refuse"), Fault("cut"), Fault("cut", is_forwarded=True)
ONE_MUG = [{"line_id": "mug", "quantity": 1}]
landed = pytest.mark.parametrize("fault", [CUT, LOST], ids=["not landed", "landed"])
mode_of = pytest.mark.parametrize("mode", ["open_without_discount", "honour_quote"])


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A served engine."""
    with served_engine(tmp_path_factory.mktemp("engine")) as port:
        yield port


@pytest.fixture
def remote(engine: int, empty: Path, tmp_path: Path) -> Iterator[Remote]:
    """A shop whose engine can be out of reach."""
    shutil.copytree(empty, tmp_path / "data")
    with remote_shop(engine, tmp_path / "data") as remote:
        yield remote


def _checked_out(
    remote: Remote, fault: Fault, *codes: str, mode: str = "honour_quote", cards: tuple[str, ...] = ()
) -> CheckoutBridge:
    """Order 1, whose redemption met with the fault."""
    bridge = remote.opened(mode)
    bridge.quote(cart(*codes, cards=cards), hold=True)
    remote.proxy.fail(fault, path="/redemptions")
    assert bridge.checkout(cart(*codes, cards=cards), "1")["outage"] == mode
    remote.proxy.mend()
    return bridge


def _sweep(bridge: CheckoutBridge) -> list[dict[str, Any]]:
    with after(timedelta(minutes=1)):
        return bridge.runtime.doors.flow.sweep()


@mode_of
@landed
def test_sweeps_of_several_processes_settle_an_order_once(fault: Fault, mode: str, remote: Remote) -> None:
    code, card = remote.coupon(), remote.card()
    bridge = _checked_out(remote, fault, code, cards=(card,), mode=mode)
    other = remote.opened(mode)
    for process in (bridge, other, bridge):
        _sweep(process)
    order = bridge.order("1")
    expected = (0, 0) if mode == "open_without_discount" else (1, 2500)
    assert (order["state"], remote.used(code), remote.used(card)) == ("confirmed", *expected)
    assert bridge.order("1") == order
    bridge.cancel("1")
    assert (remote.used(code), remote.used(card)) == (0, 0)


@landed
def test_an_order_that_was_settled_can_be_refunded_like_any_other(fault: Fault, remote: Remote) -> None:
    code, card = remote.coupon(), remote.card()
    bridge = _checked_out(remote, fault, code, cards=(card,))
    _sweep(bridge)
    assert bridge.refund("1", refund_id="r-1", lines=ONE_MUG)["state"] == "confirmed"
    assert remote.used(card) == 1250
    assert bridge.refund("1", refund_id="r-2")["state"] == "unwound"
    assert (remote.used(code), remote.used(card)) == (0, 0)


@mode_of
@landed
@pytest.mark.parametrize("door", ["middleware", "view"])
def test_a_view_that_fails_gives_nothing_away(door: str, fault: Fault, mode: str, remote: Remote) -> None:
    code = remote.coupon()
    bridge = remote.opened(mode)
    bridge.quote(cart(code), hold=True)

    @remote.shop.post("/place")
    def place_by_hand() -> Any:
        bridge.checkout(cart(code), "1")
        return "declined", 402

    visitor = remote.shop.test_client()
    visitor.post("/basket", json=cart(code))
    remote.proxy.fail(fault, path="/redemptions")
    assert visitor.post("/place" if door == "view" else "/checkout?how=402").status_code == 402
    remote.settled()
    assert (remote.states(), remote.used(code)) == (["unwound"], 0)


@mode_of
@landed
def test_an_order_cancelled_during_the_outage_is_not_redeemed_after_it(fault: Fault, mode: str, remote: Remote) -> None:
    code, card = remote.coupon(), remote.card()
    bridge = _checked_out(remote, fault, code, cards=(card,), mode=mode)
    remote.proxy.fail(REFUSE)
    if mode == "honour_quote":
        assert bridge.cancel("1", reason="changed their mind")["state"] == "unwound"
    else:
        with pytest.raises(Exception, match="No connection"):
            bridge.cancel("1", reason="changed their mind")
    remote.settled()
    assert bridge.order("1")["state"] == "unwound"
    assert (remote.used(code), remote.used(card)) == (0, 0)


def test_a_part_of_an_order_that_is_still_to_be_redeemed_is_refunded_later(remote: Remote) -> None:
    code, card = remote.coupon(), remote.card()
    bridge = _checked_out(remote, CUT, code, cards=(card,))
    with pytest.raises(Conflict) as refusal:
        bridge.refund("1", refund_id="r-1", lines=ONE_MUG)
    assert refusal.value.key == "order_deferred"
    _sweep(bridge)
    bridge.refund("1", refund_id="r-1", lines=ONE_MUG)
    assert remote.used(card) == 1250


@landed
def test_a_refund_of_all_that_came_too_early_gives_everything_back_later(fault: Fault, remote: Remote) -> None:
    code, card = remote.coupon(), remote.card()
    bridge = _checked_out(remote, fault, code, cards=(card,))
    with pytest.raises(Conflict):
        bridge.refund("1", refund_id="r-1")
    _sweep(bridge)
    assert bridge.refund("1", refund_id="r-1")["state"] == "unwound"
    remote.settled()
    assert (bridge.order("1")["state"], remote.used(code), remote.used(card)) == ("unwound", 0, 0)


def test_an_order_is_confirmed_once_however_often_the_shop_says_so(remote: Remote) -> None:
    code = remote.coupon()
    bridge = _checked_out(remote, CUT, code)
    assert [bridge.confirm("1")["state"] for _ in range(2)] == ["deferred", "deferred"]
    assert bridge.checkout(cart(code), "1")["state"] == "deferred"
    _sweep(bridge)
    assert bridge.confirm("1")["state"] == "confirmed"
    assert bridge.checkout(cart(code), "1")["state"] == "confirmed"
    assert remote.used(code) == 1


def test_another_cart_for_an_order_that_is_still_to_be_redeemed_is_refused(remote: Remote) -> None:
    bridge = _checked_out(remote, CUT, remote.coupon())
    with pytest.raises(Conflict) as refusal:
        bridge.checkout(cart(), "1")
    assert refusal.value.key == "checkout_conflict"


def test_an_order_without_discount_that_is_checked_out_again_stays_so(remote: Remote) -> None:
    code = remote.coupon()
    bridge = _checked_out(remote, CUT, code, mode="open_without_discount")
    again = bridge.checkout(cart(code), "1")
    assert (again["total"], again["applied"], remote.used(code)) == (3000, [], 0)


def test_a_quote_that_two_checkouts_present_at_once_is_honoured_once(remote: Remote) -> None:
    code = remote.coupon()
    quote = remote.opened().quote(cart(code), hold=True)
    bridge = remote.opened("honour_quote", deadline=SOON)
    bridge.runtime.doors.flow.sweep()
    remote.proxy.fail(Fault("hang"))
    outcomes: list[str] = []

    def check_out(ref: str) -> None:
        try:
            outcomes.append(bridge.checkout(cart(code), ref, quote_id=quote["quote_id"])["state"])
        except BridgeError as error:
            outcomes.append(error.key)

    threads = [threading.Thread(target=check_out, args=(ref,)) for ref in "123"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes)[2] == "deferred"
    assert outcomes.count("deferred") == 1
    remote.settled()
    assert (sorted(remote.states()), remote.used(code)) == (["confirmed", "failed", "failed"], 1)


@pytest.mark.parametrize("others", [0, 1])
def test_what_was_promised_and_is_refused_after_the_outage_waits_for_a_person(others: int, remote: Remote) -> None:
    code, further = remote.coupon(), [remote.coupon() for _ in range(others)]
    bridge = _checked_out(remote, CUT, code, *further)
    remote.disable(code)
    _sweep(bridge)
    order = bridge.order("1")
    assert order["state"] == "review"
    assert order["reason"]
    assert code in [one["code"] for one in order["rejected"]]
    assert order["total"] == 2500 - 500 * others
    assert [remote.used(one) for one in (code, *further)] == [0] * (1 + others)
    _sweep(bridge)
    assert bridge.order("1")["state"] == "review"
    assert bridge.cancel("1")["state"] == "unwound"


def test_what_can_be_redeemed_only_in_part_after_the_outage_waits_for_a_person(empty: Path, tmp_path: Path) -> None:
    shutil.copytree(empty, tmp_path / "data")
    with served_engine(tmp_path) as port, remote_shop(port, tmp_path / "data") as remote:
        remote.redeem_in_part()
        code, other = remote.coupon(), remote.coupon()
        bridge = _checked_out(remote, CUT, code, other)
        remote.disable(code)
        _sweep(bridge)
        order = bridge.order("1")
        assert (order["state"], order["reason"], order["total"]) == ("review", "not every code applied", 2000)
        assert [one["code"] for one in order["rejected"]] == [code]
        assert bridge.cancel("1")["state"] == "unwound"
        assert (remote.used(code), remote.used(other)) == (0, 0)


def test_what_nobody_was_promised_and_is_refused_has_failed(remote: Remote) -> None:
    """The shop never said that it has the order."""
    code = remote.coupon()
    bridge = remote.opened("honour_quote")
    quote = bridge.quote(cart(code), hold=True)
    doors = bridge.runtime.doors
    remote.proxy.fail(CUT, path="/redemptions")
    wanted = doors.cart(cart(code), "generic")
    doors.flow.redeem(wanted, doors.source(), order_ref="1", quote_id=quote["quote_id"])
    remote.proxy.mend()
    remote.disable(code)
    _sweep(bridge)
    assert (bridge.order("1")["state"], remote.used(code)) == ("failed", 0)


def test_a_promise_outlives_an_outage_that_outlives_its_quote(remote: Remote) -> None:
    code = remote.coupon()
    bridge = _checked_out(remote, CUT, code)
    promised = bridge.order("1")
    remote.proxy.fail(CUT, path="/redemptions")
    for minutes in (1, 30, 60):
        with after(timedelta(minutes=minutes)):
            bridge.runtime.doors.flow.sweep()
    later = bridge.order("1")
    shown = ("state", "total", "applied", "outage")
    assert {name: later[name] for name in shown} == {name: promised[name] for name in shown}
    remote.proxy.mend()
    with after(timedelta(minutes=90)):
        bridge.runtime.doors.flow.sweep()
    ended = bridge.order("1")
    assert (ended["state"], ended["total"], remote.used(code)) == ("confirmed", 2500, 1)


def test_a_redemption_that_lands_after_it_was_looked_for_is_rolled_back(remote: Remote) -> None:
    """It hung for so long that another attempt has taken its place."""
    code = remote.coupon(quantity=2)
    bridge = _checked_out(remote, CUT, code)
    _sweep(bridge)
    assert (bridge.order("1")["source_id"][-2:], remote.used(code)) == (".2", 1)
    remote.redeem(code, bridge.order("1")["checkout_id"])
    assert remote.used(code) == 2
    remote.settled()
    assert (bridge.order("1")["state"], remote.used(code)) == ("confirmed", 1)


def test_a_total_that_is_another_after_the_outage_is_noted_and_what_was_charged_stays(remote: Remote) -> None:
    code = remote.coupon()
    bridge = _checked_out(remote, CUT, code)
    remote.change(code, 700)
    _sweep(bridge)
    order = bridge.order("1")
    assert (order["state"], order["total"], order["applied"][0]["amount"]) == ("confirmed", 2500, 700)
    assert "2500 was charged, now it is 2300" in [entry["detail"] for entry in order["history"]]
