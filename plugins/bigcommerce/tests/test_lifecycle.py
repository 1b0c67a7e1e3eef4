"""Deliveries over HTTP, from the signed ids to the vouchers: counted once, given back once, never silently lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge_bigcommerce.samples import (
    MUGS,
    PRODUCTS,
    TEA,
    checkout,
    moved,
    order,
    product,
    refund,
    refunded,
    told,
)

from .conftest import OLD_SECRET, sign

if TYPE_CHECKING:
    from .conftest import ShopApi, Store

CODES = [{"code": "SAVE"}, {"code": "GIFT-1"}]
BOUGHT = (PRODUCTS, CODES)
CREATED = told("store/order/created")


@pytest.fixture
def stocked(store: Store, api: ShopApi) -> Store:
    """A store with an order, a coupon for one use and a gift card of 50.00."""
    api.has(lists=BOUGHT)
    store.coupon("SAVE", 1)
    store.gift_card("GIFT-1", 5000)
    return store


def test_a_checkout_is_priced_and_its_order_counts_the_same(stocked: Store, api: ShopApi) -> None:
    answer = stocked.quote(checkout("SAVE", "GIFT-1"))
    discounts = answer["write_back"]["cart"]["discounts"]
    assert [one["discounted_amount"] for one in discounts] == [3.0, 27.0]
    assert [warning.partition(":")[0] for warning in answer["warnings"]] == ["card_as_discount"]
    applied = [{"id": "manual-discount", "name": one["name"]} for one in discounts]
    goods = [product(MUGS, 2, "25.0000", "25.0000", applied_discounts=applied), PRODUCTS[1]]
    api.has(lists=(goods, []))

    told = stocked.tell(CREATED)

    assert [(one["code"], one["amount"]) for one in told["applied"]] == [("SAVE", 300), ("GIFT-1", 2700)]
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (1, 2300)


def test_an_order_told_by_several_events_and_by_one_twice_counts_once(stocked: Store) -> None:
    stocked.tell(CREATED, event_id="same")
    assert stocked.tell(CREATED, event_id="same")["duplicate"] is True
    for sample in (told("store/order/updated"), moved(0, 11)):
        assert stocked.tell(sample)["status"] == "processed"
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (1, 2300)


def test_refunds_give_back_each_share_once_and_the_last_one_everything(stocked: Store, api: ShopApi) -> None:
    """3.00 off 30.00: each mug is 11.25 of the card's 27.00, the tea 4.50."""
    stocked.tell(CREATED)
    refunds = [refund(1, {MUGS: 1}, 13.53), refund(2, {TEA: 1}, 5.41), refund(3, {MUGS: 1}, 13.53)]
    api.has(lists=BOUGHT, refunds=refunds[:2], status_id=14, payment_status="partially refunded")
    for _ in range(2):
        assert stocked.tell(refunded(1))["state"] == "confirmed"
        assert stocked.credits("GIFT-1") == 2300 + 1125
    # By the order itself, too, each once.
    stocked.tell(told("store/order/updated"))
    stocked.tell(refunded(2))
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (1, 2300 + 1125 + 450)

    api.has(lists=BOUGHT, refunds=refunds, status_id=4, payment_status="refunded")
    assert stocked.tell(refunded(3))["state"] == "unwound"
    assert stocked.tell(moved(14, 4))["state"] == "unwound"
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (0, 5000)


def test_money_alone_never_ends_an_order_but_its_status_does(stocked: Store, api: ShopApi) -> None:
    stocked.tell(CREATED)
    api.has(lists=BOUGHT, refunds=[refund(1, {}, 36.13)])
    assert stocked.tell(refunded(1))["state"] == "confirmed"
    assert stocked.tell(moved(14, 4))["state"] == "unwound"
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (0, 5000)


@pytest.mark.parametrize("status", [4, 5, 6])
def test_an_order_that_does_not_stand_gives_everything_back_once(stocked: Store, api: ShopApi, status: int) -> None:
    stocked.tell(CREATED)
    api.has(lists=BOUGHT, status_id=status)
    assert [stocked.tell(sample)["state"] for sample in (moved(11, status), CREATED)] == ["unwound", "unwound"]
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (0, 5000)


def test_a_cancellation_that_overtakes_its_order_keeps_it_from_being_redeemed(stocked: Store) -> None:
    stocked.tell(moved(11, 5))
    assert stocked.tell(CREATED)["reason"] == "the order was cancelled before"
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (0, 5000)


def test_a_refund_that_overtakes_its_order_is_done_once_the_order_is_there(stocked: Store, api: ShopApi) -> None:
    api.has(lists=BOUGHT, refunds=[refund(1, {MUGS: 2, TEA: 1}, 32.47)])
    assert stocked.tell(refunded(1))["status"] == "ignored"
    stocked.tell(CREATED)
    assert stocked.order()["state"] == "unwound"
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (0, 5000)


def test_a_code_that_is_used_up_is_refused_by_name_and_nothing_else_of_the_order_counts(
    stocked: Store, api: ShopApi
) -> None:
    api.has(7, lists=(PRODUCTS, CODES[:1]))
    stocked.tell(told("store/order/created", id=7))
    answer = stocked.tell(CREATED)
    assert (answer["status"], answer["order_ref"]) == ("refused", str(order()["id"]))
    assert "SAVE" in answer["reason"]
    assert (stocked.used("SAVE"), stocked.credits("GIFT-1")) == (1, 5000)


def test_while_the_secret_is_replaced_the_old_one_still_signs(stocked: Store) -> None:
    assert stocked.tell(CREATED, secret=OLD_SECRET)["status"] == "processed"


@pytest.mark.parametrize(("age", "secret"), [(0, "forged"), (3600, "client_new")])
def test_what_bigcommerce_did_not_sign_just_now_is_answered_401_and_nothing_is_read(
    stocked: Store, api: ShopApi, age: int, secret: str
) -> None:
    moment = int(time.time()) - age
    headers: dict[str, Any] = {"webhook-id": "e1", "webhook-timestamp": str(moment)}
    headers["webhook-signature"] = sign(CREATED.body, "e1", moment, secret)
    assert stocked.send(CREATED.body, headers).status_code == 401
    assert api.asked == []
