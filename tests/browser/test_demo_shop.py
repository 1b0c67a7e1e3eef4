"""A shopper walks through the demo in a browser: codes are told, redeemed, and given back when an order falls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Shopper

PHONE = {"width": 390, "height": 844}


def test_an_order_with_a_code_and_a_gift_card_is_cancelled_and_everything_comes_back(shopper: Shopper) -> None:
    shopper.add("mug")
    shopper.add("kettle")
    assert shopper.reads("total") == "101.50 €"

    shopper.enter("code", "EXPIRED")
    assert shopper.reads("rejected-EXPIRED") == "EXPIRED: This code has expired. remove"
    shopper.enter("code", "NOSUCH")
    assert shopper.reads("rejected-NOSUCH") == "NOSUCH: We don't know this code. remove"
    assert shopper.reads("total") == "101.50 €"
    shopper.click("remove-NOSUCH")
    assert not shopper.sees("rejected-NOSUCH")

    shopper.enter("code", "WELCOME10")
    assert shopper.reads("applied-WELCOME10") == "Discount WELCOME10 remove -10.15 €"
    shopper.enter("gift", "GIFT50")
    assert shopper.reads("applied-GIFT50") == "Gift card GIFT50 remove -50.00 €"
    assert shopper.reads("total") == "41.35 €"
    assert (shopper.status_of("WELCOME10"), shopper.status_of("GIFT50")) == ("used 0 times", "50.00 left")
    shopper.photograph("demo-cart")

    shopper.click("remove-EXPIRED")
    shopper.order()
    assert shopper.reads("order-status") == "paid"
    assert shopper.reads("total") == "41.35 €"
    assert shopper.reads("promotions-state") == "confirmed"
    assert (shopper.status_of("WELCOME10"), shopper.status_of("GIFT50")) == ("used 1 time", "0.00 left")
    assert shopper.reads("cart-count") == "0"

    shopper.click("cancel")
    assert shopper.reads("order-status") == "cancelled"
    assert shopper.reads("promotions-state") == "unwound"
    assert shopper.reads("given-back-WELCOME10").startswith("WELCOME10 can be used again")
    assert shopper.reads("given-back-GIFT50").startswith("50.00 went back to GIFT50")
    assert (shopper.status_of("WELCOME10"), shopper.status_of("GIFT50")) == ("used 0 times", "50.00 left")


def test_a_code_for_one_use_can_be_used_again_after_the_refund(shopper: Shopper) -> None:
    shopper.add("mug")
    shopper.enter("code", "FIVER")
    assert shopper.reads("total") == "7.50 €"
    first = shopper.order()
    assert shopper.status_of("FIVER") == "used 1 of 1"

    shopper.add("tumbler")
    shopper.enter("code", "FIVER")
    assert shopper.reads("rejected-FIVER") == "FIVER: This code is already used up. remove"
    shopper.expects_refusal(409, "/checkout")
    shopper.click("checkout")
    assert "a code cannot be used" in shopper.reads("refusal")

    shopper.see(first)
    shopper.click("refund")
    assert shopper.reads("order-status") == "refunded"
    assert shopper.status_of("FIVER") == "used 0 of 1"

    shopper.see("/cart")
    assert shopper.reads("applied-FIVER") == "Discount FIVER remove -5.00 €"
    assert shopper.order() != first
    assert shopper.reads("total") == "19.00 €"
    assert shopper.status_of("FIVER") == "used 1 of 1"


def test_a_declined_payment_leaves_code_and_card_untouched(shopper: Shopper) -> None:
    shopper.add("kettle")
    shopper.enter("code", "FIVER")
    shopper.enter("gift", "GIFT50")

    shopper.page.get_by_text("Options of the demo").click()
    shopper.page.get_by_test_id("simulate-decline").check()
    shopper.expects_refusal(402, "/checkout")
    shopper.click("checkout")
    assert "declined" in shopper.reads("refusal")
    assert shopper.reads("total") == "34.00 €"
    assert not shopper.sees("codes-to-try"), "what it could tell is the state before the codes were given back"

    shopper.see("/cart")
    assert (shopper.status_of("FIVER"), shopper.status_of("GIFT50")) == ("used 0 of 1", "50.00 left")
    assert shopper.reads("total") == "34.00 €"
    shopper.order()
    assert (shopper.status_of("FIVER"), shopper.status_of("GIFT50")) == ("used 1 of 1", "0.00 left")


def test_a_cancel_that_the_shop_refuses_gives_nothing_back(enter_shop: Callable[[], Shopper]) -> None:
    owner, hurried = enter_shop(), enter_shop()
    owner.add("grinder")
    owner.enter("gift", "GIFT50")
    order = owner.order()
    hurried.see(order)

    owner.click("ship")
    assert owner.reads("order-status") == "shipped"
    assert not owner.sees("cancel")

    hurried.expects_refusal(409, f"{order}/cancel")
    hurried.click("cancel")
    assert "already shipped" in hurried.reads("refusal")
    assert hurried.reads("order-status") == "shipped"
    assert hurried.reads("promotions-state") == "confirmed"
    assert not hurried.sees("given-back-GIFT50")
    assert hurried.status_of("GIFT50") == "0.00 left"


def test_every_page_fits_on_a_phone(shopper: Shopper) -> None:
    widths: dict[str, int] = {}

    def look(name: str) -> None:
        widths[name] = shopper.overflow()

    shopper.page.set_viewport_size(PHONE)
    shopper.see("/cart")
    look("empty cart")
    shopper.see("/products/grinder")
    look("product")
    for slug in ("grinder", "filters"):
        shopper.add(slug)
    shopper.see("/")
    look("catalogue")
    shopper.see("/cart")
    for code in ("WELCOME10", "EXPIRED", "W" * 64):
        shopper.enter("code", code)
    shopper.enter("gift", "GIFT50")
    look("cart")
    for code in ("EXPIRED", "W" * 64):
        shopper.click(f"remove-{code}")
    shopper.order()
    look("order")
    shopper.click("cancel")
    look("cancelled order")
    shopper.see("/orders")
    look("orders")
    shopper.expects_refusal(404, "/nowhere")
    shopper.see("/nowhere")
    look("problem")
    assert widths == dict.fromkeys(widths, 0)
