"""The life of one order that was paid with a code, for the contract suite. Ids and people are made up."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from checkout_bridge.events import Cancellation, Cart, Customer, Ignored, Line, Reinstatement
from checkout_bridge.signatures import signature
from checkout_bridge.testing.samples import Sample, Samples

SIGNING_KEY = "spree_samples"
ORDER, PAYMENT = "or_Sample1", "py_Sample1"


def event(name: str, number: int, data: Mapping[str, Any]) -> Sample:
    """An event under an id of its own."""
    about = {"created_at": "2026-01-15T12:00:00Z", "metadata": {"spree_version": "5.4.0"}}
    return Sample(name, {"id": f"00000000-0000-4000-8000-{number:012}", "name": name, "data": data, **about})


def refund(number: int, amount: str) -> dict[str, Any]:
    """A refund as its event has it: of its order it names the payment."""
    return {"id": f"re_Sample{number}", "amount": amount, "payment_id": PAYMENT, "transaction_id": f"t{number}"}


_ITEMS = [
    {"id": "li_Mug", "variant_id": "variant_Mug", "quantity": 2, "currency": "EUR", "name": "Mug", "price": "12.5"},
    {"id": "li_Tea", "variant_id": "variant_Tea", "quantity": 1, "currency": "EUR", "name": "Tea", "price": "5.0"},
]
_CART = {"id": "cart_Sample1", "currency": "EUR", "items": _ITEMS, "email": "jo@example.com"}
_DISCOUNT = {"id": "discount_Sample1", "name": "Three off", "code": "save3", "amount": "-3.0"}
_ORDER = {
    **_CART,
    "id": ORDER,
    "number": "R1",
    "payment_status": "paid",
    "item_total": "30.0",
    "discount_total": "-3.0",
    "delivery_total": "4.9",
    "total": "31.9",
    "discounts": [_DISCOUNT],
    "payments": [{"id": PAYMENT, "status": "completed", "amount": "31.9"}],
    "billing_address": {"full_name": "Jo Doe"},
}
_PARTS = (refund(1, "5.0"), refund(2, "2.5"))


def _sign(sample: Sample, event_id: str, at: int) -> Mapping[str, str]:
    signed = signature(SIGNING_KEY.encode(), b"%d.%s" % (at, sample.body))
    return {"X-Spree-Webhook-Timestamp": str(at), "X-Spree-Webhook-Signature": signed}


def _total_after(body: Any, answer: Any) -> int:
    """What the order comes to with these manual discounts."""
    total = sum((Decimal(item["price"]) * item["quantity"] for item in body["items"]), Decimal(0))
    return int((total - sum(Decimal(one["value"]) for one in answer["discounts"])) * 100)


SAMPLES = Samples(
    options={"SECRET": SIGNING_KEY, "TOKEN": "sk_samples"},
    sign=_sign,
    shop="default",
    order_ref=ORDER,
    code="save3",
    paid=event("order.paid", 1, _ORDER),
    expected_cart=Cart(
        "EUR",
        (Line("li_Mug", 2, 1250, "variant_Mug", name="Mug"), Line("li_Tea", 1, 500, "variant_Tea", name="Tea")),
        Customer(None, "jo@example.com", "Jo Doe"),
        ("save3",),
    ),
    cancelled=event("order.canceled", 2, {**_ORDER, "status": "canceled", "canceled_at": "2026-01-16T12:00:00Z"}),
    refunds=(event("refund.created", 3, _PARTS[0]), event("refund.created", 4, _PARTS[1])),
    expected=(
        (
            event("order.completed", 5, {**_ORDER, "payment_status": "balance_due"}),
            Ignored("the order is not paid: its payment_status is balance_due"),
        ),
        (
            event("order.canceled", 6, {"id": "or_Sample2", "status": "canceled", "payment_status": "void"}),
            Cancellation("or_Sample2"),
        ),
        (event("order.resumed", 7, {"id": ORDER, "status": "placed"}), Reinstatement(ORDER, "resumed")),
        (event("order.paid", 8, {**_ORDER, "currency": None}), None),
        (event("refund.created", 9, {"id": "re_Sample3", "amount": "1.0"}), None),
    ),
    cart=Sample("cart", {**_CART, "codes": ["save3"]}),
    cart_total=3000,
    total_after=_total_after,
    api={
        "/api/v3/admin/orders": {"data": [_ORDER]},
        f"/api/v3/admin/orders/{ORDER}/refunds": {"data": list(_PARTS)},
    },
)
