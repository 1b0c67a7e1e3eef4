"""A commercetools project: its HTTP API on a local port, its queue's forwarder, and a real bridge behind them."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from checkout_bridge import CheckoutBridge
from checkout_bridge.events import Event
from checkout_bridge_commercetools import CommercetoolsPlugin
from checkout_bridge_commercetools.samples import ORDER, PROJECT, asks, message

SECRET = "Bearer from-the-forwarder"
CREDENTIALS = {"CLIENT_ID": "bridge", "CLIENT_SECRET": "hush"}


class ProjectApi(ThreadingHTTPServer):
    """Gives tokens, and what ``answers`` has by path and query: JSON, bytes, or a status. ``slow`` is in seconds."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        self.slow = 0.0
        self.tokens = count(1)
        self.token = ""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that did not wait."""

    @property
    def options(self) -> dict[str, str]:
        """Under which the plugin asks it."""
        url = f"http://127.0.0.1:{self.server_port}"
        return {"API_URL": url, "AUTH_URL": url + "/auth", "PROJECT_KEY": PROJECT, **CREDENTIALS}


class _Handler(BaseHTTPRequestHandler):
    server: ProjectApi

    def do_POST(self) -> None:
        grant = self.rfile.read(int(self.headers["Content-Length"]))
        basic = "Basic " + b64encode(b"bridge:hush").decode()
        if (self.path, grant, self.headers["Authorization"]) != (
            "/auth/oauth/token",
            b"grant_type=client_credentials",
            basic,
        ):
            return self._answer(401, b"{}")
        self.server.asked.append(self.path)
        self.server.token = f"token-{next(self.server.tokens)}"
        return self._answer(200, json.dumps({"access_token": self.server.token, "expires_in": 172800}).encode())

    def do_GET(self) -> None:
        self.server.asked.append(path := unquote(self.path).replace("+", " "))
        time.sleep(self.server.slow)
        if self.headers["Authorization"] != f"Bearer {self.server.token}":
            return self._answer(401, b"{}")
        told = self.server.answers.get(path, 404)
        if isinstance(told, int):
            return self._answer(told, b"{}")
        return self._answer(200, told if isinstance(told, bytes) else json.dumps(told).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[ProjectApi]:
    server = ProjectApi()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def told(payload: Any, **options: str) -> Event | tuple[Event, ...]:
    """What the plugin makes of a body."""
    plugin = CommercetoolsPlugin()
    plugin.configure(options=options)
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    delivery = plugin.identify_webhook(headers=Headers(), body=body)
    return plugin.event_of(delivery=delivery, body=body)


class Shop:
    """Sends what the project sends, each message with an id of its own, and asks what came of it."""

    def __init__(self, app: Flask, bridge: CheckoutBridge, api: ProjectApi) -> None:
        self.bridge = bridge
        self.api = api
        self._http = app.test_client()
        self._numbers = count(1)

    def send(self, payload: Any, authorization: str = SECRET) -> TestResponse:
        """Any body under any header."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self._http.post("/bridge/webhooks/commercetools", data=body, headers={"Authorization": authorization})

    def tell(self, kind: str, *, event_id: str | None = None, **content: Any) -> dict[str, Any]:
        """Send a message; whatever came of it, the forwarder must see 200."""
        response = self.send({"id": event_id or f"m-{next(self._numbers)}"} | message(kind, **content))
        assert response.status_code == 200, response.get_data(as_text=True)
        answer: dict[str, Any] = response.get_json()
        return answer

    def pay(self, order: dict[str, Any], **sent: Any) -> dict[str, Any]:
        """The order is paid, which its message only refers to."""
        self.api.answers[f"/{PROJECT}/orders/{order['id']}"] = order
        return self.tell("OrderPaymentStateChanged", paymentState="Paid", resource_id=order["id"], **sent)

    def actions(self, cart: dict[str, Any]) -> list[dict[str, Any]]:
        """What an API Extension is answered."""
        response = self.send(asks(cart))
        assert response.status_code == 200
        answer: dict[str, Any] = response.get_json()
        assert list(answer) == ["actions"]
        return list(answer["actions"])

    def coupon(self, code: str, **discount: Any) -> None:
        """For one use; 3.00 off when nothing else is said."""
        told = discount or {"type": "AMOUNT", "amount_off": 300}
        self._vouchers.create_voucher(
            code, {"type": "DISCOUNT_VOUCHER", "discount": told, "redemption": {"quantity": 1}}
        )

    def gift_card(self, code: str, credits: int) -> None:
        """In minor units."""
        self._vouchers.create_voucher(code, {"type": "GIFT_VOUCHER", "gift": {"amount": credits}})

    def used(self, code: str) -> int:
        """How often a code counts as used."""
        return int(self._vouchers.get_voucher(code)["redemption"]["redeemed_quantity"])

    def credits(self, code: str) -> int:
        """What a gift card holds."""
        return int(self._vouchers.get_voucher(code)["gift"]["balance"])

    def state(self, ref: str = ORDER) -> str:
        """Of the bridge's own story of an order."""
        return str(self.bridge.order(ref, platform="commercetools", shop=PROJECT)["state"])

    @property
    def _vouchers(self) -> Any:
        return self.bridge.runtime.client.vouchers


@pytest.fixture
def open_shop(tmp_path: Path, api: ProjectApi) -> Iterator[Callable[..., Shop]]:
    opened: list[CheckoutBridge] = []

    def open_one(**settings: Any) -> Shop:
        app = Flask("shop")
        own = {f"commercetools_{name.lower()}": value for name, value in {"SECRET": SECRET, **api.options}.items()}
        opened.append(CheckoutBridge(app, data_dir=tmp_path, **(own | settings)))
        return Shop(app, opened[-1], api)

    yield open_one
    for bridge in opened:
        bridge.close()


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop()
