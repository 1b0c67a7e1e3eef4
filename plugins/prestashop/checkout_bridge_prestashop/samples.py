"""The life of one PrestaShop order, for the contract suite: each body as the module in the README posts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.events import Cancellation, Cart, Customer, Ignored, Line, Reinstatement
from checkout_bridge.money import to_minor
from checkout_bridge.signatures import HEADER, sign
from checkout_bridge.testing.samples import Sample, Samples

SIGNED_WITH = "prestashop-sample"
SHOP, ORDER = "1", "17"
CODE, CARD = "SAVE", "GIFT-1"
AWAITING, PAID, SHIPPED, CANCELLED = 10, 2, 4, 6


def _detail(number: int, name: str, quantity: int, price: str) -> dict[str, Any]:
    return {
        "id_order_detail": str(number),
        "product_id": str(number - 30),
        "product_reference": name.upper(),
        "product_name": name,
        "product_quantity": str(quantity),
        "unit_price_tax_incl": price,
    }


def _product(number: int, name: str, quantity: int, price: float) -> dict[str, Any]:
    told = {"id_product": number, "id_product_attribute": "0", "reference": name.upper(), "name": name}
    return {**told, "cart_quantity": quantity, "price_wt": price, "total_wt": price * quantity}


def _state(*states: int) -> Sample:
    rows = [
        {"id_order_history": str(40 + i), "id_order_state": str(state), "paid": str(int(state in (PAID, SHIPPED)))}
        for i, state in enumerate(states)
    ]
    data = {
        "order": {"id_order": ORDER, "id_customer": "4", "currency": "EUR", "current_state": str(states[-1])},
        "order_details": [_detail(31, "mug", 2, "12.500000"), _detail(32, "tea", 1, "5.000000")],
        "order_cart_rules": [
            {"id_cart_rule": "8", "name": CODE, "code": f"CB:0123456789abcdef:{CODE}"},
            {"id_cart_rule": "9", "name": CARD, "code": f"CB:fedcba9876543210:{CARD}"},
            {"id_cart_rule": "3", "name": "free shipping", "code": ""},
        ],
        "order_histories": rows,
        "customer": {"id_customer": "4", "email": "jo@example.com", "firstname": "Jo", "lastname": "Doe"},
    }
    return _sample("actionOrderHistoryAddAfter", 40 + len(states), data)


def _slips(*pieces: tuple[int, int]) -> Sample:
    """So many slips, each of one line; PrestaShop's module tells them all each time."""
    slips = [
        {"id_order_slip": str(i), "order_slip_details": [{"id_order_detail": line, "product_quantity": quantity}]}
        for i, (line, quantity) in enumerate(pieces, 1)
    ]
    return _sample(
        "actionOrderSlipAdd", len(slips), {"order": {"id_order": ORDER, "currency": "EUR"}, "order_slips": slips}
    )


def _sample(event: str, number: int, data: Mapping[str, Any]) -> Sample:
    return Sample(event, {"id": f"{event}:{number}", "event": event, "shop": SHOP, "data": data})


def _signed(sample: Sample, event_id: str, at: int) -> dict[str, str]:
    return {HEADER: sign(SIGNED_WITH.encode(), sample.body, at)}


def _total_after(body: Any, answer: Any) -> int:
    return 3000 - sum(to_minor(rule["reduction_amount"], "EUR") for rule in answer["cart_rules"])


_ENDED = _state(AWAITING, PAID, CANCELLED)

SAMPLES = Samples(
    options={"SECRET": SIGNED_WITH},
    sign=_signed,
    shop=SHOP,
    order_ref=ORDER,
    code=CODE,
    gift_card=CARD,
    paid=_state(AWAITING, PAID),
    expected_cart=Cart(
        "EUR",
        (Line("31", 2, 1250, "MUG", "1", "mug"), Line("32", 1, 500, "TEA", "2", "tea")),
        Customer("4", "jo@example.com", "Jo Doe"),
        (CODE, CARD),
    ),
    cancelled=_ENDED,
    refunds=(_slips((31, 1)), _slips((31, 1), (32, 1))),
    rest=_slips((31, 1), (32, 1), (31, 1)),
    expected=(
        (_ENDED, Cancellation(ORDER, cause="cancelled_after_capture")),
        (_state(AWAITING, PAID, CANCELLED, PAID), Reinstatement(ORDER, "paid again: state 2")),
        (_state(AWAITING), Ignored("the order is not paid, or this changes nothing: its state is 10")),
        (_sample("actionValidateOrder", 1, {}), Ignored("topic actionValidateOrder is not used")),
        (_sample("actionOrderSlipAdd", 9, {"order": {"id_order": ORDER}}), None),
    ),
    cart=_sample(
        "cart",
        1,
        {
            "currency": "EUR",
            "products": [_product(1, "mug", 2, 12.5), _product(2, "tea", 1, 5.0)],
            "codes": [CODE],
        },
    ),
    cart_total=3000,
    total_after=_total_after,
)
