"""A call ends at its deadline, however the other side behaves."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from checkout_bridge.errors import BackendUnreachable, ConnectionLost, DeadlineExceeded, MalformedAnswer
from checkout_bridge.http import DeadlineSession

DEADLINE = 0.3
GENEROUS = 5.0

MISBEHAVIOURS: dict[str, Callable[[Any], object]] = {
    "hangs before the headers": lambda backend: backend.hang(),
    "drips the status line": lambda backend: backend.drip(b"HTTP/1.1 200 ", b"O"),
    "drips headers": lambda backend: backend.drip(b"HTTP/1.1 200 OK\r\n", b"X-Slow: 1\r\n"),
    "drips a sized body": lambda backend: backend.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b" "),
    "drips a chunked body": lambda backend: backend.drip(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"
    ),
    "drips a body without end": lambda backend: backend.drip(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b" "),
    "stops in the body": lambda backend: backend.send_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
    "says 100 Continue for ever": lambda backend: backend.drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@contextlib.contextmanager
def ends_in_time() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < GENEROUS


@pytest.mark.parametrize("misbehave", MISBEHAVIOURS.values(), ids=MISBEHAVIOURS.keys())
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_that_is_not_whole_at_the_deadline_is_given_up(
    backend: Any, session: DeadlineSession, method: str, misbehave: Callable[[Any], object]
) -> None:
    misbehave(backend)
    with ends_in_time(), pytest.raises(DeadlineExceeded, match=f"{method} {backend.url}/v1/x"):
        session.call(method, f"{backend.url}/v1/x?code=SECRET", deadline=DEADLINE)
    assert len(backend.seen) == 1


def test_the_deadline_holds_on_a_reused_connection(backend: Any, session: DeadlineSession) -> None:
    session.call("GET", backend.url, deadline=GENEROUS)
    backend.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b" ")
    with ends_in_time(), pytest.raises(DeadlineExceeded):
        session.call("GET", backend.url, deadline=DEADLINE)
    assert len(backend.connections) == 1


def test_a_connection_kept_past_the_deadline_of_one_call_serves_the_next(
    backend: Any, session: DeadlineSession
) -> None:
    session.call("GET", backend.url, deadline=0.2)
    time.sleep(0.3)
    assert session.call("GET", backend.url, deadline=GENEROUS).json() == {}
    assert len(backend.connections) == 1


def test_a_request_that_the_other_side_does_not_read_is_given_up(session: DeadlineSession) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf, ends_in_time(), pytest.raises(DeadlineExceeded):
        session.call("POST", f"http://127.0.0.1:{deaf.getsockname()[1]}", deadline=DEADLINE, data=bytes(32_000_000))


def test_a_connection_that_hangs_while_being_made_means_that_nothing_was_sent(session: DeadlineSession) -> None:
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # one fills the queue; the rest make sure of it
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        with ends_in_time(), pytest.raises(BackendUnreachable):
            session.call("POST", f"http://127.0.0.1:{full.getsockname()[1]}", deadline=DEADLINE)


@pytest.mark.parametrize("deadline", [0.0, -1.0])
def test_a_deadline_that_has_passed_sends_nothing(backend: Any, session: DeadlineSession, deadline: float) -> None:
    session.call("GET", backend.url, deadline=GENEROUS)  # leaves a connection in the pool
    with pytest.raises(BackendUnreachable, match="before anything was sent"):
        session.call("POST", backend.url, deadline=deadline)
    assert len(backend.seen) == 1


def test_calls_of_different_threads_have_deadlines_of_their_own(backend: Any, session: DeadlineSession) -> None:
    backend.hang()
    ended: list[type[BaseException]] = []

    def call_and_wait() -> None:
        try:
            session.call("POST", backend.url, deadline=1.0)
        except DeadlineExceeded as error:
            ended.append(type(error))

    slow = threading.Thread(target=call_and_wait)
    slow.start()
    while not backend.seen:
        time.sleep(0.01)
    assert session.call("POST", backend.url, deadline=GENEROUS).status_code == 200
    slow.join()
    assert ended == [DeadlineExceeded]


@pytest.mark.parametrize(
    "cut",
    [b"", b"HTTP/1.1 20", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b"not HTTP at all\r\n\r\n"],
    ids=["no answer", "half a status", "half a body", "not HTTP"],
)
def test_a_connection_that_breaks_before_the_answer_is_whole_leaves_the_outcome_unknown(
    backend: Any, session: DeadlineSession, cut: bytes
) -> None:
    backend.send_raw(cut, then_hang_up=True)
    with pytest.raises(ConnectionLost):
        session.call("POST", backend.url, deadline=GENEROUS)
    assert len(backend.seen) == 1


def test_a_body_that_cannot_be_decoded_is_malformed(backend: Any, session: DeadlineSession) -> None:
    backend.reply(200, b"not gzip", Content_Encoding="gzip")
    with pytest.raises(MalformedAnswer):
        session.call("GET", backend.url, deadline=GENEROUS)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(backend: Any, session: DeadlineSession, status: int) -> None:
    backend.reply(status, b"", Location=f"{backend.url}/elsewhere")
    with pytest.raises(MalformedAnswer, match="redirect"):
        session.call("POST", backend.url, deadline=GENEROUS, headers={"X-App-Token": "secret"})
    assert [seen.target for seen in backend.seen] == ["/"]


def test_nothing_is_added_to_a_request_from_cookies_or_a_netrc_file(
    backend: Any, session: DeadlineSession, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    backend.reply(200, b"{}", Set_Cookie="track=1")
    session.call("GET", backend.url, deadline=GENEROUS)
    session.call("GET", backend.url, deadline=GENEROUS)
    assert not any({"cookie", "authorization"} & set(seen.headers) for seen in backend.seen)


def test_the_deadline_holds_through_a_proxy(backend: Any, session: DeadlineSession) -> None:
    session.proxies = {"http": backend.url}
    backend.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b" ")
    with ends_in_time(), pytest.raises(DeadlineExceeded):
        session.call("GET", "http://shop.invalid/v1/x", deadline=DEADLINE)
    assert backend.seen[0].target == "http://shop.invalid/v1/x"


def test_a_socks_proxy_is_refused_before_anything_is_sent(backend: Any, session: DeadlineSession) -> None:
    session.proxies = {"http": backend.url.replace("http", "socks5")}
    with pytest.raises(BackendUnreachable):
        session.call("POST", "http://shop.invalid/v1/x", deadline=GENEROUS)
    assert not backend.connections
