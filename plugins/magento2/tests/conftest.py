"""A Magento shop that sends signed deliveries to a real bridge, and the plugin by itself."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from checkout_bridge import CheckoutBridge
from checkout_bridge.bridge.ledger.model import deliveries
from checkout_bridge.database import reading
from checkout_bridge.events import Event
from checkout_bridge_magento2 import Magento2Plugin

KEY, OLD_KEY, STRANGE_KEY = (generate_private_key(public_exponent=65537, key_size=2048) for _ in range(3))
SECRET = "hush"
SIGNED_BY = "X-Adobe-Commerce-Webhook-Signature"


def pem(key: RSAPrivateKey) -> str:
    """The public half, as Commerce's admin shows it."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def sign(body: bytes, key: RSAPrivateKey = KEY) -> str:
    """The signature by its definition, not by the code under test."""
    return b64encode(key.sign(b64encode(body), PKCS1v15(), SHA256())).decode()


def plugin(**options: str) -> Magento2Plugin:
    """The plugin by itself, under these options."""
    made = Magento2Plugin()
    made.configure(options=options)
    return made


def item(item_id: int, sku: str, qty: Any, price: Any, row_total: Any, **more: Any) -> dict[str, Any]:
    """An order item."""
    named = {"item_id": item_id, "sku": sku, "qty_ordered": qty, "price": price, "row_total": row_total}
    return {**named, "product_id": item_id + 100, "name": sku.title(), **more}


def order(*codes: str, **changes: Any) -> dict[str, Any]:
    """Two mugs at 12.50 and a tea at 5.00, paid."""
    told = {
        "entity_id": 41,
        "state": "processing",
        "order_currency_code": "EUR",
        "grand_total": 30,
        "total_paid": 30,
        "customer_id": 3,
        "customer_email": "jo@example.com",
        "customer_firstname": "Jo",
        "customer_lastname": None,
        "coupon_code": codes[0] if codes else None,
        "extension_attributes": {"coupon_codes": list(codes)},
        "items": [item(51, "MUG", 2, 12.5, 25), item(52, "TEA", 1, 5, 5)],
    }
    return told | changes


def memo(quantities: dict[int, Any], number: int = 61, **changes: Any) -> dict[str, Any]:
    """A credit memo of so many pieces of each order item, gone through."""
    items = [{"order_item_id": line, "qty": pieces, "row_total": 5} for line, pieces in quantities.items()]
    told = {"entity_id": number, "order_id": 41, "state": 2, "order_currency_code": "EUR", "grand_total": 5}
    return told | {"items": items} | changes


def hook(*codes: str, currency: str = "EUR", **changes: Any) -> dict[str, Any]:
    """The body of the totals hook: two mugs at 12.50 and a tea at 5.00."""
    items = [{**one, "qty": one["qty_ordered"]} for one in order()["items"]]
    quote = {"quote_currency_code": currency, "base_currency_code": currency, "coupon_code": ",".join(codes) or None}
    return {"total": {}, "quote": quote | changes, "shippingAssignment": {"items": items}}


class Shop:
    """Sends deliveries to the bridge over HTTP and asks what came of them."""

    def __init__(self, app: Flask, bridge: CheckoutBridge) -> None:
        self.bridge = bridge
        self._http = app.test_client()

    def send(self, body: bytes, headers: dict[str, str]) -> TestResponse:
        """Any bytes under any headers."""
        return self._http.post("/bridge/webhooks/magento2", data=body, headers=headers)

    def tell(self, key: RSAPrivateKey = KEY, **told: Any) -> Any:
        """Send a signed delivery, such as ``order={...}``; whatever came of it, Magento must see 200."""
        body = json.dumps(told).encode()
        response = self.send(body, {SIGNED_BY: sign(body, key)})
        assert response.status_code == 200, response.get_data(as_text=True)
        return response.get_json()

    def quote(self, cart: Any) -> Any:
        """Ask the HTTP door what applies to a cart in Magento's own JSON."""
        asked = {"platform": "magento2", "cart": cart}
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


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    app = Flask("shop")
    options = {"magento2_public_key": pem(KEY) + pem(OLD_KEY), "magento2_secret": SECRET}
    bridge = CheckoutBridge(app, data_dir=tmp_path, token="door-token", **options)
    made = Shop(app, bridge)
    made.stock()
    yield made
    bridge.close()


@pytest.fixture
def told() -> Callable[..., Event]:
    """What the plugin makes of a body: ``told(order={...})``, or of bytes."""

    def told(body: bytes | None = None, options: dict[str, str] | None = None, **payload: Any) -> Event:
        made, sent = plugin(**(options or {})), json.dumps(payload).encode() if body is None else body
        return made.event_of(delivery=made.identify_webhook(headers={}, body=sent), body=sent)

    return told
