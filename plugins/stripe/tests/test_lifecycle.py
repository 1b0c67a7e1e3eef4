"""Events over HTTP, from the signed bytes to the vouchers: counted once, given back once, never silently lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Store, StripeServer, charge, dispute, refund, session

PAID = "checkout.session.completed"
CART = {"currency": "EUR", "items": [{"id": "mug", "quantity": 2, "unit_price": "15.00"}], "codes": ["SAVE", "CARD"]}


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    """Where sessions are the orders, with a coupon for one use and a card of 50.00."""
    store = open_store()
    store.coupon("SAVE", 1)
    store.gift_card("CARD", 5000)
    return store


@pytest.fixture
def shop(open_store: Callable[..., Store]) -> Store:
    """Where the orders are of the shop's own, redeemed at its own door; R1 is one of 30.00."""
    store = open_store(order_platform="generic", order_shop="main")
    store.coupon("SAVE", 1)
    store.gift_card("CARD", 1000)
    store.bridge.checkout(CART, "R1", platform="generic", shop="main")
    return store


NAMED = {"metadata": {"order_ref": "R1"}}


def test_a_session_counts_its_codes_and_gives_everything_back_when_its_payment_is_canceled(store: Store) -> None:
    paid = store.tell(PAID, session("SAVE", "CARD"))
    assert (paid["status"], paid["state"], paid["order_ref"]) == ("processed", "confirmed", "pi_1")
    assert (store.used("SAVE"), store.credits("CARD")) == (1, 2300)

    for _ in range(2):
        assert store.tell("payment_intent.canceled", {"id": "pi_1"})["state"] == "unwound"
    assert (store.used("SAVE"), store.credits("CARD")) == (0, 5000)


@pytest.mark.parametrize(("policy", "left"), [("", (1, 2300)), ("chargeback=restore", (0, 5000))])
def test_what_a_chargeback_gives_back_is_a_matter_of_policy(
    open_store: Callable[..., Store], policy: str, left: tuple[int, int]
) -> None:
    store = open_store(policy)
    store.coupon("SAVE", 1)
    store.gift_card("CARD", 5000)
    store.tell(PAID, session("SAVE", "CARD"))
    for topic in ("charge.dispute.created", "charge.dispute.funds_withdrawn"):
        assert store.tell(topic, dispute())["state"] == "unwound"
    assert (store.used("SAVE"), store.credits("CARD")) == left


def test_an_event_that_comes_twice_counts_once(store: Store) -> None:
    store.tell(PAID, session("SAVE", "CARD"), "evt_same")
    assert store.tell(PAID, session("SAVE", "CARD"), "evt_same")["duplicate"] is True
    store.tell("checkout.session.async_payment_succeeded", session("SAVE", "CARD"))
    assert (store.used("SAVE"), store.credits("CARD")) == (1, 2300)


def test_a_code_that_is_used_up_is_refused_by_name(store: Store) -> None:
    store.tell(PAID, session("SAVE"))
    answer = store.tell(PAID, session("SAVE", "CARD", id="cs_2", payment_intent="pi_2"))
    assert answer["status"] == "refused"
    assert "SAVE" in answer["reason"]
    assert store.credits("CARD") == 5000


def test_a_dispute_that_overtakes_its_session_keeps_it_from_being_redeemed(store: Store) -> None:
    assert store.tell("charge.dispute.created", dispute())["status"] == "ignored"
    assert store.tell(PAID, session("SAVE"))["reason"] == "the order was cancelled before"
    assert store.used("SAVE") == 0


def test_a_refund_told_in_three_ways_gives_the_card_its_share_once(shop: Store) -> None:
    """3.00 off 30.00, and 10.00 from the card: 8.50 are half of the 17.00 that were left to pay."""
    listed = charge(**NAMED, refunded=False, refunds={"data": [refund(850)]})
    told = [("refund.created", refund(850, **NAMED)), ("charge.refund.updated", refund(850, **NAMED))]
    for topic, payload in [*told, ("charge.refunded", listed)]:
        assert shop.tell(topic, payload)["status"] == "processed"
        assert (shop.used("SAVE"), shop.credits("CARD")) == (1, 500)


@pytest.mark.parametrize("first", ["parts", "whole"])
def test_parts_and_the_whole_give_back_everything_once_in_any_order(shop: Store, first: str) -> None:
    parts = [("refund.created", refund(500, 1, **NAMED)), ("refund.created", refund(1200, 2, **NAMED))]
    whole = [("charge.refunded", charge(**NAMED))]
    for topic, payload in parts + whole if first == "parts" else whole + parts:
        assert shop.tell(topic, payload)["status"] == "processed"
    assert (shop.used("SAVE"), shop.credits("CARD")) == (0, 1000)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("payment_intent.payment_failed", {"id": "pi_1", **NAMED}),
        ("payment_intent.canceled", {"id": "pi_1", **NAMED}),
        ("checkout.session.expired", session(**NAMED)),
        ("checkout.session.async_payment_failed", session(**NAMED)),
    ],
)
def test_a_payment_that_does_not_stand_gives_back_what_the_shops_order_had(
    shop: Store, topic: str, payload: dict[str, object]
) -> None:
    assert (shop.used("SAVE"), shop.credits("CARD")) == (1, 0)
    answer = shop.tell(topic, payload)
    assert (answer["status"], answer["state"], answer["order_ref"]) == ("processed", "unwound", "R1")
    assert (shop.used("SAVE"), shop.credits("CARD")) == (0, 1000)


def test_a_dispute_that_is_won_lets_the_shops_order_stand_again(
    open_store: Callable[..., Store], stripe_api: StripeServer
) -> None:
    """By default a chargeback keeps what was redeemed: a refund after the dispute gives it back all the same."""
    store = open_store(order_platform="generic", order_shop="main", api_url=stripe_api.url, api_key="rk_1")
    store.coupon("SAVE", 1)
    store.gift_card("CARD", 1000)
    store.bridge.checkout(CART, "R1", platform="generic", shop="main")
    assert store.tell("charge.dispute.created", dispute(**NAMED))["state"] == "unwound"
    stripe_api.answers["/v1/charges/ch_1"] = {"amount_refunded": 0}
    won = store.tell("charge.dispute.closed", dispute("won", **NAMED))
    assert (won["status"], won["state"], store.used("SAVE"), store.credits("CARD")) == ("processed", "confirmed", 1, 0)

    store.tell("charge.refunded", charge(**NAMED))

    assert (store.used("SAVE"), store.credits("CARD")) == (0, 1000)


def test_after_a_failed_attempt_the_shop_may_check_out_again(shop: Store) -> None:
    shop.tell("payment_intent.payment_failed", {"id": "pi_1", **NAMED})
    again = shop.bridge.checkout(CART, "R1", platform="generic", shop="main")
    assert (again["state"], shop.used("SAVE"), shop.credits("CARD")) == ("confirmed", 1, 0)


def test_a_failed_attempt_at_an_order_that_is_not_known_yet_does_not_keep_it_from_being_redeemed(
    open_store: Callable[..., Store],
) -> None:
    store = open_store(order_platform="generic", order_shop="main")
    store.coupon("SAVE", 1)
    store.gift_card("CARD", 1000)
    assert store.tell("payment_intent.payment_failed", {"id": "pi_1", **NAMED})["status"] == "ignored"
    assert store.bridge.checkout(CART, "R1", platform="generic", shop="main")["state"] == "confirmed"


def test_a_payment_of_another_order_leaves_this_one_alone(shop: Store) -> None:
    shop.tell("payment_intent.canceled", {"id": "pi_9", "metadata": {"order_ref": "R9"}})
    shop.tell("payment_intent.canceled", {"id": "pi_8", "metadata": {}})
    assert (shop.used("SAVE"), shop.credits("CARD")) == (1, 0)


def test_a_refund_that_overtakes_its_order_is_done_once_the_order_is_there(store: Store) -> None:
    assert store.tell("charge.refunded", charge())["reason"] == "the order is not known yet"
    store.tell(PAID, session("SAVE", "CARD"))
    assert (store.used("SAVE"), store.credits("CARD")) == (0, 5000)


def test_a_cart_is_priced_in_stripes_own_terms(store: Store) -> None:
    item = {"price_data": {"currency": "eur", "unit_amount": 1500}, "quantity": 2}
    cart = {"line_items": [item], "discounts": [{"promotion_code": "SAVE"}, {"promotion_code": "CARD"}]}
    quote = store.bridge.quote(cart, platform="stripe")
    assert (quote["total"], quote["write_back"]["coupon"]["amount_off"]) == (0, 3000)
    assert store.credits("CARD") == 5000
