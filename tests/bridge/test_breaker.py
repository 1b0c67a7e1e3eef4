"""The breaker: a promotions API that fails again and again is left alone for a while, and tried by one call first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectionError as ConnectionBroken

from checkout_bridge import CheckoutBridge
from checkout_bridge.bridge.breaker import GuardedSession
from checkout_bridge.deadline import within
from checkout_bridge.errors import BackendFailed, BackendUnreachable, BridgeError, ConnectionLost, OutcomeUnknown

URL, RESET = "http://api.invalid/v1/redemptions", 15
Serve = Callable[[], int]


class Api(BaseAdapter):
    """An API that answers with the next status it was told, or breaks on 0; ``calls`` is how many reached it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.serve: Serve = lambda: 200
        self._lock = threading.Lock()

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        with self._lock:
            self.calls += 1
        status = self.serve()
        if status == 0:
            raise ConnectionBroken("cut")
        answer = Response()
        answer.status_code, answer.request, answer._content = status, request, b"{}"
        return answer

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def api() -> Api:
    """The API."""
    return Api()


@pytest.fixture
def session(api: Api) -> Iterator[GuardedSession]:
    """A session that leaves the API alone for 15 seconds after three failures in a row."""
    with GuardedSession(failures=3, reset=RESET) as session:
        session.mount("http://", api)
        yield session


def _call(session: GuardedSession, times: int = 1) -> list[Any]:
    """What came of so many calls: a status, or the key of an error."""
    outcomes: list[Any] = []
    for _ in range(times):
        try:
            outcomes.append(session.call("POST", URL, deadline=10).status_code)
        except BridgeError as error:
            outcomes.append(error.key)
    return outcomes


def _broken(session: GuardedSession, api: Api) -> None:
    api.serve = lambda: 0
    _call(session, 3)
    assert session.is_open
    api.calls = 0


def _after_reset() -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(seconds=RESET + 1))


@pytest.mark.parametrize("status", [0, 500, 503])
def test_after_so_many_failures_in_a_row_calls_fail_at_once(status: int, session: GuardedSession, api: Api) -> None:
    api.serve = lambda: status
    first = _call(session, 3)
    assert "circuit_open" not in first
    assert (api.calls, session.is_open) == (3, True)
    api.serve = lambda: 200
    with pytest.raises(BackendUnreachable) as refusal:
        session.call("POST", URL, deadline=10)
    assert (refusal.value.key, refusal.value.status) == ("circuit_open", 503)
    assert _call(session, 5) == ["circuit_open"] * 5
    assert api.calls == 3


def test_failures_that_are_not_in_a_row_do_not_count_together(session: GuardedSession, api: Api) -> None:
    statuses = iter([0, 500, 200, 0, 500, 404, 0, 500, 200])
    api.serve = lambda: next(statuses)
    assert "circuit_open" not in _call(session, 9)
    assert not session.is_open


@pytest.mark.parametrize("status", [400, 401, 404, 409])
def test_an_api_that_says_no_is_there(status: int, session: GuardedSession, api: Api) -> None:
    api.serve = lambda: status
    assert _call(session, 10) == [status] * 10
    assert (session.is_open, api.calls >= 10) == (False, True)


def test_after_the_reset_one_call_that_comes_back_lets_all_through(session: GuardedSession, api: Api) -> None:
    _broken(session, api)
    api.serve = lambda: 200
    with _after_reset():
        assert _call(session, 3) == [200] * 3
    assert not session.is_open


def test_after_the_reset_one_call_that_fails_closes_the_way_again(session: GuardedSession, api: Api) -> None:
    _broken(session, api)
    with _after_reset():
        assert _call(session, 3) == ["outcome_unknown", "circuit_open", "circuit_open"]
        assert api.calls == 1
        api.serve = lambda: 200
        with _after_reset():
            assert _call(session) == [200]


def test_while_one_call_is_tried_the_others_fail_at_once(session: GuardedSession, api: Api) -> None:
    _broken(session, api)
    arrived, go_on = threading.Event(), threading.Event()

    def serve() -> int:
        arrived.set()
        assert go_on.wait(10)
        return 200

    api.serve = serve
    with _after_reset():
        trial = threading.Thread(target=_call, args=(session,))
        trial.start()
        assert arrived.wait(10)
        assert _call(session, 3) == ["circuit_open"] * 3
        go_on.set()
        trial.join()
        assert api.calls == 1
        assert _call(session) == [200]


def test_a_trial_that_is_broken_off_leaves_the_next_one_its_try(session: GuardedSession, api: Api) -> None:
    _broken(session, api)

    def serve() -> int:
        raise KeyboardInterrupt

    api.serve = serve
    with _after_reset():
        with pytest.raises(KeyboardInterrupt):
            session.call("POST", URL, deadline=10)
        api.serve = lambda: 200
        assert _call(session) == [200]


def test_calls_do_not_wait_for_each_other(session: GuardedSession, api: Api) -> None:
    meeting = threading.Barrier(4, timeout=10)

    def serve() -> int:
        meeting.wait()
        return 200

    api.serve = serve
    outcomes: list[Any] = []
    threads = [threading.Thread(target=lambda: outcomes.extend(_call(session))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [200] * 4


def test_failures_of_many_threads_are_all_counted(api: Api) -> None:
    api.serve = lambda: 500
    with GuardedSession(failures=32, reset=RESET) as session:
        session.mount("http://", api)
        threads = [threading.Thread(target=_call, args=(session, 4)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (api.calls, session.is_open) == (32, True)


def test_a_call_that_had_no_time_left_tells_nothing_of_the_api(session: GuardedSession, api: Api) -> None:
    for _ in range(5):
        with within(-1), pytest.raises(BackendUnreachable):
            session.call("POST", URL, deadline=10)
    assert (api.calls, session.is_open) == (0, False)


def test_a_trial_that_had_no_time_left_leaves_the_next_one_its_try(session: GuardedSession, api: Api) -> None:
    _broken(session, api)
    api.serve = lambda: 200
    with _after_reset():
        with within(-1):
            assert _call(session) == ["backend_unreachable"]
        assert _call(session) == [200]


@pytest.mark.parametrize("error", [BackendFailed(500), ConnectionLost("cut")])
def test_what_an_embedded_engine_raises_counts_as_well(
    error: OutcomeUnknown, session: GuardedSession, api: Api
) -> None:
    def serve() -> int:
        raise error

    api.serve = serve
    for _ in range(3):
        with pytest.raises(type(error)):
            session.call("POST", URL, deadline=10)
    assert session.is_open


def test_the_merchant_is_warned_while_the_api_is_left_alone(shop: Flask, bridge: CheckoutBridge) -> None:
    http = shop.test_client()
    warning = "the promotions API has failed several times in a row, and is left alone for a while"
    assert warning not in http.get("/bridge/health").get_json()["warnings"]
    session = bridge.runtime.client.transport.session
    assert isinstance(session, GuardedSession)
    api = Api()
    session.mount("http://", api)
    session.mount("http://engine.invalid/", api)
    api.serve = lambda: 500
    for _ in range(5):
        with pytest.raises(BackendFailed):
            bridge.runtime.client.vouchers.get_voucher("TEN")
    assert warning in http.get("/bridge/health").get_json()["warnings"]
    api.serve = lambda: 200
    with _after_reset():
        bridge.runtime.client.vouchers.get_voucher("TEN")
    assert warning not in http.get("/bridge/health").get_json()["warnings"]
