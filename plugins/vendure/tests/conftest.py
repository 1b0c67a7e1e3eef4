"""A Vendure shop whose plugin posts to a real bridge, and bodies as it posts them."""

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
from checkout_bridge_vendure import VendurePlugin

SECRET, OLD_SECRET = "hush-new", "hush-old"
SHOP, ORDER = "eu", "CODE1"


def signed(body: bytes, secret: str = SECRET, at: int | None = None) -> str:
    """The signature by its documentation, not by the code under test."""
    at = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), str(at).encode() + b"." + body, "sha256").hexdigest()
    return f"t={at},v1={digest}"


def line(name: str, quantity: int = 1, price: int = 500, **changes: Any) -> dict[str, Any]:
    return {"id": name, "quantity": quantity, "unitPriceWithTax": price, "linePriceWithTax": quantity * price} | changes


def refund(number: int, total: int, state: str = "Settled", **pieces: int) -> dict[str, Any]:
    lines = [{"orderLineId": name, "quantity": quantity} for name, quantity in pieces.items()]
    return {"id": str(number), "state": state, "total": total, "createdAt": f"2026-01-{number:02}", "lines": lines}


def order(*codes: str, refunds: tuple[dict[str, Any], ...] = (), **changes: Any) -> dict[str, Any]:
    """Two mugs at 12.50 and a tea at 5.00, settled; nothing is in it that the plugin does not need."""
    made = {
        "code": ORDER,
        "state": "PaymentSettled",
        "currencyCode": "EUR",
        "couponCodes": list(codes),
        "lines": [line("mug", 2, 1250), line("tea", 1, 500)],
        "payments": [{"state": "Settled", "amount": 3000, "refunds": list(refunds)}],
    }
    return made | changes


def envelope(event: str, data: Any, event_id: str = "evt-1") -> bytes:
    return json.dumps({"id": event_id, "event": event, "shop": SHOP, "data": data}).encode()


def told(event: str, data: Any, plugin: VendurePlugin | None = None) -> Event | tuple[Event, ...]:
    """What the plugin makes of posted data."""
    return (plugin or VendurePlugin()).event_of(delivery=Delivery(SHOP, "evt-1", event), body=envelope(event, data))


class Shop:
    """Posts signed envelopes, and asks what came of them."""

    def __init__(self, app: Flask, bridge: CheckoutBridge) -> None:
        self.bridge = bridge
        self._http = app.test_client()
        self._numbers = count(1)
        self._vouchers: Any = bridge.runtime.client.vouchers

    def send(self, body: bytes, headers: dict[str, str]) -> TestResponse:
        return self._http.post("/bridge/webhooks/vendure", data=body, headers=headers)

    def tell(self, event: str, data: Any, *, event_id: str | None = None, secret: str = SECRET) -> dict[str, Any]:
        body = envelope(event, data, event_id or f"evt-{next(self._numbers)}")
        response = self.send(body, {"X-Checkout-Bridge-Signature": signed(body, secret)})
        assert response.status_code == 200, response.get_data(as_text=True)
        answer: dict[str, Any] = response.get_json()
        return answer

    def quote(self, cart: Any) -> dict[str, Any]:
        headers = {"Authorization": "Bearer door"}
        response = self._http.post(
            "/bridge/quote", json={"platform": "vendure", "shop": SHOP, "cart": cart}, headers=headers
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
    bridge = CheckoutBridge(app, data_dir=tmp_path, token="door", vendure_secret=f"{SECRET}, {OLD_SECRET}")
    made = Shop(app, bridge)
    made.stock()
    yield made
    bridge.close()
