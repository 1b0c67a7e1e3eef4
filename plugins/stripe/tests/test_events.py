"""What events map to: sessions, payments that do not stand, refunds and disputes, each of the right order."""

from __future__ import annotations

from typing import Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Cart, Checkout, Customer, Ignored, Line, Refund

from .conftest import CHARGE, INTENT, SESSION, SHOP_OPTIONS, charge, dispute, refund, session, told

COMPLETED = "checkout.session.completed"
NAMED = {"metadata": {"order_ref": "R1"}}
NO_ORDER = Ignored("the payment is of no order: its metadata has no order_ref")
LINES = (Line("li_mug", 2, 1250, name="Mug"), Line("li_tea", 1, 500))


def ended(cause: Any, reason: str | None = None, ref: str = "R1") -> Cancellation:
    return Cancellation(ref, reason, cause, "generic", "main")


@pytest.mark.parametrize("topic", [COMPLETED, "checkout.session.async_payment_succeeded"])
def test_a_paid_session_with_lines_is_a_checkout_by_its_payment_intent(topic: str) -> None:
    assert told(topic, session("SAVE")) == Checkout(INTENT, Cart("EUR", LINES, codes=("SAVE",)))


def test_a_code_in_upper_and_lower_case_is_one_code_and_a_coupon_of_the_shop_none() -> None:
    discounts = [*session("SAVE", "save")["discounts"], {"coupon": "co_1", "promotion_code": None}]
    assert told(COMPLETED, session(discounts=discounts)).cart.codes == ("SAVE",)


def test_who_bought_is_read() -> None:
    person = {"customer": {"id": "cus_1"}, "customer_details": {"email": "jo@example.com", "name": None}}
    assert told(COMPLETED, session(**person)).cart.customer == Customer("cus_1", "jo@example.com")


def test_a_session_that_a_code_made_free_is_known_by_itself() -> None:
    free = {"payment_status": "no_payment_required", "amount_total": 0, "payment_intent": None}
    assert told(COMPLETED, session("ALL", **free)).order_ref == SESSION


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"payment_status": "unpaid"}, "the session is not paid: its payment_status is unpaid"),
        (
            {"payment_status": "no_payment_required", "amount_total": 500},
            "the session is not paid: its payment_status is no_payment_required",
        ),
        ({"mode": "setup", "payment_status": "no_payment_required"}, "a session of mode setup is no order"),
        ({"mode": "subscription"}, "a session of mode subscription is no order"),
        ({"line_items": None}, "the session has no line_items, and without an API key they cannot be read"),
        (NAMED, "the order is the shop's own, which tells of it itself"),
    ],
)
def test_a_session_that_is_no_order_is_ignored(changes: dict[str, Any], reason: str) -> None:
    assert told(COMPLETED, session(**changes)) == Ignored(reason)


def test_a_session_is_never_a_checkout_where_orders_are_another_platforms() -> None:
    assert told(COMPLETED, session(), **SHOP_OPTIONS) == NO_ORDER


def line(**changes: Any) -> dict[str, Any]:
    item = {"id": "li_1", "quantity": 3, "amount_subtotal": 100, "currency": "eur"}
    return session(line_items={"data": [item | changes]})


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"currency": None}, "'currency'"),
        (
            {"currency": "xxx", "line_items": {"data": [{"id": "li_1", "amount_subtotal": 1}]}},
            r"\.currency must be a currency",
        ),
        ({"payment_status": None}, "'payment_status'"),
        ({"line_items": {"data": []}}, r"\.line_items must have at least 1 item"),
        ({"discounts": [{"promotion_code": "promo_1"}]}, r"\.discounts\[0\]\.promotion_code must be expanded"),
        ({"metadata": {"order_ref": 5}}, r"\.metadata\.order_ref must be a text"),
        ({"line_items": line(currency="usd")["line_items"]}, r"data\[0\]\.currency must be that of the session"),
        ({"line_items": line(amount_subtotal=9.5)["line_items"]}, r"data\[0\]\.amount_subtotal must be integer"),
        ({"line_items": line(id=None)["line_items"]}, r"data\[0\].* 'id'"),
        ({"line_items": line(quantity=-1)["line_items"]}, r"data\[0\]\.quantity"),
    ],
)
def test_what_a_session_lacks_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        told(COMPLETED, session(**changes))


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b'{"object": "event", "data": 1}', b'{"object": "event"}'])
def test_what_is_no_event_cannot_be_mapped(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        told("refund.created", body)


def intent(**changes: Any) -> dict[str, Any]:
    return {"id": INTENT, "metadata": {"order_ref": "R1"}} | changes


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        (
            "payment_intent.payment_failed",
            intent(last_payment_error={"code": "card_declined", "decline_code": "insufficient_funds"}),
            ended("payment_failed", "insufficient_funds"),
        ),
        ("payment_intent.canceled", intent(), ended("cancelled")),
        ("payment_intent.canceled", intent(cancellation_reason="fraudulent"), ended("cancelled", "fraudulent")),
        ("payment_intent.canceled", intent(cancellation_reason="abandoned"), ended("expired", "abandoned")),
        (
            "payment_intent.canceled",
            intent(cancellation_reason="failed_invoice"),
            ended("payment_failed", "failed_invoice"),
        ),
        ("checkout.session.expired", session(**NAMED), ended("expired", "session_expired")),
        ("checkout.session.async_payment_failed", session(**NAMED), ended("payment_failed", "async_payment_failed")),
        ("charge.dispute.created", dispute(**NAMED), ended("chargeback", "fraudulent")),
        ("charge.dispute.funds_withdrawn", dispute("under_review", **NAMED), ended("chargeback", "fraudulent")),
        ("charge.dispute.closed", dispute("lost", **NAMED), ended("chargeback", "fraudulent")),
        ("charge.refunded", charge(**NAMED, captured=False, payment_intent=None), ended("cancelled", "not_captured")),
    ],
)
def test_a_payment_that_does_not_stand_cancels_the_order_that_its_metadata_names(
    topic: str, payload: Any, expected: Any
) -> None:
    assert told(topic, payload, **SHOP_OPTIONS) == expected


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("payment_intent.payment_failed", intent(metadata={})),
        ("payment_intent.canceled", intent(metadata={"order_ref": ""})),
        ("checkout.session.expired", session()),
        ("charge.refunded", charge()),
    ],
)
def test_a_payment_that_names_no_order_is_ignored(topic: str, payload: Any) -> None:
    assert told(topic, payload, **SHOP_OPTIONS) == NO_ORDER


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (
            "payment_intent.canceled",
            intent(cancellation_reason="duplicate"),
            "the payment was a duplicate of another one, by which the order may stand",
        ),
        (
            "charge.dispute.created",
            dispute("warning_needs_response"),
            "no money was taken back: the dispute's status is warning_needs_response",
        ),
        (
            "payment_intent.payment_failed",
            intent(status="succeeded"),
            "another attempt to pay has followed, which did not fail",
        ),
        (
            "charge.dispute.closed",
            dispute("won", **NAMED),
            "the dispute was won; without an API key nobody knows whether the order was refunded",
        ),
        (
            "charge.refunded",
            charge(**NAMED, captured=False),
            "nothing had been captured: payment_intent.canceled tells",
        ),
    ],
)
def test_what_leaves_the_order_as_it_is_is_ignored(topic: str, payload: Any, reason: str) -> None:
    assert told(topic, payload, **SHOP_OPTIONS) == Ignored(reason)


def test_where_sessions_are_the_orders_payments_are_known_by_their_intent() -> None:
    assert told("charge.dispute.created", dispute()) == Cancellation(INTENT, "fraudulent", "chargeback")
    assert told("payment_intent.canceled", intent(metadata={})) == Cancellation(INTENT, None, "cancelled")
    waited = told("payment_intent.payment_failed", intent(metadata={}))
    assert waited == Ignored("the session is no order yet: another attempt to pay may follow")
    expired = told("checkout.session.expired", session(payment_intent=None))
    assert expired == Ignored("nothing was paid, so that there was no order")
    won = told("charge.dispute.closed", dispute("won"))
    assert won == Ignored("the dispute was won; without an API key nobody knows whether the order was refunded")


@pytest.mark.parametrize("topic", ["refund.created", "refund.updated", "charge.refund.updated"])
def test_a_refund_is_money_under_its_own_id(topic: str) -> None:
    expected = Refund("R1", "re_1", (), 500, "generic", "main")
    assert told(topic, refund(500, **NAMED), **SHOP_OPTIONS) == expected
    assert told(topic, refund(500)) == Refund(INTENT, "re_1", (), 500)


@pytest.mark.parametrize("status", ["pending", "requires_action", "failed", "canceled"])
def test_a_refund_that_has_not_gone_through_is_ignored(status: str) -> None:
    reason = f"the refund has not gone through: its status is {status}"
    assert told("refund.updated", refund(500, status=status)) == Ignored(reason)
    listed = charge(refunded=False, refunds={"data": [refund(500, status="pending")]})
    assert told("charge.refunded", listed) == Ignored("the refund has not gone through: its status is pending")


def test_nobody_can_tell_the_order_of_a_refund_that_names_none() -> None:
    with pytest.raises(InvalidInput, match=r"\.metadata should have required property 'order_ref': .*API_KEY"):
        told("refund.created", refund(500), **SHOP_OPTIONS)


def test_a_charge_that_is_wholly_refunded_is_the_whole_order_under_the_charges_id() -> None:
    assert told("charge.refunded", charge()) == Refund(INTENT, CHARGE)
    assert told("charge.refunded", charge(refunds={"data": [refund(3000)]})) == Refund(INTENT, CHARGE)


def test_a_cumulative_charge_tells_each_refund_once_the_oldest_first() -> None:
    listed = [refund(700, 3), refund(1, 9, status="failed"), refund(200, 2, status="pending"), refund(500, 1)]
    event = told("charge.refunded", charge(refunded=False, refunds={"data": listed}))
    assert event == (Refund(INTENT, "re_1", (), 500), Refund(INTENT, "re_3", (), 700))


def test_a_charge_is_not_whole_while_a_refund_of_it_is_under_way() -> None:
    listed = [refund(2500, 2, status="pending"), refund(500, 1)]
    assert told("charge.refunded", charge(refunds={"data": listed})) == (Refund(INTENT, "re_1", (), 500),)


def test_a_part_without_the_list_of_refunds_is_left_to_the_refunds_own_event() -> None:
    body = charge(refunded=False, amount_refunded=500)
    assert told("charge.refunded", body) == Ignored("which refund it was is not told here: refund.created tells")


@pytest.mark.parametrize("field", ["id", "amount", "currency", "status"])
def test_what_a_refund_lacks_is_named(field: str) -> None:
    with pytest.raises(InvalidInput, match=f"'{field}'"):
        told("refund.created", refund(500, **{field: None}))


@pytest.mark.parametrize("topic", ["charge.succeeded", "payment_intent.succeeded"])
def test_other_topics_are_ignored_unread(topic: str) -> None:
    assert told(topic, b"not JSON") == Ignored(f"topic {topic} is not used")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null"])
def test_what_is_no_event_at_all_cannot_be_mapped(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="Payload must be"):
        told("unknown", body)
    assert told("unknown", b"{}") == Ignored("the event does not name itself")
