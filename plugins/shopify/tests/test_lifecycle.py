"""Deliveries over HTTP, from the signed bytes to the vouchers: counted once, given back once, never silently lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .conftest import MUGS, OLD_SECRET, ORDER, TEA, paid_order, refund_of, sign

if TYPE_CHECKING:
    from .conftest import Store

CANCELLED = {"id": ORDER, "cancelled_at": "2024-04-02T09:04:18-05:00", "cancel_reason": "customer"}
WHOLE, PART = {MUGS: 2, TEA: 1}, {MUGS: 1}


@pytest.fixture
def stocked(store: Store) -> Store:
    """A store with a coupon for one use and a gift card of 50.00."""
    store.coupon("SAVE", 1)
    store.gift_card("GIFT-1", 5000)
    return store


def test_a_paid_order_counts_its_coupon_and_debits_its_gift_card(stocked: Store) -> None:
    answer = stocked.tell("orders/paid", paid_order("SAVE", "GIFT-1"))

    assert (answer["status"], answer["state"], answer["order_ref"]) == ("processed", "confirmed", str(ORDER))
    assert [(one["code"], one["amount"]) for one in answer["applied"]] == [("SAVE", 300), ("GIFT-1", 2700)]
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (1, 2300)


def test_an_order_without_codes_is_known_too(store: Store) -> None:
    assert store.tell("orders/paid", paid_order())["status"] == "processed"
    assert (store.order()["amount"], store.order()["currency"]) == (3000, "EUR")


@pytest.mark.parametrize(("currency", "price", "amount"), [("JPY", "1000", 1000), ("KWD", "1.250", 1250)])
def test_a_gift_card_is_debited_in_the_minor_units_of_the_currency(
    stocked: Store, currency: str, price: str, amount: int
) -> None:
    line = {"id": 1, "quantity": 1, "price": price}
    stocked.tell("orders/paid", paid_order("GIFT-1", currency=currency, line_items=[line]))
    assert stocked.credits("GIFT-1") == 5000 - amount


def test_a_delivery_that_comes_twice_counts_once_and_answers_the_same(stocked: Store) -> None:
    first = stocked.tell("orders/paid", paid_order("SAVE", "GIFT-1"), event_id="same")
    again = stocked.tell("orders/paid", paid_order("SAVE", "GIFT-1"), event_id="same")

    assert again["duplicate"] is True
    assert (again["status"], again["order_ref"]) == (first["status"], first["order_ref"])
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1"), len(stocked.kept())) == (1, 2300, 1)


def test_an_order_told_by_two_subscriptions_counts_once(stocked: Store) -> None:
    answers = [stocked.tell("orders/paid", paid_order("SAVE", "GIFT-1")) for _ in range(2)]
    assert [answer["status"] for answer in answers] == ["processed", "processed"]
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (1, 2300)


def test_a_cancelled_order_gives_everything_back(stocked: Store) -> None:
    stocked.tell("orders/paid", paid_order("SAVE", "GIFT-1"))

    answer = stocked.tell("orders/cancelled", CANCELLED)

    assert (answer["status"], answer["state"]) == ("processed", "unwound")
    assert [(back["code"], back["amount"]) for back in answer["given_back"]] == [("SAVE", None), ("GIFT-1", 2700)]
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (0, 5000)


@pytest.mark.parametrize("first", ["cancel", "refund"])
def test_a_cancellation_and_its_refund_give_back_once_whichever_comes_first(stocked: Store, first: str) -> None:
    stocked.tell("orders/paid", paid_order("SAVE", "GIFT-1"))
    told: list[tuple[str, Any]] = [("orders/cancelled", CANCELLED), ("refunds/create", refund_of(WHOLE))]

    answers = [stocked.tell(*event) for event in (told if first == "cancel" else reversed(told))]

    assert [answer["status"] for answer in answers] == ["processed", "processed"]
    assert answers[0]["given_back"] == answers[1]["given_back"] != []
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (0, 5000)


def test_a_refund_of_every_piece_gives_everything_back(stocked: Store) -> None:
    stocked.tell("orders/paid", paid_order("SAVE", "GIFT-1"))
    assert stocked.tell("refunds/create", refund_of(WHOLE))["state"] == "unwound"
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (0, 5000)


def test_a_refund_of_a_part_gives_the_card_its_share_and_the_last_one_everything(stocked: Store) -> None:
    """3.00 off 30.00: each mug is 11.25 of the card's 27.00, the tea 4.50."""
    stocked.tell("orders/paid", paid_order("SAVE", "GIFT-1"))

    part = stocked.tell("refunds/create", refund_of(PART, number=1))
    assert (part["status"], part["state"]) == ("processed", "confirmed")
    assert [(back["code"], back["amount"], back["refund_id"]) for back in part["given_back"]] == [("GIFT-1", 1125, "1")]
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (1, 2300 + 1125)

    assert stocked.tell("refunds/create", refund_of({TEA: 1}, number=2))["state"] == "confirmed"
    assert stocked.credits("GIFT-1") == 2300 + 1125 + 450
    assert stocked.tell("refunds/create", refund_of(PART, number=3))["state"] == "unwound"
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (0, 5000)


def test_one_refund_told_by_two_subscriptions_counts_once(stocked: Store) -> None:
    stocked.tell("orders/paid", paid_order("SAVE", "GIFT-1"))
    answers = [stocked.tell("refunds/create", refund_of(PART)) for _ in range(2)]
    assert answers[0] == answers[1]
    assert stocked.credits("GIFT-1") == 2300 + 1125


def test_a_refund_of_more_pieces_than_are_left_is_refused_and_kept_with_its_reason(stocked: Store) -> None:
    stocked.tell("orders/paid", paid_order("SAVE", "GIFT-1"))
    stocked.tell("refunds/create", refund_of(PART, number=1))

    answer = stocked.tell("refunds/create", refund_of({MUGS: 2}, number=2), event_id="too-much")

    assert answer["status"] == "refused"
    assert "1 of 2 are left" in answer["reason"]
    (kept,) = (row for row in stocked.kept() if row["event_id"] == "too-much")
    assert (kept["status"], kept["reason"], kept["order_ref"]) == ("refused", answer["reason"], str(ORDER))
    assert stocked.credits("GIFT-1") == 2300 + 1125


@pytest.mark.parametrize("amount", ["5.00", "27.00", "30.00", "36.30"])
def test_a_refund_of_money_is_never_taken_for_the_whole_order(stocked: Store, amount: str) -> None:
    """27.00 is what the bridge thinks was left to pay, 30.00 the goods; tax and shipping it does not know."""
    stocked.tell("orders/paid", paid_order("SAVE"))
    money = {"kind": "refund", "status": "success", "amount": amount, "currency": "EUR"}

    answer = stocked.tell("refunds/create", refund_of({}, transactions=[money]))

    assert (answer["status"], answer["state"], stocked.used("SAVE")) == ("processed", "confirmed", 1)
    assert [one["amount"] for one in stocked.order()["refunds"]] == [int(amount.replace(".", ""))]


def test_money_alone_gives_the_card_its_share_of_what_was_paid_and_never_more_than_all(stocked: Store) -> None:
    """A card of 10.00 pays 10.00 of 30.00, so that 20.00 are left to pay: 5.00 of them are a quarter."""
    stocked.gift_card("GIFT-2", 1000)
    stocked.tell("orders/paid", paid_order("GIFT-2"))
    for number, (amount, credits) in enumerate([("5.00", 250), ("20.00", 1000), ("9.00", 1000)]):
        money = {"kind": "refund", "status": "success", "amount": amount, "currency": "EUR"}
        answer = stocked.tell("refunds/create", refund_of({}, transactions=[money], number=number + 1))
        assert (answer["status"], answer["state"], stocked.credits("GIFT-2")) == ("processed", "confirmed", credits)
    assert stocked.tell("orders/cancelled", CANCELLED)["state"] == "unwound"
    assert stocked.credits("GIFT-2") == 1000


def test_an_order_can_be_cancelled_after_a_part_of_it_was_refunded(stocked: Store) -> None:
    stocked.tell("orders/paid", paid_order("SAVE", "GIFT-1"))
    stocked.tell("refunds/create", refund_of(PART))
    assert stocked.tell("orders/cancelled", CANCELLED)["state"] == "unwound"
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (0, 5000)


def test_a_refund_that_overtakes_its_order_is_done_once_the_order_is_there(stocked: Store) -> None:
    early = stocked.tell("refunds/create", refund_of(WHOLE), event_id="early")
    assert (early["status"], early["reason"]) == ("ignored", "the order is not known yet")
    assert [(row["event_id"], row["status"]) for row in stocked.kept()] == [("early", None)]

    stocked.tell("orders/paid", paid_order("SAVE", "GIFT-1"))

    assert stocked.order()["state"] == "unwound"
    assert {row["status"] for row in stocked.kept()} == {"processed"}
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (0, 5000)


def test_a_code_that_is_used_up_is_refused_and_nothing_else_of_the_order_counts(stocked: Store) -> None:
    stocked.tell("orders/paid", paid_order("SAVE", id=1))

    answer = stocked.tell("orders/paid", paid_order("SAVE", "GIFT-1", id=2))

    assert (answer["status"], answer["order_ref"]) == ("refused", "2")
    assert "SAVE" in answer["reason"]
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (1, 5000)


def test_a_code_that_does_not_exist_is_refused_by_name(stocked: Store) -> None:
    answer = stocked.tell("orders/paid", paid_order("NOPE", "SAVE"))
    assert answer["status"] == "refused"
    assert "NOPE" in answer["reason"]
    assert stocked.used("SAVE") == 0


def test_a_cancellation_that_overtakes_its_order_keeps_it_from_being_redeemed(stocked: Store) -> None:
    cancelled = stocked.tell("orders/cancelled", CANCELLED)
    paid = stocked.tell("orders/paid", paid_order("SAVE", "GIFT-1"))

    assert (cancelled["status"], paid["status"]) == ("ignored", "ignored")
    assert paid["reason"] == "the order was cancelled before"
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (0, 5000)


def test_a_body_that_lacks_a_field_is_kept_as_unmappable_with_its_name(store: Store) -> None:
    order = paid_order("SAVE")
    del order["currency"]

    answer = store.tell("orders/paid", order)

    assert (answer["status"], answer["reason"]) == ("unmappable", "Payload should have required property 'currency'")
    (kept,) = store.kept()
    assert (kept["status"], kept["reason"]) == ("unmappable", answer["reason"])


def test_signed_bytes_that_are_not_json_are_unmappable(store: Store) -> None:
    answer = store.tell("orders/paid", b"\xff not JSON")
    assert (answer["status"], answer["reason"]) == ("unmappable", "Payload must be valid JSON")


def test_while_the_secret_is_replaced_the_old_one_still_signs(stocked: Store) -> None:
    assert stocked.tell("orders/paid", paid_order("SAVE"), secret=OLD_SECRET)["status"] == "processed"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Shopify-Hmac-Sha256": sign(b'{"id": 1}', "forged")},
        {"X-Shopify-Hmac-Sha256": sign(b'{"id": 2}')},
        {"X-Shopify-Hmac-Sha256": ""},
        {},
    ],
    ids=["forged", "altered", "empty", "missing"],
)
def test_what_shopify_did_not_sign_is_answered_401_and_not_kept(store: Store, headers: dict[str, str]) -> None:
    named = {"X-Shopify-Topic": "orders/paid", "X-Shopify-Shop-Domain": "a.myshopify.com"}
    response = store.send(b'{"id": 1}', named | headers)

    assert (response.status_code, response.get_json()["key"]) == (401, "invalid_signature")
    assert store.kept() == []


def test_a_signed_delivery_without_any_other_header_is_kept_and_ignored(store: Store) -> None:
    response = store.send(b"{}", {"Shopify-Hmac-Sha256": sign(b"{}")})
    assert (response.status_code, response.get_json()["status"]) == (200, "ignored")
    (kept,) = store.kept()
    assert (kept["shop"], kept["topic"], kept["reason"]) == ("unknown", "unknown", "topic unknown is not used")


def test_the_same_order_number_in_two_shops_is_two_orders(stocked: Store) -> None:
    stocked.tell("orders/paid", paid_order("SAVE"))
    body = b'{"id": 820982911946154508, "cancelled_at": "2024-04-02T09:04:18-05:00"}'
    headers = stocked.headers("orders/cancelled", body) | {"X-Shopify-Shop-Domain": "another.myshopify.com"}
    assert stocked.send(body, headers).get_json()["status"] == "ignored"
    assert stocked.used("SAVE") == 1
