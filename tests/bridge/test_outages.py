"""While the promotions API is out of reach, a checkout does what the declared mode of its redeemables says."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from checkout_bridge.cli import main
from checkout_bridge.errors import BackendError, OutcomeUnknown

from .faults import FAULTS, Fault
from .remote import AUTHORIZED, Remote, cart, deadline_for, remote_shop, served_engine

MODES = ("closed", "open_without_discount", "honour_quote")
# Every fault of the whole API, for the doors that share the flow with the Python door.
WHOLE = tuple(fault for fault in FAULTS if not fault.is_forwarded)
REFUSE = Fault("refuse")
faults = pytest.mark.parametrize("fault", FAULTS, ids=str)
whole_faults = pytest.mark.parametrize("fault", WHOLE, ids=str)
modes = pytest.mark.parametrize("mode", MODES)


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


def _said(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer, or as the HTTP door tells it that the promotions API is out of reach."""
    try:
        return ask()
    except (BackendError, OutcomeUnknown) as error:
        return error.to_dict()


def _assert_as_declared(told: dict[str, Any], mode: str, codes: list[str], *, total: int, promised: int) -> None:
    """What a checkout says when nothing is known of its redemption; ``promised`` is the total of its quote."""
    if mode == "open_without_discount":
        assert (told["outage"], told["total"], told["applied"]) == (mode, total, [])
        assert [one["code"] for one in told["rejected"]] == codes
        assert all(one["message"] and one["key"] for one in told["rejected"])
    else:
        assert (told["state"], told["outage"], told["total"]) == ("deferred", mode, promised)
        assert [(one["code"], one["redemption_id"]) for one in told["applied"]] == [(code, None) for code in codes]
        assert told["rejected"] == []


@modes
@faults
def test_the_python_door_does_as_declared_and_what_it_left_is_settled_once(
    fault: Fault, mode: str, remote: Remote
) -> None:
    code = remote.coupon()
    quote = remote.opened().quote(cart(code), hold=True)
    bridge = remote.opened(f"coupon={mode}", deadline=deadline_for(fault))
    remote.proxy.fail(fault, **({} if fault.kind == "refuse" else {"path": "/redemptions"}))
    told = _said(lambda: bridge.checkout(cart(code), "1"))
    if fault.is_forwarded:
        remote.wait_until_used(code)  # the engine goes on with what it got, whoever has given up waiting
    assert (remote.used(code) == 1) is fault.is_forwarded
    if mode == "closed":
        assert told["code"] in (502, 503, 504)
        assert remote.states() in (["failed"], ["intended"])
    else:
        _assert_as_declared(told, mode, [code], total=3000, promised=quote["total"])
    remote.settled()
    ended = bridge.order("1")
    if mode == "honour_quote":
        assert (ended["state"], ended["outage"], ended["total"]) == ("confirmed", mode, 2500)
        assert [(one["code"], one["amount"]) for one in ended["applied"]] == [(code, 500)]
        assert ended["source_id"] == ended["checkout_id"] + ("" if fault.is_forwarded else ".2")
        assert remote.used(code) == 1
    elif mode == "open_without_discount":
        assert (ended["state"], ended["total"], ended["applied"], remote.used(code)) == ("confirmed", 3000, [], 0)
        assert ("rolled_back_late" in [entry["event"] for entry in ended["history"]]) is fault.is_forwarded
        assert remote.paid_upstream(ended["source_id"]) == "PAID"
    else:
        assert ended["state"] in ("failed", "unwound")
        assert remote.used(code) == 0


@modes
@whole_faults
def test_the_http_door_does_as_declared(fault: Fault, mode: str, remote: Remote) -> None:
    code = remote.coupon()
    quote = remote.opened().quote(cart(code), hold=True)
    remote.opened(f"coupon={mode}", deadline=deadline_for(fault))
    http = remote.shop.test_client()
    remote.proxy.fail(fault)
    body = {"cart": cart(code), "order_ref": "1", "quote_id": quote["quote_id"]}
    answer = http.post("/bridge/checkout", json=body, headers=AUTHORIZED)
    if mode == "closed":
        assert answer.status_code in (502, 503, 504)
        assert answer.get_json()["key"]
        assert remote.states() == []
    else:
        assert answer.status_code == 200
        _assert_as_declared(answer.get_json(), mode, [code], total=3000, promised=quote["total"])
        shown = http.get("/bridge/orders/1", headers=AUTHORIZED).get_json()
        assert shown["outage"] == mode
        assert any(mode in (entry["detail"] or "") for entry in shown["history"])


@modes
@whole_faults
def test_the_middleware_does_as_declared(fault: Fault, mode: str, remote: Remote) -> None:
    code = remote.coupon()
    quote = remote.opened().quote(cart(code), hold=True)
    bridge = remote.opened(f"coupon={mode}", deadline=deadline_for(fault))
    visitor = remote.shop.test_client()
    visitor.post("/basket", json=cart(code))
    remote.proxy.fail(fault)
    answer = visitor.post("/checkout")
    if mode == "closed":
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    else:
        told = answer.get_json()
        assert told["order_ref"] == "1000"
        _assert_as_declared(told["promotions"], mode, [code], total=3000, promised=quote["total"])
        assert bridge.order("1000")["outage"] == mode
    remote.proxy.mend()
    visitor.post("/basket", json=cart())
    # Its number tells how often the view has run before.
    assert visitor.post("/checkout").get_json()["order_ref"] == ("1000" if mode == "closed" else "1001")


@modes
def test_each_kind_has_a_mode_of_its_own(mode: str, remote: Remote) -> None:
    card = remote.card()
    quote = remote.opened().quote(cart(cards=(card,)), hold=True)
    bridge = remote.opened(f"closed, gift_card={mode}")
    remote.proxy.fail(REFUSE)
    told = _said(lambda: bridge.checkout(cart(cards=(card,)), "1"))
    if mode == "closed":
        assert (told["code"], told["key"]) == (503, "backend_unreachable")
    else:
        _assert_as_declared(told, mode, [card], total=3000, promised=quote["total"])
    remote.settled()
    assert remote.used(card) == (3000 if mode == "honour_quote" else 0)


@pytest.mark.parametrize(
    ("coupon", "card", "outcome"),
    [
        ("open_without_discount", "closed", "closed"),
        ("honour_quote", "closed", "closed"),
        ("closed", "open_without_discount", "closed"),
        ("open_without_discount", "honour_quote", "honour_quote"),
        ("honour_quote", "open_without_discount", "honour_quote"),
        ("open_without_discount", "open_without_discount", "open_without_discount"),
    ],
)
def test_for_a_cart_of_several_kinds_the_strictest_mode_counts(
    coupon: str, card: str, outcome: str, remote: Remote
) -> None:
    code, gift = remote.coupon(), remote.card()
    remote.opened().quote(cart(code, cards=(gift,)), hold=True)
    bridge = remote.opened(f"coupon={coupon}, gift_card={card}")
    remote.proxy.fail(REFUSE)
    told = _said(lambda: bridge.checkout(cart(code, cards=(gift,)), "1"))
    if outcome == "closed":
        assert told["code"] == 503
    else:
        _assert_as_declared(told, outcome, [code, gift], total=3000, promised=0)
    remote.settled()
    assert (remote.used(code), remote.used(gift)) == ((1, 2500) if outcome == "honour_quote" else (0, 0))


def test_without_a_quote_that_holds_there_is_nothing_to_honour(remote: Remote) -> None:
    code = remote.coupon()
    bridge = remote.opened("honour_quote")
    quotes = {"none": None, "one that does not hold": bridge.quote(cart(code))["quote_id"]}
    bridge.release(bridge.quote(cart(code), hold=True)["quote_id"])
    remote.proxy.fail(REFUSE)
    for why, quote_id in quotes.items():
        told = _said(lambda quote_id=quote_id, why=why: bridge.checkout(cart(code), why, quote_id=quote_id))
        assert told["code"] == 503, why
    remote.settled()
    assert remote.used(code) == 0


def test_a_quote_that_left_a_code_out_is_not_honoured(remote: Remote) -> None:
    code = remote.coupon()
    bridge = remote.opened("honour_quote")
    assert bridge.quote(cart(code, "NO-SUCH-CODE"), hold=True)["rejected"]
    remote.proxy.fail(REFUSE)
    assert _said(lambda: bridge.checkout(cart(code, "NO-SUCH-CODE"), "1"))["code"] == 503


@pytest.mark.parametrize("door", ["python", "middleware"])
@whole_faults
def test_a_cart_without_anything_to_redeem_is_not_stopped_although_all_is_closed(
    fault: Fault, door: str, remote: Remote
) -> None:
    bridge = remote.opened("closed", deadline=deadline_for(fault))
    visitor = remote.shop.test_client()
    visitor.post("/basket", json=cart())
    remote.proxy.fail(fault)
    if door == "python":
        told, ref = bridge.checkout(cart(), "1"), "1"
    else:
        told, ref = visitor.post("/checkout").get_json()["promotions"], "1000"
    assert (told["state"], told["total"], told["applied"], told["rejected"]) == ("deferred", 3000, [], [])
    remote.settled()
    ended = bridge.order(ref)
    assert (ended["state"], ended["total"]) == ("confirmed", 3000)
    assert remote.paid_upstream(ended["source_id"]) == "PAID"


@pytest.mark.parametrize("mode", ["open_without_discount", "honour_quote"])
def test_a_cart_without_anything_to_redeem_is_settled_the_same_in_every_mode(mode: str, remote: Remote) -> None:
    bridge = remote.opened(mode)
    remote.proxy.fail(REFUSE)
    assert bridge.checkout(cart(), "1")["state"] == "deferred"
    remote.settled()
    ended = bridge.order("1")
    assert (ended["state"], remote.paid_upstream(ended["source_id"])) == ("confirmed", "PAID")


@pytest.mark.parametrize("mode", ["open_without_discount", "honour_quote"])
def test_the_merchant_is_shown_what_an_order_did(mode: str, remote: Remote) -> None:
    code = remote.coupon()
    bridge = remote.opened(mode)
    bridge.quote(cart(code), hold=True)
    remote.proxy.fail(REFUSE)
    bridge.checkout(cart(code), "1")
    settings = {"CHECKOUT_BRIDGE_DATA_DIR": str(remote.folder), "CHECKOUT_BRIDGE_API_URL": remote.proxy.url}
    settings |= {"CHECKOUT_BRIDGE_API_APP_ID": "shop", "CHECKOUT_BRIDGE_API_APP_TOKEN": "secret"}
    shown = CliRunner(env=settings).invoke(main, ["ledger", "show", "1"]).output
    assert f"{mode}: backend_unreachable" in shown
    assert ("Rejected   " if mode == "open_without_discount" else "Applied    ") + code in shown
