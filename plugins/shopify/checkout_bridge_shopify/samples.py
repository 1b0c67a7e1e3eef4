"""Samples of one Shopify order, for the contract suite: two mugs and a tea, with a code and a gift card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.events import Cancellation, Cart, Customer, GiftCard, Ignored, Line, Refund, RefundLine
from checkout_bridge.money import to_minor
from checkout_bridge.signatures import signature
from checkout_bridge.testing.samples import Sample, Samples

_HUSH = "shpss_of_the_samples"
_SHOP = "samples.myshopify.com"
_ORDER, _MUGS, _TEA = 820982911946154508, 866550311766439020, 141249953214522974


def _sign(sample: Sample, event_id: str, moment: int) -> Mapping[str, str]:
    return {
        "Content-Type": "application/json",
        "X-Shopify-Topic": sample.topic,
        "X-Shopify-Shop-Domain": _SHOP,
        "X-Shopify-Webhook-Id": event_id,
        "X-Shopify-Hmac-Sha256": signature(_HUSH.encode(), sample.body, "base64"),
    }


def _order(**changes: Any) -> dict[str, Any]:
    mugs = {"id": _MUGS, "product_id": 632910392, "sku": "MUG", "name": "Mug - blue", "quantity": 2, "price": "12.50"}
    tea = {"id": _TEA, "product_id": None, "sku": "", "title": "Tea", "quantity": 1, "price": "5.05"}
    order = {
        "id": _ORDER,
        "currency": "EUR",
        "financial_status": "paid",
        "cancelled_at": None,
        "email": "jo@example.com",
        "customer": {"id": 115310627314723954, "email": "jo@example.com", "first_name": "Jo", "last_name": "Doe"},
        "line_items": [mugs, tea],
        "discount_codes": [{"code": "SAVE", "amount": "3.00", "type": "fixed_amount"}],
        "discount_applications": [{"type": "discount_code", "code": "SAVE"}],
        "note_attributes": [{"name": "gift_cards", "value": "GIFT-1"}],
    }
    return order | changes


def _refund(number: int, line: int) -> Sample:
    items = [{"line_item_id": line, "quantity": 1, "subtotal": 12.5, "total_tax": 0.0}]
    money = {"kind": "refund", "status": "success", "amount": "12.50", "currency": "EUR"}
    payload = {"id": number, "order_id": _ORDER, "refund_line_items": items, "transactions": [money]}
    return Sample("refunds/create", payload)


def _of_money(status: str) -> Sample:
    money = {"kind": "refund", "status": status, "amount": "4.20", "currency": "EUR"}
    return Sample("refunds/create", {"id": 4, "order_id": _ORDER, "refund_line_items": [], "transactions": [money]})


def _item(key: str, title: str, quantity: int, hundredths: int) -> dict[str, Any]:
    return {
        "key": key,
        "product_id": 632910392,
        "sku": title.upper(),
        "title": title,
        "quantity": quantity,
        "original_price": hundredths,
    }


def _total_after(cart: Any, answer: Any) -> int:
    """What a draft order with the cart's lines comes to."""
    lines = sum(item["original_price"] * item["quantity"] for item in cart["items"])
    discount = answer["draft_order"]["applied_discount"]
    return int(lines) - (to_minor(discount["amount"], cart["currency"]) if discount else 0)


_UNPAID = "the order is not paid: its financial_status is authorized"
_PENDING = "the refund has not gone through: it has no transaction of kind refund and status success"

SAMPLES = Samples(
    options={"SECRET": f"{_HUSH}, shpss_older"},
    sign=_sign,
    shop=_SHOP,
    order_ref=str(_ORDER),
    code="SAVE",
    gift_card="GIFT-1",
    paid=Sample("orders/paid", _order()),
    expected_cart=Cart(
        "EUR",
        (
            Line(str(_MUGS), 2, 1250, "MUG", "632910392", "Mug - blue"),
            Line(str(_TEA), 1, 505, None, None, "Tea"),
        ),
        Customer("115310627314723954", "jo@example.com", "Jo Doe"),
        ("SAVE",),
        (GiftCard("GIFT-1"),),
    ),
    cancelled=Sample("orders/cancelled", _order(cancelled_at="2024-04-02T09:04:18-05:00", cancel_reason="customer")),
    refunds=(_refund(1, _MUGS), _refund(2, _TEA)),
    rest=_refund(3, _MUGS),
    expected=(
        (_refund(1, _MUGS), Refund(str(_ORDER), "1", (RefundLine(str(_MUGS), 1),))),
        (_of_money("success"), Refund(str(_ORDER), "4", (), 420)),
        (_of_money("pending"), Ignored(_PENDING)),
        (Sample("orders/paid", _order(financial_status="authorized")), Ignored(_UNPAID)),
        (
            Sample("orders/cancelled", {"id": _ORDER, "cancelled_at": "2024-04-02", "cancel_reason": "declined"}),
            Cancellation(str(_ORDER), "declined", "payment_failed"),
        ),
        (Sample("carts/update", {}), Ignored("topic carts/update is not used")),
        (Sample("orders/paid", _order(currency="EURO")), None),
        (Sample("orders/paid", _order(line_items=[{"id": _TEA, "quantity": 1, "price": "5.005"}])), None),
    ),
    cart=Sample(
        "cart.js",
        {
            "token": "c1-0000",
            "currency": "EUR",
            "items": [_item("1:a", "Mug", 2, 1250), _item("2:b", "Tea", 1, 505)],
            "attributes": {"gift_cards": "GIFT-1"},
            "discount_codes": [{"code": "SAVE", "applicable": False}],
        },
    ),
    cart_total=3005,
    total_after=_total_after,
)
