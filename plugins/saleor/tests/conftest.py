"""A Saleor shop that sends signed deliveries to a real bridge, and publishes its keys over HTTP."""

from __future__ import annotations

import hmac
import json
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from checkout_bridge import CheckoutBridge
from checkout_bridge.bridge.ledger.model import deliveries
from checkout_bridge.database import reading
from checkout_bridge.events import Event
from checkout_bridge_saleor import SaleorPlugin

KEY, NEW_KEY, STRANGE_KEY = (generate_private_key(public_exponent=65537, key_size=2048) for _ in range(3))
SECRET = "hush"
DOMAIN = "shop.example"


def b64url(told: bytes) -> str:
    return urlsafe_b64encode(told).rstrip(b"=").decode()


def jwk(key: RSAPrivateKey = KEY, kid: str = "1", **changes: Any) -> dict[str, Any]:
    """One key as Saleor publishes it."""
    numbers = key.public_key().public_numbers()
    named = {"kty": "RSA", "use": "sig", "kid": kid, "e": b64url(numbers.e.to_bytes(3, "big"))}
    return {**named, "n": b64url(numbers.n.to_bytes(256, "big"))} | changes


def jwks(*keys: dict[str, Any]) -> str:
    return json.dumps({"keys": list(keys) or [jwk()]})


def sign(body: bytes, key: RSAPrivateKey = KEY, kid: str = "1", **header: Any) -> str:
    """The JWS by its definition (RFC 7797), not by the code under test; None leaves a part of its header out."""
    told = {"alg": "RS256", "typ": "JWT", "kid": kid, "b64": False, "crit": ["b64"]} | header
    told = {name: value for name, value in told.items() if value is not None}
    protected = b64url(json.dumps(told).encode())
    return f"{protected}..{b64url(key.sign(protected.encode() + b'.' + body, PKCS1v15(), SHA256()))}"


def hex_of(body: bytes, secret: str = SECRET) -> str:
    """The older signature, of webhooks that have a secret."""
    return hmac.digest(secret.encode(), body, "sha256").hex()


def plugin(**options: str) -> SaleorPlugin:
    """The plugin by itself, under these options."""
    made = SaleorPlugin()
    made.configure(options=options)
    return made


def global_id(kind: str, number: int) -> str:
    return b64encode(f"{kind}:{number}".encode()).decode()


ORDER, MUGS, TEA = global_id("Order", 1), global_id("OrderLine", 1), global_id("OrderLine", 2)


def line(line_id: str, quantity: int, price: Any, net: Any = None, **changes: Any) -> dict[str, Any]:
    """A line at a price before discounts."""
    money = {"currency": "EUR", "gross": {"amount": price}, "net": {"amount": price if net is None else net}}
    return {"id": line_id, "quantity": quantity, "undiscountedUnitPrice": money} | changes


def order(code: str | None = None, **changes: Any) -> dict[str, Any]:
    """Two mugs at 12.50 and a tea at 5.00, paid."""
    told = {
        "id": ORDER,
        "status": "UNFULFILLED",
        "isPaid": True,
        "total": {"currency": "EUR", "gross": {"amount": 30.0}},
        "totalCharged": {"amount": 0.0},
        "userEmail": "jo@example.com",
        "user": None,
        "metafield": code,
        "lines": [line(MUGS, 2, 12.5), line(TEA, 1, 5.0)],
    }
    return told | changes


def granted(number: int, pieces: dict[str, int], status: str = "SUCCESS", amount: float = 5.0) -> dict[str, Any]:
    """A refund of so many pieces, and the id of the event of its money."""
    lines = [{"orderLine": {"id": line_id}, "quantity": quantity} for line_id, quantity in pieces.items()]
    told = {"id": f"granted-{number}", "status": status, "amount": {"amount": amount}, "lines": lines}
    return {**told, "transactionEvents": [{"id": f"event-{number}"}]}


def event(number: int, kind: str = "REFUND_SUCCESS", amount: float = 5.0, **changes: Any) -> dict[str, Any]:
    """What happened to money."""
    return {"id": f"event-{number}", "type": kind, "amount": {"amount": amount}} | changes


class Shop:
    """Sends deliveries to the bridge over HTTP and asks what came of them."""

    def __init__(self, app: Flask, bridge: CheckoutBridge) -> None:
        self.bridge = bridge
        self._http = app.test_client()

    def send(self, body: bytes, **headers: str) -> TestResponse:
        """Any bytes; ``Saleor_Event="order_paid"`` is a header."""
        named = {name.replace("_", "-"): value for name, value in {"Saleor_Domain": DOMAIN, **headers}.items()}
        return self._http.post("/bridge/webhooks/saleor", data=body, headers=named)

    def tell(self, topic: str, told: dict[str, Any]) -> Any:
        """Send a signed order event; whatever came of it, Saleor must see 200."""
        body = json.dumps({"order": told}).encode()
        response = self.send(body, Saleor_Event=topic, Saleor_Signature=sign(body))
        assert response.status_code == 200, response.get_data(as_text=True)
        return response.get_json()

    def quote(self, cart: Any) -> Any:
        """Ask the HTTP door what applies to a cart in Saleor's own JSON."""
        asked = {"platform": "saleor", "cart": cart}
        response = self._http.post("/bridge/quote", json=asked, headers={"Authorization": "Bearer door-token"})
        assert response.status_code == 200, response.get_data(as_text=True)
        return response.get_json()

    def stock(self) -> None:
        """A coupon of 3.00 for one use, and a gift card of 50.00."""
        amount = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "AMOUNT", "amount_off": 300}}
        self._vouchers.create_voucher("SAVE", {**amount, "redemption": {"quantity": 1}})
        self._vouchers.create_voucher("GIFT-1", {"type": "GIFT_VOUCHER", "gift": {"amount": 5000}})

    def counters(self) -> tuple[int, int]:
        """How often SAVE counts as used, and what GIFT-1 holds."""
        used: int = self._vouchers.get_voucher("SAVE")["redemption"]["redeemed_quantity"]
        return used, self._vouchers.get_voucher("GIFT-1")["gift"]["balance"]

    def kept(self) -> list[dict[str, Any]]:
        """Every delivery in the inbox."""
        with reading(self.bridge.runtime.doors.ledger.database) as connection:
            return [row._asdict() for row in connection.execute(select(deliveries))]

    @property
    def _vouchers(self) -> Any:
        return self.bridge.runtime.client.vouchers


class KeyServer(ThreadingHTTPServer):
    """Publishes ``body`` under ``status`` after ``pause`` seconds, and counts who asks."""

    status, pause = 200, 0.0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Keys)
        self.body = jwks()
        self.asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/.well-known/jwks.json"


class _Keys(BaseHTTPRequestHandler):
    server: KeyServer

    def do_GET(self) -> None:
        self.server.asked += 1
        time.sleep(self.server.pause)
        body = self.server.body.encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):  # the bridge did not wait
            self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Stay quiet."""


@pytest.fixture
def key_server() -> Iterator[KeyServer]:
    with KeyServer() as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    app = Flask("shop")
    options = {"saleor_jwks": jwks(), "saleor_secret": SECRET, "token": "door-token"}
    bridge = CheckoutBridge(app, data_dir=tmp_path, **options)
    made = Shop(app, bridge)
    made.stock()
    yield made
    bridge.close()


@pytest.fixture
def told() -> Callable[..., Event | tuple[Event, ...]]:
    """What the plugin makes of a payload under the event that the header names."""

    def told(topic: str, payload: Any) -> Event | tuple[Event, ...]:
        made, body = plugin(), payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        headers = Headers({"Saleor-Event": topic, "Saleor-Domain": DOMAIN})
        return made.event_of(delivery=made.identify_webhook(headers=headers, body=body), body=body)

    return told
