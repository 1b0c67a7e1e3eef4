"""The life of an order over HTTP, from the signed bytes to the vouchers: all ends where it began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .conftest import OLD_SECRET, SECRET, envelope, item, order, refund, signed

if TYPE_CHECKING:
    from .conftest import Shop

CODES = ("SAVE", "GIFT-1")
CART = {"currency_code": "eur", "items": [item("mug", 2, 12.5), item("tea", 1, 5)], "promo_codes": ["SAVE"]}


def test_a_cart_is_priced_at_the_webhook_and_at_the_bridges_own_door(shop: Shop) -> None:
    answer = shop.tell("cart", CART)
    assert sum(float(one["amount"]) for one in answer["adjustments"]) == 3.0
    assert {one["code"] for one in answer["adjustments"]} == {"SAVE"}
    assert shop.quote(CART)["write_back"] == answer
    assert shop.held == (0, 5000)


def test_a_cart_with_a_code_that_does_not_exist_is_told_so(shop: Shop) -> None:
    answer = shop.tell("cart", CART | {"promo_codes": ["NOPE"]})
    assert (answer["adjustments"], [one["code"] for one in answer["rejected"]]) == ([], ["NOPE"])


def test_a_paid_order_is_given_back_bit_by_bit_and_then_whole(shop: Shop) -> None:
    """The card pays 27.00 of 30.00, so nothing is left to pay by other means; 12.50 of money give it its share."""
    assert shop.tell("payment.captured", order(*CODES), event_id="paid")["state"] == "confirmed"
    assert shop.tell("payment.captured", order(*CODES), event_id="paid")["duplicate"] is True
    assert shop.tell("order.placed", order(*CODES))["status"] == "processed"
    assert shop.held == (1, 5000 - 2700)

    parts = (refund("ref_1", 12.5),)
    first = shop.tell("payment.refunded", order(*CODES, refunds=parts))
    again = shop.tell("payment.refunded", order(*CODES, refunds=parts))
    assert (first["status"], first["state"], first == again) == ("processed", "confirmed", True)

    whole = (*parts, refund("ref_2", 5, 2), refund("ref_3", 12.5, 3))
    assert shop.tell("payment.refunded", order(*CODES, refunds=whole))["state"] == "unwound"
    assert shop.tell("order.canceled", order(*CODES, refunds=whole, status="canceled"))["state"] == "unwound"
    assert shop.held == (0, 5000)


def test_a_canceled_order_gives_everything_back(shop: Shop) -> None:
    shop.tell("payment.captured", order(*CODES))
    assert shop.tell("order.canceled", order(*CODES, status="canceled"))["state"] == "unwound"
    assert shop.held == (0, 5000)


def test_a_cancellation_that_overtakes_its_order_keeps_it_from_being_redeemed(shop: Shop) -> None:
    assert shop.tell("order.canceled", {"id": "order_1"})["status"] == "ignored"
    assert shop.tell("payment.captured", order(*CODES))["reason"] == "the order was cancelled before"
    assert shop.held == (0, 5000)


def test_a_refund_that_overtakes_its_order_is_done_once_the_order_is_there(shop: Shop) -> None:
    early = shop.tell("payment.refunded", order(*CODES, refunds=(refund("ref_1", 30),)))
    assert early["reason"] == "the order is not known yet"
    shop.tell("payment.captured", order(*CODES))
    assert shop.held == (0, 5000)


def test_a_code_that_is_used_up_is_refused_and_nothing_else_of_the_order_counts(shop: Shop) -> None:
    shop.tell("payment.captured", order("SAVE"))
    answer = shop.tell("payment.captured", order(*CODES, id="order_2"))
    assert (answer["status"], "SAVE" in answer["reason"], shop.held) == ("refused", True, (1, 5000))


def test_an_order_that_is_only_an_id_is_unmappable_where_nothing_can_be_fetched(shop: Shop) -> None:
    answer = shop.tell("order.placed", {"id": "order_1"})
    assert (answer["status"], "CHECKOUT_BRIDGE_MEDUSA_API_URL" in answer["reason"]) == ("unmappable", True)


def test_both_secrets_sign_and_a_forged_or_replayed_delivery_is_answered_401(shop: Shop) -> None:
    assert shop.tell("payment.captured", order("SAVE"), secret=OLD_SECRET)["status"] == "processed"
    body = envelope("order.canceled", {"id": "order_1"})
    for header in (signed(body, "forged"), signed(body, SECRET, 1700000000), ""):
        assert shop.send(body, {"X-Checkout-Bridge-Signature": header}).status_code == 401
    assert shop.held == (1, 5000)
