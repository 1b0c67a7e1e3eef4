"""Deliveries over HTTP, from the signed bytes to the vouchers: counted once, given back once, never silently lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge_woocommerce.samples import MUGS, ORDER, PART, TEA, cart, order, refund

from .conftest import OLD_SECRET, sign

if TYPE_CHECKING:
    from .conftest import Store

CODES = [{"code": "save"}, {"code": "gift-1"}]
NEVER = {"date_paid_gmt": None}


def bought(status: str = "processing", **changes: Any) -> dict[str, Any]:
    """The sample order, bought with a coupon and a gift card."""
    return order(status, **{"coupon_lines": CODES} | changes)


@pytest.fixture
def stocked(store: Store) -> Store:
    """A shop with a coupon for one use and a gift card of 50.00."""
    store.coupon("save", 1)
    store.gift_card("gift-1", 5000)
    return store


def test_a_cart_is_priced_and_its_order_counts_the_same(stocked: Store) -> None:
    told = stocked.quote(cart() | {"coupons": CODES})
    fees = [(fee["name"], fee["amount"]) for fee in told["write_back"]["fees"]]
    assert (told["total"], fees, told["warnings"]) == (0, [("save", "-3.00"), ("gift-1", "-27.00")], [])

    answer = stocked.tell("order.updated", bought())

    assert [(one["code"], one["amount"]) for one in answer["applied"]] == [("save", 300), ("gift-1", 2700)]
    assert (stocked.used("save"), stocked.credits("gift-1")) == (1, 2300)


def test_an_order_told_again_and_again_counts_once(stocked: Store) -> None:
    first = stocked.tell("order.created", bought(), second="s1")
    assert stocked.tell("order.created", bought(), second="s1")["duplicate"] is True
    again = stocked.tell("order.updated", bought("completed"), second="s1")
    assert (first["status"], again["status"]) == ("processed", "processed")
    assert (stocked.used("save"), stocked.credits("gift-1")) == (1, 2300)


def test_cumulative_refunds_give_back_each_share_once_and_the_last_one_everything(stocked: Store) -> None:
    """3.00 off 30.00: each mug is 11.25 of the card's 27.00, the tea 4.50."""
    stocked.tell("order.updated", bought())
    for _ in range(2):
        assert stocked.tell("order.updated", bought(refunds=(PART,)))["state"] == "confirmed"
        assert stocked.credits("gift-1") == 2300 + 1125
    stocked.tell("order.updated", bought(refunds=(PART, refund(802, {TEA: 1}, "5.35"))))
    assert (stocked.used("save"), stocked.credits("gift-1")) == (1, 2300 + 1125 + 450)

    answer = stocked.tell("order.updated", bought("refunded", refunds=({"id": 803, "total": "-13.39"},)))

    assert (answer["state"], stocked.used("save"), stocked.credits("gift-1")) == ("unwound", 0, 5000)


def test_one_refund_told_by_itself_and_in_its_order_counts_once(stocked: Store) -> None:
    stocked.tell("order.updated", bought())
    stocked.tell("refund.created", PART)
    stocked.tell("order.updated", bought(refunds=({"id": PART["id"], "total": "-13.39"},)))
    assert stocked.credits("gift-1") == 2300 + 1125


def test_money_alone_never_ends_an_order_however_much_it_is(stocked: Store) -> None:
    stocked.tell("order.updated", bought())
    answer = stocked.tell("order.updated", bought(refunds=({"id": 801, "total": "-30.00"},)))
    assert (answer["state"], stocked.used("save")) == ("confirmed", 1)


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("order.updated", bought("cancelled")),
        ("order.updated", bought("refunded")),
        ("order.deleted", {"id": ORDER}),
    ],
)
def test_an_order_that_does_not_stand_gives_everything_back_once(stocked: Store, topic: str, body: Any) -> None:
    stocked.tell("order.updated", bought(refunds=()))
    answers = [stocked.tell(topic, body) for _ in range(2)]
    assert [answer["state"] for answer in answers] == ["unwound", "unwound"]
    assert stocked.tell("order.updated", bought())["reason"] == "the order was cancelled before"
    assert stocked.credits("gift-1") == 5000


def test_an_order_whose_payment_fails_gives_everything_back_and_counts_again_once_it_is_paid(stocked: Store) -> None:
    stocked.tell("order.updated", bought())
    assert stocked.tell("order.updated", bought("failed"))["state"] == "unwound"
    assert (stocked.used("save"), stocked.credits("gift-1")) == (0, 5000)
    assert stocked.tell("order.updated", bought("completed"))["state"] == "confirmed"
    assert (stocked.used("save"), stocked.credits("gift-1")) == (1, 2300)


def test_a_payment_that_fails_before_one_succeeds_does_not_keep_the_order_from_counting(stocked: Store) -> None:
    """WooCommerce takes the next try under the same number: else every code could be used for nothing."""
    assert stocked.tell("order.updated", bought("failed", **NEVER))["status"] == "ignored"
    assert stocked.tell("order.updated", bought())["state"] == "confirmed"
    assert stocked.used("save") == 1


def test_a_cancellation_that_overtakes_its_order_keeps_it_from_being_redeemed(stocked: Store) -> None:
    stocked.tell("order.updated", bought("cancelled"))
    assert stocked.tell("order.updated", bought())["reason"] == "the order was cancelled before"
    assert (stocked.used("save"), stocked.credits("gift-1")) == (0, 5000)


def test_a_refund_that_overtakes_its_order_is_done_once_the_order_is_there(stocked: Store) -> None:
    assert stocked.tell("refund.created", refund(801, {MUGS: 2, TEA: 1}, "36.13"))["status"] == "ignored"
    stocked.tell("order.updated", bought())
    assert stocked.order()["state"] == "unwound"
    assert (stocked.used("save"), stocked.credits("gift-1")) == (0, 5000)


def test_a_code_that_is_used_up_is_refused_by_name_and_nothing_else_of_the_order_counts(stocked: Store) -> None:
    stocked.tell("order.updated", bought(id=1, coupon_lines=[{"code": "save"}]))
    answer = stocked.tell("order.updated", bought(id=2))
    assert (answer["status"], answer["order_ref"]) == ("refused", "2")
    assert "save" in answer["reason"]
    assert (stocked.used("save"), stocked.credits("gift-1")) == (1, 5000)


def test_the_first_ping_is_answered_200(store: Store) -> None:
    assert store.send(b"webhook_id=17", {"Content-Type": "application/x-www-form-urlencoded"}).status_code == 200


def test_while_the_secret_is_replaced_the_old_one_still_signs(stocked: Store) -> None:
    assert stocked.tell("order.updated", bought(), secret=OLD_SECRET)["status"] == "processed"


@pytest.mark.parametrize("signature", [sign(b'{"id": 1}', "forged"), sign(b'{"id": 2}'), "", None])
def test_what_the_shop_did_not_sign_is_answered_401(store: Store, signature: str | None) -> None:
    headers = store.headers("order.updated", b"") | {"X-WC-Webhook-Signature": signature or ""}
    assert store.send(b'{"id": 1}', headers).status_code == 401
