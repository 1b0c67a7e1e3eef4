"""Every recorded payload of Saleor's: what it becomes, or the exact reason why nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Checkout, Ignored, Line
from checkout_bridge_saleor import MAIL, REQUEST

from .conftest import plugin

RECORDED = next((up / "shared/platforms/saleor" for up in Path(__file__).parents if (up / "shared").is_dir()), None)
pytestmark = pytest.mark.skipif(RECORDED is None, reason="the recorded payloads are not here")
Told = Callable[..., Any]

NO_ID = "Property .lines[0] should have required property 'id'"
# The event under which each file is sent, and what comes of it.
IGNORED = {
    "checkout_static_payload.json": ("checkout_updated", "topic checkout_updated is not used"),
    "tax_request_checkout.json": ("checkout_calculate_taxes", "topic checkout_calculate_taxes is not used"),
    "notify_order_canceled.json": ("notify_user", MAIL),
    "notify_order_confirmation.json": ("notify_user", MAIL),
    "notify_order_refund.json": ("notify_user", MAIL),
    "notify_payment_confirmation.json": ("notify_user", MAIL),
    "transaction_charge_requested.json": ("transaction_charge_requested", f"transaction_charge_requested {REQUEST}"),
    "transaction_refund_requested.json": ("transaction_refund_requested", f"transaction_refund_requested {REQUEST}"),
}
# Answers of the API to queries that did not ask for what is needed.
REFUSED = {
    "checkout_voucher.json": NO_ID,
    "draft_order_manual_discount.json": NO_ID,
    "order_created.json": NO_ID,
}


def read(name: str) -> Any:
    assert RECORDED is not None
    return json.loads((RECORDED / name).read_text())


def with_ids(told: dict[str, Any]) -> dict[str, Any]:
    return told | {"lines": [{"id": str(i), **line} for i, line in enumerate(told["lines"])]}


def test_every_file_is_listed() -> None:
    assert RECORDED is not None
    assert {path.name for path in RECORDED.glob("*.json")} == IGNORED.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", IGNORED)
def test_a_recorded_delivery_is_ignored_for_just_this_reason(told: Told, name: str) -> None:
    topic, reason = IGNORED[name]
    assert told(topic, read(name)) == Ignored(reason)


@pytest.mark.parametrize("name", REFUSED)
def test_a_recorded_answer_is_refused_as_a_cart_for_just_this_reason(name: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        plugin().parse_cart(payload=read(name))
    assert raised.value.details == REFUSED[name]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "notify_payment_confirmation.json",
            "Property .lines[0] should have required property 'undiscountedUnitPrice'",
        ),
        (
            "checkout_static_payload.json",
            "Payload must be an object with an order: the webhook has no subscription query",
        ),
    ],
)
def test_a_recorded_body_of_another_kind_is_no_paid_order(told: Told, name: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        told("order_paid", read(name))
    assert raised.value.details == reason


def test_the_recorded_order_is_a_checkout_once_its_query_asks_for_ids(told: Told) -> None:
    """Two at 20.00 before 2.00 off each and a voucher of 4.00."""
    placed = with_ids(read("order_created.json")["data"]["checkoutComplete"]["order"])
    assert told("order_paid", {"order": placed | {"isPaid": True, "voucherCode": "FOUR"}}) == Checkout(
        placed["id"], Cart("USD", (Line("0", 2, 2000),), None, ("FOUR",))
    )


def test_the_recorded_checkout_is_a_cart_once_its_query_asks_for_ids_and_a_currency() -> None:
    shown = with_ids(read("checkout_voucher.json")["data"]["checkoutAddPromoCode"]["checkout"])
    cart = plugin().parse_cart(payload=shown | {"channel": {"currencyCode": "USD"}})
    assert cart == Cart("USD", (Line("0", 1, 400), Line("1", 1, 4500)), None, ("DISCOUNT",))
