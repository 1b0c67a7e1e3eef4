"""Everything that one step of a shop asks of the promotions API ends within one deadline, however many calls."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge.deadline import clock_for, within
from checkout_bridge.errors import BackendUnreachable, BridgeError

from .faults import SLOW, Fault
from .remote import AUTHORIZED, Remote, after, cart, remote_shop, served_engine

DEADLINE, GENEROUS = 0.5, 4.0  # seconds; an answer that drips, or hangs, takes longer than both together
DRIP, HANG, LOST = Fault("drip", is_forwarded=True), Fault("hang"), Fault("cut", is_forwarded=True)


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


@contextmanager
def _ends_in_time() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < DEADLINE + GENEROUS


def _try(call: Callable[[], Any]) -> str | None:
    try:
        call()
    except BridgeError as error:
        return error.key
    return None


@pytest.mark.parametrize("mode", ["closed", "open_without_discount", "honour_quote"])
@pytest.mark.parametrize("path", ["", "/validations", "/redemptions"])
@pytest.mark.parametrize("fault", [DRIP, HANG], ids=str)
def test_a_checkout_that_presents_a_quote_ends_within_one_deadline(
    fault: Fault, path: str, mode: str, remote: Remote
) -> None:
    code = remote.coupon()
    quote = remote.opened().quote(cart(code), hold=True)
    bridge = remote.opened(mode, deadline=DEADLINE)
    bridge.runtime.doors.flow.sweep()
    remote.proxy.fail(fault, path=path)
    with _ends_in_time():
        failed = _try(lambda: bridge.checkout(cart(code), "1", quote_id=quote["quote_id"]))
    assert (failed is not None) is (mode == "closed")


def test_a_checkout_does_not_have_the_deadline_again_for_its_second_call(remote: Remote) -> None:
    """The validation comes in time, and the redemption would as well, if it had all of the deadline to itself."""
    code = remote.coupon()
    quote = remote.opened().quote(cart(code), hold=True)
    bridge = remote.opened("open_without_discount", deadline=SLOW * 1.5)
    remote.proxy.fail(Fault("slow", is_forwarded=True))
    assert bridge.checkout(cart(code), "1", quote_id=quote["quote_id"])["outage"] == "open_without_discount"


def test_the_reasons_of_a_refusal_are_asked_for_within_the_same_deadline(remote: Remote) -> None:
    """A cart of ten codes that do not apply is asked about again and again."""
    codes = [remote.coupon() for _ in range(10)]
    for code in codes:
        remote.disable(code)
    bridge = remote.opened(deadline=DEADLINE)
    remote.proxy.fail(HANG, path="/validations")
    with _ends_in_time():
        assert _try(lambda: bridge.checkout(cart(*codes), "1")) is not None
    assert remote.states() == ["failed"]


@pytest.mark.parametrize("left_open", [1, 5])
def test_orders_left_open_do_not_make_the_next_checkout_late(left_open: int, remote: Remote) -> None:
    """The sweep that a checkout does on the way shares its time."""
    first = remote.opened()
    remote.proxy.fail(LOST, path="/redemptions")
    for n in range(left_open):
        assert _try(lambda n=n: first.checkout(cart(remote.coupon()), f"lost-{n}")) is not None
    bridge = remote.opened("open_without_discount", deadline=DEADLINE)
    remote.proxy.fail(HANG)
    with after(timedelta(minutes=1)), _ends_in_time():
        assert bridge.checkout(cart(remote.coupon()), "1")["outage"] == "open_without_discount"


def test_a_cancel_ends_within_one_deadline(remote: Remote) -> None:
    code, card = remote.coupon(), remote.card()
    remote.opened().checkout(cart(code, cards=(card,)), "1")
    bridge = remote.opened(deadline=DEADLINE)
    remote.proxy.fail(DRIP)
    with _ends_in_time():
        assert _try(lambda: bridge.cancel("1")) == "deadline_exceeded"


def test_the_http_door_ends_within_one_deadline(remote: Remote) -> None:
    code = remote.coupon()
    remote.opened(deadline=DEADLINE)
    http = remote.shop.test_client()
    remote.proxy.fail(DRIP)
    with _ends_in_time():
        body = {"cart": cart(code), "order_ref": "1"}
        answer = http.post("/bridge/checkout", json=body, headers=AUTHORIZED)
    assert (answer.status_code, answer.get_json()["key"]) == (504, "deadline_exceeded")


def test_a_step_within_another_has_no_more_time_than_that() -> None:
    with within(5), within(60):
        assert clock_for(100).left() <= 5
    with within(60), within(5):
        assert clock_for(100).left() <= 5
    assert clock_for(100).left() > 60


def test_a_call_has_its_own_deadline_where_the_step_has_more() -> None:
    with within(60):
        assert clock_for(5).left() <= 5


def test_a_step_that_failed_is_over() -> None:
    with pytest.raises(BackendUnreachable), within(1):
        raise BackendUnreachable("no connection")
    assert clock_for(100).left() > 1


def test_the_step_of_one_thread_is_not_that_of_another() -> None:
    left: list[float] = []
    with within(1):
        thread = threading.Thread(target=lambda: left.append(clock_for(100).left()))
        thread.start()
        thread.join()
    assert left[0] > 1
