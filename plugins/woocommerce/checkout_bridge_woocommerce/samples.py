"""The life of one WooCommerce order for the contract suite: two mugs and a tea, bought with a coupon's code."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from hmac import digest
from typing import Any

from checkout_bridge.events import Cancellation, Cart, Customer, Ignored, Line
from checkout_bridge.testing.samples import Sample, Samples

SECRET = "wc webhook secret & more"  # noqa: S105 - of the samples alone
ORDER = 4711
MUGS, TEA = 31, 32
SHOP = "shop.example.com/store"
CODE = "save10"


def order(status: str, *, refunds: tuple[Mapping[str, Any], ...] = (), **changes: Any) -> dict[str, Any]:
    """The order, without tax 2 x 12.50 and 5.00, with a coupon's 3.00 off and shipping that is no matter here."""
    return {
        "id": ORDER,
        "status": status,
        "currency": "EUR",
        "date_paid_gmt": "2024-05-02T09:04:18",
        "prices_include_tax": True,
        "total": "36.13",
        "customer_id": 12,
        "billing": {"first_name": "Jo", "last_name": "Doe", "email": "jo@example.com"},
        "line_items": [
            {
                "id": MUGS,
                "name": "Mug &ndash; blue",
                "product_id": 5,
                "variation_id": 6,
                "quantity": 2,
                "subtotal": "25.00",
                "total": "22.50",
                "sku": "MUG",
                "price": 11.25,
            },
            {
                "id": TEA,
                "name": "Tea",
                "product_id": 7,
                "variation_id": 0,
                "quantity": 1,
                "subtotal": "5.00",
                "sku": "",
            },
        ],
        "coupon_lines": [{"id": 33, "code": CODE, "discount": "3.00"}],
        "shipping_lines": [{"id": 34, "total": "4.90"}],
        "fee_lines": [],
        "refunds": list(refunds),
    } | changes


def refund(number: int, quantities: Mapping[int, int], amount: str) -> dict[str, Any]:
    """A refund of so many pieces of each line, as WooCommerce's API shows it."""
    items = [
        {"id": 900 + line, "quantity": -pieces, "meta_data": [{"key": "_refunded_item_id", "value": str(line)}]}
        for line, pieces in quantities.items()
    ]
    return {"id": number, "amount": amount, "line_items": items, "order_id": ORDER}


def cart() -> dict[str, Any]:
    """The same goods in a cart of the Store API."""
    money = {"currency_code": "EUR", "currency_minor_unit": 2}
    return {
        "items": [
            {
                "key": "a1",
                "id": 6,
                "quantity": 2,
                "name": "Mug",
                "sku": "MUG",
                "totals": {"line_subtotal": "2500"} | money,
            },
            {"key": "b2", "id": 7, "quantity": 1, "name": "Tea", "sku": "", "totals": {"line_subtotal": "500"} | money},
        ],
        "coupons": [{"code": CODE, "discount_type": "fixed_cart"}],
        "totals": {"total_items": "3000", "total_price": "3570"} | money,
        "billing_address": {"first_name": "Jo", "last_name": "Doe", "email": "jo@example.com"},
    }


def total_after(body: Mapping[str, Any], answer: Mapping[str, Any]) -> int:
    """What the goods come to in the shop, in minor units: lines, virtual coupons and fees, all without tax."""
    items = sum(Decimal(item["totals"]["line_subtotal"]) for item in body["items"])
    coupons = sum(Decimal(coupon["amount"]) for coupon in answer["coupons"])
    fees = sum(Decimal(fee["amount"]) for fee in answer["fees"])
    return int(items + 100 * (fees - coupons))


def sign(sample: Sample, event_id: str, moment: int) -> dict[str, str]:
    """The headers of a delivery; WooCommerce signs no time."""
    signature = b64encode(digest(SECRET.encode(), sample.body, sha256)).decode()
    return {
        "Content-Type": "application/json",
        "X-WC-Webhook-Source": f"https://{SHOP}/",
        "X-WC-Webhook-Topic": sample.topic,
        "X-WC-Webhook-Delivery-ID": event_id,
        "X-WC-Webhook-Signature": signature,
    }


PART, TEA_BACK = refund(801, {MUGS: 1}, "13.39"), refund(802, {TEA: 1}, "5.35")

SAMPLES = Samples(
    options={"SECRET": SECRET.replace("&", "&amp;")},
    sign=sign,
    shop=SHOP,
    order_ref=str(ORDER),
    code=CODE,
    paid=Sample("order.updated", order("processing")),
    expected_cart=Cart(
        "EUR",
        (Line(str(MUGS), 2, 1250, "MUG", "6", "Mug – blue"), Line(str(TEA), 1, 500, None, "7", "Tea")),
        Customer("12", "jo@example.com", "Jo Doe"),
        (CODE,),
    ),
    refunds=(
        Sample("refund.created", PART),
        # Cumulative: the first one again, and one more.
        Sample("order.updated", order("processing", refunds=(PART, TEA_BACK))),
    ),
    rest=Sample("order.updated", order("refunded", refunds=(PART, TEA_BACK, {"id": 803, "total": "-17.39"}))),
    cancelled=Sample("order.updated", order("cancelled")),
    expected=(
        (Sample("order.created", order("on-hold")), Ignored("the order is not paid: its status is on-hold")),
        (Sample("order.updated", order("failed")), Cancellation(str(ORDER), "failed", "payment_failed")),
        (Sample("order.deleted", {"id": ORDER}), Cancellation(str(ORDER), "deleted")),
        (Sample("product.updated", {"id": 5}), Ignored("topic product.updated is not used")),
        (Sample("order.updated", order("processing", currency="XXX")), None),
    ),
    cart=Sample("cart", cart()),
    cart_total=3000,
    total_after=total_after,
    ping=({"Content-Type": "application/x-www-form-urlencoded"}, b"webhook_id=17"),
)
