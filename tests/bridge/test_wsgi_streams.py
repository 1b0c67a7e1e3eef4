"""Whatever a shop answers, and however it fails, goes through the WSGI door as it would go without it (PEP 3333)."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from checkout_bridge import CheckoutBridge

from .test_wsgi_protocol import App, Cart, call

Around = Callable[..., App]


@pytest.fixture
def around(data_dir: Path, cart: Cart) -> Iterator[Around]:
    """Wraps a shop, which also shows its cart, in a bridge that knows order 7."""
    bridges: list[CheckoutBridge] = []

    def make(shop: App, **settings: Any) -> App:
        def with_cart(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if environ["PATH_INFO"] != "/cart.json":
                return shop(environ, start_response)
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(cart()).encode()]

        bridges.append(CheckoutBridge(data_dir=data_dir, **settings))
        wrapped = bridges[-1].wrap(with_cart)
        bridges[-1].checkout(cart(), "7")
        return wrapped

    yield make
    for bridge in bridges:
        bridge.close()


class Pieces:
    """A shop's answer, piece by piece; it knows what was taken of it and how often it was closed."""

    def __init__(self, *pieces: bytes | Exception, in_close: Exception | None = None) -> None:
        self._pieces, self._in_close = iter(pieces), in_close
        self.taken: list[bytes] = []
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = next(self._pieces)
        if isinstance(piece, Exception):
            raise piece
        self.taken.append(piece)
        return piece

    def close(self) -> None:
        self.closed += 1
        if self._in_close is not None:
            raise self._in_close


class Broken(Exception):
    """The shop's own failure."""


JSON = [("Content-Type", "application/json"), ("X-Order-Ref", "8")]
WHOLE = b'{"order_ref":"8"}'
# Requests that are none of the bridge's business, or whose view is told something and answers as it likes.
PASSED_THROUGH = [
    ("POST", "/elsewhere"),
    ("PUT", "/orders/7/cancel"),
    ("HEAD", "/orders/7"),
    ("GET", "/cart"),
    ("GET", "/orders/7"),
]
# Requests whose answer says what is to be done.
WAITED_FOR = [("POST", "/checkout"), ("POST", "/orders/7/cancel"), ("POST", "/orders/7/refund")]
REQUESTS = [*PASSED_THROUGH, *WAITED_FOR]


def _started(start_response: Any, status: str, *rest: Any) -> Any:
    return start_response(status, list(JSON), *rest)


def _restarted(start_response: Any, answer: Pieces) -> Pieces:
    _started(start_response, "200 OK")
    try:
        raise Broken
    except Broken:
        _started(start_response, "500 Internal Server Error", sys.exc_info())
    return answer


def _started_late(start_response: Any, answer: Pieces) -> Iterator[bytes]:
    try:
        _started(start_response, "200 OK")
        yield from answer
    finally:
        answer.close()


def _written(start_response: Any, answer: Pieces) -> Pieces:
    write = _started(start_response, "201 Created")
    write(WHOLE[:3])
    write(WHOLE[3:5])
    return answer


def _begun(status: str) -> Callable[[Any, Pieces], Pieces]:
    def begin(start_response: Any, answer: Pieces) -> Pieces:
        _started(start_response, status)
        return answer

    return begin


def sent_to(path: str, cart: dict[str, Any]) -> bytes:
    """A body that is understood there."""
    return json.dumps({"refund_id": "r-1", "amount": 1} if path.endswith("/refund") else cart).encode()


def environ_of(method: str, path: str, cart: dict[str, Any]) -> dict[str, Any]:
    """The same request as its server would tell it."""
    body = sent_to(path, cart)
    environ: dict[str, Any] = {"PATH_INFO": path, "REQUEST_METHOD": method, "CONTENT_TYPE": "application/json"}
    environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    setup_testing_defaults(environ)
    return environ


def send(wrapped: App, method: str, path: str, cart: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
    """One request under the validator, whose server closes what it gets."""
    body = sent_to(path, cart)
    return call(validator(wrapped), path, body=body, REQUEST_METHOD=method, CONTENT_TYPE="application/json")


# What a shop does with an answer, the pieces of it, and the status that must come out at the other end.
ANSWERS: dict[str, tuple[Callable[[Any, Pieces], Iterable[bytes]], tuple[bytes, ...], str]] = {
    "at once": (_begun("200 OK"), (WHOLE,), "200 OK"),
    "streamed": (_begun("200 OK"), (b"", WHOLE[:4], b"", WHOLE[4:]), "200 OK"),
    "generated": (_started_late, (WHOLE[:1], WHOLE[1:9], WHOLE[9:]), "200 OK"),
    "of nothing": (_begun("200 OK"), (), "200 OK"),
    "refused": (_begun("409 Conflict"), (WHOLE[:4], WHOLE[4:]), "409 Conflict"),
    "failed": (_begun("500 Internal Server Error"), (WHOLE,), "500 Internal Server Error"),
    "written": (_written, (WHOLE[5:],), "201 Created"),
    "begun again": (_restarted, (WHOLE,), "500 Internal Server Error"),
}


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_whatever_a_shop_answers_is_passed_on_to_the_byte_and_closed_once(
    method: str, path: str, around: Around, cart: Cart
) -> None:
    given: list[Any] = []

    def shop(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        begin, answer = given
        return begin(start_response, answer)

    wrapped = around(validator(shop))
    for name, (begin, pieces, expected) in ANSWERS.items():
        answer = Pieces(*pieces)
        given[:] = begin, answer
        told = send(wrapped, method, path, cart())
        whole = b"".join(pieces) if name != "written" else WHOLE
        assert told == (expected, dict(JSON), whole), name
        assert (answer.closed, answer.taken) == (1, list(pieces)), name


# How a shop fails: when its app is called, or at a piece; and whether it has handed out anything that must be closed.
FAILURES: dict[str, tuple[str | None, tuple[bytes | Exception, ...], Exception | None, int]] = {
    "before it begins": (None, (), None, 0),
    "as soon as it has begun": ("200 OK", (), None, 0),
    "at the first piece": ("200 OK", (Broken(),), None, 1),
    "half way": ("200 OK", (WHOLE[:4], Broken()), None, 1),
    "half way of a refusal": ("409 Conflict", (WHOLE[:4], Broken()), None, 1),
    "when it is closed": ("200 OK", (WHOLE,), Broken(), 1),
}


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_a_shop_that_fails_fails_as_it_would_alone_and_what_it_handed_out_is_closed_once(
    method: str, path: str, around: Around, cart: Cart
) -> None:
    given: list[Any] = []

    def shop(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        status, answer, has_pieces = given
        if status is not None:
            _started(start_response, status)
        if not has_pieces:
            raise Broken
        return answer

    wrapped = around(validator(shop))
    for name, (status, pieces, in_close, closed) in FAILURES.items():
        answer = Pieces(*pieces, in_close=in_close)
        given[:] = status, answer, closed
        with pytest.raises(Broken):
            send(wrapped, method, path, cart())
        assert answer.closed == closed, name


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_a_stream_is_drawn_only_as_fast_as_it_is_taken(method: str, path: str, around: Around, cart: Cart) -> None:
    answer = Pieces(b"one", b"two", b"three")

    def shop(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/event-stream"), ("X-Order-Ref", "8")])
        return answer

    wrapped = around(shop)
    passed_on = wrapped(environ_of(method, path, cart()), lambda *_: None)
    assert answer.taken == []
    pieces = iter(passed_on)
    assert [next(pieces), answer.taken] == [b"one", [b"one"]]
    assert [next(pieces), answer.taken] == [b"two", [b"one", b"two"]]
    passed_on.close()
    assert (answer.taken, answer.closed) == ([b"one", b"two"], 1)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_a_large_body_reaches_the_view_to_the_byte_however_it_reads_it(
    method: str, path: str, chunked: bool, around: Around
) -> None:
    """3 MiB, over and under what the bridge itself would read, in bites, lines or at once."""
    read: list[bytes] = []
    given: list[Callable[[Any], bytes]] = []
    body = b"".join(bytes(range(256)) * 48 + b"\n" for _ in range(256))
    ways: list[Callable[[Any], bytes]] = [
        lambda stream: stream.read(len(body)),
        lambda stream: b"".join(iter(lambda: stream.read(1009), b"")),
        lambda stream: b"".join(stream),
        lambda stream: stream.read(7) + stream.readline() + b"".join(iter(lambda: stream.read(65_536), b"")),
    ]

    def shop(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        (way,) = given
        read.append(way(environ["wsgi.input"]))
        start_response("200 OK", [("Content-Type", "text/plain"), ("X-Order-Ref", "8")])
        return [b"read"]

    for limit in (1000, len(body)):
        wrapped = around(validator(shop), max_body=limit)
        for way in ways:
            given[:] = [way]
            environ: dict[str, Any] = {"wsgi.input_terminated": True} if chunked else {}
            kind = "application/octet-stream"
            status, _, _ = call(
                validator(wrapped), path, body=body, REQUEST_METHOD=method, CONTENT_TYPE=kind, **environ
            )
            assert (status, read.pop() == body) == ("200 OK", True)


@pytest.mark.parametrize("sent", [b"", b"half of "], ids=["nothing was sent", "a piece was sent"])
@pytest.mark.parametrize(("method", "path"), [*PASSED_THROUGH, *WAITED_FOR])
def test_a_shop_that_begins_again_while_it_is_read_is_heard_by_the_server(
    method: str, path: str, sent: bytes, around: Around, cart: Cart
) -> None:
    """As long as nothing was sent the server tells the new status; after that it raises the shop's own failure."""
    begun: list[str] = []

    def shop(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("X-Order-Ref", "8")])
        yield sent
        try:
            raise Broken
        except Broken:
            start_response("500 Internal Server Error", [("Content-Type", "text/plain")], sys.exc_info())
        yield b"sorry"

    def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
        if exc_info and sent:
            raise exc_info[1]
        begun.append(status)

    answer = around(shop)(environ_of(method, path, cart()), start_response)
    taken: list[bytes] = []
    try:
        taken.extend(answer)
        failed = False
    except Broken:
        failed = True
    finally:
        answer.close()
    assert (failed, begun[-1]) == ((True, "200 OK") if sent else (False, "500 Internal Server Error"))
