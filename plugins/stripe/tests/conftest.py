"""Stripe as the tests play it: signed events to a real bridge, and its API on a local port."""

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
from checkout_bridge_stripe import StripePlugin

SECRET, OLD_SECRET = "whsec_new", "whsec_old"
INTENT, CHARGE, SESSION = "pi_1", "ch_1", "cs_1"
SHOP_OPTIONS = {"ORDER_PLATFORM": "generic", "ORDER_SHOP": "main"}
_numbers = count(1)


def sign(body: bytes, secret: str = SECRET, at: float | None = None) -> str:
    """The header by its definition, not by the code under test."""
    moment = int(time.time() if at is None else at)
    return f"t={moment},v1={digest(secret.encode(), b'%d.' % moment + body, sha256).hex()}"


def event(topic: str, told: Any, event_id: str | None = None, **around: Any) -> bytes:
    """An event about an object."""
    envelope = {"id": event_id or f"evt_{next(_numbers)}", "object": "event", "type": topic, "data": {"object": told}}
    return json.dumps(envelope | around).encode()


def session(*codes: str, **changes: Any) -> dict[str, Any]:
    """Two mugs at 12.50 and a tea at 5.00, paid, with its lines as an export has them."""
    items = [
        {"id": "li_mug", "quantity": 2, "amount_subtotal": 2500, "currency": "eur", "description": "Mug"},
        {"id": "li_tea", "quantity": 1, "amount_subtotal": 500, "currency": "eur", "price": {"unit_amount": 500}},
    ]
    told = {
        "id": SESSION,
        "object": "checkout.session",
        "mode": "payment",
        "payment_status": "paid",
        "payment_intent": INTENT,
        "currency": "eur",
        "metadata": {},
        "line_items": {"data": items},
        "discounts": [{"promotion_code": {"id": "promo_1", "code": code}} for code in codes],
    }
    return told | changes


def refund(money: int, number: int = 1, **changes: Any) -> dict[str, Any]:
    """A refund of the payment intent."""
    told = {"id": f"re_{number}", "charge": CHARGE, "payment_intent": INTENT, "amount": money, "currency": "eur"}
    return {**told, "status": "succeeded", "metadata": {}, "created": number, **changes}


def charge(**changes: Any) -> dict[str, Any]:
    """A charge of 30.00 that was refunded wholly."""
    told = {"id": CHARGE, "payment_intent": INTENT, "amount": 3000, "currency": "eur", "captured": True}
    return {**told, "refunded": True, "amount_refunded": 3000, "metadata": {}, **changes}


def dispute(status: str = "needs_response", **changes: Any) -> dict[str, Any]:
    """A dispute over the charge."""
    told = {"id": "dp_1", "charge": CHARGE, "payment_intent": INTENT, "reason": "fraudulent", "metadata": {}}
    return {**told, "status": status, **changes}


def plugin(**options: str) -> StripePlugin:
    """The plugin under these options."""
    made = StripePlugin()
    made.configure(options=options)
    return made


def told(topic: str, payload: Any, **options: str) -> Any:
    """What the plugin makes of an event about an object, or of raw bytes."""
    body = payload if isinstance(payload, bytes) else event(topic, payload)
    return plugin(**options).event_of(delivery=Delivery("default", "evt_1", topic), body=body)


class Store:
    """Sends signed events to the bridge over HTTP, and asks what came of them."""

    def __init__(self, app: Flask, bridge: CheckoutBridge) -> None:
        self.bridge = bridge
        self._http = app.test_client()

    def send(self, body: bytes, header: str | None) -> TestResponse:
        """Any bytes under any signature."""
        headers = {} if header is None else {"Stripe-Signature": header}
        return self._http.post("/bridge/webhooks/stripe", data=body, headers=headers)

    def tell(self, topic: str, payload: Any, event_id: str | None = None) -> dict[str, Any]:
        """Whatever came of it, Stripe must see 200."""
        body = event(topic, payload, event_id)
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


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """Opens a store under options of the plugin: ``open_store(order_platform="generic")``."""
    bridges: list[CheckoutBridge] = []

    def opened(restore_policy: str = "", **options: str) -> Store:
        app = Flask("shop")
        named = {f"stripe_{name}": value for name, value in {"secret": SECRET, **options}.items()}
        named |= {"restore_policy": restore_policy} if restore_policy else {}
        bridges.append(CheckoutBridge(app, data_dir=tmp_path, token="token", **named))
        return Store(app, bridges[-1])

    yield opened
    for bridge in bridges:
        bridge.close()


class StripeServer(ThreadingHTTPServer):
    """Answers paths with what ``answers`` has; a number instead is a status. It remembers ``asked``."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, str | None, str | None]] = []
        self.delay = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: StripeServer

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization"), self.headers.get("Stripe-Account")))
        time.sleep(self.server.delay)
        answer = self.server.answers.get(self.path, 404)
        status = answer if isinstance(answer, int) else 200
        body = answer if isinstance(answer, bytes) else json.dumps({} if isinstance(answer, int) else answer).encode()
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
def stripe_api() -> Iterator[StripeServer]:
    server = StripeServer()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
