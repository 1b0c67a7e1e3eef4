"""Samples of the life of one order, signed as Adobe Commerce signs: two mugs at 12.50 and a tea at 5.00."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from checkout_bridge.events import Cart, Customer, Ignored, Line
from checkout_bridge.testing.samples import Sample, Samples
from checkout_bridge_magento2.payloads import CART, CREDIT_MEMO, ORDER
from checkout_bridge_magento2.signing import HEADER

CODE = "SAVE"
_KEY = generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_KEY = _KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
_MUG = {"product_id": 7, "sku": "MUG", "name": "Mug", "price": 12.5}
_TEA = {"product_id": 8, "sku": "TEA", "name": "Tea", "price": 5}
_BUYER = {
    "customer_id": 3,
    "customer_email": "jo@example.com",
    "customer_firstname": "Jo",
    "customer_lastname": "Doe",
    "coupon_code": CODE,
}


def sign(sample: Sample, event_id: str, when: int) -> Mapping[str, str]:
    """The signature over the body's base64 text; Commerce sends neither an id nor a time."""
    signature = _KEY.sign(b64encode(sample.body), PKCS1v15(), SHA256())
    return {HEADER: b64encode(signature).decode(), "Content-Type": "application/json"}


def order(**changes: Any) -> Sample:
    """The order, paid, with only what is read of it."""
    told = {
        **_BUYER,
        "entity_id": 41,
        "state": "processing",
        "order_currency_code": "EUR",
        "base_currency_code": "EUR",
        "discount_amount": -3,
        "grand_total": 32,
        "total_paid": 32,
        "items": [
            {**_MUG, "item_id": 51, "qty_ordered": 2, "row_total": 25},
            {**_TEA, "item_id": 52, "qty_ordered": 1, "row_total": 5},
        ],
    }
    return Sample(ORDER, {"order": told | changes})


def credit_memo(number: int, **quantities: int) -> Sample:
    """A credit memo that went through, of so many mugs and teas."""
    prices = {"mugs": (51, 12.5), "teas": (52, 5)}
    items = [
        {"order_item_id": prices[name][0], "qty": pieces, "row_total": prices[name][1] * pieces}
        for name, pieces in quantities.items()
    ]
    memo = {"entity_id": number, "order_id": 41, "state": 2, "order_currency_code": "EUR", "grand_total": 11}
    return Sample(CREDIT_MEMO, {"creditmemo": memo | {"items": items}})


def total_after(body: Any, answer: Any) -> int:
    """What the cart comes to, in minor units, once Commerce followed the answer."""
    rows = [Decimal(str(item["row_total"])) for item in body["shippingAssignment"]["items"]]
    off = [operation["value"]["base_discount"] for operation in answer if operation.get("path") == "result"]
    return int((sum(rows) - sum(Decimal(str(one)) for one in off)) * 100)


SAMPLES = Samples(
    options={"PUBLIC_KEY": PUBLIC_KEY},
    sign=sign,
    shop="default",
    order_ref="41",
    code=CODE,
    paid=order(),
    expected_cart=Cart(
        "EUR",
        (Line("51", 2, 1250, "MUG", "7", "Mug"), Line("52", 1, 500, "TEA", "8", "Tea")),
        Customer("3", "jo@example.com", "Jo Doe"),
        (CODE,),
    ),
    cancelled=order(state="canceled"),
    refunds=(credit_memo(61, mugs=1), credit_memo(62, teas=1)),
    rest=credit_memo(63, mugs=1),
    expected=(
        (
            order(state="pending_payment", total_paid=None),
            Ignored("the order is not paid: its state is pending_payment and 32 is due"),
        ),
        (order(items=[]), None),
    ),
    cart=Sample(
        CART,
        {
            "quote": {**_BUYER, "entity_id": 9, "quote_currency_code": "EUR", "base_currency_code": "EUR"},
            "shippingAssignment": {
                "items": [
                    {**_MUG, "item_id": 1, "qty": 2, "row_total": 25},
                    {**_TEA, "item_id": 2, "qty": 1, "row_total": 5},
                ]
            },
            "total": {"subtotal": 30},
        },
    ),
    cart_total=3000,
    total_after=total_after,
)
