"""Bodies as Stripe sends them: what each recorded one maps to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Event, Ignored, Refund

from .conftest import SHOP_OPTIONS, told

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "platforms" / "stripe"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recorded Stripe payloads are not at hand")

INTENT = "pi_000000000000000000000000"
NO_ORDER = Ignored("the payment is of no order: its metadata has no order_ref")
EXPECTED: dict[str, tuple[str, Event | str]] = {
    "charge_succeeded.json": ("charge.succeeded", Ignored("topic charge.succeeded is not used")),
    "checkout_session_completed.json": (
        "checkout.session.completed",
        Ignored("the session has no line_items, and without an API key they cannot be read"),
    ),
    "object_checkout_session.json": (
        "checkout.session.completed",
        Ignored("the session is not paid: its payment_status is unpaid"),
    ),
    "object_promotion_code.json": ("promotion_code.created", Ignored("topic promotion_code.created is not used")),
    "object_refund.json": ("refund.created", "Property .metadata should have required property 'order_ref'"),
    "payment_intent_canceled.json": ("payment_intent.canceled", Cancellation(INTENT, "requested_by_customer")),
    # Neither has a cancellation, and nobody cancels on the strength of a capture.
    "payment_intent_captured_recorded.json": (
        "payment_intent.succeeded",
        Ignored("topic payment_intent.succeeded is not used"),
    ),
    "payment_intent_requires_capture_recorded.json": (
        "payment_intent.amount_capturable_updated",
        Ignored("topic payment_intent.amount_capturable_updated is not used"),
    ),
    "payment_intent_succeeded.json": (
        "payment_intent.succeeded",
        Ignored("topic payment_intent.succeeded is not used"),
    ),
    # A charge by itself, of no payment intent.
    "refund_full.json": ("charge.refunded", NO_ORDER),
    "refund_updated.json": (
        "charge.refund.updated",
        "Property .metadata should have required property 'order_ref'",
    ),
}


def recorded(name: str) -> Any:
    return json.loads((FOLDER / name).read_bytes())


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_body_maps_to_its_event_or_is_refused(name: str) -> None:
    topic, expected = EXPECTED[name]
    body = (FOLDER / name).read_bytes()
    if isinstance(expected, str):
        with pytest.raises(InvalidInput) as refusal:
            told(topic, body)
        assert (refusal.value.details or "").startswith(expected)
    else:
        assert told(topic, body) == expected


def test_every_recorded_body_is_expected_here() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize(
    "name", [name for name in EXPECTED if recorded(name).get("object") == "event"] if FOLDER.is_dir() else []
)
def test_a_recorded_event_has_the_topic_that_is_expected_here(name: str) -> None:
    assert recorded(name)["type"] == EXPECTED[name][0]


def test_a_recorded_refund_that_names_its_order_is_of_that_order() -> None:
    body = (FOLDER / "refund_updated.json").read_bytes()
    event = told("charge.refund.updated", body, ORDER_KEY="order_id", **SHOP_OPTIONS)
    assert event == Refund("6735", "re_000000000000000000000000", (), 100, "generic", "main")


def test_a_recorded_charge_that_names_its_order_was_refunded_wholly() -> None:
    payload = recorded("refund_full.json")
    payload["data"]["object"]["metadata"] = {"order_ref": "R1"}
    event = told("charge.refunded", json.dumps(payload).encode(), **SHOP_OPTIONS)
    assert event == Refund("R1", "ch_000000000000000000000000", None, None, "generic", "main")
