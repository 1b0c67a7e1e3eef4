"""Invoices name an order only: the rest is read from the shop's API, or tried again when that does not answer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from checkout_bridge import platform_api
from checkout_bridge.errors import (
    BackendFailed,
    BackendNotFound,
    BackendRefused,
    BackendUnauthorized,
    BackendUnreachable,
    DeadlineExceeded,
    MalformedAnswer,
    RateLimited,
)
from checkout_bridge.events import Checkout, Event, Ignored

from .conftest import order

PAID = {"entity_id": 9, "order_id": 41, "state": 2}
Told = Callable[..., Event]


class Magento(ThreadingHTTPServer):
    """Answers ``status`` and ``body`` after ``pause`` seconds to whoever has the token."""

    status, body, pause = 200, json.dumps(order("SAVE")).encode(), 0.0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []

    @property
    def options(self) -> dict[str, str]:
        return {"API_URL": f"http://127.0.0.1:{self.server_port}/", "ACCESS_TOKEN": "secret-token"}


class Handler(BaseHTTPRequestHandler):
    server: Magento

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        time.sleep(self.server.pause)
        allowed = self.headers["Authorization"] == "Bearer secret-token"
        self.send_response(self.server.status if allowed else 401)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.send_header("Retry-After", "60")
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):  # the bridge did not wait
            self.wfile.write(self.server.body)

    def log_message(self, *args: Any) -> None:
        """Stay quiet."""


@pytest.fixture
def magento() -> Iterator[Magento]:
    with Magento() as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_order_of_a_paid_invoice_is_read_and_checked_out(told: Told, magento: Magento) -> None:
    event = told(options=magento.options, invoice=PAID)
    assert isinstance(event, Checkout)
    assert (event.order_ref, event.cart.codes, magento.asked) == ("41", ("SAVE",), ["/rest/V1/orders/41"])


def test_an_invoice_of_a_part_does_not_make_its_order_paid(told: Told, magento: Magento) -> None:
    magento.body = json.dumps(order(total_paid=5)).encode()
    assert isinstance(told(options=magento.options, invoice=PAID), Ignored)


@pytest.mark.parametrize("state", [1, 3])
def test_an_invoice_that_is_not_paid_asks_for_nothing(told: Told, magento: Magento, state: int) -> None:
    event = told(options=magento.options, invoice=PAID | {"state": state})
    assert event == Ignored(f"the invoice is not paid: its state is {state}")
    assert magento.asked == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, BackendNotFound),
        (401, BackendUnauthorized),
        (429, RateLimited),
        (400, BackendRefused),
        (500, BackendFailed),
    ],
)
def test_an_api_that_says_no_leaves_the_delivery_to_be_tried_again(
    told: Told, magento: Magento, status: int, error: type[Exception]
) -> None:
    magento.status = status
    with pytest.raises(error):
        told(options=magento.options, invoice=PAID)


def test_a_wrong_token_is_told_apart(told: Told, magento: Magento) -> None:
    with pytest.raises(BackendUnauthorized):
        told(options=magento.options | {"ACCESS_TOKEN": "wrong"}, invoice=PAID)


def test_an_answer_that_is_not_json_is_malformed(told: Told, magento: Magento) -> None:
    magento.body = b"<html>"
    with pytest.raises(MalformedAnswer):
        told(options=magento.options, invoice=PAID)


def test_a_slow_api_is_given_up(told: Told, magento: Magento, monkeypatch: pytest.MonkeyPatch) -> None:
    magento.pause = 0.5
    monkeypatch.setattr(platform_api, "DEADLINE", 0.1)
    with pytest.raises(DeadlineExceeded):
        told(options=magento.options, invoice=PAID)


def test_an_api_that_is_not_there_was_sent_nothing(told: Told, magento: Magento) -> None:
    options = magento.options | {"API_URL": "http://127.0.0.1:1"}
    with pytest.raises(BackendUnreachable):
        told(options=options, invoice=PAID)
