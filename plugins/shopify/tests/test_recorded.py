"""Bodies as Shopify sends them: what each recorded one maps to, and one of them through its whole life."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge.events import Cancellation, Cart, Checkout, Event, Ignored, Line, Refund, RefundLine

if TYPE_CHECKING:
    from .conftest import Store

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "platforms" / "shopify"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recorded Shopify payloads are not at hand")

IPOD = Line("1071823202", 1, 19900, "IPOD2009BLACK", "921728736", "IPod Touch 8GB - Black")
EXPECTED: dict[str, tuple[str, Event]] = {
    "cart_update.json": ("carts/update", Ignored("topic carts/update is not used")),
    "checkout.json": ("checkouts/update", Ignored("topic checkouts/update is not used")),
    "draft_order_discount.json": ("draft_orders/update", Ignored("topic draft_orders/update is not used")),
    # What the cancel call answers: not cancelled yet, so no cancellation, whatever the topic.
    "order_cancel_rest_response.json": (
        "orders/cancelled",
        Ignored("the order is not cancelled: its cancelled_at is not set"),
    ),
    "order_cancelled.json": ("orders/cancelled", Cancellation("123456", "customer")),
    # Authorized is not paid, even where somebody subscribed to the wrong topic.
    "order_created.json": (
        "orders/paid",
        Ignored("the order is not paid: its financial_status is authorized"),
    ),
    "order_paid.json": ("orders/paid", Checkout("1073459972", Cart("USD", (IPOD,)))),
    "refund_amount_only.json": ("refunds/create", Refund("450789469", "929361467", (), 500)),
    # Named for what was refunded of two lines; the order had three.
    "refund_full.json": (
        "refunds/create",
        Refund("450789469", "509562969", (RefundLine("703073504", 1), RefundLine("466157049", 1))),
    ),
    "refund_partial.json": ("refunds/create", Refund("450789469", "929361466", (RefundLine("518995019", 1),))),
}


def recorded(name: str) -> Any:
    return json.loads((FOLDER / name).read_bytes())


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_body_maps_to_its_event(told: Callable[..., Event], name: str) -> None:
    topic, event = EXPECTED[name]
    assert told(topic, (FOLDER / name).read_bytes()) == event


def test_every_recorded_body_is_expected_here() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("cart_update.json", "ignored"),
        ("order_created.json", "ignored"),
        ("order_paid.json", "processed"),
        ("order_cancelled.json", "ignored"),  # of an order that is not known
        ("refund_amount_only.json", "ignored"),
    ],
)
def test_a_recorded_body_is_answered_over_http(store: Store, name: str, status: str) -> None:
    assert store.tell(EXPECTED[name][0], (FOLDER / name).read_bytes())["status"] == status


@pytest.mark.parametrize("ending", ["cancelled", "refunded"])
def test_a_recorded_order_with_a_code_is_counted_and_given_back(store: Store, ending: str) -> None:
    store.coupon("TENOFF", 1)
    order = recorded("order_paid.json")
    order["discount_codes"] = recorded("order_created.json")["discount_codes"]
    order["discount_applications"] = recorded("order_created.json")["discount_applications"]
    assert store.tell("orders/paid", order)["status"] == "processed"
    assert store.used("TENOFF") == 1

    if ending == "cancelled":
        changes = {"cancelled_at": "2024-04-02T10:00:00-05:00", "cancel_reason": "other"}
        answer = store.tell("orders/cancelled", order | changes)
    else:
        refund = recorded("refund_partial.json") | {"order_id": order["id"]}
        refund["refund_line_items"][0] |= {"line_item_id": order["line_items"][0]["id"], "quantity": 1}
        answer = store.tell("refunds/create", refund)

    assert (answer["status"], answer["state"]) == ("processed", "unwound")
    assert store.used("TENOFF") == 0


def test_a_recorded_refund_of_money_alone_leaves_the_coupon_used(store: Store) -> None:
    store.coupon("TENOFF", 1)
    order = recorded("order_paid.json") | {"discount_codes": [{"code": "TENOFF", "type": "fixed_amount"}]}
    store.tell("orders/paid", order)

    answer = store.tell("refunds/create", recorded("refund_amount_only.json") | {"order_id": order["id"]})

    assert (answer["status"], answer["state"], store.used("TENOFF")) == ("processed", "confirmed", 1)
