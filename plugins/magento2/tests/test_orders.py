"""What orders and credit memos become, and how their numbers are read."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Cart, Checkout, Customer, Event, Ignored, Line, Refund, RefundLine
from checkout_bridge_magento2.orders import told_by

from .conftest import item, memo, order

Told = Callable[..., Event]


def cart_of(event: Event) -> Cart:
    assert isinstance(event, Checkout)
    return event.cart


def test_a_paid_order_is_a_checkout_known_by_its_entity_id(told: Told) -> None:
    assert told(order=order("SAVE")) == Checkout(
        "41",
        Cart(
            "EUR",
            (Line("51", 2, 1250, "MUG", "151", "Mug"), Line("52", 1, 500, "TEA", "152", "Tea")),
            Customer("3", "jo@example.com", "Jo"),
            ("SAVE",),
        ),
    )


def test_an_exported_order_needs_neither_a_wrapper_nor_numbers(told: Told) -> None:
    """The REST API answers an order bare; a database's numbers are text."""
    texts = order("SAVE", entity_id="41", grand_total="30.0000", total_paid="30.0000")
    texts["items"] = [item(51, "MUG", "2.0000", "12.5000", "25.0000"), item(52, "TEA", "1.0000", "5.0000", "5.0000")]
    assert told_by(texts) == told(order=order("SAVE"))


@pytest.mark.parametrize(
    ("state", "paid", "due"),
    [
        ("new", None, "30"),
        ("pending_payment", 0, "30"),
        ("processing", None, "30"),  # authorised, not captured
        ("processing", 29.99, "0.01"),
        ("payment_review", 30, "0"),
        ("holded", 30, "0"),
    ],
)
def test_an_order_that_is_not_wholly_paid_is_ignored(told: Told, state: str, paid: Any, due: str) -> None:
    reason = f"the order is not paid: its state is {state} and {due} is due"
    assert told(order=order(state=state, total_paid=paid)) == Ignored(reason)


def test_an_order_that_cost_nothing_is_paid(told: Told) -> None:
    assert isinstance(told(order=order(state="complete", grand_total=0, total_paid=None)), Checkout)


def test_what_was_cancelled_of_an_order_is_neither_bought_nor_due(told: Told) -> None:
    items = [item(51, "MUG", 2, 12.5, 25, qty_canceled=1), item(52, "TEA", 1, 5, 5, qty_canceled=1)]
    part = order(state="complete", total_paid=12.5, total_canceled=17.5, items=items)
    assert cart_of(told(order=part)).lines == (Line("51", 1, 1250, "MUG", "151", "Mug"),)


@pytest.mark.parametrize(("paid", "cause"), [(None, "cancelled"), (0, "cancelled"), (5, "cancelled_after_capture")])
def test_a_cancelled_order_is_a_cancellation(told: Told, paid: Any, cause: Any) -> None:
    assert told(order=order(state="canceled", total_paid=paid)) == Cancellation("41", cause=cause)


def test_a_closed_order_is_left_to_its_credit_memos(told: Told) -> None:
    assert told(order=order(state="closed")) == Ignored("the order is closed: its credit memos tell what was refunded")


@pytest.mark.parametrize(
    ("currency", "price", "unit"),
    [("EUR", 12.5, 1250), ("JPY", 1000, 1000), ("JPY", "1000.0000", 1000), ("KWD", 1.255, 1255), ("EUR", "0.29", 29)],
)
def test_a_price_is_exact_in_the_exponent_of_its_currency(told: Told, currency: str, price: Any, unit: int) -> None:
    bought = order(order_currency_code=currency, items=[item(1, "A", 1, price, price)])
    assert cart_of(told(order=bought)).lines[0] == Line("1", 1, unit, "A", "101", "A")


def test_a_price_with_fractions_of_a_cent_is_rounded_and_its_line_is_not(told: Told) -> None:
    """19.00 with 19 % tax in it is 15.9664 without: three of them are 47.90."""
    (line,) = cart_of(told(order=order(items=[item(1, "A", 3, 15.9664, 47.9)]))).lines
    assert (line.unit_price, line.exact_amount, line.amount) == (1597, 4790, 4790)


def test_the_noise_of_a_float_does_no_harm(told: Told) -> None:
    body = json.dumps({"order": order(items=[item(1, "A", 3, 0, 0)])})
    noisy = body.replace('"price": 0, "row_total": 0', '"price": 0.1, "row_total": 0.30000000000000004')
    assert cart_of(told(noisy.encode())).total == 30


@pytest.mark.parametrize("quantity", [1.5, "0.2500"])
def test_what_is_sold_by_weight_is_one_piece_of_all_it_costs(told: Told, quantity: Any) -> None:
    (line,) = cart_of(told(order=order(items=[item(1, "RICE", quantity, 3, 4.5)]))).lines
    assert (line.quantity, line.unit_price, line.amount) == (1, 450, 450)


@given(st.lists(st.tuples(st.integers(1, 50), st.decimals(0, 999, places=4)), min_size=1, max_size=8))
def test_the_lines_add_up_to_the_rounded_sum_of_what_magento_says(rows: list[tuple[int, Decimal]]) -> None:
    exact = [price * quantity for quantity, price in rows]
    rounded = [int((amount * 100).quantize(Decimal(1), "ROUND_HALF_UP")) for amount in exact]
    if rounded[-1] + int((sum(exact) * 100).quantize(Decimal(1), "ROUND_HALF_UP")) - sum(rounded) < 0:
        return  # less than nothing would be left for the last line: refused
    items = [item(i + 1, "A", quantity, str(price), None) for i, (quantity, price) in enumerate(rows)]
    assert cart_of(told_by(order(items=items))).total == (sum(exact) * 100).quantize(Decimal(1), "ROUND_HALF_UP")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"price": "x"}, r"items\[0\].price must be a decimal"),
        ({"price": True}, r"items\[0\].price must be a decimal"),
        ({"price": -1, "row_total": -1}, r"items\[0\] must not come to less than 0"),
        ({"qty_ordered": -1}, r"items\[0\].qty_ordered must be from 0"),
        ({"qty_ordered": 10**7}, r"items\[0\].qty_ordered must be from 0"),
        ({"item_id": None}, "required property 'item_id'"),
        ({"qty_ordered": 0}, "items must have at least 1 item that was bought"),
    ],
)
def test_what_cannot_be_an_item_is_refused_by_name(told: Told, change: dict[str, Any], fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault):
        told(order=order(items=[item(1, "A", 1, 1, 1) | change]))


def test_a_variant_counts_once_as_the_item_it_was_chosen_for(told: Told) -> None:
    shirt = item(1, "SHIRT-S", 2, 20, 40)
    variant = item(2, "SHIRT-S", 2, 0, 0, parent_item_id=1)
    assert [line.line_id for line in cart_of(told(order=order(items=[shirt, variant]))).lines] == ["1"]


def test_a_bundle_counts_as_its_parts_where_these_have_prices_the_free_ones_too(told: Told) -> None:
    items = [
        item(1, "KIT", 1, 30, 30),
        item(2, "BALL", 1, 27, 27, parent_item_id=1),
        item(3, "BRICK", 2, 1.5, 3, parent_item_id=1),
        item(4, "LEAFLET", 1, 0, 0, parent_item_id=1),
    ]
    cart = cart_of(told(order=order(items=items)))
    assert ([line.line_id for line in cart.lines], cart.total) == (["2", "3", "4"], 3000)


@pytest.mark.parametrize(
    ("entered", "codes"),
    [
        ({"coupon_code": None, "extension_attributes": []}, ()),
        ({"coupon_code": " SAVE ", "extension_attributes": []}, ("SAVE",)),
        ({"coupon_code": "SAVE", "extension_attributes": {"coupon_codes": ["save", "MORE", ""]}}, ("SAVE", "MORE")),
    ],
)
def test_codes_are_taken_once_whatever_their_case(told: Told, entered: dict[str, Any], codes: tuple[str]) -> None:
    assert cart_of(told(order=order(**entered))).codes == codes


@pytest.mark.parametrize("several", ["SAVE", {"a": 1}, [1]])
def test_codes_that_are_no_list_of_texts_are_refused(told: Told, several: Any) -> None:
    with pytest.raises(InvalidInput, match="coupon_codes must"):
        told(order=order(extension_attributes={"coupon_codes": several}))


def test_a_guest_is_known_by_the_address_and_nobody_by_nothing(told: Told) -> None:
    guest = order(customer_id=None, customer_firstname=None)
    assert cart_of(told(order=guest)).customer == Customer(None, "jo@example.com", None)
    assert cart_of(told(order=guest | {"customer_email": ""})).customer is None


def test_a_credit_memo_refunds_its_pieces_under_its_own_id(told: Told) -> None:
    assert told(creditmemo=memo({51: 1, 52: 0}), order=order()) == Refund("41", "61", (RefundLine("51", 1),))


def test_a_credit_memo_leaves_out_what_only_stands_for_other_items(told: Told) -> None:
    listed = memo({})
    listed["items"] = [
        {"order_item_id": 1, "qty": 1, "row_total": None},
        {"order_item_id": 2, "qty": 1, "row_total": 0},
    ]
    assert told(creditmemo=listed) == Refund("41", "61", (RefundLine("2", 1),))


def test_a_credit_memo_whose_items_lack_what_tells_these_apart_is_refused(told: Told) -> None:
    listed = memo({}, items=[{"order_item_id": 1, "qty": 1}])
    with pytest.raises(InvalidInput, match="items must have a row_total"):
        told(creditmemo=listed)


@pytest.mark.parametrize("quantities", [{}, {51: 0}, {51: 0.5}, {51: 1, 52: "0.2500"}])
def test_money_without_whole_pieces_is_for_no_certain_lines(told: Told, quantities: dict[int, Any]) -> None:
    assert told(creditmemo=memo(quantities, grand_total=5.95)) == Refund("41", "61", (), 595)


def test_money_is_in_the_currency_of_the_order(told: Told) -> None:
    paid_in_yen = memo({}, grand_total=1000, order_currency_code="JPY", base_currency_code="EUR", base_grand_total=6.1)
    assert told(creditmemo=paid_in_yen) == Refund("41", "61", (), 1000)


@pytest.mark.parametrize("state", [1, 3, "1"])
def test_a_credit_memo_that_has_not_gone_through_is_ignored(told: Told, state: Any) -> None:
    assert told(creditmemo=memo({51: 1}, state=state)) == Ignored(
        f"the credit memo has not gone through: its state is {state}"
    )


def test_a_credit_memo_of_nothing_is_ignored(told: Told) -> None:
    assert told(creditmemo=memo({}, grand_total=0)) == Ignored(
        "no money was refunded: the credit memo has neither pieces nor a grand_total"
    )
