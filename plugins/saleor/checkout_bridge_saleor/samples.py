"""Samples of the life of one order, signed as Saleor signs: two mugs at 12.50 and a tea at 5.00."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from checkout_bridge.events import Cart, Customer, Ignored, Line
from checkout_bridge.testing.samples import Sample, Samples

CODE, SHOP = "SAVE", "shop.example"
_KEY = generate_private_key(public_exponent=65537, key_size=2048)


def _id(kind: str, number: int) -> str:
    return b64encode(f"{kind}:{number}".encode()).decode()


def _base64url(told: bytes) -> str:
    return urlsafe_b64encode(told).rstrip(b"=").decode()


def jwks() -> str:
    """The set of keys that Saleor would publish."""
    numbers = _KEY.public_key().public_numbers()
    named = {"kty": "RSA", "use": "sig", "kid": "1", "e": _base64url(numbers.e.to_bytes(3, "big"))}
    return json.dumps({"keys": [{**named, "n": _base64url(numbers.n.to_bytes(256, "big"))}]})


def sign(sample: Sample, event_id: str, when: int) -> Mapping[str, str]:
    """A JWS with its payload left out; Saleor sends neither an id nor a time."""
    header = _base64url(json.dumps({"alg": "RS256", "b64": False, "crit": ["b64"], "kid": "1"}).encode())
    signature = _KEY.sign(header.encode() + b"." + sample.body, PKCS1v15(), SHA256())
    named = {"Saleor-Event": sample.topic, "Saleor-Domain": SHOP, "Content-Type": "application/json"}
    return {**named, "Saleor-Signature": f"{header}..{_base64url(signature)}"}


ORDER, MUGS, TEA = _id("Order", 1), _id("OrderLine", 1), _id("OrderLine", 2)


def _line(line_id: str, sku: str, quantity: int, price: float) -> dict[str, Any]:
    money = {"gross": {"amount": price}, "net": {"amount": price}, "currency": "EUR"}
    named = {"productName": sku.title(), "productSku": sku, "variant": {"product": {"id": _id("Product", quantity)}}}
    return {"id": line_id, "quantity": quantity, "undiscountedUnitPrice": money, **named}


def told(topic: str, **changes: Any) -> Sample:
    """An order event with only what is read of it."""
    order = {
        "id": ORDER,
        "status": "UNFULFILLED",
        "isPaid": True,
        "total": {"currency": "EUR", "gross": {"amount": 27.0}},
        "userEmail": "jo@example.com",
        "user": {"id": _id("User", 7), "firstName": "Jo", "lastName": "Doe"},
        "voucherCode": CODE,
        "lines": [_line(MUGS, "MUG", 2, 12.5), _line(TEA, "TEA", 1, 5.0)],
    }
    name = "".join(part.title() for part in topic.split("_"))
    return Sample(topic, {"__typename": name, "order": order | changes})


def granted(number: int, line_id: str) -> dict[str, Any]:
    """A refund of one piece that went through, and the money that went back for it."""
    line = {"orderLine": {"id": line_id}, "quantity": 1}
    named = {"id": _id("OrderGrantedRefund", number), "status": "SUCCESS", "amount": {"amount": 5.0}}
    return {**named, "lines": [line], "transactionEvents": [{"id": _id("TransactionEvent", number)}]}


_EVENTS = [{"id": _id("TransactionEvent", 1), "type": "REFUND_SUCCESS", "amount": {"amount": 5.0}}]
_CHECKOUT = {
    "checkout": {
        "channel": {"currencyCode": "EUR"},
        "email": "jo@example.com",
        "metafield": CODE,
        "lines": [
            _line(_id("CheckoutLine", 1), "MUG", 2, 12.5),
            _line(_id("CheckoutLine", 2), "TEA", 1, 5.0),
        ],
    }
}


def total_after(body: Any, answer: Any) -> int:
    """What the checkout comes to, in minor units, once it has the voucher that the answer describes."""
    lines = body["checkout"]["lines"]
    total = sum(Decimal(str(line["undiscountedUnitPrice"]["gross"]["amount"])) * line["quantity"] for line in lines)
    if answer:
        (channel,) = answer["voucherChannelListingUpdate"]["input"]["addChannels"]
        total -= Decimal(channel["discountValue"])
    return int(total * 100)


SAMPLES = Samples(
    options={"JWKS": jwks()},
    sign=sign,
    shop=SHOP,
    order_ref=ORDER,
    code=CODE,
    paid=told("order_paid"),
    expected_cart=Cart(
        "EUR",
        (Line(MUGS, 2, 1250, "MUG", _id("Product", 2), "Mug"), Line(TEA, 1, 500, "TEA", _id("Product", 1), "Tea")),
        Customer(_id("User", 7), "jo@example.com", "Jo Doe"),
        (CODE,),
    ),
    cancelled=told("order_cancelled", status="CANCELED"),
    refunds=(
        told("order_refunded", grantedRefunds=[granted(1, MUGS)], transactions=[{"events": _EVENTS}]),
        told("order_refunded", grantedRefunds=[granted(1, MUGS), granted(2, TEA)], transactions=[{"events": _EVENTS}]),
    ),
    rest=told("order_fully_refunded", status="FULFILLED", isPaid=False),
    expected=(
        (told("order_paid", isPaid=False), Ignored("the order is not wholly paid: its isPaid is false")),
        (told("order_fully_paid", lines=[]), None),
    ),
    cart=Sample("checkout", _CHECKOUT),
    cart_total=3000,
    total_after=total_after,
)
