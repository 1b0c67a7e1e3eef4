"""Money, codes, what a history of states says happened last, and credit slips."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import (
    Cancellation,
    Cart,
    Checkout,
    Customer,
    Delivery,
    Ignored,
    Line,
    Refund,
    RefundLine,
    Reinstatement,
)
from checkout_bridge_prestashop import PrestaShopPlugin
from checkout_bridge_prestashop.samples import SAMPLES

from .conftest import (
    AWAITING,
    CANCELLED,
    ERROR,
    MUG,
    ORDER,
    PAID,
    REFUNDED,
    SHIPPED,
    TEA,
    detail,
    history,
    order,
    slip,
    slips,
    told,
)

HISTORY, SLIP = "actionOrderHistoryAddAfter", "actionOrderSlipAdd"
NEVER = Ignored("the order ended before it was paid: nothing was redeemed, and it may be paid yet")


def cart_of(*details: dict[str, Any], currency: str = "EUR") -> Cart:
    posted = order(order_details=list(details), order={"id_order": 1, "currency": currency})
    cart: Cart = told(HISTORY, posted).cart
    return cart


@pytest.mark.parametrize(
    ("currency", "price", "minor"),
    [
        ("EUR", "12.500000", 1250),
        ("EUR", 1.4000000000000057, 140),
        ("EUR", 23.9, 2390),
        ("EUR", 79, 7900),
        ("JPY", "1200.000000", 1200),
        ("JPY", "1200.500000", 1201),
        ("KWD", "1.250000", 1250),
        ("EUR", "0.004999", 0),
    ],
)
def test_a_price_is_in_the_minor_units_of_the_currency(currency: str, price: Any, minor: int) -> None:
    assert cart_of(detail(1, 1, price), currency=currency).lines == (Line("1", 1, minor),)


@given(st.lists(st.tuples(st.decimals(0, 10**6, places=6), st.integers(1, 99)), min_size=1, max_size=8))
def test_an_order_comes_to_the_exact_sum_rounded_once(lines: list[tuple[Decimal, int]]) -> None:
    cart = cart_of(*(detail(i, str(quantity), str(price)) for i, (price, quantity) in enumerate(lines, 1)))
    exact = sum((price * quantity for price, quantity in lines), Decimal(0)) * 100
    assert cart.total == int(exact.to_integral_value(ROUND_HALF_UP))
    assert all(line.amount >= 0 for line in cart.lines)


def test_a_line_is_what_prestashop_says_not_its_pieces_times_one() -> None:
    (line,) = cart_of(detail(1, 3, "3.333333", total_price_tax_incl="10.000000")).lines
    assert (line.unit_price, line.amount) == (333, 1000)


@pytest.mark.parametrize(
    ("wrong", "details"),
    [
        (detail(1, "-1"), "Property .order_details[0].product_quantity must be from 0 to 1000000"),
        (detail(1, "1.5"), "Property .order_details[0].product_quantity must be integer"),
        (detail(1, 1, "-5"), "Property .order_details[0].unit_price_tax_incl must be >= 0"),
        (detail(1, 1, "5,00"), 'Property .order_details[0].unit_price_tax_incl must be a decimal such as "12.50"'),
        (detail(0), "Property .order_details[0] should have required property 'id_order_detail'"),
        (detail(1, 0), "Property .order_details must have at least 1 item that was bought"),
    ],
)
def test_what_cannot_be_is_refused_by_name(wrong: dict[str, Any], details: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        cart_of(wrong)
    assert raised.value.details == details


def test_codes_are_those_entered_each_once_and_ours_without_what_hides_them() -> None:
    rules = [
        {"id_cart_rule": 1, "code": "SAVE"},
        {"id_cart_rule": 2, "code": "save"},
        {"id_cart_rule": 3, "code": ""},
        {"id_cart_rule": 4, "code": "GONE", "deleted": "1"},
        {"id_cart_rule": 5, "code": "CB:0123456789abcdef:GIFT-1"},
        {"id_cart_rule": 6, "code": "CB:short:X"},
    ]
    assert told(HISTORY, order(order_cart_rules=rules)).cart.codes == ("SAVE", "GIFT-1", "CB:short:X")


def test_a_cart_is_its_products_without_gifts() -> None:
    payload = {
        "currency": "EUR",
        "products": [
            {"id_product": "4", "id_product_attribute": "18", "cart_quantity": "2", "price_wt": 12.5, "name": "Mug"},
            {"id_product": 5, "quantity": 1, "price_wt": "3.333333", "total_wt": "3.34", "reference": "TEA"},
            {"id_product": 6, "cart_quantity": 1, "price_wt": 9, "is_gift": True},
            {"id_product": 7, "cart_quantity": 0, "price_wt": 9},
        ],
        "codes": ["SAVE"],
        "cart_rules": [{"id_cart_rule": 8, "code": "CB:0123456789abcdef:SAVE"}],
        "customer": {"id_customer": "0", "email": "jo@example.com"},
    }
    mug, tea = Line("4-18-0", 2, 1250, None, "4", "Mug"), Line("5-0-0", 1, 333, "TEA", "5", None, 334)
    expected = Cart("EUR", (mug, tea), Customer(None, "jo@example.com", None), ("SAVE",))
    plugin = PrestaShopPlugin()
    assert plugin.parse_cart(payload=payload) == plugin.parse_cart(payload={"cart": payload}) == expected
    del payload["products"][1]["quantity"]
    with pytest.raises(InvalidInput, match=r"products\[1\] should have required property 'quantity'"):
        plugin.parse_cart(payload=payload)


AFTER, FAILED = Cancellation(ORDER, cause="cancelled_after_capture"), Cancellation(ORDER, cause="payment_failed")
AGAIN = Reinstatement(ORDER, "paid again: state 2")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((AWAITING,), Ignored),
        ((AWAITING, PAID), Checkout),
        ((PAID, SHIPPED), Checkout),
        ((AWAITING, ERROR), NEVER),
        ((AWAITING, CANCELLED), NEVER),
        ((AWAITING, ERROR, PAID), Checkout),
        ((AWAITING, CANCELLED, PAID), Checkout),
        ((PAID, CANCELLED), AFTER),
        ((PAID, ERROR), FAILED),
        ((PAID, CANCELLED, AWAITING), Ignored),
        ((PAID, CANCELLED, PAID), AGAIN),
        ((PAID, ERROR, AWAITING, PAID), AGAIN),
        ((PAID, CANCELLED, PAID, SHIPPED), Checkout),
        ((PAID, CANCELLED, PAID, CANCELLED), AFTER),
        ((PAID, REFUNDED), Refund(ORDER, "order_history-2")),
        ((PAID, REFUNDED, SHIPPED), Checkout),
        ((AWAITING, REFUNDED), NEVER),
    ],
)
def test_the_last_state_means_what_it_does_after_those_before_it(states: tuple[int, ...], expected: Any) -> None:
    event = told(HISTORY, order(states=states))
    assert isinstance(event, expected) if isinstance(expected, type) else event == expected


def test_a_history_is_in_the_order_of_its_ids_however_it_is_posted() -> None:
    rows = history(*[AWAITING] * 8, PAID, CANCELLED)  # the tenth comes after the ninth, not after the first
    assert told(HISTORY, order(order_histories=rows[::-1])) == AFTER


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"current_state": 2, "is_paid": True}, Checkout),
        ({"current_state": "6"}, Cancellation(ORDER, cause="cancelled")),
        ({"current_state": 8}, FAILED),
        ({"current_state": 7, "is_paid": 1}, Refund(ORDER, "order_history-7")),
        ({"current_state": 1, "is_paid": "0"}, Ignored),
    ],
)
def test_without_a_history_the_state_alone_counts(state: dict[str, Any], expected: Any) -> None:
    event = told(HISTORY, order(order={"id_order": ORDER, "currency": "EUR", **state}, order_histories=[]))
    assert isinstance(event, expected) if isinstance(expected, type) else event == expected


def test_without_any_state_it_is_refused() -> None:
    with pytest.raises(InvalidInput, match="required property 'order_histories'"):
        told(HISTORY, order(order_histories=[]))


def test_which_states_end_an_order_can_be_set() -> None:
    plugin = PrestaShopPlugin()
    plugin.configure(options={"CANCELLED_STATES": "6, 17", "ERROR_STATES": "", "REFUNDED_STATES": "18"})
    assert told(HISTORY, order(states=(PAID, 17)), plugin) == AFTER
    assert isinstance(told(HISTORY, order(states=(PAID, ERROR)), plugin), Ignored)
    assert told(HISTORY, order(states=(PAID, 18)), plugin) == Refund(ORDER, "order_history-2")


def test_an_exported_order_needs_no_envelope_and_must_stand() -> None:
    plugin = PrestaShopPlugin()
    delivery = Delivery("eu", "1", plugin.capabilities().order_topic)
    body = (
        b'{"order": {"id": 17, "currency": "EUR", "current_state": %d, "is_paid": 1},'
        b' "order_details": [{"id": 1, "product_quantity": "2", "unit_price_tax_incl": "12.500000"}]}'
    )
    assert plugin.event_of(delivery=delivery, body=body % 4).cart.total == 2500
    assert plugin.event_of(delivery=delivery, body=body % 6).reason.startswith("the order does not stand paid")
    assert isinstance(told("order", order(states=(PAID, CANCELLED, PAID, SHIPPED))), Checkout)
    assert isinstance(told("order", order(states=(PAID, REFUNDED))), Ignored)


def test_slips_are_told_all_each_time_the_oldest_first_and_by_their_ids() -> None:
    added = (slip(10, {TEA: 1}), slip(9, {MUG: 1}))
    assert told(SLIP, slips(*added)) == (
        Refund(ORDER, "9", (RefundLine("31", 1),)),
        Refund(ORDER, "10", (RefundLine("32", 1),)),
    )


@pytest.mark.parametrize(
    ("money", "currency", "amount"),
    [
        ({"amount": "5.00", "shipping_cost_amount": "2.5"}, "EUR", 750),
        ({"amount": 4.2, "total_products_tax_incl": "5.00", "total_shipping_tax_incl": "1.005"}, "EUR", 601),
        ({"amount": "500.000000"}, "JPY", 500),
        ({"amount": "0.125000"}, "KWD", 125),
    ],
)
def test_a_slip_without_pieces_is_money_alone(money: dict[str, Any], currency: str, amount: int) -> None:
    assert told(SLIP, slips(slip(1, {MUG: 0}, **money), currency=currency)) == (Refund(ORDER, "1", (), amount),)


def test_a_slip_of_nothing_or_of_what_cannot_be_is_told_so() -> None:
    assert told(SLIP, slips(slip(1, {}))) == Ignored("no slip gives anything back")
    for wrong, details in [(slip(0, {MUG: 1}), "'id_order_slip'"), (slip(1, {}, amount="-1"), "must be >= 0")]:
        with pytest.raises(InvalidInput, match=details):
            told(SLIP, slips(wrong))


def test_any_other_event_is_ignored() -> None:
    assert told("actionValidateOrder", {}) == Ignored("topic actionValidateOrder is not used")


def test_the_samples_map_to_what_they_say() -> None:
    plugin = PrestaShopPlugin()
    known = [*SAMPLES.expected, (SAMPLES.paid, Checkout(SAMPLES.order_ref, SAMPLES.expected_cart))]
    for sample, event in known:
        delivery = plugin.identify_webhook(headers={}, body=sample.body)
        if event is None:
            with pytest.raises(InvalidInput):
                plugin.event_of(delivery=delivery, body=sample.body)
        else:
            assert plugin.event_of(delivery=delivery, body=sample.body) == event
