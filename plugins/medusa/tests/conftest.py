"""A Medusa shop whose subscriber posts to a real bridge, and bodies as it posts them."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from checkout_bridge import CheckoutBridge
from checkout_bridge.events import Delivery, Event
from checkout_bridge_medusa import MedusaPlugin

SECRET, OLD_SECRET = "hush-new", "hush-old"
SHOP, ORDER = "eu", "order_1"


def signed(body: bytes, secret: str = SECRET, at: int | None = None) -> str:
    """The signature by its documentation, not by the code under test."""
    at = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), str(at).encode() + b"." + body, "sha256").hexdigest()
    return f"t={at},v1={digest}"


def item(name: str, quantity: Any = 1, price: Any = 5, *codes: str, **changes: Any) -> dict[str, Any]:
    adjustments = [{"code": code, "amount": 1} for code in codes]
    return {"id": name, "title": name, "quantity": quantity, "unit_price": price, "adjustments": adjustments} | changes


def refund(name: str, amount: Any, day: int = 1) -> dict[str, Any]:
    return {"id": name, "amount": amount, "created_at": f"2026-01-{day:02}T00:00:00.000Z"}


def order(*codes: str, refunds: tuple[dict[str, Any], ...] = (), **changes: Any) -> dict[str, Any]:
    """Two mugs at 12.50 and a tea at 5.00, captured; nothing is in it that the plugin does not need."""
    payment = {"id": "pay_1", "amount": 30, "captures": [{"amount": 30}], "refunds": list(refunds)}
    made = {
        "id": ORDER,
        "status": "pending",
        "payment_status": "captured",
        "currency_code": "eur",
        "items": [item("mug", 2, 12.5, *codes), item("tea", 1, 5)],
        "payment_collections": [{"status": "completed", "amount": 30, "captured_amount": 30, "payments": [payment]}],
    }
    return made | changes


def envelope(event: str, data: Any, event_id: str = "evt-1") -> bytes:
    return json.dumps({"id": event_id, "event": event, "shop": SHOP, "data": data}).encode()


def told(event: str, data: Any, plugin: MedusaPlugin | None = None) -> Event | tuple[Event, ...]:
    """What the plugin makes of posted data."""
    return (plugin or MedusaPlugin()).event_of(delivery=Delivery(SHOP, "evt-1", event), body=envelope(event, data))


class Shop:
    """Posts signed envelopes, and asks what came of them."""

    def __init__(self, app: Flask, bridge: CheckoutBridge) -> None:
        self.bridge = bridge
        self._http = app.test_client()
        self._numbers = count(1)
        self._vouchers: Any = bridge.runtime.client.vouchers

    def send(self, body: bytes, headers: dict[str, str]) -> TestResponse:
        return self._http.post("/bridge/webhooks/medusa", data=body, headers=headers)

    def tell(self, event: str, data: Any, *, event_id: str | None = None, secret: str = SECRET) -> dict[str, Any]:
        body = envelope(event, data, event_id or f"evt-{next(self._numbers)}")
        response = self.send(body, {"X-Checkout-Bridge-Signature": signed(body, secret)})
        assert response.status_code == 200, response.get_data(as_text=True)
        answer: dict[str, Any] = response.get_json()
        return answer

    def quote(self, cart: Any) -> dict[str, Any]:
        headers = {"Authorization": "Bearer door"}
        response = self._http.post(
            "/bridge/quote", json={"platform": "medusa", "shop": SHOP, "cart": cart}, headers=headers
        )
        assert response.status_code == 200, response.get_data(as_text=True)
        answer: dict[str, Any] = response.get_json()
        return answer

    def stock(self) -> None:
        """A coupon of 3.00 off for one use, and a gift card of 50.00."""
        discount = {"type": "AMOUNT", "amount_off": 300}
        self._vouchers.create_voucher(
            "SAVE", {"type": "DISCOUNT_VOUCHER", "discount": discount, "redemption": {"quantity": 1}}
        )
        self._vouchers.create_voucher("GIFT-1", {"type": "GIFT_VOUCHER", "gift": {"amount": 5000}})

    @property
    def held(self) -> tuple[int, int]:
        """How often the coupon is used, and what the card holds."""
        coupon, card = self._vouchers.get_voucher("SAVE"), self._vouchers.get_voucher("GIFT-1")
        return coupon["redemption"]["redeemed_quantity"], card["gift"]["balance"]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    app = Flask("shop")
    bridge = CheckoutBridge(app, data_dir=tmp_path, token="door", medusa_secret=f"{SECRET}, {OLD_SECRET}")
    made = Shop(app, bridge)
    made.stock()
    yield made
    bridge.close()
