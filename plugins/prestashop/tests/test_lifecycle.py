"""The life of an order over HTTP, from the signed bytes to the vouchers: all ends where it began."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import (
    AWAITING,
    CANCELLED,
    ERROR,
    MUG,
    OLD_SECRET,
    PAID,
    REFUNDED,
    SECRET,
    TEA,
    envelope,
    order,
    signed,
    slip,
    slips,
)

if TYPE_CHECKING:
    from .conftest import Shop

HISTORY, SLIP = "actionOrderHistoryAddAfter", "actionOrderSlipAdd"
CODES = ("SAVE", "CB:0123456789abcdef:GIFT-1")
CART = {
    "currency": "EUR",
    "products": [
        {"id_product": 1, "cart_quantity": 2, "price_wt": 12.5},
        {"id_product": 2, "cart_quantity": 1, "price_wt": 5.0},
    ],
    "codes": ["SAVE"],
}


def test_a_cart_is_priced_at_the_webhook_and_at_the_bridges_own_door(shop: Shop) -> None:
    answer = shop.tell("cart", CART)
    assert [(one["code"], one["reduction_amount"]) for one in answer["cart_rules"]] == [("SAVE", "3.00")]
    assert shop.quote(CART)["write_back"] == answer
    assert shop.held == (0, 5000)


def test_a_paid_order_is_given_back_slip_by_slip_and_then_whole(shop: Shop) -> None:
    """3.00 off 30.00: each mug is 11.25 of the card's 27.00, the tea 4.50."""
    assert shop.tell(HISTORY, order(*CODES), event_id="paid")["state"] == "confirmed"
    assert shop.tell(HISTORY, order(*CODES), event_id="paid")["duplicate"] is True
    assert shop.held == (1, 5000 - 2700)

    mug, tea, rest = slip(1, {MUG: 1}), slip(2, {TEA: 1}), slip(3, {MUG: 1})
    first, again = shop.tell(SLIP, slips(mug)), shop.tell(SLIP, slips(mug))
    assert (first == again, first["state"], shop.held) == (True, "confirmed", (1, 2300 + 1125))
    assert shop.tell(SLIP, slips(mug, tea))["state"] == "confirmed"
    assert shop.held == (1, 2300 + 1125 + 450)
    assert shop.tell(SLIP, slips(mug, tea, rest))["state"] == "unwound"
    assert shop.tell(HISTORY, order(*CODES, states=(PAID, REFUNDED)))["state"] == "unwound"
    assert shop.held == (0, 5000)


@pytest.mark.parametrize("end", [CANCELLED, ERROR, REFUNDED])
def test_an_order_that_ends_gives_everything_back(shop: Shop, end: int) -> None:
    shop.tell(HISTORY, order(*CODES))
    assert shop.tell(HISTORY, order(*CODES, states=(AWAITING, PAID, end)))["state"] == "unwound"
    assert shop.held == (0, 5000)


def test_an_order_that_is_paid_again_is_redeemed_again_and_ends_once_more(shop: Shop) -> None:
    shop.tell(HISTORY, order(*CODES, states=(PAID,)))
    shop.tell(HISTORY, order(*CODES, states=(PAID, CANCELLED)))
    assert shop.tell(HISTORY, order(*CODES, states=(PAID, CANCELLED, PAID)))["state"] == "confirmed"
    assert shop.held == (1, 5000 - 2700)
    shop.tell(HISTORY, order(*CODES, states=(PAID, CANCELLED, PAID, CANCELLED)))
    assert shop.held == (0, 5000)


def test_a_payment_that_fails_before_one_that_succeeds_keeps_nothing_from_being_redeemed(shop: Shop) -> None:
    assert shop.tell(HISTORY, order(*CODES, states=(AWAITING, ERROR)))["status"] == "ignored"
    assert shop.tell(HISTORY, order(*CODES, states=(AWAITING, ERROR, PAID)))["state"] == "confirmed"
    assert shop.held == (1, 5000 - 2700)


def test_a_cancellation_that_overtakes_its_order_keeps_it_from_being_redeemed(shop: Shop) -> None:
    assert shop.tell(HISTORY, order(*CODES, states=(PAID, CANCELLED)))["status"] == "ignored"
    assert shop.tell(HISTORY, order(*CODES, states=(PAID,)))["reason"] == "the order was cancelled before"
    assert shop.held == (0, 5000)


def test_a_slip_that_overtakes_its_order_is_done_once_the_order_is_there(shop: Shop) -> None:
    early = shop.tell(SLIP, slips(slip(1, {MUG: 2, TEA: 1})))
    assert early["reason"] == "the order is not known yet"
    shop.tell(HISTORY, order(*CODES))
    assert shop.held == (0, 5000)


def test_a_code_that_is_used_up_is_refused_and_nothing_else_of_the_order_counts(shop: Shop) -> None:
    shop.tell(HISTORY, order("SAVE"))
    answer = shop.tell(HISTORY, order(*CODES, order={"id_order": 18, "currency": "EUR"}))
    assert (answer["status"], "SAVE" in answer["reason"], shop.held) == ("refused", True, (1, 5000))


def test_a_body_that_lacks_a_field_is_unmappable_by_its_name(shop: Shop) -> None:
    answer = shop.tell(HISTORY, order(order={"id_order": 1}))
    assert (answer["status"], "'currency'" in answer["reason"]) == ("unmappable", True)


def test_both_secrets_sign_and_a_forged_or_replayed_delivery_is_answered_401(shop: Shop) -> None:
    assert shop.tell(HISTORY, order("SAVE"), secret=OLD_SECRET)["status"] == "processed"
    body = envelope(HISTORY, order(states=(PAID, CANCELLED)))
    for header in (signed(body, "forged"), signed(body, SECRET, 1700000000), ""):
        assert shop.send(body, {"X-Checkout-Bridge-Signature": header}).status_code == 401
    assert shop.held == (1, 5000)
