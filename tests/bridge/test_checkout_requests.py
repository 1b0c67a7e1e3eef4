"""The WSGI door at checkout: a shop that knows nothing of the bridge redeems, confirms and unwinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from checkout_bridge import CheckoutBridge

Cart = Callable[..., dict[str, Any]]
Used = Callable[[str], int]
States = Callable[[], list[str]]


def test_the_cart_page_is_told_what_applies_and_what_is_left_to_pay(visitor: FlaskClient, cart: Cart) -> None:
    visitor.post("/basket", json=cart("TEN", "LATE", gift_cards=("GIFT",)))
    state = visitor.get("/cart").get_json()
    assert (state["state"], state["amount"], state["total"], state["currency"]) == ("quoted", 3499, 0, "EUR")
    assert [(one["code"], one["amount"]) for one in state["applied"]] == [("TEN", 350), ("GIFT", 3149)]
    assert [(one["code"], one["key"]) for one in state["rejected"]] == [("LATE", "voucher_expired")]


def test_looking_at_the_cart_uses_and_holds_nothing(visitor: FlaskClient, cart: Cart, states: States) -> None:
    visitor.post("/basket", json=cart("ONCE"))
    for _ in range(2):
        assert visitor.get("/cart").get_json()["total"] == 2999
    other = visitor.application.test_client()
    other.post("/basket", json=cart("ONCE"))
    assert other.get("/cart").get_json()["total"] == 2999
    assert states() == []


def test_an_empty_cart_is_left_alone(visitor: FlaskClient) -> None:
    state = visitor.get("/cart").get_json()
    assert (state["state"], state["total"], state["applied"], state["rejected"]) == ("none", None, [], [])


def test_a_cart_that_makes_no_sense_is_told_to_the_view(visitor: FlaskClient, cart: Cart) -> None:
    visitor.post("/basket", json=cart(currency="XXX"))
    state = visitor.get("/cart").get_json()
    assert state["state"] == "failed"
    assert state["rejected"][0]["key"] == "unknown_currency"


@pytest.mark.parametrize("how", ["json", "header", "redirect"])
def test_a_checkout_redeems_and_is_found_by_the_shops_own_reference(
    how: str, visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    visitor.post("/basket", json=cart("TEN", gift_cards=("GIFT",)))
    answer = visitor.post(f"/checkout?how={how}")
    assert answer.status_code in (200, 201, 303)
    order = bridge.order("1000")
    assert (order["state"], order["amount"], order["total"]) == ("confirmed", 3499, 0)
    assert (used("TEN"), used("GIFT")) == (1, 3149)


def test_the_checkout_view_reads_what_was_redeemed(visitor: FlaskClient, cart: Cart) -> None:
    visitor.post("/basket", json=cart("TEN"))
    told = visitor.post("/checkout").get_json()["promotions"]
    assert (told["state"], told["total"]) == ("redeemed", 3149)
    assert told["checkout_id"].startswith("chk_")
    assert [one["code"] for one in told["applied"]] == ["TEN"]


def test_the_view_still_reads_its_own_form(visitor: FlaskClient, cart: Cart) -> None:
    visitor.post("/basket", json=cart("TEN"))
    assert visitor.post("/checkout", data={"note": "ring twice"}).get_json()["note"] == "ring twice"


def test_a_cart_in_the_request_itself_counts(visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart) -> None:
    visitor.post("/checkout", json=cart("TEN"))
    assert bridge.order("1000")["total"] == 3149


def test_a_reference_that_a_url_encodes_is_one_reference(
    visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    visitor.post("/basket", json=cart("ONCE"))
    visitor.post("/checkout?how=spaced")
    assert bridge.order("Größe 7")["state"] == "confirmed"
    visitor.post("/orders/Größe 7/cancel")
    assert used("ONCE") == 0


def test_an_order_without_a_reference_is_known_by_its_checkout_id(
    visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart
) -> None:
    visitor.post("/basket", json=cart("TEN"))
    visitor.post("/checkout?how=nowhere")
    row = bridge.runtime.doors.ledger.newest(limit=1)[0]
    assert row["state"] == "confirmed"
    assert bridge.order(row["id"])["checkout_id"] == row["id"]


def test_a_checkout_without_codes_is_an_order_all_the_same(
    visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart
) -> None:
    visitor.post("/basket", json=cart())
    visitor.post("/checkout")
    order = bridge.order("1000")
    assert (order["state"], order["total"], order["applied"]) == ("confirmed", 3499, [])
    assert bridge.runtime.client.orders.get_order(order["source_id"])["status"] == "PAID"


@pytest.mark.parametrize("propagate", [True, False])
def test_a_shop_that_raises_keeps_nothing(
    propagate: bool, shop: Flask, visitor: FlaskClient, cart: Cart, used: Used, states: States
) -> None:
    shop.config["PROPAGATE_EXCEPTIONS"] = propagate
    visitor.post("/basket", json=cart("ONCE", gift_cards=("GIFT",)))
    if propagate:
        with pytest.raises(RuntimeError, match="payment module"):
            visitor.post("/checkout?how=raise")
    else:
        assert visitor.post("/checkout?how=raise").status_code == 500
    assert (used("ONCE"), used("GIFT"), states()) == (0, 0, ["unwound"])


def test_a_declined_payment_gives_back(visitor: FlaskClient, cart: Cart, used: Used, states: States) -> None:
    visitor.post("/basket", json=cart("ONCE", gift_cards=("GIFT",)))
    assert visitor.post("/checkout?how=402").get_data() == b"declined"
    assert (used("ONCE"), used("GIFT"), states()) == (0, 0, ["unwound"])
    assert visitor.post("/checkout").get_json()["promotions"]["total"] == 0


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("NEVER", "not_found"),
        ("LATE", "voucher_expired"),
        ("OFF", "voucher_disabled"),
        ("USED", "quantity_exceeded"),
    ],
)
def test_a_code_that_does_not_apply_is_told_and_nothing_is_redeemed(
    code: str, key: str, visitor: FlaskClient, cart: Cart, used: Used, states: States
) -> None:
    visitor.post("/basket", json=cart("TEN", code, gift_cards=("GIFT",)))
    told = visitor.post("/checkout").get_json()["promotions"]
    assert (told["state"], told["total"], told["applied"]) == ("failed", 3499, [])
    assert [one["code"] for one in told["rejected"]] == [code]
    assert key in told["rejected"][0]["key"]
    assert (used("TEN"), used("GIFT"), states()) == (0, 0, ["failed"])


def test_two_shops_orders_with_one_number_do_not_mix(visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart) -> None:
    visitor.post("/basket", json=cart("TEN"))
    visitor.post("/checkout")
    bridge.checkout(cart(), "1000", shop="second")
    assert bridge.order("1000", shop="default")["total"] == 3149
    assert bridge.order("1000", shop="second")["total"] == 3499
