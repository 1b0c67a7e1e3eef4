"""What refunds become: pieces of lines, money without lines, or nothing while no money has gone back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Event, Ignored, Refund, RefundLine

from .conftest import MUGS, TEA, refund_of

Told = Callable[..., Event]


def money(amount: Any, currency: str | None = "EUR", **changes: Any) -> dict[str, Any]:
    return {"kind": "refund", "status": "success", "amount": amount, "currency": currency} | changes


def test_a_refund_of_lines_tells_their_pieces_and_no_amount(told: Told) -> None:
    assert told("refunds/create", refund_of({MUGS: 2, TEA: 1})) == Refund(
        order_ref="820982911946154508",
        refund_id="509562969",
        lines=(RefundLine("866550311766439020", 2), RefundLine("141249953214522974", 1)),
        amount=None,
    )


def test_pieces_of_one_line_that_are_put_back_in_two_places_are_added_up(told: Told) -> None:
    items = [{"line_item_id": MUGS, "quantity": 1, "location_id": place} for place in (1, 2)]
    event = told("refunds/create", refund_of({}, refund_line_items=items))
    assert isinstance(event, Refund)
    assert event.lines == (RefundLine(str(MUGS), 2),)


@pytest.mark.parametrize(
    ("transactions", "minor_units"),
    [
        ([money("30.00")], 3000),
        ([money(7.5)], 750),
        ([money("20.00"), money("5.0")], 2500),
        ([money("20.00"), money("5.00", status="failure"), money("1.00", kind="void")], 2000),
        ([money("1000", "JPY")], 1000),
        ([money("1.250", "KWD")], 1250),
    ],
)
def test_a_refund_of_money_has_its_amount_and_no_lines_at_all(
    told: Told, transactions: list[Any], minor_units: int
) -> None:
    event = told("refunds/create", refund_of({}, transactions=transactions))
    assert event == Refund("820982911946154508", "509562969", lines=(), amount=minor_units)


@pytest.mark.parametrize("quantities", [{}, {MUGS: 2, TEA: 1}])
@pytest.mark.parametrize("changes", [{"status": "pending"}, {"status": "failure"}, {"kind": "void"}])
def test_a_refund_that_has_not_gone_through_is_ignored(
    told: Told, quantities: dict[int, int], changes: dict[str, str]
) -> None:
    event = told("refunds/create", refund_of(quantities, transactions=[money("30.00", **changes)]))
    assert isinstance(event, Ignored)
    assert event.reason.startswith("the refund has not gone through")


def test_a_refund_of_nothing_is_ignored(told: Told) -> None:
    event = told("refunds/create", refund_of({MUGS: 0}, transactions=[]))
    assert isinstance(event, Ignored)
    assert event.reason.startswith("no money was refunded")


def test_lines_that_had_cost_nothing_are_refunded_without_a_transaction(told: Told) -> None:
    event = told("refunds/create", refund_of({MUGS: 2}, transactions=[]))
    assert isinstance(event, Refund)
    assert event.lines == (RefundLine(str(MUGS), 2),)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"id": None}, "'id'"),
        ({"order_id": None}, "'order_id'"),
        ({"order_id": "one"}, r"\.order_id must be integer"),
        ({"refund_line_items": [{"quantity": 1}]}, r"refund_line_items\[0\].* 'line_item_id'"),
        ({"refund_line_items": [{"line_item_id": MUGS, "quantity": 1.5}]}, r"refund_line_items\[0\]\.quantity"),
        ({"refund_line_items": [{"line_item_id": MUGS, "quantity": -1}]}, r"refund_line_items\[0\]\.quantity"),
        ({"refund_line_items": {}}, r"\.refund_line_items must be array"),
        ({"transactions": [{"status": "success"}]}, r"transactions\[0\].* 'kind'"),
        ({"transactions": [money("a lot")]}, r"transactions\[0\]\.amount"),
        ({"transactions": [money(None)]}, r"transactions\[0\]\.amount"),
        ({"transactions": [money("1.00", status="pending"), money("1.005")]}, r"transactions\[1\]\.amount"),
        ({"transactions": [money("1.00", None)]}, "currency"),
        ({"transactions": [money("1.00", "EUR"), money("1.00", "USD")]}, r"\.transactions must be of one currency"),
    ],
)
def test_what_cannot_be_mapped_is_named(told: Told, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        told("refunds/create", refund_of({}, **changes))
