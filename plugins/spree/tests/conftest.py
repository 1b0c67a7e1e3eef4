"""A Spree store as the tests play it: signed events to a real bridge, and its Admin API on a local port."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from hmac import digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from checkout_bridge import CheckoutBridge
from checkout_bridge.events import Delivery
from checkout_bridge_spree import SpreePlugin

SECRET, OLD_SECRET, TOKEN = "new", "old", "sk_1"
ORDER, PAYMENT = "or_1", "py_1"
_numbers = count(1)


def sign(body: bytes, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """The headers by their definition, not by the code under test."""
    moment = str(int(time.time() if at is None else at))
    signature = digest(secret.encode(), moment.encode() + b"." + body, sha256).hex()
    return {"X-Spree-Webhook-Timestamp": moment, "X-Spree-Webhook-Signature": signature}


def event(name: str, data: Any, event_id: str | None = None) -> bytes:
    """An event about something."""
    return json.dumps({"id": event_id or f"uuid-{next(_numbers)}", "name": name, "data": data}).encode()


def order(*codes: str, **changes: Any) -> dict[str, Any]:
    """Two mugs at 12.50 and a tea at 5.00, 4.90 for delivery, paid."""
    items = [
        {"id": "li_mug", "variant_id": "variant_1", "quantity": 2, "currency": "EUR", "name": "Mug", "price": "12.5"},
        {"id": "li_tea", "variant_id": "variant_2", "quantity": 1, "currency": "EUR", "name": "Tea", "price": "5.0"},
    ]
    told = {"id": ORDER, "currency": "EUR", "payment_status": "paid", "items": items, "total": "34.9"}
    discounts = [{"code": code, "amount": "-3.0"} for code in codes]
    return {**told, "discounts": discounts, "payments": [{"id": PAYMENT, "status": "completed"}], **changes}


def refund(amount: Any, number: int = 1, **changes: Any) -> dict[str, Any]:
    """A refund of the order's payment."""
    return {"id": f"re_{number}", "amount": amount, "payment_id": PAYMENT} | changes


def plugin(**options: str) -> SpreePlugin:
    """The plugin under these options."""
    made = SpreePlugin()
    made.configure(options=options)
    return made


def told(name: str, data: Any, **options: str) -> Any:
    """What the plugin makes of an event about something, or of raw bytes."""
    body = data if isinstance(data, bytes) else event(name, data)
    return plugin(**options).event_of(delivery=Delivery("default", "uuid", name), body=body)


class Store:
    """Sends signed events to the bridge over HTTP, and asks what came of them."""

    def __init__(self, app: Flask, bridge: CheckoutBridge) -> None:
        self.bridge = bridge
        self._http = app.test_client()

    def send(self, body: bytes, headers: dict[str, str]) -> TestResponse:
        """Any bytes under any headers."""
        return self._http.post("/bridge/webhooks/spree", data=body, headers=headers)

    def tell(self, name: str, data: Any, event_id: str | None = None) -> dict[str, Any]:
        """Whatever came of it, Spree must see 200."""
        body = event(name, data, event_id)
        response = self.send(body, sign(body))
        assert response.status_code == 200, response.get_data(as_text=True)
        answer: dict[str, Any] = response.get_json()
        return answer

    def coupon(self, code: str, quantity: int | None = None) -> None:
        """3.00 off, so many times."""
        voucher = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "AMOUNT", "amount_off": 300}}
        self._vouchers.create_voucher(code, {**voucher, "redemption": {"quantity": quantity}})

    def gift_card(self, code: str, credits: int) -> None:
        """In minor units."""
        self._vouchers.create_voucher(code, {"type": "GIFT_VOUCHER", "gift": {"amount": credits}})

    def used(self, code: str) -> int:
        """How often a code counts as used."""
        times: int = self._vouchers.get_voucher(code)["redemption"]["redeemed_quantity"]
        return times

    def credits(self, code: str) -> int:
        """What a gift card holds."""
        balance: int = self._vouchers.get_voucher(code)["gift"]["balance"]
        return balance

    @property
    def _vouchers(self) -> Any:
        return self.bridge.runtime.client.vouchers


class SpreeServer(ThreadingHTTPServer):
    """Plays the orders and refunds of a store; ``trouble`` is a status, or bytes, that it answers instead."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.orders: list[dict[str, Any]] = [order()]
        self.refunds: dict[str, list[dict[str, Any]]] = {}
        self.trouble: int | bytes | None = None
        self.delay = 0.0
        self.asked: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, target: str) -> tuple[int, bytes]:
        """Status and body for a path with its query."""
        if self.trouble is not None:
            return (self.trouble, b"{}") if isinstance(self.trouble, int) else (200, self.trouble)
        path, _, query = target.removeprefix("/api/v3/admin/orders").partition("?")
        if not path:
            page = int(dict(pair.split("=") for pair in query.split("&"))["page"])
            return 200, json.dumps({"data": self.orders[(page - 1) * 100 : page * 100]}).encode()
        known = next((one for one in self.orders if path.split("/")[1] == one["id"]), None)
        if known is None:
            return 404, b"{}"
        listed = {"data": self.refunds.get(known["id"], [])}
        return 200, json.dumps(listed if path.endswith("/refunds") else known).encode()


class _Handler(BaseHTTPRequestHandler):
    server: SpreeServer

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("X-Spree-Api-Key")))
        time.sleep(self.server.delay)
        status, body = self.server.answer(self.path)
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # the one who asked has gone

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def spree_api() -> Iterator[SpreeServer]:
    server = SpreeServer()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def asked(spree_api: SpreeServer) -> Callable[[str, Any], Any]:
    """What the plugin makes of an event while the API is at hand."""
    return lambda name, data: told(name, data, API_URL=spree_api.url + "/", TOKEN=TOKEN)


@pytest.fixture
def store(tmp_path: Path, spree_api: SpreeServer) -> Iterator[Store]:
    app = Flask("shop")
    options = {"spree_secret": f"{SECRET},{OLD_SECRET}", "spree_api_url": spree_api.url, "spree_token": TOKEN}
    bridge = CheckoutBridge(app, data_dir=tmp_path, **options)
    yield Store(app, bridge)
    bridge.close()
