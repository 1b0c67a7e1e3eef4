"""What orders map to, and their money to the last minor unit."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Cart, Checkout, Customer, Ignored, Line, Reinstatement

from .conftest import ORDER, SpreeServer, order, told

LINES = (Line("li_mug", 2, 1250, "variant_1", name="Mug"), Line("li_tea", 1, 500, "variant_2", name="Tea"))


@pytest.mark.parametrize("name", ["order.paid", "order.completed"])
@pytest.mark.parametrize("status", ["paid", "credit_owed"])
def test_a_paid_order_is_a_checkout(name: str, status: str) -> None:
    expected = Checkout(ORDER, Cart("EUR", LINES, codes=("save",)))
    assert told(name, order("save", "SAVE", "", payment_status=status)) == expected
    assert told(name, order("save", payment_status=None, payment_state=status)) == expected


def test_who_bought_is_read_and_a_discount_without_a_code_is_none() -> None:
    person = {"customer_id": "cust_1", "email": "jo@example.com", "billing_address": {"full_name": "Jo Doe"}}
    cart = told("order.paid", order(discounts=[{"name": "Summer", "code": None}], **person)).cart
    assert (cart.codes, cart.customer) == ((), Customer("cust_1", "jo@example.com", "Jo Doe"))


def test_that_an_order_was_paid_is_told_before_its_status_says_so() -> None:
    assert isinstance(told("order.paid", order(payment_status="balance_due")), Checkout)


def test_a_free_order_is_told_only_by_its_completion() -> None:
    assert isinstance(told("order.completed", order("all", payment_status=None, total="0.0")), Checkout)


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        (
            "order.completed",
            {"payment_status": "balance_due"},
            "the order is not paid: its payment_status is balance_due",
        ),
        ("order.completed", {"payment_status": None}, "the order is not paid: its payment_status is None"),
        ("order.paid", {"payment_status": "void"}, "the order is not paid: its payment_status is void"),
        ("order.paid", {"status": "canceled"}, "the order was cancelled before this was sent"),
        ("order.paid", {"canceled_at": "2026-01-15T12:00:00Z"}, "the order was cancelled before this was sent"),
        ("order.canceled", {"status": "placed"}, "the order is not cancelled"),
        ("order.resumed", {"state": "canceled"}, "the order is still cancelled"),
    ],
)
def test_what_has_not_happened_is_ignored(name: str, changes: dict[str, Any], reason: str) -> None:
    assert told(name, order(**changes)) == Ignored(reason)


def test_an_exported_order_says_itself_whether_it_is_paid() -> None:
    assert isinstance(told("order.paid", json.dumps(order()).encode()), Checkout)
    unpaid = told("order.paid", json.dumps(order(payment_status="balance_due")).encode())
    assert unpaid == Ignored("the order is not paid: its payment_status is balance_due")


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"payment_status": "paid"}, "cancelled_after_capture"),
        ({"payment_status": "void", "payments": [{"status": "completed"}]}, "cancelled_after_capture"),
        ({"payment_status": None, "payments": [{"state": "completed"}]}, "cancelled_after_capture"),
        ({"payment_status": "void", "payments": [], "payment_total": "5.0"}, "cancelled_after_capture"),
        ({"payment_status": "balance_due", "payments": [{"status": "pending"}]}, "cancelled"),
        ({"payment_status": "none", "payments": None, "payment_total": "0.0", "status": "canceled"}, "cancelled"),
    ],
)
def test_a_cancellation_says_whether_money_had_been_taken(changes: dict[str, Any], cause: Any) -> None:
    assert told("order.canceled", order(**changes)) == Cancellation(ORDER, cause=cause)


def test_a_resumed_order_stands_again_though_it_keeps_when_it_was_cancelled() -> None:
    changes = {"status": "placed", "canceled_at": "2026-01-15T12:00:00Z"}
    assert told("order.resumed", order(**changes)) == Reinstatement(ORDER, "resumed")
    assert told("order.resumed", {"id": ORDER}) == Reinstatement(ORDER, "resumed")


@pytest.mark.parametrize(
    ("currency", "prices", "units", "amounts"),
    [
        ("JPY", [("500.0", 2)], [500], [1000]),
        ("KWD", [("1.2345", 2)], [1235], [2469]),
        ("EUR", [("0.333", 3)], [33], [100]),
        ("EUR", [("12.5", 2), (5, 1)], [1250, 500], [2500, 500]),
        # Together 1.5 cents: the rest falls on the last line.
        ("EUR", [("0.005", 1)] * 3, [1, 1, 1], [1, 1, 0]),
        ("EUR", [("-0.0", 1)], [0], [0]),
    ],
)
def test_prices_are_read_to_the_last_minor_unit(
    currency: str, prices: list[tuple[Any, int]], units: list[int], amounts: list[int]
) -> None:
    items = [{"id": f"li_{i}", "quantity": pieces, "price": price} for i, (price, pieces) in enumerate(prices)]
    lines = told("order.paid", order(currency=currency, items=items)).cart.lines
    assert ([line.unit_price for line in lines], [line.amount for line in lines]) == (units, amounts)


def item(**changes: Any) -> dict[str, Any]:
    return {"items": [{"id": "li_1", "quantity": 1, "price": "1.0"} | changes]}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"id": None}, "'id'"),
        ({"currency": None}, "'currency'"),
        (item() | {"currency": "XXX"}, r"\.currency must be a currency"),
        ({"items": None}, "'items'"),
        ({"items": []}, r"\.items must have at least 1 item"),
        (item(quantity=0), r"\.items must have at least 1 item"),
        (item(quantity=1.5), r"\.items\[0\]\.quantity must be integer"),
        (item(quantity=-1), r"\.items\[0\]\.quantity must be"),
        (item(price="-1.0"), r"\.items\[0\]\.price must be >= 0"),
        (item(price="a lot"), r"\.items\[0\]\.price must be a decimal"),
        (item(price=None), "'price'"),
        (item(currency="USD"), r"\.items\[0\]\.currency must be that of the order"),
    ],
)
def test_what_an_order_lacks_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        told("order.paid", order(**changes))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"name": "order.paid", "data": null}'])
@pytest.mark.parametrize("name", ["order.paid", "order.canceled", "order.resumed", "refund.created"])
def test_what_is_no_event_cannot_be_mapped(name: str, body: bytes) -> None:
    with pytest.raises(InvalidInput, match="Payload must be"):
        told(name, body)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null"])
def test_what_is_no_event_at_all_cannot_be_mapped(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="Payload must be"):
        told("unknown", body)
    assert told("unknown", b"{}") == Ignored("the event does not name itself")


@pytest.mark.parametrize("name", ["order.updated", "payment.paid", "line_item.updated"])
def test_other_topics_are_ignored_unread(name: str) -> None:
    assert told(name, b"not JSON") == Ignored(f"topic {name} is not used")


def test_an_order_without_its_lines_is_read(spree_api: SpreeServer, asked: Callable[[str, Any], Any]) -> None:
    assert asked("order.paid", {"id": ORDER}).cart.lines == LINES
    assert spree_api.asked[0][0].startswith(f"/api/v3/admin/orders/{ORDER}?expand=items,")
