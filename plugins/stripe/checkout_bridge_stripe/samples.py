"""The life of one session that was paid with a promotion code, for the contract suite. Ids and people are made up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.events import Cancellation, Cart, Customer, Ignored, Line, Refund
from checkout_bridge.signatures import sign
from checkout_bridge.testing.samples import Sample, Samples

SIGNING_KEY = "whsec_samples"
INTENT, CHARGE, SESSION = "pi_sample1", "ch_sample1", "cs_test_sample1"


def event(topic: str, number: int, told: Mapping[str, Any], **around: Any) -> Sample:
    """An event about an object, under an id of its own."""
    envelope = {"id": f"evt_sample{number}", "object": "event", "type": topic, "data": {"object": told}}
    return Sample(topic, envelope | around)


def refund(number: int, amount: int, status: str = "succeeded") -> dict[str, Any]:
    """A refund, as its own events have it: it names its payment by ids only."""
    ids = {"id": f"re_sample{number}", "object": "refund", "charge": CHARGE, "payment_intent": INTENT}
    return {**ids, "amount": amount, "currency": "eur", "status": status, "metadata": {}}


def charge(refunded: int, **changes: Any) -> dict[str, Any]:
    """The charge, with so much of it refunded."""
    told = {"id": CHARGE, "object": "charge", "payment_intent": INTENT, "currency": "eur", "amount": 2700}
    state = {"captured": True, "amount_refunded": refunded, "refunded": refunded == 2700, "metadata": {}}
    return {**told, **state, **changes}


def _line(id: str, name: str, product: str, quantity: int, unit: int) -> dict[str, Any]:
    price = {"id": f"price_{product}", "unit_amount": unit, "currency": "eur", "product": f"prod_{product}"}
    amount = {"amount_subtotal": unit * quantity, "currency": "eur"}
    return {"id": id, "object": "item", "description": name, "quantity": quantity, "price": price, **amount}


_SESSION: dict[str, Any] = {
    "id": SESSION,
    "object": "checkout.session",
    "mode": "payment",
    "status": "complete",
    "payment_status": "paid",
    "payment_intent": INTENT,
    "amount_subtotal": 3000,
    "amount_total": 2700,
    "currency": "eur",
    "customer": "cus_sample1",
    "customer_details": {"email": "jo@example.com", "name": "Jo Doe"},
    "discounts": [{"coupon": None, "promotion_code": "promo_sample1"}],
    "metadata": {},
}
_LINES = [_line("li_mug", "Mug", "mug", 2, 1250), _line("li_tea", "Tea", "tea", 1, 500)]
_DISPUTE = {"id": "dp_sample1", "object": "dispute", "charge": CHARGE, "payment_intent": INTENT, "amount": 2700}
_CANCELED = {"id": "pi_sample2", "object": "payment_intent", "status": "canceled", "metadata": {}}


def _price_data(name: str, amount: int) -> dict[str, Any]:
    return {"currency": "eur", "unit_amount": amount, "product_data": {"name": name}}


_CART = {
    "mode": "payment",
    "line_items": [
        {"price_data": _price_data("Mug", 1250), "quantity": 2},
        {"price_data": _price_data("Tea", 500), "quantity": 1},
    ],
    "discounts": [{"promotion_code": "SAVE3"}],
}


def _total_after(body: Any, answer: Any) -> int:
    """What a session with these lines and the coupon comes to."""
    total = sum(item["price_data"]["unit_amount"] * item["quantity"] for item in body["line_items"])
    coupon = answer["coupon"]
    return int(total - (coupon["amount_off"] if coupon else 0))


SAMPLES = Samples(
    options={"SECRET": SIGNING_KEY, "API_KEY": "rk_test_samples"},
    sign=lambda sample, event_id, at: {"Stripe-Signature": sign(SIGNING_KEY.encode(), sample.body, at)},
    shop="default",
    order_ref=INTENT,
    code="SAVE3",
    paid=event("checkout.session.completed", 1, _SESSION),
    expected_cart=Cart(
        "EUR",
        (
            Line("li_mug", 2, 1250, product_id="prod_mug", name="Mug"),
            Line("li_tea", 1, 500, product_id="prod_tea", name="Tea"),
        ),
        Customer("cus_sample1", "jo@example.com", "Jo Doe"),
        ("SAVE3",),
    ),
    cancelled=event("payment_intent.canceled", 2, {**_CANCELED, "id": INTENT}),
    refunds=(event("refund.created", 3, refund(1, 500)), event("refund.updated", 4, refund(2, 1000))),
    rest=event("charge.refunded", 5, charge(2700), previous_attributes={"amount_refunded": 1500}),
    expected=(
        (
            event("charge.dispute.created", 11, {**_DISPUTE, "status": "needs_response", "reason": "fraudulent"}),
            Cancellation(INTENT, "fraudulent", "chargeback"),
        ),
        (
            event("refund.created", 6, refund(3, 100, "pending")),
            Ignored("the refund has not gone through: its status is pending"),
        ),
        (
            event("charge.refunded", 7, charge(500, refunds={"data": [refund(1, 500)]})),
            Refund(INTENT, "re_sample1", (), 500),
        ),
        (
            event("checkout.session.completed", 8, {**_SESSION, "payment_status": "unpaid"}),
            Ignored("the session is not paid: its payment_status is unpaid"),
        ),
        (
            event("payment_intent.canceled", 9, {**_CANCELED, "cancellation_reason": "abandoned"}),
            Cancellation("pi_sample2", "abandoned", "expired"),
        ),
        (event("refund.created", 10, {**refund(4, 100), "currency": None}), None),
    ),
    cart=Sample("cart", _CART),
    cart_total=3000,
    total_after=_total_after,
    api={
        f"/v1/payment_intents/{INTENT}": {"id": INTENT, "object": "payment_intent", "metadata": {}},
        f"/v1/checkout/sessions/{SESSION}/line_items?limit=100": {"object": "list", "data": _LINES, "has_more": False},
        "/v1/promotion_codes/promo_sample1": {"id": "promo_sample1", "code": "SAVE3"},
    },
)
