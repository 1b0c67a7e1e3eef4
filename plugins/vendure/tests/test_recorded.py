"""What each recorded Vendure body maps to, and two of them through their whole life."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Cart, CartUpdate, Checkout, Customer, Ignored, Line, Refund, RefundLine

from .conftest import told

if TYPE_CHECKING:
    from .conftest import Shop

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "platforms" / "vendure"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recorded Vendure payloads are not at hand")

STATE, REFUND = "OrderStateTransitionEvent", "RefundStateTransitionEvent"
ONE = Customer("T_1", "name@example.com", "Test Customer")
TWO = Customer("T_2", "name@example.com", "Test Customer")
SMALL = Line("T_1", 2, 1500, "CUP-S", "T_1", "Café Crème Tasse ☕ small")
NOTEBOOK = Line("T_2", 1, 366, "NB-1", "T_3", "Plain Notebook")
CART = Cart("USD", (SMALL, NOTEBOOK), ONE, ("SAVE10",))
# Three pieces at 19.99 and a fifth of tax are a cent less than three times one with tax.
LARGE = Line("T_3", 3, 2399, "CUP-L", "T_1", "Café Crème Tasse ☕ large", 7196)
NOTEBOOKS = Line("T_4", 2, 366, "NB-1", "T_3", "Plain Notebook", 733)
LEFT = (
    Line("T_6", 1, 2399, "CUP-L", "T_1", "Café Crème Tasse ☕ large"),
    Line("T_7", 1, 5040, "MATCHA-1", "T_2", "抹茶 セット"),
)
EXPECTED: dict[str, tuple[str, Any]] = {
    "cart.json": ("cart", CartUpdate(CART)),
    "order_after_refund_full.json": (
        REFUND,
        (Refund("861LCC6K48SUM2GL", "T_1", (RefundLine("T_1", 2), RefundLine("T_2", 1))),),
    ),
    "order_after_two_refunds.json": (
        REFUND,
        (
            Refund("MYNE88B3AU3PM64L", "T_2", (RefundLine("T_3", 1),)),
            Refund("MYNE88B3AU3PM64L", "T_3", (), 100),
        ),
    ),
    "order_cancelled.json": (STATE, Cancellation("6S3YFKBH15M4JC58", cause="cancelled_after_capture")),
    "order_created.json": (STATE, Ignored("the order is not paid: its state is ArrangingPayment")),
    "order_paid.json": (STATE, Checkout("861LCC6K48SUM2GL", CART)),
    "order_paid_no_codes.json": (STATE, Checkout("MYNE88B3AU3PM64L", Cart("USD", (LARGE, NOTEBOOKS), TWO))),
    # Without what was placed, what is left is all that can be known.
    "order_partially_cancelled.json": (STATE, Checkout("G877YXGHDMPN9BGG", Cart("USD", LEFT, TWO, ("FIVE",)))),
    # A refund by itself names no order: the plugin posts both.
    "refund_amount_only.json": (REFUND, "Payload should have required property 'order'"),
    "refund_full.json": (REFUND, "Payload should have required property 'order'"),
    "refund_partial.json": (REFUND, "Payload should have required property 'order'"),
}


def recorded(name: str) -> Any:
    return json.loads((FOLDER / name).read_bytes())


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_body_maps_to_its_event_or_is_refused_by_name(name: str) -> None:
    topic, expected = EXPECTED[name]
    if isinstance(expected, str):
        with pytest.raises(InvalidInput) as raised:
            told(topic, recorded(name))
        assert raised.value.details == expected
    else:
        assert told(topic, recorded(name)) == told(topic, {"order": recorded(name)}) == expected


def test_every_recorded_body_is_expected_here() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize(
    ("refund", "order", "expected"),
    [
        ("refund_partial.json", "order_after_two_refunds.json", 0),
        ("refund_amount_only.json", "order_after_two_refunds.json", 1),
        ("refund_full.json", "order_after_refund_full.json", 0),
    ],
)
def test_a_recorded_refund_with_its_order_is_that_refund_alone(refund: str, order: str, expected: int) -> None:
    data = {"refund": recorded(refund), "order": recorded(order)}
    assert told(REFUND, data) == EXPECTED[order][1][expected]


def test_a_recorded_order_is_counted_and_given_back_with_its_refund(shop: Shop) -> None:
    order = recorded("order_paid.json") | {"couponCodes": ["SAVE"]}
    assert shop.tell(STATE, order)["status"] == "processed"
    assert shop.held[0] == 1
    data = {"refund": recorded("refund_full.json"), "order": recorded("order_after_refund_full.json")}
    assert shop.tell(REFUND, data)["state"] == "unwound"
    assert shop.held[0] == 0


def test_a_recorded_cancellation_gives_back_what_the_order_had_when_it_was_placed(shop: Shop) -> None:
    """Its quantities are all 0 by then."""
    cancelled = recorded("order_cancelled.json")
    lines = [line | {"quantity": 1, "linePriceWithTax": 1500} for line in cancelled["lines"]]
    shop.tell(STATE, cancelled | {"state": "PaymentSettled", "lines": lines, "couponCodes": ["SAVE", "GIFT-1"]})
    assert shop.held == (1, 5000 - 1200)
    assert shop.tell(STATE, cancelled)["state"] == "unwound"
    assert shop.held == (0, 5000)
