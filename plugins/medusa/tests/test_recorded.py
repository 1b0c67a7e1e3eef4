"""What each recorded Medusa body maps to, as it is and completed by what a live shop adds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Checkout, Customer, Line, Refund

from .conftest import told

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "platforms" / "medusa"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recorded Medusa payloads are not at hand")

# What test suites assert on: ids and currencies were left out there, so each is refused for the first it lacks.
EXPECTED = {
    "cart_totals.json": ("cart", "Payload should have required property 'currency_code'"),
    "draft_order.json": ("order", "Payload should have required property 'currency_code'"),
    "order_created.json": ("order", "Property .items[0] should have required property 'id'"),
    "payment_captured.json": (
        "payment.captured",
        "Payload has only ids: post the whole order, or set CHECKOUT_BRIDGE_MEDUSA_API_URL",
    ),
    "refund_partial.json": ("payment.refunded", "Property .refunds[0] should have required property 'id'"),
}


def recorded(name: str) -> Any:
    return json.loads((FOLDER / name).read_bytes())


def with_ids(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"quantity": 1, **item, "id": f"item_{i}"} for i, item in enumerate(items)]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_body_is_refused_for_what_it_lacks(name: str) -> None:
    topic, details = EXPECTED[name]
    with pytest.raises(InvalidInput) as raised:
        told(topic, recorded(name))
    assert raised.value.details == details


def test_every_recorded_body_is_expected_here() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(EXPECTED)


def test_a_cart_of_which_a_part_is_priced_without_tax_is_all_with_tax() -> None:
    cart = recorded("cart_totals.json")
    cart |= {"currency_code": "usd", "items": with_ids(cart["items"])}
    assert told("cart", cart).cart == Cart("USD", (Line("item_0", 1, 9900), Line("item_1", 1, 990)))


def test_a_draft_order_is_not_paid_and_becomes_a_checkout_once_it_is() -> None:
    draft = recorded("draft_order.json")["draft_order"]
    draft |= {"id": "order_1", "currency_code": "usd", "items": with_ids(draft["items"])}
    assert told("order.placed", draft).reason == "the order is not paid: its payment_status is not told"
    lines = (
        Line("item_0", 2, 300000, name="Test variant"),
        Line("item_1", 1, 20000, name="Variant variable"),
        Line("item_2", 1, 220000, "sku123", name="Custom Item"),
    )
    paid = told("payment.captured", draft | {"payment_status": "captured"})
    assert paid == Checkout("order_1", Cart("USD", lines))


def test_a_created_order_is_a_checkout_with_its_code_once_it_has_ids_and_is_captured() -> None:
    order = recorded("order_created.json")
    order |= {"id": "order_1", "payment_status": "captured", "items": with_ids(order["items"])}
    cart = told("order.placed", order).cart
    assert (cart.codes, cart.customer, cart.currency) == (("VIP_10",), Customer("joe", "name@example.com"), "USD")
    assert [line.amount for line in cart.lines] == [800, 1000, 3000]


def test_a_captured_payment_has_no_refund() -> None:
    payment = recorded("payment_captured.json") | {"order_id": "order_1", "currency_code": "usd"}
    assert told("payment.refunded", payment).reason == "no refund has gone through"


def test_a_recorded_refund_is_money_alone() -> None:
    payment = recorded("refund_partial.json") | {"order_id": "order_1", "currency_code": "usd"}
    payment["refunds"][0]["id"] = "ref_1"
    assert told("payment.refunded", payment) == (Refund("order_1", "ref_1", (), 5000),)
