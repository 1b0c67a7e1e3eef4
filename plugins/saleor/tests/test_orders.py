"""What order events become, and how their numbers are read."""

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
from checkout_bridge_saleor.orders import paid

from .conftest import MUGS, ORDER, TEA, event, granted, line, order

Told = Callable[..., Any]


def cart_of(told: Event) -> Cart:
    assert isinstance(told, Checkout)
    return told.cart


def in_currency(currency: str, *lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return order(total={"currency": currency}, lines=list(lines), **changes)


@pytest.mark.parametrize("topic", ["order_paid", "order_fully_paid"])
def test_a_paid_order_is_a_checkout(told: Told, topic: str) -> None:
    person = {"id": "VXNlcjo3", "email": None, "firstName": "Jo", "lastName": "Doe"}
    variant = {"sku": "MUG-1", "name": "blue", "product": {"id": "UHJvZHVjdDox"}}
    lines = [line(MUGS, 2, 12.5, variant=variant), line(TEA, 1, "5.00", productName="Tea", productSku="TEA")]
    assert told(topic, {"order": order("SAVE", user=person, lines=lines)}) == Checkout(
        ORDER,
        Cart(
            "EUR",
            (Line(MUGS, 2, 1250, "MUG-1", "UHJvZHVjdDox", "blue"), Line(TEA, 1, 500, "TEA", None, "Tea")),
            Customer("VXNlcjo3", "jo@example.com", "Jo Doe"),
            ("SAVE",),
        ),
    )


def test_an_exported_order_needs_no_wrapper() -> None:
    assert paid(order("SAVE")) == paid({"order": order("SAVE")})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"isPaid": False}, "the order is not wholly paid: its isPaid is false"),
        ({"status": "CANCELED"}, "the order does not stand: its status is CANCELED"),
        ({"status": "EXPIRED", "isPaid": False}, "the order does not stand: its status is EXPIRED"),
    ],
)
def test_an_order_that_is_paid_in_part_or_does_not_stand_is_ignored(told: Told, change: Any, reason: str) -> None:
    assert told("order_paid", {"order": order(**change)}) == Ignored(reason)


@pytest.mark.parametrize(
    ("entered", "codes"),
    [
        ({}, ()),
        ({"voucherCode": " SAVE "}, ("SAVE",)),
        ({"voucher": {"code": "SAVE"}}, ("SAVE",)),
        ({"voucherCode": "CARRIER-1", "metafield": "SAVE, GIFT-1,, SAVE"}, ("SAVE", "GIFT-1")),
        ({"voucherCode": "SAVE", "metafield": " "}, ("SAVE",)),
    ],
)
def test_codes_in_the_metadata_go_before_the_voucher_that_only_carries_them(
    told: Told, entered: dict[str, Any], codes: tuple[str, ...]
) -> None:
    assert cart_of(told("order_paid", {"order": order(**entered)})).codes == codes


@pytest.mark.parametrize(("with_tax", "unit"), [(True, 1190), (False, 1000), (None, 1190)])
def test_prices_are_of_the_side_on_which_the_channel_enters_them(told: Told, with_tax: Any, unit: int) -> None:
    channel = {"taxConfiguration": {"pricesEnteredWithTax": with_tax}}
    (bought,) = cart_of(told("order_paid", {"order": order(channel=channel, lines=[line(MUGS, 1, 11.9, 10.0)])})).lines
    assert bought.unit_price == unit


@pytest.mark.parametrize(
    ("currency", "price", "unit"),
    [
        ("EUR", "12.5", 1250),
        ("EUR", "0.29", 29),
        ("JPY", "1234", 1234),
        ("JPY", "1234.0", 1234),
        ("KWD", "1.255", 1255),
    ],
)
def test_a_price_is_exact_in_the_exponent_of_its_currency(told: Told, currency: str, price: str, unit: int) -> None:
    body = json.dumps({"order": in_currency(currency, line(MUGS, 1, 0))}).replace(
        '"amount": 0}', f'"amount": {price}}}'
    )
    assert cart_of(told("order_paid", body.encode())).lines == (Line(MUGS, 1, unit),)


def test_a_price_finer_than_its_currency_is_rounded_and_its_line_is_not(told: Told) -> None:
    fine = line(MUGS, 3, "0.333", undiscountedTotalPrice={"gross": {"amount": "1.000"}})
    (bought,) = cart_of(told("order_paid", {"order": order(lines=[fine])})).lines
    assert (bought.unit_price, bought.amount, bought.exact_amount) == (33, 100, 100)


@given(st.lists(st.tuples(st.integers(1, 9), st.decimals(1, 999, places=3)), min_size=1, max_size=8))
def test_the_lines_add_up_to_the_rounded_sum(rows: list[tuple[int, Decimal]]) -> None:
    lines = [line(str(i), quantity, str(price)) for i, (quantity, price) in enumerate(rows)]
    exact = sum(quantity * price for quantity, price in rows)
    assert cart_of(paid(order(lines=lines))).total == (exact * 100).quantize(Decimal(1), "ROUND_HALF_UP")


def test_what_saleor_gives_away_costs_nothing(told: Told) -> None:
    gift = line(TEA, 1, 5.0, isGift=True, undiscountedTotalPrice={"gross": {"amount": 5.0}})
    assert cart_of(told("order_paid", {"order": order(lines=[line(MUGS, 2, 12.5), gift])})).total == 2500


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"quantity": 1.5}, r"lines\[0\].quantity must be integer"),
        ({"quantity": -1}, r"lines\[0\].quantity must be from 0"),
        ({"quantity": 0}, "lines must have at least 1 item that was bought"),
        ({"id": None}, "required property 'id'"),
        ({"undiscountedUnitPrice": {}}, r"lines\[0\].undiscountedUnitPrice must be a decimal"),
        ({"undiscountedUnitPrice": {"gross": {"amount": True}}}, "must be a decimal"),
        ({"undiscountedUnitPrice": {"gross": {"amount": -1}}}, r"lines\[0\] must not come to less than 0"),
    ],
)
def test_what_cannot_be_a_line_is_refused_by_name(told: Told, change: dict[str, Any], fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault):
        told("order_paid", {"order": order(lines=[line(MUGS, 1, 1) | change])})


def test_a_webhook_without_a_subscription_query_is_told_so(told: Told) -> None:
    with pytest.raises(InvalidInput, match="the webhook has no subscription query"):
        told("order_paid", [{"type": "Order", "id": ORDER}])


@pytest.mark.parametrize(
    ("money", "cause"),
    [
        ({}, "cancelled"),
        ({"totalCharged": {"amount": 0.0}, "totalRefunded": {"amount": 0}}, "cancelled"),
        ({"totalCharged": {"amount": 30.0}}, "cancelled_after_capture"),
        ({"totalCharged": {"amount": 0.0}, "totalRefunded": {"amount": 30.0}}, "cancelled_after_capture"),
    ],
)
def test_a_cancelled_order_is_a_cancellation(told: Told, money: dict[str, Any], cause: Any) -> None:
    ended = {"id": ORDER, "status": "CANCELED", **money}
    assert told("order_cancelled", {"order": ended}) == Cancellation(ORDER, cause=cause)


def test_an_order_that_nobody_paid_in_time_has_expired(told: Told) -> None:
    assert told("order_expired", {"order": order(status="EXPIRED")}) == Cancellation(ORDER, cause="expired")


@pytest.mark.parametrize(
    ("topic", "reason"), [("order_cancelled", "is not cancelled"), ("order_expired", "has not expired")]
)
def test_an_event_that_its_order_denies_changes_nothing(told: Told, topic: str, reason: str) -> None:
    """The header that names the event is not signed; the order is."""
    assert told(topic, {"order": order()}) == Ignored(f"the order {reason}: its status is UNFULFILLED")


def test_granted_refunds_tell_their_lines_and_other_money_tells_none(told: Told) -> None:
    events = [event(1), event(2), event(3, "REFUND_REQUEST"), event(4, "CHARGE_SUCCESS")]
    back = order(grantedRefunds=[granted(1, {MUGS: 1})], transactions=[{"events": events}])
    assert told("order_refunded", {"order": back}) == (
        Refund(ORDER, "granted-1", (RefundLine(MUGS, 1),)),
        Refund(ORDER, "event-2", (), 500),
    )


@pytest.mark.parametrize("status", ["NONE", "PENDING", "FAILURE"])
def test_a_granted_refund_counts_once_it_went_through_and_its_money_never_twice(told: Told, status: str) -> None:
    back = order(grantedRefunds=[granted(1, {MUGS: 1}, status)], transactions=[{"events": [event(1)]}])
    assert told("order_updated", {"order": back}) == Ignored("no refund of the order has gone through")


def test_a_granted_refund_without_lines_is_money(told: Told) -> None:
    back = order(grantedRefunds=[granted(1, {}, amount=7.1)])
    assert told("order_refunded", {"order": back}) == (Refund(ORDER, "granted-1", (), 710),)


def test_a_granted_refund_that_does_not_name_its_money_is_refused(told: Told) -> None:
    unlinked = granted(1, {MUGS: 1})
    del unlinked["transactionEvents"]
    with pytest.raises(InvalidInput, match="required property 'transactionEvents'"):
        told("order_refunded", {"order": order(grantedRefunds=[unlinked])})


def test_money_that_came_back_from_a_refund_was_not_refunded(told: Told) -> None:
    events = [event(1, pspReference="r1"), event(2, pspReference="r2"), event(3, "REFUND_REVERSE", pspReference="r1")]
    back = order(transactions=[{"events": events}])
    assert told("order_refunded", {"order": back}) == (Refund(ORDER, "event-2", (), 500),)


def test_the_payments_of_older_shops_tell_refunds_too(told: Told) -> None:
    steps = [
        {"id": "step-1", "kind": "CAPTURE", "isSuccess": True, "amount": {"amount": 30.0}},
        {"id": "step-2", "kind": "REFUND", "isSuccess": False, "amount": {"amount": 5.0}},
        {"id": "step-3", "kind": "REFUND", "isSuccess": True, "amount": {"amount": 5.0}},
    ]
    assert told("order_refunded", {"order": order(payments=[{"transactions": steps}])}) == (
        Refund(ORDER, "step-3", (), 500),
    )


def test_money_is_in_the_exponent_of_the_orders_currency(told: Told) -> None:
    back = order(total={"currency": "JPY"}, transactions=[{"events": [event(1, amount=1234.0)]}])
    assert told("order_refunded", {"order": back}) == (Refund(ORDER, "event-1", (), 1234),)


def test_an_order_that_was_charged_back_does_not_stand_and_a_part_of_it_is_money(told: Told) -> None:
    part = order(transactions=[{"events": [event(1, "CHARGE_BACK", 10.0)]}])
    assert told("order_updated", {"order": part}) == (Refund(ORDER, "event-1", (), 1000),)
    whole = order(transactions=[{"events": [event(1, "CHARGE_BACK", 10.0), event(2, "CHARGE_BACK", 20.0)]}])
    assert told("order_updated", {"order": whole}) == (Cancellation(ORDER, cause="chargeback"),)


def test_a_wholly_refunded_order_is_refunded_whatever_is_left(told: Told) -> None:
    assert told("order_fully_refunded", {"order": {"id": ORDER}}) == Refund(ORDER, f"{ORDER}:rest")
