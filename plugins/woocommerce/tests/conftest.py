"""A WooCommerce shop that sends signed deliveries to a real bridge, and what the plugin makes of a body."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from hmac import digest
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from checkout_bridge import CheckoutBridge
from checkout_bridge.events import Delivery, Event
from checkout_bridge_woocommerce import WooCommercePlugin
from checkout_bridge_woocommerce.samples import ORDER

SECRET, OLD_SECRET = "wc_new", "wc_old"
SHOP = "shop.example.com"
TOKEN = "door"


def sign(body: bytes, secret: str = SECRET) -> str:
    """The signature by its definition, not by the code under test."""
    return b64encode(digest(secret.encode(), body, sha256)).decode()


class Store:
    """Sends deliveries to the bridge over HTTP, each in a second of its own, and asks what came of them."""

    def __init__(self, app: Flask, bridge: CheckoutBridge) -> None:
        self.bridge = bridge
        self._http = app.test_client()
        self._numbers = count(1)

    def send(self, body: bytes, headers: dict[str, str]) -> TestResponse:
        """Any bytes under any headers."""
        return self._http.post("/bridge/webhooks/woocommerce", data=body, headers=headers)

    def headers(self, topic: str, body: bytes, *, second: str | None = None, secret: str = SECRET) -> dict[str, str]:
        """As WooCommerce sets them."""
        return {
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": f"https://{SHOP}/",
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Delivery-ID": second or f"second-{next(self._numbers)}",
            "X-WC-Webhook-Signature": sign(body, secret),
        }

    def tell(self, topic: str, payload: Any, **signed: str) -> dict[str, Any]:
        """Send a signed delivery; whatever came of it, WooCommerce must see 200."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        response = self.send(body, self.headers(topic, body, **signed))
        assert response.status_code == 200, response.get_data(as_text=True)
        answer: dict[str, Any] = response.get_json()
        return answer

    def quote(self, cart: Any) -> dict[str, Any]:
        """What the HTTP door says of a cart."""
        body = {"platform": "woocommerce", "shop": SHOP, "cart": cart}
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
        return self.bridge.order(str(ref), platform="woocommerce", shop=SHOP)

    @property
    def _vouchers(self) -> Any:
        return self.bridge.runtime.client.vouchers


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    app = Flask("shop")
    bridge = CheckoutBridge(app, data_dir=tmp_path, token=TOKEN, woocommerce_secret=f"{SECRET}, {OLD_SECRET}")
    yield Store(app, bridge)
    bridge.close()


@pytest.fixture
def told() -> Callable[..., Event | tuple[Event, ...]]:
    """What the plugin makes of a body: ``told(topic, payload or bytes)``."""

    def told(topic: str, payload: Any, shop: str = SHOP) -> Event | tuple[Event, ...]:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return WooCommercePlugin().event_of(delivery=Delivery(shop, "event-1", topic), body=body)

    return told
