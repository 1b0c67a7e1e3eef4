"""The shop behind a bridge: it shows, charges and stores what it is told about codes, and nothing it was not told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import FakeBridge, Visitor

WELCOME = {"code": "WELCOME10", "type": "DISCOUNT_VOUCHER", "amount": 890}
GIFT = {"code": "GIFT50", "type": "GIFT_VOUCHER", "amount": 5000}
USED_UP = {"code": "ONCE", "key": "quantity_exceeded", "message": "quantity exceeded"}


@pytest.fixture
def buyer(visitor: Visitor) -> Visitor:
    """Somebody with a kettle (89.00), a discount code and a gift card in the cart."""
    visitor.add("kettle")
    visitor.send("/cart/codes", code="WELCOME10")
    visitor.send("/cart/gift-cards", code="GIFT50")
    return visitor


def test_the_cart_shows_what_each_code_does(buyer: Visitor, bridge: FakeBridge) -> None:
    bridge.says(total=3010, applied=[GIFT, WELCOME])
    page = buyer.see("/cart")
    assert page["applied-WELCOME10"] == "Discount WELCOME10 remove -8.90 €"
    assert page["applied-GIFT50"] == "Gift card GIFT50 remove -50.00 €"
    assert page.html.index("applied-WELCOME10") < page.html.index("applied-GIFT50"), "discounts come before payments"
    assert page["total"] == "30.10 €"
    assert "entered-WELCOME10" not in page
    assert {"/cart/codes/remove", "/cart/gift-cards/remove"} <= set(page.links)


def test_a_code_nobody_entered_cannot_be_removed(visitor: Visitor, bridge: FakeBridge) -> None:
    visitor.add("kettle")
    bridge.says(total=8010, applied=[{**WELCOME, "code": "AUTO"}])
    page = visitor.see("/cart")
    assert "applied-AUTO" in page
    assert "remove-AUTO" not in page


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("not_found", "We don't know this code."),
        ("voucher_expired", "This code has expired."),
        ("voucher_disabled", "This code is switched off."),
        ("voucher_not_active_now", "This code cannot be used at this time."),
        ("quantity_exceeded", "This code is already used up."),
        ("gift_amount_exceeded", "There is nothing left on this card."),
        ("brand_new_reason", "said the backend"),
    ],
)
def test_a_rejected_code_comes_with_a_reason(buyer: Visitor, bridge: FakeBridge, key: str, sentence: str) -> None:
    bridge.says(total=8900, rejected=[{"code": "WELCOME10", "key": key, "message": "said the backend"}])
    page = buyer.see("/cart")
    assert page["rejected-WELCOME10"] == f"WELCOME10 : {sentence} remove"
    assert page["total"] == "89.00 €"


def test_without_a_bridge_prices_are_plain_and_codes_can_still_be_entered(buyer: Visitor) -> None:
    page = buyer.see("/cart")
    assert page["total"] == "89.00 €"
    assert {"code-input", "code-apply", "gift-input", "gift-apply", "checkout"} <= page.attributes.keys()
    assert "promotions-unreachable" not in page


def test_unreachable_promotions_leave_plain_prices_and_a_notice(buyer: Visitor, bridge: FakeBridge) -> None:
    bridge.says(state="failed", total=3010, applied=[GIFT, WELCOME])
    page = buyer.see("/cart")
    assert (page.status, page["total"]) == (200, "89.00 €")
    assert "applied-GIFT50" not in page
    assert "cannot be checked" in page["promotions-unreachable"]


def test_an_order_keeps_its_discounts_and_what_was_paid(buyer: Visitor, bridge: FakeBridge) -> None:
    bridge.says(state="redeemed", total=3010, applied=[WELCOME, GIFT])
    ref = buyer.send("/checkout")["order-ref"]
    bridge.state = None
    page = buyer.see(f"/orders/{ref}")
    assert page["applied-WELCOME10"] == "Discount WELCOME10 -8.90 €"
    assert page["applied-GIFT50"] == "Gift card GIFT50 -50.00 €"
    assert page["total"] == "30.10 €"
    assert "promotions" not in page


def test_a_gift_card_can_pay_for_everything(visitor: Visitor, bridge: FakeBridge) -> None:
    visitor.add("mug")
    bridge.says(state="redeemed", total=0, applied=[{**GIFT, "amount": 1250}])
    assert visitor.send("/checkout")["total"] == "0.00 €"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"state": "failed"}, "codes cannot be checked right now"),
        ({"state": "failed", "rejected": [USED_UP]}, "a code cannot be used"),
        ({"state": "quoted", "rejected": [USED_UP], "applied": [WELCOME]}, "a code cannot be used"),
    ],
)
def test_a_promise_that_does_not_hold_makes_no_order(
    buyer: Visitor, bridge: FakeBridge, said: dict[str, object], words: str
) -> None:
    before = buyer.cart()
    bridge.says(**said)
    refused = buyer.send("/checkout")
    assert refused.status == 409
    assert words in refused["refusal"]
    assert ("rejected-ONCE" in refused) == ("rejected" in said)
    assert buyer.cart() == before
    assert buyer.see("/orders/10001").status == 404


def test_an_order_page_tells_what_was_given_back(visitor: Visitor, bridge: FakeBridge) -> None:
    ref = visitor.order()
    at = "2026-03-01T09:30:00Z"
    bridge.says(
        state="unwound",
        given_back=[
            {"code": "WELCOME10", "type": "DISCOUNT_VOUCHER", "amount": None, "at": at},
            {"code": "GIFT50", "type": "GIFT_VOUCHER", "amount": 5000, "at": at},
            {"code": "GIFT20", "type": "GIFT_VOUCHER", "amount": None, "at": at},
        ],
    )
    page = visitor.see(f"/orders/{ref}")
    assert page["promotions-state"] == "unwound"
    assert page["given-back-WELCOME10"] == "WELCOME10 can be used again 2026-03-01 09:30"
    assert page["given-back-GIFT50"].startswith("50.00 went back to GIFT50")
    assert page["given-back-GIFT20"].startswith("The amount went back to GIFT20")
