"""Which orders count as paid, why one does not stand, and which refunds it tells."""

from __future__ import annotations

from typing import Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Checkout, Delivery, Ignored, Refund
from checkout_bridge_medusa import MedusaPlugin
from checkout_bridge_medusa.samples import SAMPLES

from .conftest import ORDER, order, refund, told

FREE = {"payment_status": "not_paid", "total": 0, "payment_collections": []}
HALF = [{"status": "partially_captured", "amount": 30, "captured_amount": 15, "payments": []}]


@pytest.mark.parametrize(
    ("changes", "is_paid"),
    [
        ({}, True),
        ({"payment_status": None}, True),  # not computed, as where a subscriber asks without it
        ({"payment_status": "partially_refunded"}, True),
        ({"payment_status": "refunded"}, True),
        (FREE, True),
        (FREE | {"total": 5}, False),
        ({"payment_status": "authorized"}, False),
        ({"payment_status": "partially_captured"}, False),
        ({"payment_status": "awaiting"}, False),
        ({"payment_status": None, "payment_collections": HALF}, False),
        ({"payment_status": "partially_refunded", "payment_collections": HALF}, False),
        ({"payment_status": None, "payment_collections": []}, False),
        ({"status": "canceled"}, False),
    ],
)
@pytest.mark.parametrize("event", ["order.placed", "payment.captured"])
def test_an_order_is_a_checkout_once_all_of_it_was_captured(event: str, changes: dict[str, Any], is_paid: bool) -> None:
    assert isinstance(told(event, order(**changes)), Checkout if is_paid else Ignored)


def test_an_exported_order_is_a_checkout_without_an_envelope_unless_all_was_refunded() -> None:
    plugin, topic = MedusaPlugin(), MedusaPlugin().capabilities().order_topic

    def event_of(body: bytes) -> Any:
        return plugin.event_of(delivery=Delivery("eu", "1", topic), body=body)

    whole = b'{"id": "order_1", "currency_code": "eur", "payment_status": "%s", "items": [%s]}'
    mug = b'{"id": "mug", "quantity": 2, "unit_price": 12.50}'
    assert event_of(whole % (b"captured", mug)).cart.total == 2500
    assert event_of(b'{"order": %s}' % whole % (b"captured", mug)).order_ref == "order_1"
    assert event_of(whole % (b"refunded", mug)) == Ignored("the order was refunded")


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (order(status="canceled"), "cancelled_after_capture"),
        (order(status="canceled", payment_status=None), "cancelled_after_capture"),
        (order(status="canceled", payment_status="canceled", payment_collections=[]), "cancelled"),
        ({"id": ORDER}, "cancelled"),
    ],
)
def test_a_canceled_order_says_whether_it_was_paid(data: dict[str, Any], cause: Any) -> None:
    assert told("order.canceled", data) == Cancellation(ORDER, cause=cause)


def test_an_order_that_is_not_canceled_after_all_stands() -> None:
    assert told("order.canceled", order()) == Ignored("the order is not canceled: its status is pending")


def test_a_failed_payment_ends_its_order_unless_another_paid_it() -> None:
    failed = Cancellation(ORDER, "its payment failed", "payment_failed")
    assert told("payment.failed", {"id": "pay_1", "order_id": ORDER}) == failed
    assert told("payment.failed", order(payment_status="awaiting", payment_collections=[])) == failed
    assert told("payment.failed", order()) == Ignored("the order is paid, whatever came of another payment")
    with pytest.raises(InvalidInput, match="required property 'order_id'"):
        told("payment.failed", {"id": "pay_1"})


def test_refunds_are_told_all_each_time_the_oldest_first_and_by_their_ids() -> None:
    refunds = (refund("ref_2", 5.5, day=2), refund("ref_1", 12.5, day=1))
    assert told("payment.refunded", order(refunds=refunds)) == (
        Refund(ORDER, "ref_1", (), 1250),
        Refund(ORDER, "ref_2", (), 550),
    )


def test_the_refund_that_brings_all_money_back_is_of_the_whole_order() -> None:
    refunds = (refund("ref_1", 12.5), refund("ref_2", 17.5, day=2))
    assert told("payment.refunded", order(refunds=refunds)) == (
        Refund(ORDER, "ref_1", (), 1250),
        Refund(ORDER, "ref_2"),
    )


def test_one_payment_that_is_all_back_may_not_be_the_whole_order() -> None:
    payment = {"id": "pay_1", "order_id": ORDER, "currency_code": "jpy", "captured_at": "2026-01-01", "amount": 500}
    assert told("payment.refunded", payment | {"refunds": [refund("ref_1", 500)]}) == (Refund(ORDER, "ref_1", (), 500),)


def test_a_refund_of_less_than_a_cent_is_no_money() -> None:
    assert told("payment.refunded", order(refunds=(refund("r", 5e-18),))) == Ignored("no money was refunded")
    assert told("payment.refunded", order()) == Ignored("no refund has gone through")
    with pytest.raises(InvalidInput, match=r"refunds\[0\].amount must be >= 0"):
        told("payment.refunded", order(refunds=(refund("r", -1),)))


def test_any_other_event_is_ignored() -> None:
    assert told("order.completed", {"id": ORDER}) == Ignored("topic order.completed is not used")


def test_the_samples_map_to_what_they_say() -> None:
    plugin = MedusaPlugin()
    for sample, event in SAMPLES.expected:
        delivery = plugin.identify_webhook(headers={}, body=sample.body)
        if event is None:
            with pytest.raises(InvalidInput):
                plugin.event_of(delivery=delivery, body=sample.body)
        else:
            assert plugin.event_of(delivery=delivery, body=sample.body) == event
