"""A Shopify store that sends signed deliveries to a real bridge, and a sample of each body it sends."""

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
from sqlalchemy import select
from werkzeug.test import TestResponse

from checkout_bridge import CheckoutBridge
from checkout_bridge.bridge.ledger.model import deliveries
from checkout_bridge.database import reading
from checkout_bridge.events import Delivery, Event
from checkout_bridge_shopify import ShopifyPlugin

SECRET, OLD_SECRET = "shpss_new", "shpss_old"
SHOP = "my-store.myshopify.com"
ORDER = 820982911946154508  # beyond what a double can tell from its neighbours
MUGS, TEA = 866550311766439020, 141249953214522974


def sign(body: bytes, secret: str = SECRET) -> str:
    """The signature by its definition, not by the code under test."""
    return b64encode(digest(secret.encode(), body, sha256)).decode()


def paid_order(*codes: str, **changes: Any) -> dict[str, Any]:
    """Two mugs at 12.50 and a tea at 5.00, paid; without anything the plugin does not need."""
    order = {
        "id": ORDER,
        "currency": "EUR",
        "financial_status": "paid",
        "cancelled_at": None,
        "email": "jo@example.com",
        "customer": {"id": 115310627314723954, "email": "jo@example.com", "first_name": "Jo", "last_name": "Doe"},
        "line_items": [
            {"id": MUGS, "product_id": 632910392, "sku": "MUG", "name": "Mug - blue", "quantity": 2, "price": "12.50"},
            {"id": TEA, "product_id": None, "sku": "", "title": "Tea", "quantity": 1, "price": "5.00"},
        ],
        "discount_codes": [{"code": code, "amount": "3.00", "type": "fixed_amount"} for code in codes],
        "discount_applications": [{"type": "discount_code", "code": code} for code in codes],
    }
    return order | changes


def refund_of(quantities: dict[int, int], *, number: int = 509562969, **changes: Any) -> dict[str, Any]:
    """A refund of so many pieces of each line of ``paid_order``, gone through."""
    items = [
        {"line_item_id": line, "quantity": pieces, "subtotal": 12.5, "total_tax": 0.0}
        for line, pieces in quantities.items()
    ]
    money = {"kind": "refund", "status": "success", "amount": "12.50", "currency": "EUR"}
    return {"id": number, "order_id": ORDER, "refund_line_items": items, "transactions": [money]} | changes


class Store:
    """Sends deliveries to the bridge over HTTP, each with an id of its own, and asks what came of them."""

    def __init__(self, app: Flask, bridge: CheckoutBridge) -> None:
        self.bridge = bridge
        self._http = app.test_client()
        self._numbers = count(1)

    def send(self, body: bytes, headers: dict[str, str]) -> TestResponse:
        """Any bytes under any headers."""
        return self._http.post("/bridge/webhooks/shopify", data=body, headers=headers)

    def headers(self, topic: str, body: bytes, *, event_id: str | None = None, secret: str = SECRET) -> dict[str, str]:
        """As Shopify sets them."""
        return {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Shop-Domain": SHOP,
            "X-Shopify-Webhook-Id": event_id or f"event-{next(self._numbers)}",
            "X-Shopify-Hmac-Sha256": sign(body, secret),
        }

    def tell(self, topic: str, payload: Any, **signed: str) -> dict[str, Any]:
        """Send a signed delivery; whatever came of it, Shopify must see 200."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload, indent=1).encode()
        response = self.send(body, self.headers(topic, body, **signed))
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
        return self.bridge.order(str(ref), platform="shopify", shop=SHOP)

    def kept(self) -> list[dict[str, Any]]:
        """Every delivery in the inbox."""
        with reading(self.bridge.runtime.doors.ledger.database) as connection:
            return [row._asdict() for row in connection.execute(select(deliveries))]

    @property
    def _vouchers(self) -> Any:
        return self.bridge.runtime.client.vouchers


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    app = Flask("shop")
    bridge = CheckoutBridge(app, data_dir=tmp_path, shopify_secret=f"{SECRET}, {OLD_SECRET}")
    yield Store(app, bridge)
    bridge.close()


@pytest.fixture
def told() -> Callable[..., Event]:
    """What the plugin makes of a body: ``told(topic, payload or bytes)``."""

    def told(topic: str, payload: Any, shop: str = SHOP) -> Event:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return ShopifyPlugin().event_of(delivery=Delivery(shop, "event-1", topic), body=body)

    return told
