"""A PrestaShop shop whose module posts to a real bridge, and bodies as it posts them."""

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
from checkout_bridge_prestashop import PrestaShopPlugin

SECRET, OLD_SECRET = "hush-new", "hush-old"
SHOP, ORDER = "eu", "17"
MUG, TEA = 31, 32


def signed(body: bytes, secret: str = SECRET, at: int | None = None) -> str:
    """The signature by its documentation, not by the code under test."""
    at = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), str(at).encode() + b"." + body, "sha256").hexdigest()
    return f"t={at},v1={digest}"


PAID, CANCELLED, ERROR, AWAITING, REFUNDED, SHIPPED = 2, 6, 8, 1, 7, 4


def history(*states: int) -> list[dict[str, Any]]:
    """The states that an order got, one after the other, as a database has them."""
    paid = (PAID, SHIPPED, REFUNDED)
    return [
        {"id_order_history": str(number), "id_order_state": str(state), "paid": str(int(state in paid))}
        for number, state in enumerate(states, 1)
    ]


def detail(number: int, quantity: Any = 1, price: Any = "5.000000", **changes: Any) -> dict[str, Any]:
    return {"id_order_detail": number, "product_quantity": quantity, "unit_price_tax_incl": price} | changes


def order(*codes: str, states: tuple[int, ...] = (AWAITING, PAID), **changes: Any) -> dict[str, Any]:
    """Two mugs at 12.50 and a tea at 5.00; nothing is in it that the plugin does not need."""
    made = {
        "order": {"id_order": ORDER, "currency": "EUR"},
        "order_details": [detail(MUG, "2", "12.500000"), detail(TEA)],
        "order_cart_rules": [{"id_cart_rule": str(i), "code": code} for i, code in enumerate(codes, 1)],
        "order_histories": history(*states),
    }
    return made | changes


def slip(number: int, pieces: dict[int, int], **changes: Any) -> dict[str, Any]:
    details = [{"id_order_detail": line, "product_quantity": quantity} for line, quantity in pieces.items()]
    return {"id_order_slip": number, "order_slip_details": details} | changes


def slips(*added: dict[str, Any], currency: str = "EUR") -> dict[str, Any]:
    return {"order": {"id_order": ORDER, "currency": currency}, "order_slips": list(added)}


def envelope(event: str, data: Any, event_id: str = "evt-1") -> bytes:
    return json.dumps({"id": event_id, "event": event, "shop": SHOP, "data": data}).encode()


def told(event: str, data: Any, plugin: PrestaShopPlugin | None = None) -> Event | tuple[Event, ...]:
    """What the plugin makes of posted data."""
    return (plugin or PrestaShopPlugin()).event_of(delivery=Delivery(SHOP, "evt-1", event), body=envelope(event, data))


class Shop:
    """Posts signed envelopes, and asks what came of them."""

    def __init__(self, app: Flask, bridge: CheckoutBridge) -> None:
        self.bridge = bridge
        self._http = app.test_client()
        self._numbers = count(1)
        self._vouchers: Any = bridge.runtime.client.vouchers

    def send(self, body: bytes, headers: dict[str, str]) -> TestResponse:
        return self._http.post("/bridge/webhooks/prestashop", data=body, headers=headers)

    def tell(self, event: str, data: Any, *, event_id: str | None = None, secret: str = SECRET) -> dict[str, Any]:
        body = envelope(event, data, event_id or f"evt-{next(self._numbers)}")
        response = self.send(body, {"X-Checkout-Bridge-Signature": signed(body, secret)})
        assert response.status_code == 200, response.get_data(as_text=True)
        answer: dict[str, Any] = response.get_json()
        return answer

    def quote(self, cart: Any) -> dict[str, Any]:
        headers = {"Authorization": "Bearer door"}
        response = self._http.post(
            "/bridge/quote", json={"platform": "prestashop", "shop": SHOP, "cart": cart}, headers=headers
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
    bridge = CheckoutBridge(app, data_dir=tmp_path, token="door", prestashop_secret=f"{SECRET}, {OLD_SECRET}")
    made = Shop(app, bridge)
    made.stock()
    yield made
    bridge.close()
