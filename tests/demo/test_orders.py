"""Orders of the shop alone: from paid to cancelled, refunded or shipped, each step once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from checkout_bridge.demo.cart import CartLine
from checkout_bridge.demo.catalogue import BY_SLUG
from checkout_bridge.demo.orders import OrderBook

if TYPE_CHECKING:
    from .conftest import Visitor


@pytest.fixture
def book(tmp_path: Path) -> OrderBook:
    return OrderBook(tmp_path / "orders.sqlite3")


def place(book: OrderBook) -> str:
    return book.place([CartLine(BY_SLUG["mug"], 2)], [], 2500, "EUR")


def test_a_checkout_makes_a_paid_order_and_empties_the_cart(visitor: Visitor) -> None:
    visitor.add("mug", 2)
    visitor.send("/cart/codes", code="WELCOME10")
    answer = visitor.client.post("/checkout")
    assert (answer.status_code, answer.location) == (303, "/orders/10001")

    page = visitor.see("/orders/10001")
    assert (page["order-ref"], page["order-status"], page["total"]) == ("10001", "paid", "25.00 €")
    assert {"cancel", "refund", "ship"} <= page.attributes.keys()
    assert (visitor.cart()["items"], visitor.cart()["codes"]) == ([], [])


def test_an_empty_cart_makes_no_order(visitor: Visitor) -> None:
    refused = visitor.send("/checkout")
    assert refused.status == 400
    assert "empty" in refused["refusal"]
    assert "No orders yet" in visitor.see("/orders").html


def test_a_declined_payment_makes_no_order_and_keeps_the_cart(visitor: Visitor) -> None:
    visitor.add("mug")
    visitor.send("/cart/gift-cards", code="GIFT50")
    before = visitor.cart()
    refused = visitor.send("/checkout", simulate="decline")
    assert refused.status == 402
    assert "Your payment was declined; nothing was charged and your codes are untouched" in refused["refusal"]
    assert visitor.cart() == before
    assert visitor.see("/orders/10001").status == 404


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        (["cancel"], "cancelled"),
        (["refund"], "refunded"),
        (["ship"], "shipped"),
        (["ship", "refund"], "refunded"),
        (["cancel", "cancel"], "cancelled"),
        (["refund", "refund"], "refunded"),
        (["ship", "ship"], "shipped"),
    ],
)
def test_steps_that_are_open_or_repeated_lead_back_to_the_order(
    visitor: Visitor, steps: list[str], status: str
) -> None:
    ref = visitor.order()
    for step in steps:
        answer = visitor.client.post(f"/orders/{ref}/{step}")
        assert (answer.status_code, answer.location) == (303, f"/orders/{ref}")
    page = visitor.see(f"/orders/{ref}")
    assert page["order-status"] == status
    assert "cancel" not in page


@pytest.mark.parametrize(
    ("first", "then", "status"),
    [
        ("ship", "cancel", "shipped"),
        ("cancel", "refund", "cancelled"),
        ("cancel", "ship", "cancelled"),
        ("refund", "cancel", "refunded"),
        ("refund", "ship", "refunded"),
    ],
)
def test_a_step_that_is_closed_is_refused_and_changes_nothing(
    visitor: Visitor, first: str, then: str, status: str
) -> None:
    ref = visitor.order()
    visitor.send(f"/orders/{ref}/{first}")
    refused = visitor.send(f"/orders/{ref}/{then}")
    assert refused.status == 409
    assert f"already {status}" in refused["refusal"]
    assert visitor.see(f"/orders/{ref}")["order-status"] == status


@pytest.mark.parametrize("ref", ["10002", "010001", "10001.0", "+10001", "none", "9" * 40])
def test_an_order_is_found_by_its_exact_reference_only(visitor: Visitor, ref: str) -> None:
    assert visitor.order() == "10001"
    assert visitor.see(f"/orders/{ref}").status == 404
    for step in ("cancel", "refund", "ship"):
        assert visitor.send(f"/orders/{ref}/{step}").status == 404
    assert visitor.see("/orders/10001")["order-status"] == "paid"


def test_orders_are_listed_newest_first(visitor: Visitor) -> None:
    visitor.order()
    visitor.order()
    links = [link for link in visitor.see("/orders").links if link.startswith("/orders/")]
    assert links == ["/orders/10002", "/orders/10001"]


def test_a_move_has_one_winner(book: OrderBook) -> None:
    ref = place(book)
    assert book.move(ref, ["paid", "shipped"], "refunded") is True
    assert book.move(ref, ["paid", "shipped"], "refunded") is False
    assert book.move(ref, ["paid"], "cancelled") is False
    assert book.find(ref).status == "refunded"


def test_a_move_leaves_other_orders_alone(book: OrderBook) -> None:
    first, second = place(book), place(book)
    book.move(first, ["paid"], "cancelled")
    assert book.find(second).status == "paid"


def test_numbers_go_on_when_the_shop_starts_again(tmp_path: Path, book: OrderBook) -> None:
    assert place(book) == "10001"
    again = OrderBook(tmp_path / "orders.sqlite3")
    assert place(again) == "10002"
    assert [order.ref for order in again.recent()] == ["10002", "10001"]
