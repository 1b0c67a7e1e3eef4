"""What events have only ids of is read from Stripe; while that cannot be, the delivery stays open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from checkout_bridge import platform_api
from checkout_bridge.errors import (
    BackendFailed,
    BackendNotFound,
    BackendRefused,
    BackendUnauthorized,
    BackendUnreachable,
    DeadlineExceeded,
    MalformedAnswer,
    RateLimited,
)
from checkout_bridge.events import Cancellation, Ignored, Refund, Reinstatement

from .conftest import CHARGE, INTENT, SESSION, SHOP_OPTIONS, Store, StripeServer, dispute, event, refund, session, told

PATH = f"/v1/payment_intents/{INTENT}"
KEY = "rk_test_1"
NAMED = {"id": INTENT, "metadata": {"order_ref": "R1"}}


def asked(server: StripeServer, topic: str, payload: Any, **options: str) -> Any:
    return told(topic, payload, API_URL=server.url + "/", API_KEY=KEY, **options)


def test_the_order_of_a_refund_or_a_dispute_is_that_of_its_payment(stripe_api: StripeServer) -> None:
    stripe_api.answers[PATH] = {"id": INTENT, "metadata": {"order_ref": "R1"}}
    found = asked(stripe_api, "refund.created", refund(500), **SHOP_OPTIONS)
    assert found == Refund("R1", "re_1", (), 500, "generic", "main")
    found = asked(stripe_api, "charge.dispute.created", dispute(), **SHOP_OPTIONS)
    assert found == Cancellation("R1", "fraudulent", "chargeback", "generic", "main")
    assert stripe_api.asked == [(PATH, f"Bearer {KEY}", None)] * 2


def test_a_payment_without_an_intent_is_known_by_its_charge(stripe_api: StripeServer) -> None:
    stripe_api.answers[f"/v1/charges/{CHARGE}"] = {"id": CHARGE, "metadata": {"order_ref": "R1"}}
    assert asked(stripe_api, "refund.created", refund(500, payment_intent=None)).order_ref == "R1"


def test_a_payment_that_names_no_order_is_of_none_or_is_the_order(stripe_api: StripeServer) -> None:
    stripe_api.answers[PATH] = {"id": INTENT, "metadata": {}}
    missing = Ignored("the payment is of no order: its metadata has no order_ref")
    assert asked(stripe_api, "refund.created", refund(500), **SHOP_OPTIONS) == missing
    assert asked(stripe_api, "charge.dispute.created", dispute(), **SHOP_OPTIONS) == missing
    assert asked(stripe_api, "refund.created", refund(500)) == Refund(INTENT, "re_1", (), 500)


def test_the_lines_and_the_codes_of_a_session_are_read(stripe_api: StripeServer) -> None:
    lines = f"/v1/checkout/sessions/{SESSION}/line_items?limit=100"
    stripe_api.answers = {
        lines: session()["line_items"],
        "/v1/promotion_codes/promo_1": {"id": "promo_1", "code": "SAVE"},
    }
    body = session(line_items=None, discounts=[{"promotion_code": "promo_1"}])
    assert asked(stripe_api, "checkout.session.completed", body) == told("checkout.session.completed", session("SAVE"))


@pytest.mark.parametrize(
    ("refunded", "expected"),
    [
        (0, Reinstatement(INTENT, "dispute_won")),
        (500, Ignored("the dispute was won; the order was refunded")),
    ],
)
def test_a_dispute_that_was_won_lets_the_order_stand_again_if_nothing_was_refunded(
    stripe_api: StripeServer, refunded: int, expected: Any
) -> None:
    stripe_api.answers = {f"/v1/charges/{CHARGE}": {"amount_refunded": refunded}, PATH: {"id": INTENT}}
    assert asked(stripe_api, "charge.dispute.closed", dispute("won")) == expected


def test_so_does_the_order_of_a_shop(stripe_api: StripeServer) -> None:
    stripe_api.answers = {f"/v1/charges/{CHARGE}": {"amount_refunded": 0}, PATH: NAMED}
    won = asked(stripe_api, "charge.dispute.closed", dispute("won"), **SHOP_OPTIONS)
    assert won == Reinstatement("R1", "dispute_won", "generic", "main")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("requires_payment_method", Cancellation("R1", None, "payment_failed", "generic", "main")),
        ("succeeded", Ignored("another attempt to pay has followed, which did not fail")),
    ],
)
def test_a_failure_that_is_told_late_does_not_end_an_order_that_was_paid_since(
    stripe_api: StripeServer, status: str, expected: Any
) -> None:
    stripe_api.answers[PATH] = NAMED | {"status": status}
    late = NAMED | {"status": "requires_payment_method"}
    assert asked(stripe_api, "payment_intent.payment_failed", late, **SHOP_OPTIONS) == expected


def test_a_connected_account_is_asked_in_its_name(stripe_api: StripeServer) -> None:
    stripe_api.answers[PATH] = {"id": INTENT}
    asked(stripe_api, "refund.created", event("refund.created", refund(500), account="acct_1"))
    assert stripe_api.asked == [(PATH, f"Bearer {KEY}", "acct_1")]


def test_an_id_cannot_lead_elsewhere(stripe_api: StripeServer) -> None:
    with pytest.raises(BackendNotFound):
        asked(stripe_api, "refund.created", refund(500, payment_intent="../charges?x"))
    assert [path for path, _, _ in stripe_api.asked] == ["/v1/payment_intents/..%2Fcharges%3Fx"]


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (404, BackendNotFound),
        (401, BackendUnauthorized),
        (403, BackendUnauthorized),
        (402, BackendRefused),
        (500, BackendFailed),
        (b"not JSON", MalformedAnswer),
        (b"[]", MalformedAnswer),
    ],
)
def test_what_cannot_be_read_says_why_and_never_the_key(
    stripe_api: StripeServer, answer: Any, raised: type[Exception]
) -> None:
    stripe_api.answers[PATH] = answer
    with pytest.raises(raised) as error:
        asked(stripe_api, "refund.created", refund(500))
    assert KEY not in str(error.value)


def test_to_be_asked_to_slow_down_is_told(stripe_api: StripeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform_api, "DEADLINE", 0.2)
    stripe_api.answers[PATH] = 429
    with pytest.raises(RateLimited):
        asked(stripe_api, "refund.created", refund(500))


def test_stripe_is_not_waited_for_longer_than_the_deadline(
    stripe_api: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform_api, "DEADLINE", 0.1)
    stripe_api.answers[PATH], stripe_api.delay = {"id": INTENT}, 0.5
    with pytest.raises(DeadlineExceeded):
        asked(stripe_api, "refund.created", refund(500))


def test_without_a_connection_nothing_was_asked(stripe_api: StripeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform_api, "DEADLINE", 1.0)
    with pytest.raises(BackendUnreachable):
        told("refund.created", refund(500), API_URL="http://127.0.0.1:9", API_KEY=KEY)


@pytest.mark.parametrize("outage", [500, 404])
def test_a_delivery_that_could_not_be_read_is_done_once_stripe_answers(
    open_store: Callable[..., Store], stripe_api: StripeServer, outage: int
) -> None:
    store = open_store(api_url=stripe_api.url, api_key=KEY)
    store.gift_card("CARD", 1000)
    store.tell("checkout.session.completed", session("CARD"))
    stripe_api.answers[PATH] = outage
    assert store.tell("refund.created", refund(1000), "evt_a")["status"] == "refused"
    assert store.credits("CARD") == 0

    stripe_api.answers[PATH] = {"id": INTENT, "metadata": {}}
    assert store.tell("refund.created", refund(1000), "evt_a")["status"] == "processed"

    assert store.credits("CARD") == 500  # half of the 20.00 that were left to pay
    assert store.tell("payment_intent.canceled", {"id": INTENT})["state"] == "unwound"
    assert store.credits("CARD") == 1000
