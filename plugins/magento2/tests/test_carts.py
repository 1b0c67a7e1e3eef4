"""Carts of the totals hook, and the operations it is answered with: exactly what is taken off, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import (
    Cart,
    CartUpdate,
    Customer,
    Effect,
    Effects,
    Event,
    FreeItem,
    Ignored,
    Line,
    Uncarried,
)
from checkout_bridge_magento2.discounts import write_back

from .conftest import hook, item, plugin

Told = Callable[..., Event]
CART = Cart("EUR", (Line("0", 2, 1250), Line("1", 1, 500)), None, ("SAVE",))


def effects(*applied: Effect, cart: Cart = CART) -> Effects:
    return Effects(cart, applied, (), cart.total - sum(one.amount for one in applied))


def effect(code: str, *parts: int, **more: Any) -> Effect:
    return Effect(code, "DISCOUNT_VOUCHER", sum(parts), {str(i): part for i, part in enumerate(parts)}, **more)


def operations(off: Any, places: list[int], codes: list[str], *parts: Any) -> list[dict[str, Any]]:
    discount = {
        "code": "discount",
        "base_discount": off,
        "discount_description_array": codes,
        "discount_rule_id_array": [],
        "discount_type": "fixed",
        "discount_item_id_array": places,
    }
    items = [
        {"op": "add", "path": f"shippingAssignment/items/{place}/base_discount_amount", "value": part}
        for place, part in zip(places, parts, strict=True)
    ]
    return [{"op": "replace", "path": "result", "value": discount}, *items]


def test_a_hook_asks_what_applies_to_its_cart(told: Told) -> None:
    buyer = {"customer_id": "3", "customer_email": "jo@example.com"}
    assert told(**hook("SAVE", **buyer)) == CartUpdate(
        Cart(
            "EUR",
            (Line("0", 2, 1250, "MUG", "151", "Mug"), Line("1", 1, 500, "TEA", "152", "Tea")),
            Customer("3", "jo@example.com", None),
            ("SAVE",),
        )
    )


def test_lines_are_known_by_their_place_also_behind_what_is_left_out(told: Told) -> None:
    body = hook()
    parts = [item(1, "SHIRT", 1, 20, 20), item(2, "SHIRT", 1, 0, 0, parent_item_id=1), item(3, "CAP", 1, 9, 9)]
    body["shippingAssignment"]["items"] = [{**part, "qty": part["qty_ordered"]} for part in parts]
    event = told(**body)
    assert isinstance(event, CartUpdate)
    assert [line.line_id for line in event.cart.lines] == ["0", "2"]


def test_items_of_a_new_cart_have_neither_ids_nor_totals_yet(told: Told) -> None:
    body = hook()
    body["shippingAssignment"]["items"] = [{"qty": 2, "price": 12.5, "sku": "MUG"}, {"qty": 1, "price": 5}]
    event = told(**body)
    assert isinstance(event, CartUpdate)
    assert event.cart.lines == (Line("0", 2, 1250, "MUG"), Line("1", 1, 500))


def test_a_cart_in_another_currency_than_the_books_goes_on_as_it_is(told: Told) -> None:
    reason = "Property .quote_currency_code must be the base currency EUR, not USD"
    assert told(**hook(quote_currency_code="USD")) == Ignored(reason, [{"op": "success"}])
    with pytest.raises(InvalidInput, match="must be the base currency EUR"):
        plugin().parse_cart(payload=hook(quote_currency_code="USD"))


def test_a_cart_without_a_currency_is_refused(told: Told) -> None:
    with pytest.raises(InvalidInput, match="required property 'quote_currency_code'"):
        told(**hook(quote_currency_code=None, base_currency_code=None))


def test_a_cart_of_the_json_door_may_hold_floats() -> None:
    totals = {"quote_currency_code": "EUR", "items": [{"qty": 3.0, "price": 0.1, "row_total": 0.30000000000000004}]}
    assert plugin().parse_cart(payload=totals).lines == (Line("0", 3, 10),)


@pytest.mark.parametrize(
    ("applied", "body"),
    [
        ([], [{"op": "success"}]),
        ([effect("SAVE", 250, 50)], operations(3.0, [0, 1], ["SAVE"], 2.5, 0.5)),
        ([effect("MUGS", 1250, 0)], operations(12.5, [0], ["MUGS"], 12.5)),
        ([effect("A", 100, 0), effect("B", 100, 3)], operations(2.03, [0, 1], ["A", "B"], 2.0, 0.03)),
        ([Effect("GIFT", "GIFT_VOUCHER", 700, {})], operations(7.0, [], ["GIFT"])),
    ],
    ids=["nothing", "whole cart", "one line", "two codes", "not by line"],
)
def test_what_applies_is_one_discount_with_its_parts(applied: list[Effect], body: Any) -> None:
    written = write_back(effects(*applied))
    assert (written.body, written.warnings) == (body, ())


@pytest.mark.parametrize(("currency", "number"), [("JPY", "300"), ("KWD", "0.3"), ("EUR", "3.0")])
def test_amounts_are_numbers_in_the_currency_of_the_cart(currency: str, number: str) -> None:
    cart = Cart(currency, (Line("0", 1, 500),))
    body = json.dumps(write_back(effects(effect("SAVE", 300), cart=cart)).body)
    assert f'"base_discount": {number},' in body


def test_a_cart_that_is_not_commerces_own_gets_no_places() -> None:
    cart = Cart("EUR", (Line("mug", 2, 1250),))
    told = effects(Effect("SAVE", "DISCOUNT_VOUCHER", 300, {"mug": 300}), cart=cart)
    assert write_back(told).body == operations(3.0, [], ["SAVE"])


def test_a_product_for_nothing_is_named_since_it_cannot_be_added() -> None:
    written = write_back(effects(effect("SAVE", 0, 0, free_items=(FreeItem(2, "CUP", None, 400),))))
    assert written.body == [{"op": "success"}]
    assert written.warnings == (Uncarried("free_items", "SAVE", "2 of CUP cannot be added"),)


@given(
    st.sampled_from(["EUR", "JPY", "KWD"]),
    st.lists(st.tuples(st.integers(1, 10**13), st.integers(0, 100)), min_size=1, max_size=6),
)
def test_what_is_taken_off_is_exactly_the_difference(currency: str, rows: list[tuple[int, int]]) -> None:
    cart = Cart(currency, tuple(Line(str(i), 1, price) for i, (price, _) in enumerate(rows)))
    off = effect("SAVE", *(price * percent // 100 for price, percent in rows))
    told = effects(off, cart=cart)
    operations = json.loads(json.dumps(write_back(told).body), parse_float=Decimal)
    unit = {"EUR": 100, "JPY": 1, "KWD": 1000}[currency]
    if operations == [{"op": "success"}]:
        assert told.total == cart.total
    else:
        assert operations[0]["value"]["base_discount"] * unit == cart.total - told.total
        assert sum(one["value"] for one in operations[1:]) * unit == cart.total - told.total
