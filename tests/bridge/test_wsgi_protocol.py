"""The WSGI door keeps the protocol of PEP 3333 for any app, matched or not."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from checkout_bridge import CheckoutBridge

Cart = Callable[..., dict[str, Any]]
App = Callable[..., Iterable[bytes]]


@pytest.fixture
def around(data_dir: Path) -> Iterator[Callable[..., tuple[CheckoutBridge, App]]]:
    """Makes a bridge for a bare WSGI app."""
    bridges: list[CheckoutBridge] = []

    def make(app: App, **settings: Any) -> tuple[CheckoutBridge, App]:
        bridge = CheckoutBridge(data_dir=data_dir, **settings)
        bridges.append(bridge)
        return bridge, bridge.wrap(app)

    yield make
    for bridge in bridges:
        bridge.close()


def call(app: App, path: str, *, body: bytes = b"", **environ: Any) -> tuple[str, dict[str, str], bytes]:
    """One request as a server makes it: status, headers and body; the answer is closed."""
    begun: list[Any] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], Any]:
        begun[:] = [status, dict(headers)]
        return written.append

    environ = {"SCRIPT_NAME": "", "PATH_INFO": path, "wsgi.input": io.BytesIO(body), "QUERY_STRING": "", **environ}
    if body and "wsgi.input_terminated" not in environ:
        environ["CONTENT_LENGTH"] = str(len(body))
    setup_testing_defaults(environ)
    answer = app(environ, start_response)
    try:
        content = b"".join(answer)
    finally:
        if hasattr(answer, "close"):
            answer.close()
    return begun[0], begun[1], b"".join(written) + content


def post(app: App, cart: Any, **environ: Any) -> tuple[str, dict[str, str], bytes]:
    """A checkout with its cart in the body."""
    body = json.dumps(cart).encode()
    return call(app, "/checkout", body=body, REQUEST_METHOD="POST", CONTENT_TYPE="application/json", **environ)


def plain_shop(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answers every request with what it was sent."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Order-Ref", "7")])
    return [b"got ", str(len(body)).encode()]


@pytest.mark.parametrize("path", ["/", "/orders/7", "/cart", "/orders/7/cancel", "/orders/7/refund", "/bridge/health"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_both_sides_pass_the_standard_librarys_validator(path: str, method: str, around: Any, cart: Cart) -> None:
    bridge, wrapped = around(validator(plain_shop))
    bridge.checkout(cart("TEN"), "7")
    status, _, body = call(validator(wrapped), path, REQUEST_METHOD=method)
    assert status.startswith(("200", "405"))
    assert body


def test_a_checkout_passes_the_validator_on_both_sides(around: Any, cart: Cart) -> None:
    bridge, wrapped = around(validator(plain_shop))
    sent = json.dumps(cart("TEN")).encode()
    status, headers, body = post(validator(wrapped), cart("TEN"))
    assert (status, headers["X-Order-Ref"], body) == ("200 OK", "7", b"got %d" % len(sent))
    assert bridge.order("7")["state"] == "confirmed"


def test_an_unknown_request_gets_the_very_answer_of_the_app(around: Any) -> None:
    answer = [b"as it is"]
    started: list[Any] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        started.append(start_response)
        return answer

    _, wrapped = around(app)

    def start_response(*_: Any) -> None:
        raise AssertionError("the app calls it, nobody else")

    environ: dict[str, Any] = {"PATH_INFO": "/elsewhere"}
    setup_testing_defaults(environ)
    before = dict(environ)
    assert wrapped(environ, start_response) is answer
    assert started == [start_response]
    assert environ == before


def test_a_streamed_answer_is_passed_on_piece_by_piece_and_closed(around: Any, cart: Cart) -> None:
    events: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        try:
            start_response("200 OK", [("Content-Type", "text/plain"), ("X-Order-Ref", "7")])
            for piece in (b"one", b"two"):
                events.append(piece.decode())
                yield piece
        finally:
            events.append("closed")

    bridge, wrapped = around(app)
    environ: dict[str, Any] = {
        "PATH_INFO": "/orders/7/cancel",
        "REQUEST_METHOD": "POST",
    }
    setup_testing_defaults(environ)
    bridge.checkout(cart("TEN"), "7")
    answer = wrapped(environ, lambda *_: None)
    pieces = iter(answer)
    assert next(pieces) == b"one"
    assert events == ["one"]
    answer.close()
    assert events == ["one", "closed"]
    assert bridge.order("7")["state"] == "unwound"


def test_an_app_that_uses_write_is_passed_on_whole(around: Any, cart: Cart) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        write = start_response("201 Created", [("Content-Type", "application/json")])
        write(b'{"order_ref":')
        return [b' "9"}']

    bridge, wrapped = around(app)
    status, _, body = post(wrapped, cart("TEN"))
    assert (status, body) == ("201 Created", b'{"order_ref": "9"}')
    assert bridge.order("9")["state"] == "confirmed"


def test_an_app_that_never_starts_its_answer_keeps_nothing(around: Any, cart: Cart) -> None:
    bridge, wrapped = around(lambda environ, start_response: [])
    with pytest.raises(RuntimeError, match="status"):
        post(wrapped, cart("TEN"))
    assert bridge.runtime.client.vouchers.get_voucher("TEN")["redemption"]["redeemed_quantity"] == 0


def test_an_app_that_fails_while_its_answer_is_read_keeps_nothing(around: Any, cart: Cart) -> None:
    closed: list[bool] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        try:
            start_response("200 OK", [("Content-Type", "application/json")])
            yield b'{"order_ref":'
            raise RuntimeError("the database went away")
        finally:
            closed.append(True)

    bridge, wrapped = around(app)
    with pytest.raises(RuntimeError, match="went away"):
        post(wrapped, cart("TEN"))
    assert bridge.runtime.doors.ledger.newest(limit=1)[0]["state"] == "unwound"
    assert bridge.runtime.client.vouchers.get_voucher("TEN")["redemption"]["redeemed_quantity"] == 0
    assert closed == [True]


def _reads_all(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Order-Ref", "7")])
    return [environ["wsgi.input"].read()]


def test_a_body_sent_in_chunks_is_read_by_both(around: Any, cart: Cart) -> None:
    bridge, wrapped = around(_reads_all)
    environ = {"wsgi.input_terminated": True}
    _, _, body = post(wrapped, cart("TEN"), **environ)
    assert json.loads(body) == cart("TEN")
    assert bridge.order("7")["total"] == 3149


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_still_the_views_to_read(chunked: bool, around: Any, cart: Cart) -> None:
    bridge, wrapped = around(_reads_all, max_body=100)
    environ = {"wsgi.input_terminated": True} if chunked else {}
    _, _, body = post(wrapped, cart("TEN"), **environ)
    assert json.loads(body) == cart("TEN")
    assert bridge.runtime.doors.ledger.newest(limit=1) == []


def test_a_shop_below_a_path_of_its_own_is_asked_for_its_cart_there(around: Any, cart: Cart) -> None:
    asked: list[tuple[str, str, str]] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        asked.append((environ["REQUEST_METHOD"], environ["SCRIPT_NAME"], environ["PATH_INFO"]))
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(cart("TEN") if environ["PATH_INFO"] == "/cart.json" else {"order_ref": "7"}).encode()]

    bridge, wrapped = around(app)
    call(wrapped, "/checkout", REQUEST_METHOD="POST", SCRIPT_NAME="/shop")
    assert asked == [("GET", "/shop", "/cart.json"), ("POST", "/shop", "/checkout")]
    assert bridge.order("7")["total"] == 3149
