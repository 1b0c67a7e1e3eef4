"""The life of one Medusa order, for the contract suite: each body as a subscriber posts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from checkout_bridge.events import Cancellation, Cart, Customer, Ignored, Line
from checkout_bridge.money import to_minor
from checkout_bridge.signatures import HEADER, sign
from checkout_bridge.testing.samples import Sample, Samples
from checkout_bridge_medusa.api import ORDER_FIELDS, PAYMENT_FIELDS

SIGNED_WITH = "medusa-sample"
SHOP, ORDER, PAYMENT = "eu", "order_01SAMPLE", "pay_01SAMPLE"
CODE, CARD = "SAVE", "GIFT-1"


def _item(name: str, quantity: int, price: float, **more: Any) -> dict[str, Any]:
    return {
        "id": f"ordli_{name.upper()}",
        "title": name,
        "variant_sku": name.upper(),
        "product_id": f"prod_{name.upper()}",
        "quantity": quantity,
        "unit_price": price,
        "raw_unit_price": {"value": str(price), "precision": 20},
        "is_tax_inclusive": True,
        "tax_lines": [{"code": "VAT", "rate": 19}],
        "adjustments": [],
        **more,
    }


def _adjustment(code: str, amount: float) -> dict[str, Any]:
    return {"code": code, "amount": amount, "raw_amount": {"value": str(amount), "precision": 20}}


def _bought(*applied: dict[str, Any]) -> dict[str, Any]:
    return {
        "currency_code": "eur",
        "email": "jo@example.com",
        "customer_id": "cus_01SAMPLE",
        "items": [_item("Mug", 2, 12.5, adjustments=list(applied)), _item("Tea", 1, 5)],
    }


def _order(*refunds: tuple[str, float], **changes: Any) -> dict[str, Any]:
    """The order after these refunds, whose amounts make 34.90 when all is back: 30.00 and 4.90 of shipping."""
    told = [
        {"id": name, "amount": amount, "created_at": f"2026-03-0{day}T10:00:00.000Z"}
        for day, (name, amount) in enumerate(refunds, 1)
    ]
    payment = {"id": PAYMENT, "amount": 34.9, "captures": [{"id": "capt_1", "amount": 34.9}], "refunds": told}
    collection = {"status": "completed", "amount": 34.9, "captured_amount": 34.9, "payments": [payment]}
    bought = _bought(_adjustment(CODE, 3), _adjustment(CARD, 22))
    order = {"id": ORDER, "status": "pending", "payment_status": "captured", "total": 34.9, **bought}
    return {**order, "payment_collections": [collection], **changes}


def _sample(event: str, number: int, data: Mapping[str, Any]) -> Sample:
    return Sample(event, {"id": f"{event}:{number}", "event": event, "shop": SHOP, "data": data})


def _signed(sample: Sample, event_id: str, at: int) -> dict[str, str]:
    return {HEADER: sign(SIGNED_WITH.encode(), sample.body, at)}


def _total_after(body: Any, answer: Any) -> int:
    off = sum(to_minor(one["amount"], "EUR") for one in answer["adjustments"])
    return 3000 - off


_PARTS = (("ref_1", 12.5), ("ref_2", 5.0))
_CANCELED = _sample("order.canceled", 1, _order(status="canceled"))

SAMPLES = Samples(
    options={"SECRET": SIGNED_WITH, "TOKEN": "sk_sample"},
    sign=_signed,
    shop=SHOP,
    order_ref=ORDER,
    code=CODE,
    gift_card=CARD,
    paid=_sample("payment.captured", 1, {"id": PAYMENT}),
    expected_cart=Cart(
        "EUR",
        (
            Line("ordli_MUG", 2, 1250, "MUG", "prod_MUG", "Mug"),
            Line("ordli_TEA", 1, 500, "TEA", "prod_TEA", "Tea"),
        ),
        Customer("cus_01SAMPLE", "jo@example.com"),
        (CODE, CARD),
    ),
    cancelled=_CANCELED,
    refunds=(
        _sample("payment.refunded", 1, _order(*_PARTS[:1], payment_status="partially_refunded")),
        _sample("payment.refunded", 2, _order(*_PARTS, payment_status="partially_refunded")),
    ),
    rest=_sample("payment.refunded", 3, _order(*_PARTS, ("ref_3", 17.4), payment_status="refunded")),
    expected=(
        (_CANCELED, Cancellation(ORDER, cause="cancelled_after_capture")),
        (
            _sample("order.placed", 1, _order(payment_status="authorized")),
            Ignored("the order is not paid: its payment_status is authorized"),
        ),
        (_sample("order.completed", 1, {"id": ORDER}), Ignored("topic order.completed is not used")),
        (_sample("payment.captured", 2, {key: _order()[key] for key in ("id", "items")}), None),
    ),
    cart=_sample("cart", 1, {"id": "cart_01SAMPLE", **_bought(), "promo_codes": [CODE]}),
    cart_total=3000,
    total_after=_total_after,
    api={
        f"/admin/payments/{PAYMENT}?{urlencode({'fields': PAYMENT_FIELDS})}": {
            "payment": {"id": PAYMENT, "payment_collection": {"order": {"id": ORDER}}}
        },
        f"/admin/orders/{ORDER}?{urlencode({'fields': ORDER_FIELDS})}": {"order": _order()},
    },
)
