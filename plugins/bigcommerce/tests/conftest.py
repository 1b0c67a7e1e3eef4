"""A BigCommerce store: its API on a local port, and signed deliveries that it sends to a real bridge."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from hmac import digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from checkout_bridge import CheckoutBridge
from checkout_bridge.events import Delivery
from checkout_bridge.testing.samples import Sample
from checkout_bridge_bigcommerce import BigCommercePlugin
from checkout_bridge_bigcommerce.samples import COUPONS, ORDER, PRODUCTS, STORE, order

SECRET, OLD_SECRET, ACCESS = "client_new", "client_old", "store-token"
TOKEN = "door"


def sign(body: bytes, event_id: str, moment: int, secret: str = SECRET) -> str:
    """The signature by its definition, not by the code under test."""
    signed = f"{event_id}.{moment}.".encode() + body
    return "v1," + b64encode(digest(secret.encode(), signed, sha256)).decode()


class ShopApi(ThreadingHTTPServer):
    """Answers GET by path with JSON, bytes as they are, or a bare status; 404 for others. 401 without the token."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        self.slow = False
        self.let_go = Flag()  # ends the waiting of slow answers

    @property
    def url(self) -> str:
        """As the address of a store looks."""
        return f"http://127.0.0.1:{self.server_port}/stores/{STORE}"

    def has(self, number: int = ORDER, *, refunds: Any = (), lists: Any = None, **changes: Any) -> None:
        """Let it have this order, with the samples' products and coupons."""
        products, coupons = lists or (PRODUCTS, COUPONS)
        self.answers |= {
            f"/v2/orders/{number}": order(id=number, **changes),
            f"/v2/orders/{number}/products": products,
            f"/v2/orders/{number}/coupons": coupons or 204,
            f"/v3/orders/{number}/payment_actions/refunds": {"data": list(refunds), "meta": {}},
        }


class _Handler(BaseHTTPRequestHandler):
    server: ShopApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.removeprefix(f"/stores/{STORE}")
        self.server.asked.append(path)
        answer = self.server.answers.get(path, self.server.answers.get(path.partition("?")[0], 404))
        if self.headers["X-Auth-Token"] != ACCESS:
            answer = 401
        if self.server.slow:
            self.server.let_go.wait(20)
        status = answer if isinstance(answer, int) else 200
        body = b"" if isinstance(answer, int) else answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[ShopApi]:
    server = ShopApi()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.let_go.set()
    server.shutdown()
    thread.join()
    server.server_close()


def plugin(**options: str) -> BigCommercePlugin:
    made = BigCommercePlugin()
    made.configure(options=options)
    return made


@pytest.fixture
def told(api: ShopApi) -> Callable[..., Any]:
    """What the plugin makes of a sample or a body: ``told(sample)``, ``told(bytes, topic)``."""
    one = plugin(API_URL=api.url, ACCESS_TOKEN=ACCESS)

    def told(sample: Sample | bytes, topic: str = "", shop: str = STORE) -> Any:
        body = sample if isinstance(sample, bytes) else sample.body
        name = topic or (sample.topic if isinstance(sample, Sample) else "")
        return one.event_of(delivery=Delivery(shop, "event-1", name), body=body)

    return told


class Store:
    """Sends deliveries to the bridge over HTTP, each with an id of its own, and asks what came of them."""

    def __init__(self, app: Flask, bridge: CheckoutBridge) -> None:
        self.bridge = bridge
        self._http = app.test_client()
        self._numbers = count(1)

    def send(self, body: bytes, headers: dict[str, str]) -> TestResponse:
        """Any bytes under any headers."""
        return self._http.post("/bridge/webhooks/bigcommerce", data=body, headers=headers)

    def tell(self, sample: Sample, *, event_id: str | None = None, secret: str = SECRET) -> dict[str, Any]:
        """Send a signed delivery; whatever came of it, BigCommerce must see 200."""
        named, moment = event_id or f"event-{next(self._numbers)}", int(time.time())
        signature = sign(sample.body, named, moment, secret)
        headers = {"webhook-id": named, "webhook-timestamp": str(moment), "webhook-signature": signature}
        response = self.send(sample.body, headers)
        assert response.status_code == 200, response.get_data(as_text=True)
        answer: dict[str, Any] = response.get_json()
        return answer

    def quote(self, cart: Any) -> dict[str, Any]:
        """What the HTTP door says of a cart."""
        body = {"platform": "bigcommerce", "shop": STORE, "cart": cart}
        response = self._http.post("/bridge/quote", json=body, headers={"Authorization": f"Bearer {TOKEN}"})
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

    def order(self, ref: int = ORDER) -> dict[str, Any]:
        """The bridge's own story of an order."""
        return self.bridge.order(str(ref), platform="bigcommerce", shop=STORE)

    @property
    def _vouchers(self) -> Any:
        return self.bridge.runtime.client.vouchers


@pytest.fixture
def store(tmp_path: Path, api: ShopApi) -> Iterator[Store]:
    app = Flask("shop")
    options = {"secret": f"{SECRET}, {OLD_SECRET}", "api_url": api.url, "access_token": ACCESS}
    named = {f"bigcommerce_{name}": value for name, value in options.items()}
    bridge = CheckoutBridge(app, data_dir=tmp_path, token=TOKEN, **named)
    yield Store(app, bridge)
    bridge.close()
