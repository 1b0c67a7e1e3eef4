"""Cart rules that were posted without codes: what is fetched from a webservice that answers, refuses or is slow."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from checkout_bridge import platform_api
from checkout_bridge.errors import (
    BackendFailed,
    BackendNotFound,
    BackendUnauthorized,
    BackendUnreachable,
    DeadlineExceeded,
    InvalidInput,
    MalformedAnswer,
    RateLimited,
)
from checkout_bridge_prestashop import PrestaShopPlugin

from .conftest import order, told


class PrestaShop(ThreadingHTTPServer):
    """Its webservice: ``answer`` is JSON, bytes or a status; ``asked`` is what it was asked."""

    daemon_threads = False  # closing it waits for those that answer

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answer: Any = {"cart_rules": [{"id": 3, "code": "SAVE"}, {"id": 4, "code": ""}]}
        self.asked: list[tuple[str, dict[str, list[str]], str | None]] = []
        self.pause = 0.0
        self.released = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answering(BaseHTTPRequestHandler):
    server: PrestaShop

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append((parts.path, parse_qs(parts.query), self.headers.get("Authorization")))
        self.server.released.wait(self.server.pause)
        answer = self.server.answer
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        with suppress(OSError):  # one who did not wait
            self.send_response(answer if isinstance(answer, int) else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def shop_at() -> Iterator[PrestaShop]:
    with PrestaShop() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


def plugin(shop_at: PrestaShop) -> PrestaShopPlugin:
    made = PrestaShopPlugin()
    made.configure(options={"API_URL": shop_at.address + "/", "KEY": "WSKEY"})
    return made


HISTORY = "actionOrderHistoryAddAfter"
RULES = [{"id_cart_rule": 3, "name": "Summer"}, {"id_cart_rule": "4", "name": "By itself"}]


def test_codes_that_were_not_posted_are_asked_for_all_at_once_with_the_key(shop_at: PrestaShop) -> None:
    posted = [*RULES, {"id_cart_rule": 5, "code": "KNOWN"}]
    assert told(HISTORY, order(order_cart_rules=posted), plugin(shop_at)).cart.codes == ("SAVE", "KNOWN")
    query = {"output_format": ["JSON"], "display": ["[id,code]"], "filter[id]": ["[3|4]"]}
    assert shop_at.asked == [("/api/cart_rules", query, "Basic " + b64encode(b"WSKEY:").decode())]


def test_nothing_is_asked_where_every_code_is_told(shop_at: PrestaShop) -> None:
    assert told(HISTORY, order("SAVE"), plugin(shop_at)).cart.codes == ("SAVE",)
    assert shop_at.asked == []


def test_an_id_cannot_become_another_question(shop_at: PrestaShop) -> None:
    with pytest.raises(InvalidInput, match="must have numbers as ids"):
        told(HISTORY, order(order_cart_rules=[{"id_cart_rule": "3]&display=full"}]), plugin(shop_at))
    assert shop_at.asked == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (404, BackendNotFound),
        ([], BackendNotFound),
        ({"cart_rules": [{"id": 3, "code": "SAVE"}]}, BackendNotFound),
        (401, BackendUnauthorized),
        (429, RateLimited),
        (500, BackendFailed),
        (302, MalformedAnswer),
        (b"<prestashop/>", MalformedAnswer),
        ({"errors": []}, MalformedAnswer),
        ({"cart_rules": ["SAVE"]}, MalformedAnswer),
    ],
)
def test_what_cannot_be_read_now_leaves_the_delivery_open(
    shop_at: PrestaShop, monkeypatch: pytest.MonkeyPatch, answer: Any, error: type[Exception]
) -> None:
    monkeypatch.setattr(platform_api, "DEADLINE", 1.0)
    shop_at.answer = answer
    with pytest.raises(error):
        told(HISTORY, order(order_cart_rules=RULES), plugin(shop_at))


def test_a_webservice_that_is_too_slow_is_given_up(shop_at: PrestaShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform_api, "DEADLINE", 0.2)
    shop_at.pause = 30.0
    with pytest.raises(DeadlineExceeded):
        told(HISTORY, order(order_cart_rules=RULES), plugin(shop_at))


def test_a_webservice_that_is_gone_is_unreachable() -> None:
    made = PrestaShopPlugin()
    made.configure(options={"API_URL": "http://127.0.0.1:1", "KEY": "key"})
    with pytest.raises(BackendUnreachable):
        told(HISTORY, order(order_cart_rules=RULES), made)


def test_without_a_webservice_codes_must_be_posted() -> None:
    with pytest.raises(InvalidInput, match="must have the code of each rule"):
        told(HISTORY, order(order_cart_rules=RULES))
