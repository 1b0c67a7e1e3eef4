"""A request is sent again only where that cannot do harm."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests

from checkout_bridge.errors import BackendUnreachable, ConnectionLost, DeadlineExceeded
from checkout_bridge.http import DeadlineSession, retry_after

DEADLINE = 10.0
KEYED = {"Idempotency-Key": "key-1"}
WRITES = pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_is_sent_again_when_a_gateway_fails(
    backend: Any, session: DeadlineSession, method: str, status: int
) -> None:
    backend.reply(status, b"").reply(status, b"")
    assert session.call(method, backend.url, deadline=DEADLINE).status_code == 200
    assert len(backend.seen) == 3


def test_a_read_is_sent_again_when_the_connection_breaks(backend: Any, session: DeadlineSession) -> None:
    backend.hang_up()
    assert session.call("GET", backend.url, deadline=DEADLINE).status_code == 200


def test_a_read_is_sent_three_times_at_most(backend: Any, session: DeadlineSession, pauses: list[float]) -> None:
    for _ in range(4):
        backend.reply(503)
    assert session.call("GET", backend.url, deadline=DEADLINE).status_code == 503
    assert len(backend.seen) == 3
    first, second = pauses
    assert 0.025 <= first <= 0.05 <= second <= 0.1


def test_a_read_is_not_sent_again_on_500(backend: Any, session: DeadlineSession) -> None:
    backend.reply(500)
    assert session.call("GET", backend.url, deadline=DEADLINE).status_code == 500
    assert len(backend.seen) == 1


@WRITES
@pytest.mark.parametrize(("headers", "replay_safe"), [({}, False), (KEYED, False), ({}, True)])
def test_a_write_that_may_have_happened_is_not_sent_again(
    backend: Any, session: DeadlineSession, method: str, headers: dict[str, str], replay_safe: bool
) -> None:
    backend.reply(503).hang_up()
    answer = session.call(method, backend.url, deadline=DEADLINE, headers=headers, replay_safe=replay_safe)
    assert answer.status_code == 503
    with pytest.raises(ConnectionLost):
        session.call(method, backend.url, deadline=DEADLINE, headers=headers, replay_safe=replay_safe)
    assert len(backend.seen) == 2


@WRITES
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_write_with_a_key_is_replayed_where_the_backend_honours_keys(
    backend: Any, session: DeadlineSession, method: str, status: int
) -> None:
    backend.reply(status).hang_up()
    answer = session.call(method, backend.url, deadline=DEADLINE, headers=KEYED, replay_safe=True, data=b"1")
    assert answer.status_code == 200
    assert [(seen.headers["idempotency-key"], seen.body) for seen in backend.seen] == [("key-1", b"1")] * 3


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_refusal_does_not_settle_an_earlier_attempt(backend: Any, session: DeadlineSession, status: int) -> None:
    backend.hang_up().reply(status, Retry_After="99")
    with pytest.raises(ConnectionLost):
        session.call("POST", backend.url, deadline=DEADLINE, headers=KEYED, replay_safe=True)


@pytest.mark.parametrize("status", [200, 400, 404, 409])
def test_an_answer_to_the_key_settles_an_earlier_attempt(backend: Any, session: DeadlineSession, status: int) -> None:
    backend.reply(503).reply(status)
    answer = session.call("POST", backend.url, deadline=DEADLINE, headers=KEYED, replay_safe=True)
    assert answer.status_code == status


def test_a_backend_that_vanishes_after_an_attempt_leaves_the_outcome_unknown(backend: Any) -> None:
    backend.hang_up()
    with DeadlineSession(sleep=lambda _: backend.socket.close()) as session, pytest.raises(ConnectionLost):
        session.call("POST", backend.url, deadline=DEADLINE, headers=KEYED, replay_safe=True)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_waits_as_long_as_it_is_asked_to(
    backend: Any, session: DeadlineSession, pauses: list[float], method: str
) -> None:
    backend.reply(429, Retry_After="2")
    assert session.call(method, backend.url, deadline=DEADLINE).status_code == 200
    assert pauses == [2.0]


def test_a_wait_past_the_deadline_is_not_begun(backend: Any, session: DeadlineSession, pauses: list[float]) -> None:
    backend.reply(429, Retry_After="60")
    answer = session.call("POST", backend.url, deadline=DEADLINE)
    assert (answer.status_code, retry_after(answer)) == (429, 60.0)
    assert pauses == []


def test_pauses_count_within_the_deadline(backend: Any) -> None:
    backend.reply(503).hang()
    with DeadlineSession() as session, pytest.raises(DeadlineExceeded):
        session.call("GET", backend.url, deadline=0.3)
    assert len(backend.seen) == 2


def test_a_date_to_wait_for_is_understood() -> None:
    answer = requests.Response()
    answer.headers["Retry-After"] = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    asked = retry_after(answer)
    assert asked is not None
    assert 20 < asked <= 30


@pytest.mark.parametrize(
    ("value", "seconds"), [("0", 0.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None), ("", None), ("-1", None)]
)
def test_other_ways_to_ask_for_a_wait(value: str, seconds: float | None) -> None:
    answer = requests.Response()
    answer.headers["Retry-After"] = value
    assert retry_after(answer) == seconds


def test_a_request_that_found_no_connection_is_tried_three_times(
    session: DeadlineSession, pauses: list[float], refused_url: str
) -> None:
    with pytest.raises(BackendUnreachable, match=f"POST {refused_url}"):
        session.call("POST", refused_url, deadline=DEADLINE)
    assert len(pauses) == 2


def test_a_name_that_is_unknown_is_unreachable(session: DeadlineSession) -> None:
    with pytest.raises(BackendUnreachable):
        session.call("POST", "http://no-such-host.invalid/", deadline=DEADLINE)


def test_a_write_is_sent_once_the_connection_can_be_made() -> None:
    with socket.socket() as late:
        late.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{late.getsockname()[1]}"
        with DeadlineSession(sleep=lambda _: late.listen()) as session, pytest.raises(DeadlineExceeded):
            session.call("POST", url, deadline=0.3)  # it listens by the second attempt, and never answers
        connection, _ = late.accept()
        with connection:
            assert connection.recv(4) == b"POST"
