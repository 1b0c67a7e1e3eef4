"""The catalogue and the cart of the shop alone: what can be put in, what is refused, and how it reads as JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from checkout_bridge.demo.catalogue import PRODUCTS
from checkout_bridge.demo.prices import decimal_string

if TYPE_CHECKING:
    from .conftest import Visitor


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.slug)
def test_every_product_is_in_the_catalogue_and_has_a_page_and_a_drawing(visitor: Visitor, product) -> None:
    assert f"add-{product.sku}" in visitor.see("/")
    assert product.details in visitor.see(f"/products/{product.slug}").html
    with visitor.client.get(f"/static/{product.picture}") as picture:
        assert picture.status_code == 200
        assert picture.mimetype == "image/svg+xml"


@pytest.mark.parametrize(
    ("cents", "written"), [(0, "0.00"), (5, "0.05"), (720, "7.20"), (14900, "149.00"), (-5, "-0.05"), (-1140, "-11.40")]
)
def test_cents_are_written_with_two_decimals(cents: int, written: str) -> None:
    assert decimal_string(cents) == written


def test_an_added_product_counts_and_has_its_price(visitor: Visitor) -> None:
    visitor.add("mug", 2)
    page = visitor.add("mug", 1)
    assert page["cart-count"] == "3"
    assert page["line-MUG-01"].endswith("37.50 €")
    assert page["total"] == "37.50 €"


@pytest.mark.parametrize("name", ["kettle", "p-kettle", "KETTLE-01"])
def test_a_product_is_known_by_slug_id_and_sku(visitor: Visitor, name: str) -> None:
    visitor.add(name)
    assert [item["sku"] for item in visitor.cart()["items"]] == ["KETTLE-01"]


def test_lines_stay_in_the_order_they_were_added(visitor: Visitor) -> None:
    for name in ("mug", "kettle", "beans"):
        visitor.add(name)
    assert [item["sku"] for item in visitor.cart()["items"]] == ["MUG-01", "KETTLE-01", "BEANS-01"]


def test_a_quantity_can_be_set_and_zero_takes_the_line_out(visitor: Visitor) -> None:
    visitor.add("mug")
    assert visitor.send("/cart/items/MUG-01", quantity=4)["total"] == "50.00 €"
    assert "line-MUG-01" not in visitor.send("/cart/items/MUG-01", quantity=0)


@pytest.mark.parametrize("quantity", ["", "many", "1.5", "-1", "100", "9" * 5000, "1_0", "²", "+2"])
def test_a_quantity_that_is_no_small_whole_number_is_refused_and_the_cart_kept(visitor: Visitor, quantity: str) -> None:
    visitor.add("mug")
    before = visitor.cart()
    for path, named in (("/cart/items", {"product": "mug"}), ("/cart/items/MUG-01", {})):
        refused = visitor.send(path, quantity=quantity, **named)
        assert refused.status == 400
        assert "whole number" in refused["problem"]
    assert visitor.cart() == before


def test_adding_none_is_refused(visitor: Visitor) -> None:
    assert visitor.add("mug", 0).status == 400


def test_no_more_than_99_pieces_fit_into_a_line(visitor: Visitor) -> None:
    visitor.add("mug", 98)
    assert visitor.add("mug", 2).status == 400
    assert visitor.add("mug", 1)["cart-count"] == "99"


def test_an_unknown_product_is_refused(visitor: Visitor) -> None:
    assert visitor.add("teapot").status == 400
    assert visitor.send("/cart/items/TEAPOT-01", quantity=1).status == 400
    assert visitor.see("/products/teapot").status == 404
    assert visitor.cart()["items"] == []


def test_codes_and_gift_cards_are_trimmed_kept_once_and_removable(visitor: Visitor) -> None:
    visitor.send("/cart/codes", code="  WELCOME10 ")
    visitor.send("/cart/codes", code="WELCOME10")
    visitor.send("/cart/gift-cards", code="GIFT50\n")
    visitor.send("/cart/gift-cards", code="WELCOME10")
    page = visitor.see("/cart")
    assert {"entered-WELCOME10", "entered-GIFT50", "remove-WELCOME10", "remove-GIFT50"} <= page.attributes.keys()
    assert (visitor.cart()["codes"], visitor.cart()["gift_cards"]) == (["WELCOME10"], [{"code": "GIFT50"}])

    visitor.send("/cart/codes/remove", code="WELCOME10")
    visitor.send("/cart/gift-cards/remove", code="GIFT50")
    assert (visitor.cart()["codes"], visitor.cart()["gift_cards"]) == ([], [])


def test_codes_that_would_not_fit_into_the_cookie_are_refused(visitor: Visitor) -> None:
    for product in PRODUCTS:
        visitor.add(product.slug, 99)
    for path in ("/cart/codes", "/cart/gift-cards"):
        assert visitor.send(path, code=" ").status == 400
        assert visitor.send(path, code="X" * 65).status == 400
        assert visitor.send(path, code="ü" * 11).status == 400
        for number in range(5):
            # Warnings are errors here, and a cookie beyond 4 KB is one.
            assert visitor.send(path, code=f"{path[6]}{number}" + "X" * 62).status == 200
        assert visitor.send(path, code="SIXTH").status == 400
    assert (len(visitor.cart()["codes"]), len(visitor.cart()["gift_cards"])) == (5, 5)


def test_the_cart_as_json_is_what_a_bridge_reads(visitor: Visitor) -> None:
    visitor.add("mug", 2)
    visitor.send("/cart/codes", code="WELCOME10")
    visitor.send("/cart/gift-cards", code="GIFT50")
    cart = visitor.cart()
    assert re.fullmatch(r"guest-[0-9a-f]+", cart["customer"].pop("id"))
    assert cart == {
        "currency": "EUR",
        "items": [
            {
                "id": "MUG-01",
                "sku": "MUG-01",
                "product_id": "p-mug",
                "name": "Stoneware mug",
                "quantity": 2,
                "unit_price": "12.50",
            }
        ],
        "customer": {},
        "codes": ["WELCOME10"],
        "gift_cards": [{"code": "GIFT50"}],
    }


def test_a_guest_keeps_one_customer_id_and_shares_it_with_nobody(shop: Flask, visitor: Visitor) -> None:
    visitor.see("/")
    first = visitor.cart()["customer"]
    visitor.order()
    assert visitor.cart()["customer"] == first
    assert shop.test_client().get("/cart.json").json["customer"] != first
