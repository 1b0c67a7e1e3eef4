"""Bodies as BigCommerce sends them: what each recorded one maps to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge.errors import BackendNotFound
from checkout_bridge.events import Cart, Checkout, Customer, Delivery, Ignored, Line, Refund, RefundLine
from checkout_bridge_bigcommerce.refunds import refunded

from .conftest import ACCESS, plugin

if TYPE_CHECKING:
    from .conftest import ShopApi

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "platforms" / "bigcommerce"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recorded BigCommerce payloads are not at hand")

GOODS = (
    Line("b0adf3a7-7a92-44d9-ad46-87235b118e48", 1, 3200, "htltwl-001", "145", "Hotel Towel"),
    Line("985c79a3-4c94-4104-923a-2e3d4572e72d", 1, 3500, "ebk-001", "138", "eBook Download"),
)
TOWELS = (
    Line("65", 1, 5599, "S-ORAN", "77", "Fog Linen Chambray Towel - Beige Stripe"),
    Line("66", 1, 0, "ABS", "86", "Able Brewing System"),
)
NOT_PAID = Ignored("the order is not paid: its status is 7, that of its payment authorized")
CARTS = {
    "checkout.json": Cart("USD", GOODS, Customer(None, "name@example.com")),
    "checkout_coupon.json": Cart("USD", GOODS, Customer("25", "name@example.com"), ("SHOP20",)),
}
# What the API answers, and what it is part of.
ANSWERS = {
    "order_created.json": NOT_PAID,
    "order_products.json": Checkout("218", Cart("USD", TOWELS, Customer("11", "name@example.com", "Test Customer"))),
    "refund_full.json": Refund("21", "1", (RefundLine("8", 1),)),
}
WEBHOOKS = {
    "webhook_cart_coupon_applied.json": Ignored("scope store/cart/couponApplied is not used"),
    "webhook_cart_created.json": Ignored("scope store/cart/created is not used"),
    "webhook_order_created.json": NOT_PAID,
    "webhook_order_refund_created.json": Refund("250", "3", (RefundLine("8", 1),)),
    "webhook_order_status_updated.json": NOT_PAID,
}


def recorded(name: str) -> Any:
    return json.loads((FOLDER / name).read_bytes())


@pytest.mark.parametrize("name", CARTS)
def test_a_recorded_checkout_is_read(name: str) -> None:
    assert plugin().parse_cart(payload=recorded(name)) == CARTS[name]


@pytest.mark.parametrize("name", ANSWERS)
def test_a_recorded_answer_of_the_api_is_part_of_an_event(told: Callable[..., Any], name: str) -> None:
    if name == "refund_full.json":
        event = refunded("21", recorded(name)["data"], "USD")
    else:
        paid = {"status_id": 11, "payment_status": "captured", "coupons": []} if name == "order_products.json" else {}
        order = recorded("order_created.json") | {"products": recorded("order_products.json"), "coupons": []} | paid
        event = told(json.dumps(order).encode(), "order")
    assert event == ANSWERS[name]


@pytest.mark.parametrize("name", WEBHOOKS)
def test_a_recorded_delivery_maps_to_its_event(api: ShopApi, name: str) -> None:
    """The recorded order is not of the number that the recorded deliveries have."""
    api.answers["/v2/orders/250"] = recorded("order_created.json") | {"id": 250}
    refund = recorded("refund_full.json")["data"] | {"id": 3, "order_id": 250}
    api.answers["/v3/orders/250/payment_actions/refunds"] = {"data": [refund], "meta": {}}
    assert read(api, name) == WEBHOOKS[name]


def test_a_recorded_delivery_of_an_order_that_is_not_there_yet_is_tried_again(api: ShopApi) -> None:
    with pytest.raises(BackendNotFound):
        read(api, "webhook_order_created.json")


def test_every_recorded_body_is_expected_here() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == {*CARTS, *ANSWERS, *WEBHOOKS}


def read(api: ShopApi, name: str) -> Any:
    """As it comes: from a store whose hash was left out of the recording."""
    body = (FOLDER / name).read_bytes()
    one = plugin(API_URL=api.url.removesuffix("/stores/abc123"), ACCESS_TOKEN=ACCESS)
    delivery = one.identify_webhook(headers={"webhook-id": "e1"}, body=body)
    assert delivery == Delivery("{store_hash}", "e1", recorded(name)["scope"])
    return one.event_of(delivery=delivery, body=body)
