"""What an order tells: paid, not yet, no more; its lines to the last minor unit; the refunds that it lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Checkout, Event, Ignored, Line, Refund, RefundLine, Reinstatement
from checkout_bridge_woocommerce.orders import told_by
from checkout_bridge_woocommerce.samples import MUGS, ORDER, PART, TEA, order, refund

Told = Callable[..., Any]
REF = str(ORDER)
NEVER = {"date_paid_gmt": None, "date_paid": None}


def item(**changes: Any) -> dict[str, Any]:
    return {"id": 1, "quantity": 1, "subtotal": "10.00"} | changes


def lines(told: Told, *items: dict[str, Any], currency: str = "EUR") -> tuple[Line, ...]:
    checkout = told("order.updated", order("processing", line_items=list(items), currency=currency))
    assert isinstance(checkout, Checkout)
    return checkout.cart.lines


@pytest.mark.parametrize("status", ["processing", "completed", "wc-processing"])
@pytest.mark.parametrize("topic", ["order.created", "order.updated"])
def test_a_paid_order_is_a_checkout_with_its_code(told: Told, topic: str, status: str) -> None:
    checkout = told(topic, order(status))
    assert (checkout.order_ref, checkout.cart.codes, checkout.cart.total) == (REF, ("save10",), 3000)


@pytest.mark.parametrize(
    ("status", "changes", "event"),
    [
        ("pending", NEVER, Ignored("the order is not paid: its status is pending")),
        ("on-hold", {}, Ignored("the order is not paid: its status is on-hold")),
        ("checkout-draft", NEVER, Ignored("the order is not paid: its status is checkout-draft")),
        ("at-the-printer", NEVER, Ignored("the order is not paid: its status is at-the-printer")),
        ("cancelled", NEVER, Cancellation(REF, "cancelled", "cancelled")),
        ("cancelled", {}, Cancellation(REF, "cancelled", "cancelled_after_capture")),
        ("trash", {}, Cancellation(REF, "trash", "cancelled_after_capture")),
        ("failed", {}, Cancellation(REF, "failed", "payment_failed")),
        ("failed", NEVER, Cancellation(REF, "failed", "payment_failed")),
        ("refunded", {}, Refund(REF, f"{REF}:refunded")),
    ],
)
def test_any_other_status_tells_what_became_of_it(
    told: Told, status: str, changes: dict[str, Any], event: Event
) -> None:
    assert told("order.updated", order(status, **changes)) == event


def test_a_status_of_the_shops_own_is_paid_once_it_was_paid(told: Told) -> None:
    assert isinstance(told("order.updated", order("at-the-printer")), Checkout)


def test_cash_on_delivery_is_processing_without_a_date_of_payment(told: Told) -> None:
    assert isinstance(told("order.updated", order("processing", **NEVER)), Checkout)


def test_a_deleted_order_is_a_cancellation_by_its_id_alone(told: Told) -> None:
    assert told("order.deleted", {"id": ORDER}) == Cancellation(REF, "deleted", "cancelled")


def test_an_order_taken_out_of_the_bin_stands_again_if_it_is_paid(told: Told) -> None:
    events = told("order.restored", order("processing", refunds=(PART,)))
    assert [type(event) for event in events] == [Reinstatement, Checkout, Refund]
    assert isinstance(told("order.restored", order("cancelled")), Cancellation)


def test_refunds_come_after_the_checkout_each_under_its_own_id(told: Told) -> None:
    listed = ({"id": 801, "reason": "", "total": "-10.50"}, {"id": 802, "total": "-0.99"}, {"id": 803, "total": "0.00"})
    checkout, *refunds = told("order.updated", order("processing", refunds=listed))
    assert isinstance(checkout, Checkout)
    assert refunds == [Refund(REF, "801", (), 1050), Refund(REF, "802", (), 99)]


def test_refunds_are_told_of_an_order_that_is_put_on_hold_too(told: Told) -> None:
    assert told("order.updated", order("on-hold", refunds=({"id": 801, "total": "-10.50"},))) == Refund(
        REF, "801", (), 1050
    )


def test_a_refund_to_which_the_shop_adds_its_lines_is_of_those(told: Told) -> None:
    _, one = told("order.updated", order("completed", refunds=(refund(801, {MUGS: 1, TEA: 1}, "18.74"),)))
    assert one == Refund(REF, "801", (RefundLine(str(MUGS), 1), RefundLine(str(TEA), 1)))


@pytest.mark.parametrize(
    ("told_item", "quantity"),
    [({"quantity": -0.5}, 2), ({"quantity": -1, "meta_data": []}, 2), ({"quantity": 1}, 2), ({}, 1.5)],
    ids=["half a piece", "of no line", "not negative", "of a line that cannot be counted"],
)
def test_a_refund_that_cannot_be_told_in_pieces_is_money(
    told: Told, told_item: dict[str, Any], quantity: float
) -> None:
    one = refund(801, {1: 1}, "5.00")
    one["line_items"][0] |= told_item
    _, refunded = told("order.updated", order("processing", line_items=[item(quantity=quantity)], refunds=(one,)))
    assert refunded == Refund(REF, "801", (), 500)


def test_lines_are_before_discounts_and_without_tax(told: Told) -> None:
    """The mugs: 25.00 before the coupon and without tax, though the prices of this shop are with it."""
    first, second = told("order.updated", order("processing")).cart.lines
    assert first == Line(str(MUGS), 2, 1250, "MUG", "6", "Mug – blue")
    assert second == Line(str(TEA), 1, 500, None, "7", "Tea")


@pytest.mark.parametrize(
    ("currency", "subtotal", "amount"),
    [("EUR", "31.2", 3120), ("EUR", "30", 3000), ("EUR", 30.5, 3050), ("JPY", "1000.00", 1000), ("KWD", "1.25", 1250)],
)
def test_money_is_in_the_minor_units_of_the_currency(told: Told, currency: str, subtotal: Any, amount: int) -> None:
    (line,) = lines(told, item(subtotal=subtotal), currency=currency)
    assert line == Line("1", 1, amount)


def test_a_price_between_two_cents_is_rounded_and_its_line_is_not(told: Told) -> None:
    assert lines(told, item(quantity=3)) == (Line("1", 3, 333, exact_amount=1000),)


@pytest.mark.parametrize(("quantity", "pieces"), [(1.5, 1), ("1.5", 1), (0.25, 1), ("2", 2), (2.0, 2)])
def test_a_quantity_with_a_fraction_is_one_piece(told: Told, quantity: Any, pieces: int) -> None:
    assert lines(told, item(quantity=quantity)) == (Line("1", pieces, 1000 // pieces),)


def test_what_was_not_bought_is_left_out(told: Told) -> None:
    assert [line.line_id for line in lines(told, item(id=1, quantity=0), item(id=2), item(id=3, quantity=-1))] == ["2"]


def test_a_code_counts_once_in_upper_and_lower_case(told: Told) -> None:
    coupons = [{"code": code} for code in ("Save", " save ", "", "GIFT")]
    assert told("order.updated", order("processing", coupon_lines=coupons)).cart.codes == ("Save", "GIFT")


@pytest.mark.parametrize(
    ("changes", "customer"),
    [({"customer_id": 0}, (None, "jo@example.com", "Jo Doe")), ({"billing": {}}, ("12", None, None))],
)
def test_a_guest_is_known_by_the_address(told: Told, changes: dict[str, Any], customer: tuple[Any, ...]) -> None:
    who = told("order.updated", order("processing", **changes)).cart.customer
    assert (who.id, who.email, who.name) == customer


@pytest.mark.parametrize(
    ("changes", "details"),
    [
        ({"id": None}, "Payload should have required property 'id'"),
        ({"status": None}, "Payload should have required property 'status'"),
        ({"currency": None}, "Payload should have required property 'currency'"),
        ({"currency": "EURO"}, "Property .currency must not be longer than 3"),
        ({"line_items": []}, "Property .line_items must have at least 1 item that was bought"),
        ({"line_items": [item(quantity="many")]}, 'Property .line_items[0].quantity must be a decimal such as "12.50"'),
        ({"line_items": [item(subtotal=True)]}, 'Property .line_items[0].subtotal must be a decimal such as "12.50"'),
        ({"line_items": [item(subtotal="-1")]}, "Property .line_items[0] must not come to less than 0"),
        ({"refunds": [{"id": 1}]}, 'Property .refunds[0].amount must be a decimal such as "12.50"'),
    ],
)
def test_a_body_that_lacks_a_field_is_refused_by_its_name(changes: dict[str, Any], details: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        told_by(order("processing") | changes)
    assert raised.value.details == details


def test_a_delivery_without_a_shop_or_of_another_topic_is_ignored(told: Told) -> None:
    assert told("order.updated", b"no JSON", shop="unknown") == Ignored("the delivery does not name its shop")
    assert told("coupon.created", b"no JSON") == Ignored("topic coupon.created is not used")
