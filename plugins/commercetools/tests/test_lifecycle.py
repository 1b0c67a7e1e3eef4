"""An order over HTTP, from its cart in an API Extension to its refunds: counted once, given back once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge_commercetools.samples import MUGS, ORDER, PROJECT, TEA, asks, cart, money, order, return_of
from checkout_bridge_commercetools.samples import total_after as left_to_pay

if TYPE_CHECKING:
    from .conftest import Shop

CANCELLED = {"orderState": "Cancelled", "oldOrderState": "Confirmed"}


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    """A shop with a coupon for one use and a gift card of 50.00."""
    shop.coupon("SAVE")
    shop.gift_card("GIFT-1", 5000)
    return shop


def refund(shop: Shop, number: str, line: str, quantity: int, **sent: Any) -> dict[str, Any]:
    return shop.tell("ReturnInfoAdded", returnInfo=return_of((number, line, quantity)), **sent)


def test_a_cart_is_answered_with_the_actions_that_make_it_cost_what_it_is_worth(stocked: Shop) -> None:
    shown = cart("SAVE", '{"code":"GIFT-1","status":"NEW"}', '{"code":"NONE","status":"NEW"}')
    told = stocked.actions(shown)

    assert left_to_pay(shown, {"actions": told}) == 0
    entries = {entry["code"]: entry for entry in map(json.loads, told[1]["value"])}
    assert (entries["SAVE"]["value"], entries["GIFT-1"]["value"]) == (300, 2700)
    assert (entries["NONE"]["status"], entries["NONE"]["reason"]) == ("NOT_APPLIED", "not_found")
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (0, 5000)


def test_the_answer_followed_is_answered_the_same(stocked: Shop) -> None:
    first = stocked.actions(cart("SAVE"))
    followed = cart(*first[1]["value"], directDiscounts=first[0]["discounts"], totalPrice=money(2700))
    assert stocked.actions(followed) == first


def test_a_discount_on_the_order_is_told_line_by_line(stocked: Shop) -> None:
    discounts = stocked.actions(cart("SAVE"))[0]["discounts"]
    assert [(one["target"]["predicate"], one["value"]["money"][0]["centAmount"]) for one in discounts] == [
        ('sku = "MUG"', 250),
        ('sku = "TEA"', 50),
    ]


def test_the_quote_of_a_shops_own_server_has_the_same_actions(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(token="t")
    shop.coupon("SAVE")
    answer = shop._http.post(
        "/bridge/quote",
        json={"cart": cart("SAVE"), "platform": "commercetools", "shop": PROJECT},
        headers={"Authorization": "Bearer t"},
    ).get_json()
    assert (answer["total"], answer["write_back"]) == (2700, {"actions": shop.actions(cart("SAVE"))})


def test_during_an_outage_nothing_applies_and_no_code_is_redeemed_later(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(api_url="http://127.0.0.1:9", api_app_id="a", api_app_token="b", deadline=1)
    discounts, codes = shop.actions(cart("SAVE"))
    assert discounts["discounts"] == []
    assert [json.loads(entry)["status"] for entry in codes["value"]] == ["NOT_APPLIED"]


def test_forged_requests_change_nothing(stocked: Shop) -> None:
    for forged in ("", "Bearer guessed"):
        assert stocked.send(asks(cart("SAVE")), forged).status_code == 401
        assert stocked.send(order("SAVE"), forged).status_code == 401
    assert stocked.used("SAVE") == 0


def test_a_paid_order_counts_once_however_often_it_is_told(stocked: Shop) -> None:
    answer = stocked.pay(order("SAVE", "GIFT-1"), event_id="same")
    assert (answer["status"], answer["state"], answer["order_ref"]) == ("processed", "confirmed", ORDER)
    assert stocked.pay(order("SAVE", "GIFT-1"), event_id="same")["duplicate"] is True
    assert stocked.tell("OrderCreated", order=order("SAVE", "GIFT-1"))["status"] == "processed"
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (1, 2300)


def test_refunds_of_items_give_the_card_its_share_and_the_last_one_everything(stocked: Shop) -> None:
    stocked.pay(order("SAVE", "GIFT-1"))
    assert refund(stocked, "r-1", MUGS, 1)["state"] == "confirmed"
    assert refund(stocked, "r-1", MUGS, 1)["status"] == "processed"  # once more, by another message
    assert stocked.credits("GIFT-1") == 2300 + 1125
    assert refund(stocked, "r-2", TEA, 1, event_id="same")["state"] == "confirmed"
    assert refund(stocked, "r-2", TEA, 1, event_id="same")["duplicate"] is True
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (1, 2300 + 1125 + 450)
    assert refund(stocked, "r-3", MUGS, 1)["state"] == "unwound"
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (0, 5000)


def test_refunded_money_gives_the_card_a_share_and_leaves_the_coupon_used(stocked: Shop) -> None:
    stocked.pay(order("GIFT-1"))
    stocked.api.answers[f'/{PROJECT}/orders?where=paymentInfo(payments(id="pay-1"))&limit=1'] = {"results": [order()]}
    transaction = {"id": "t-1", "type": "Refund", "state": "Success", "amount": money(1000)}
    sent = {"transaction": transaction, "type_id": "payment", "resource_id": "pay-1"}
    assert [stocked.tell("PaymentTransactionAdded", **sent)["status"] for _ in range(2)] == ["processed", "processed"]
    assert stocked.state() == "confirmed"


def test_a_cancelled_order_gives_everything_back_and_one_that_stands_again_takes_it(stocked: Shop) -> None:
    stocked.pay(order("SAVE", "GIFT-1"))
    assert stocked.tell("OrderStateChanged", **CANCELLED)["state"] == "unwound"
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (0, 5000)
    again = stocked.tell("OrderStateChanged", orderState="Open", oldOrderState="Cancelled")
    assert (again["status"], again["state"]) == ("processed", "confirmed")
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (1, 2300)


@pytest.mark.parametrize("was_paid_before", [False, True])
def test_a_payment_that_goes_through_after_all_counts_once(stocked: Shop, was_paid_before: bool) -> None:
    if was_paid_before:
        stocked.pay(order("SAVE"))
        failed = stocked.tell("OrderPaymentStateChanged", paymentState="Failed", oldPaymentState="Paid")
        assert failed["state"] == "unwound"
        assert stocked.used("SAVE") == 0
    assert stocked.pay(order("SAVE"), oldPaymentState="Failed")["status"] == "processed"
    assert (stocked.used("SAVE"), stocked.state()) == (1, "confirmed")


def test_a_cancellation_that_comes_first_keeps_the_order_from_being_redeemed(stocked: Shop) -> None:
    assert stocked.tell("OrderStateChanged", **CANCELLED)["status"] == "ignored"
    assert stocked.pay(order("SAVE", "GIFT-1"))["status"] == "ignored"
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (0, 5000)


def test_a_refund_that_comes_before_its_order_is_taken_up_after_it(stocked: Shop) -> None:
    refund(stocked, "r-1", MUGS, 1)
    stocked.pay(order("SAVE", "GIFT-1"))
    assert stocked.credits("GIFT-1") == 2300 + 1125


def test_an_order_that_cannot_be_fetched_yet_is_taken_up_by_a_later_delivery(stocked: Shop) -> None:
    early = stocked.tell("OrderPaymentStateChanged", paymentState="Paid")
    assert early["status"] == "refused"
    stocked.api.answers[f"/{PROJECT}/orders/{ORDER}"] = order("SAVE")
    stocked.pay(order("GIFT-1", id="another-order"))
    assert (stocked.used("SAVE"), stocked.state()) == (1, "confirmed")


def test_a_code_that_does_not_exist_is_refused_and_nothing_of_the_order_is_redeemed(stocked: Shop) -> None:
    answer = stocked.pay(order("SAVE", "NONE"))
    assert answer["status"] == "refused"
    assert "NONE" in answer["reason"]
    assert stocked.used("SAVE") == 0
