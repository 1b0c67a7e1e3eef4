"""Bodies as WooCommerce sends them: what each recorded one maps to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Checkout, Customer, Line, Refund, RefundLine
from checkout_bridge_woocommerce import WooCommercePlugin

if TYPE_CHECKING:
    from .conftest import Store

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "platforms" / "woocommerce"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recorded WooCommerce payloads are not at hand")

WHO = Customer(None, "name@example.com", "Test Customer")
SHIRTS = (
    Line("315", 2, 300, None, "93", "Woo Single #1"),
    Line("316", 1, 1200, "Bar3", "23", "Ship Your Idea – Color: Black, Size: M Test"),
)
FRUITS = (
    Line("890", 2, 2500, None, "52", "Fruits Basket (Mix & Match Product)"),
    Line("891", 1, 1000, "5555-A", "234", "Fruits Bundle"),  # one and a half of them
)
CART = Cart(
    "USD",
    (
        Line("a5771bce93e200c36f7cd9dfd0e5deaa", 1, 1800, "Woo-beanie-logo", "38", "Beanie with Logo"),
        Line("b6d767d2f8ed5d21a44b0e5886680cb9", 1, 5500, "woo-belt", "22", "Belt"),
    ),
    WHO,
    ("test",),
)
EXPECTED: dict[str, tuple[str, Any]] = {
    "order_created.json": ("order.created", Checkout("727", Cart("USD", SHIRTS, WHO))),
    "order_paid.json": ("order.updated", Checkout("727", Cart("USD", SHIRTS, WHO))),
    "order_refunded_full.json": ("order.updated", Refund("609", "609:refunded")),
    "order_with_coupon.json": (
        "order.updated",
        Checkout("963", Cart("USD", FRUITS, Customer("11", "name@example.com", "Test Customer"), ("30$off",))),
    ),
    # Money alone, in no currency that it tells.
    "refund_partial.json": ("refund.created", "Payload should have required property 'currency'"),
    "refund_partial_items.json": ("refund.created", Refund("560", "562", (RefundLine("65", 1),))),
    "store_api_cart_coupon.json": ("cart", CART),
}


def recorded(name: str) -> Any:
    return json.loads((FOLDER / name).read_bytes())


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_body_maps_to_its_event(told: Callable[..., Any], name: str) -> None:
    topic, event = EXPECTED[name]
    if isinstance(event, str):
        with pytest.raises(InvalidInput) as raised:
            told(topic, (FOLDER / name).read_bytes())
        assert raised.value.details == event
    elif isinstance(event, Cart):
        assert WooCommercePlugin().parse_cart(payload=recorded(name)) == event
    else:
        assert told(topic, (FOLDER / name).read_bytes()) == event


def test_every_recorded_body_is_expected_here() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(EXPECTED)


def test_a_recorded_refund_of_money_is_of_the_currency_that_is_added(told: Callable[..., Any]) -> None:
    body = recorded("refund_partial.json") | {"currency": "USD"}
    assert told("refund.created", body) == Refund("723", "726", (), 1000)


def test_a_recorded_order_is_counted_and_given_back(store: Store) -> None:
    store.coupon("30$off", 1)
    order = recorded("order_with_coupon.json")
    assert store.tell("order.updated", order)["status"] == "processed"
    assert store.used("30$off") == 1

    answer = store.tell("order.updated", order | {"status": "refunded"})

    assert (answer["status"], answer["state"], store.used("30$off")) == ("processed", "unwound", 0)


def test_a_recorded_cart_is_priced_over_http(store: Store) -> None:
    store.coupon("test", 1)
    answer = store.quote(recorded("store_api_cart_coupon.json"))
    assert (answer["total"], answer["write_back"]["fees"][0]["amount"]) == (7300 - 300, "-3.00")
