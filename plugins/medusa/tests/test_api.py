"""Events that have only ids: what is fetched from a Medusa that answers, refuses, is slow or is gone."""

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
    BackendError,
    BackendFailed,
    BackendNotFound,
    BackendUnauthorized,
    BackendUnreachable,
    DeadlineExceeded,
    MalformedAnswer,
    RateLimited,
)
from checkout_bridge.events import Cancellation, Checkout, Refund
from checkout_bridge_medusa import MedusaPlugin
from checkout_bridge_medusa.api import ORDER_FIELDS

from .conftest import ORDER, order, refund, told

LINK = {"payment": {"id": "pay_1", "payment_collection": {"order": {"id": ORDER}}}}


class Medusa(ThreadingHTTPServer):
    """Its admin API: ``answers`` by path are JSON, bytes or a status; ``asked`` is what it was asked."""

    daemon_threads = False  # closing it waits for those that answer

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answers: dict[str, Any] = {f"/admin/orders/{ORDER}": {"order": order()}, "/admin/payments/pay_1": LINK}
        self.asked: list[tuple[str, list[str], str | None]] = []
        self.pause = 0.0
        self.released = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answering(BaseHTTPRequestHandler):
    server: Medusa

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append((parts.path, parse_qs(parts.query)["fields"], self.headers.get("Authorization")))
        self.server.released.wait(self.server.pause)
        answer = self.server.answers.get(parts.path, 404)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        with suppress(OSError):  # one who did not wait
            self.send_response(answer if isinstance(answer, int) else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def medusa() -> Iterator[Medusa]:
    with Medusa() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


def plugin(medusa: Medusa) -> MedusaPlugin:
    made = MedusaPlugin()
    made.configure(options={"API_URL": medusa.address + "/", "TOKEN": "sk_1"})
    return made


def test_an_order_is_fetched_with_its_payments_and_the_key(medusa: Medusa) -> None:
    assert isinstance(told("order.placed", {"id": ORDER}, plugin(medusa)), Checkout)
    key = "Basic " + b64encode(b"sk_1:").decode()
    assert medusa.asked == [(f"/admin/orders/{ORDER}", [ORDER_FIELDS], key)]


def test_a_payment_leads_to_its_order_unless_that_is_told(medusa: Medusa) -> None:
    assert isinstance(told("payment.captured", {"id": "pay_1"}, plugin(medusa)), Checkout)
    assert [path for path, _, _ in medusa.asked] == ["/admin/payments/pay_1", f"/admin/orders/{ORDER}"]
    told("payment.captured", {"id": "pay_1", "order_id": ORDER}, plugin(medusa))
    assert len(medusa.asked) == 3


def test_refunds_cancellations_and_failures_are_read_off_the_order_as_it_is_now(medusa: Medusa) -> None:
    medusa.answers[f"/admin/orders/{ORDER}"] = {"order": order(refunds=(refund("ref_1", 5),), status="canceled")}
    assert told("payment.refunded", {"id": "pay_1"}, plugin(medusa)) == (Refund(ORDER, "ref_1", (), 500),)
    canceled = told("order.canceled", {"id": ORDER}, plugin(medusa))
    assert canceled == Cancellation(ORDER, cause="cancelled_after_capture")
    assert told("payment.failed", {"id": "pay_1"}, plugin(medusa)).reason.startswith("the order is paid")


def test_an_id_cannot_lead_to_another_path(medusa: Medusa) -> None:
    with pytest.raises(BackendNotFound):
        told("order.placed", {"id": "../users?x=1#"}, plugin(medusa))
    assert medusa.asked[0][0] == "/admin/orders/..%2Fusers%3Fx%3D1%23"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (404, BackendNotFound),
        (401, BackendUnauthorized),
        (429, RateLimited),
        (500, BackendFailed),
        (302, MalformedAnswer),
        (b"<html>", MalformedAnswer),
        ({"orders": []}, MalformedAnswer),
    ],
)
def test_what_cannot_be_read_now_leaves_the_delivery_open(
    medusa: Medusa, monkeypatch: pytest.MonkeyPatch, answer: Any, error: type[Exception]
) -> None:
    monkeypatch.setattr(platform_api, "DEADLINE", 1.0)
    medusa.answers[f"/admin/orders/{ORDER}"] = answer
    with pytest.raises(error):
        told("order.placed", {"id": ORDER}, plugin(medusa))


def test_a_payment_of_no_order_yet_is_tried_again_later(medusa: Medusa) -> None:
    medusa.answers["/admin/payments/pay_1"] = {"payment": {"id": "pay_1", "payment_collection": {"order": None}}}
    with pytest.raises(BackendError, match="the order of payment pay_1"):
        told("payment.captured", {"id": "pay_1"}, plugin(medusa))


def test_a_medusa_that_is_too_slow_is_given_up(medusa: Medusa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform_api, "DEADLINE", 0.2)
    medusa.pause = 30.0
    with pytest.raises(DeadlineExceeded):
        told("order.placed", {"id": ORDER}, plugin(medusa))


def test_a_medusa_that_is_gone_is_unreachable(medusa: Medusa) -> None:
    made = MedusaPlugin()
    made.configure(options={"API_URL": "http://127.0.0.1:1", "TOKEN": "sk"})
    with pytest.raises(BackendUnreachable):
        told("order.placed", {"id": ORDER}, made)
