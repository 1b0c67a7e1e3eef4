"""Every recorded payload of Magento's: what it becomes, or the exact reason why nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Checkout, Event, Ignored, Line, Refund
from checkout_bridge_magento2 import NO_API

from .conftest import order, plugin

RECORDED = next((up / "shared/platforms/magento2" for up in Path(__file__).parents if (up / "shared").is_dir()), None)
pytestmark = pytest.mark.skipif(RECORDED is None, reason="the recorded payloads are not here")
Told = Callable[..., Event]

UNUSED = Ignored("topic unknown is not used")
LINES = (
    Line("0", 1, 2200, name="Radiant Tee-M-Orange"),
    Line("1", 1, 1800, name="Advanced Pilates & Yoga (Strength)"),
    Line("2", 1, 6800, name="Sprite Yoga Companion Kit"),
    Line("3", 1, 5200, name="Chaz Kangeroo Hoodie"),
)
# How each file reaches the bridge, and what comes of it: an event, or the reason of its refusal.
EXPECTED: dict[str, tuple[str | None, Event | str]] = {
    "cart_coupon_graphql.json": (None, UNUSED),
    "order_created.json": ("order", Ignored("the order is not paid: its state is new and 165 is due")),
    "order_paid_invoice.json": ("invoice", NO_API),
    "refund_partial_items_graphql.json": (None, UNUSED),
    "webhook_tax_request.json": (None, UNUSED),
}
CARTS: dict[str, Cart | str] = {
    "cart_totals.json": Cart("USD", LINES),
    "cart_coupon_graphql.json": "Payload should have required property 'items'",
}


def read(name: str) -> Any:
    assert RECORDED is not None
    return json.loads((RECORDED / name).read_text())


def test_every_file_is_listed() -> None:
    assert RECORDED is not None
    assert {path.name for path in RECORDED.glob("*.json")} == EXPECTED.keys() | CARTS.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_delivery_becomes_just_this(told: Told, name: str) -> None:
    wrapper, expected = EXPECTED[name]
    body = {wrapper: read(name)} if wrapper else read(name)
    if isinstance(expected, str):
        with pytest.raises(InvalidInput) as raised:
            told(**body)
        assert raised.value.details == expected
    else:
        assert told(**body) == expected


@pytest.mark.parametrize("name", CARTS)
def test_a_recorded_cart_becomes_just_this(name: str) -> None:
    expected = CARTS[name]
    if isinstance(expected, str):
        with pytest.raises(InvalidInput) as raised:
            plugin().parse_cart(payload=read(name))
        assert raised.value.details == expected
    else:
        assert plugin().parse_cart(payload=read(name)) == expected


def test_the_recorded_order_once_it_is_paid(told: Told) -> None:
    """It is shortened where it was recorded: one of its four items, but the totals of all."""
    paid = read("order_created.json") | {"state": "processing", "total_paid": 165}
    event = told(order=paid)
    assert isinstance(event, Checkout)
    assert event.order_ref == "3"
    assert event.cart.lines == (Line("3", 1, 2200, "WS12-M-Orange", "1553", "Radiant Tee-M-Orange"),)


def test_the_items_of_the_recorded_invoice_add_up_to_its_subtotal_without_doubles(told: Told) -> None:
    """Its bundle (5) stands for 6 to 9, and 11 for the variant of 10."""
    parents = {6: 5, 7: 5, 8: 5, 9: 5, 11: 10}
    items = [
        {
            **one,
            "item_id": one["order_item_id"],
            "qty_ordered": one["qty"],
            "parent_item_id": parents.get(one["order_item_id"]),
        }
        for one in read("order_paid_invoice.json")["items"]
    ]
    event = told(order=order(order_currency_code="USD", items=items))
    assert isinstance(event, Checkout)
    assert event.cart.total == 16000
    memo = read("order_paid_invoice.json") | {"state": 2}
    refund = told(creditmemo=memo)
    assert isinstance(refund, Refund)
    assert [line.line_id for line in refund.lines or ()] == [line.line_id for line in event.cart.lines]
