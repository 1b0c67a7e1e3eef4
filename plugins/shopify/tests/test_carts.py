"""Shopify's carts: the storefront's in hundredths, the told ones in decimal strings; codes and cards as entered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, GiftCard, Line
from checkout_bridge_shopify import ShopifyPlugin

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "platforms" / "shopify" / "cart_update.json"
MUG = {"key": "1:a", "product_id": 5, "sku": "MUG", "title": "Mug", "quantity": 2, "original_price": 1250}


def parse(payload: Any) -> Cart:
    cart = ShopifyPlugin().parse_cart(payload=payload)
    assert isinstance(cart, Cart)
    return cart


def storefront(**changes: Any) -> dict[str, Any]:
    cart = {"token": "c1", "currency": "EUR", "items": [MUG], "attributes": {}, "discount_codes": []}
    return cart | changes


def told(price: Any, *currencies: str) -> dict[str, Any]:
    items = [
        {
            "key": key,
            "quantity": 1,
            "original_price": price,
            "original_line_price_set": {"shop_money": {"currency_code": key}},
        }
        for key in currencies
    ]
    return {"id": "c1", "line_items": items}


def test_the_storefronts_cart_is_read_before_any_discount() -> None:
    discounted = MUG | {"price": 1000, "discounted_price": 1000, "total_discount": 500}
    cart = parse(storefront(items=[discounted], discount_codes=[{"code": "SAVE", "applicable": False}]))
    assert cart == Cart("EUR", (Line("1:a", 2, 1250, "MUG", "5", "Mug"),), codes=("SAVE",))


@pytest.mark.parametrize(
    ("currency", "hundredths", "minor_units"), [("JPY", 100000, 1000), ("EUR", 1250, 1250), ("KWD", 125, 1250)]
)
def test_the_storefront_writes_hundredths_in_every_currency(currency: str, hundredths: int, minor_units: int) -> None:
    cart = parse(storefront(currency=currency, items=[MUG | {"original_price": hundredths}]))
    assert cart.lines[0].unit_price == minor_units


@pytest.mark.parametrize("price", [100050, 12.5, True, None, "abc", -1])
def test_a_price_that_is_none_is_refused_by_name(price: Any) -> None:
    with pytest.raises(InvalidInput, match=r"items\[0\]\.|original_price"):
        parse(storefront(currency="JPY", items=[MUG | {"original_price": price}]))


@pytest.mark.parametrize(
    ("attributes", "cards"),
    [
        ({"gift_cards": "GIFT-1, GIFT-2 gift-1"}, ("GIFT-1", "GIFT-2")),
        ({"gift_cards": "SAVE"}, ()),
        ({"gift_cards": ""}, ()),
        ({"gift_cards": None, "engraving": "GIFT-3"}, ()),
        ([], ()),
    ],
)
def test_gift_cards_are_those_of_the_carts_attribute(attributes: Any, cards: tuple[str, ...]) -> None:
    cart = parse(storefront(attributes=attributes, discount_codes=[{"code": "SAVE"}, {"code": " save "}]))
    assert (cart.codes, cart.gift_cards) == (("SAVE",), tuple(GiftCard(card) for card in cards))


def test_a_line_that_was_removed_is_left_out() -> None:
    assert len(parse(storefront(items=[MUG, MUG | {"key": "2:b", "quantity": 0}])).lines) == 1


def test_a_told_cart_has_decimal_strings_and_the_currency_of_its_lines() -> None:
    cart = parse(told("12.50", "USD"))
    assert cart == Cart("USD", (Line("USD", 1, 1250),))


@pytest.mark.parametrize("currencies", [(), ("USD", "EUR")])
def test_a_told_cart_without_lines_of_one_currency_is_refused(currencies: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput, match=r"\.line_items must have at least 1 item, all of one currency"):
        parse(told("12.50", *currencies))


@pytest.mark.skipif(not RECORDED.is_file(), reason="the recorded Shopify payloads are not at hand")
def test_the_recorded_cart_is_read() -> None:
    (line,) = parse(json.loads(RECORDED.read_bytes())).lines
    assert (line.quantity, line.unit_price, line.sku, line.amount) == (3, 74995, "test-sku", 224985)
