"""Money in the shop's precision, lines as they were placed, codes, states and refunds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Cart, Checkout, Customer, Delivery, Ignored, Refund, RefundLine
from checkout_bridge.money import exponent
from checkout_bridge_vendure import VendurePlugin
from checkout_bridge_vendure.samples import SAMPLES

from .conftest import ORDER, line, order, refund, told

STATE, REFUND = "OrderStateTransitionEvent", "RefundStateTransitionEvent"


def plugin(precision: str = "") -> VendurePlugin:
    made = VendurePlugin()
    made.configure(options={"PRECISION": precision})
    return made


def cart_of(*lines: dict[str, Any], currency: str = "EUR", precision: str = "", **more: Any) -> Cart:
    return plugin(precision).parse_cart(payload={"currencyCode": currency, "lines": list(lines), **more})


@pytest.mark.parametrize(
    ("precision", "currency", "value", "minor"),
    [
        ("", "EUR", 1250, 1250),
        ("", "JPY", 10000, 100),
        ("", "KWD", 125, 1250),
        ("", "JPY", 10050, 101),
        ("2,JPY:0", "JPY", 100, 100),
        ("2,JPY:0", "EUR", 1250, 1250),
        ("3", "EUR", 12505, 1251),
        ("3", "KWD", 12505, 12505),
        ("0", "EUR", 12, 1200),
        ("", "EUR", 1250.0, 1250),
    ],
)
def test_a_price_goes_from_the_shops_precision_to_the_currencys(
    precision: str, currency: str, value: Any, minor: int
) -> None:
    (made,) = cart_of(line("mug", 1, value), currency=currency, precision=precision).lines
    assert (made.unit_price, made.amount) == (minor, minor)


@given(
    st.lists(st.integers(0, 10**7), min_size=1, max_size=8), st.sampled_from(["EUR", "JPY", "KWD"]), st.integers(0, 6)
)
def test_an_order_comes_to_the_exact_sum_rounded_once(values: list[int], currency: str, digits: int) -> None:
    cart = cart_of(
        *(line(f"l{i}", 1, value) for i, value in enumerate(values)), currency=currency, precision=str(digits)
    )
    scaled, parts = sum(values) * 10 ** exponent(currency), 10**digits
    assert cart.total == (2 * scaled + parts) // (2 * parts)
    assert all(one.amount >= 0 for one in cart.lines)


def test_a_line_is_what_vendure_says_not_its_pieces_times_one() -> None:
    (made,) = cart_of(line("cup", 3, 2399, linePriceWithTax=7196)).lines
    assert (made.unit_price, made.quantity, made.amount) == (2399, 3, 7196)


def test_an_order_is_read_as_it_was_placed_whatever_was_cancelled_or_added_since() -> None:
    lines = [
        line("mug", 1, 1250, orderPlacedQuantity=2),
        line("tea", 0, 500, orderPlacedQuantity=1),
        line("late", 5, 100, orderPlacedQuantity=0),
    ]
    cart = told(STATE, order(lines=lines)).cart
    assert [(one.line_id, one.quantity, one.amount) for one in cart.lines] == [("mug", 2, 2500), ("tea", 1, 500)]


def test_a_cart_has_placed_nothing_yet() -> None:
    lines = [line("mug", 2, 1250, orderPlacedQuantity=0), line("gone", 0, 500, orderPlacedQuantity=0)]
    assert [(one.line_id, one.quantity) for one in cart_of(*lines).lines] == [("mug", 2)]


@pytest.mark.parametrize(
    ("wrong", "details"),
    [
        (line("mug", -1), "Property .lines[0].quantity must be from 0 to 1000000"),
        (line("mug", 1, unitPriceWithTax=-5), "Property .lines[0].unitPriceWithTax must be >= 0"),
        (line("mug", 1, unitPriceWithTax="5.00"), "Property .lines[0].unitPriceWithTax must be integer"),
        (line("mug", 1.5), "Property .lines[0].quantity must be integer"),
        (line("", 1), "Property .lines[0].id must not be empty"),
        (line("mug", 0), "Property .lines must have at least 1 item that was bought"),
    ],
)
def test_what_cannot_be_is_refused_by_name(wrong: dict[str, Any], details: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        cart_of(wrong)
    assert raised.value.details == details


def test_codes_are_vendures_own_those_it_does_not_know_and_those_of_our_surcharges() -> None:
    surcharges = [{"sku": "checkout-bridge:GIFT-1"}, {"sku": "GIFT-WRAP"}, {"sku": "checkout-bridge:SAVE"}, {}]
    cart = cart_of(line("mug"), couponCodes=["SAVE"], bridgeCodes=[" NEW ", ""], surcharges=surcharges)
    assert cart.codes == ("SAVE", "NEW", "GIFT-1")


def test_ids_may_be_the_numbers_of_a_database() -> None:
    cart = cart_of(line("x", id=17), customer={"id": 4, "emailAddress": "jo@example.com"})
    assert (cart.lines[0].line_id, cart.customer) == ("17", Customer("4", "jo@example.com", None))


@pytest.mark.parametrize("state", ["AddingItems", "ArrangingPayment", "PaymentAuthorized", "Modifying", "Draft"])
def test_an_order_that_is_not_settled_is_no_checkout(state: str) -> None:
    assert told(STATE, order(state=state)) == Ignored(f"the order is not paid: its state is {state}")


@pytest.mark.parametrize("state", ["PartiallyShipped", "Shipped", "PartiallyDelivered", "Delivered"])
def test_a_later_state_is_a_checkout_only_of_an_export(state: str) -> None:
    assert told(STATE, order(state=state)) == Ignored(f"the order was paid before: its state is {state}")
    assert isinstance(told("order", order(state=state)), Checkout)


def test_an_exported_order_needs_no_envelope_and_must_stand() -> None:
    def event_of(body: bytes) -> Any:
        made = plugin()
        return made.event_of(delivery=Delivery("eu", "1", made.capabilities().order_topic), body=body)

    mug = b'{"id": 1, "quantity": 2, "unitPriceWithTax": 1250, "linePriceWithTax": 2500}'
    whole = b'{"code": "C", "currencyCode": "EUR", "state": "%s", "lines": [%s]}'
    assert event_of(whole % (b"Delivered", mug)).cart.total == 2500
    assert event_of(whole % (b"Cancelled", mug)).reason == "the order does not stand paid: its state is Cancelled"


@pytest.mark.parametrize(
    ("states", "cause"),
    [
        (["Settled"], "cancelled_after_capture"),
        (["Declined", "Settled"], "cancelled_after_capture"),
        (["Declined", "Error"], "payment_failed"),
        (["Declined", "Authorized"], "cancelled"),
        ([], "cancelled"),
    ],
)
def test_a_cancelled_order_says_why_by_its_payments(states: list[str], cause: Any) -> None:
    cancelled = {"code": ORDER, "state": "Cancelled", "payments": [{"state": state} for state in states]}
    assert told(STATE, cancelled) == Cancellation(ORDER, cause=cause)


def test_a_refund_of_pieces_names_its_lines_each_once() -> None:
    one = refund(1, 1250, mug=1) | {"lines": [{"orderLineId": "mug", "quantity": 1}] * 2}
    assert told(REFUND, {"refund": one, "order": order()}) == Refund(ORDER, "1", (RefundLine("mug", 2),))


@pytest.mark.parametrize(("currency", "amount"), [("EUR", 1250), ("JPY", 13), ("KWD", 12500)])
def test_a_refund_of_money_alone_is_in_the_minor_units_of_the_currency(currency: str, amount: int) -> None:
    data = {"refund": refund(1, 1250), "order": order(currencyCode=currency)}
    assert told(REFUND, data) == Refund(ORDER, "1", (), amount)


@pytest.mark.parametrize("state", ["Pending", "Failed"])
def test_only_a_settled_refund_counts(state: str) -> None:
    one = refund(1, 500, state)
    reason = f"the refund has not gone through: its state is {state}"
    assert told(REFUND, {"refund": one, "order": order()}) == Ignored(reason)
    assert told(REFUND, order(refunds=(one,))) == Ignored("no refund has gone through")
    assert told(REFUND, {"refund": refund(1, 0), "order": order()}) == Ignored("no money was refunded")


def test_money_that_brings_all_back_is_the_rest_of_the_order() -> None:
    refunds = (refund(1, 1000), refund(2, 2000))
    assert told(REFUND, order(refunds=refunds)) == (Refund(ORDER, "1", (), 1000), Refund(ORDER, "2"))
    data = {"refund": refunds[0], "order": order(refunds=refunds)}
    assert told(REFUND, data) == Refund(ORDER, "1", (), 1000)
    pending = (refunds[0], refund(2, 2000, "Pending"))
    assert told(REFUND, order(refunds=pending)) == (Refund(ORDER, "1", (), 1000),)


def test_any_other_event_is_ignored() -> None:
    reason = "topic PaymentStateTransitionEvent is not used"
    assert told("PaymentStateTransitionEvent", {}) == Ignored(reason)


def test_the_samples_map_to_what_they_say() -> None:
    made = plugin()
    told = [*SAMPLES.expected, (SAMPLES.paid, Checkout(SAMPLES.order_ref, SAMPLES.expected_cart))]
    for sample, event in told:
        delivery = made.identify_webhook(headers={}, body=sample.body)
        if event is None:
            with pytest.raises(InvalidInput):
                made.event_of(delivery=delivery, body=sample.body)
        else:
            assert made.event_of(delivery=delivery, body=sample.body) == event
