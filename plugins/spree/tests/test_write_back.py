"""What applies, as manual discounts of Spree's that take off exactly that; and carts in Spree's own terms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout_bridge.events import Cart, Effect, Effects, FreeItem, Line
from checkout_bridge.money import allocate, to_minor

from .conftest import order, plugin


def effects(*applied: Effect, currency: str = "EUR") -> Effects:
    cart = Cart(currency, (Line("a", 2, 1000), Line("b", 1, 1000)))
    return Effects(cart, applied, (), cart.total - sum(effect.amount for effect in applied))


def flat(label: str, value: str, line_id: str | None = None) -> dict[str, Any]:
    told = {"label": label, "value": value, "value_type": "flat"}
    return told if line_id is None else {**told, "line_item_id": line_id}


def coupon(code: str, a: int, b: int, **more: Any) -> Effect:
    return Effect(code, more.pop("type", "DISCOUNT_VOUCHER"), a + b, {"a": a, "b": b}, **more)


@pytest.mark.parametrize(
    ("found", "discounts"),
    [
        (effects(), []),
        (effects(coupon("S", 200, 100)), [flat("S", "2.00", "a"), flat("S", "1.00", "b")]),
        (effects(coupon("S", 0, 100)), [flat("S", "1.00", "b")]),
        (
            effects(coupon("S", 0, 100), coupon("G", 5, 0, type="GIFT_VOUCHER")),
            [flat("S", "1.00", "b"), flat("G", "0.05", "a")],
        ),
        (effects(Effect("S", "DISCOUNT_VOUCHER", 300, {"a": 100})), [flat("S", "1.00", "a"), flat("S", "2.00")]),
        (effects(coupon("S", 7, 0), currency="JPY"), [flat("S", "7", "a")]),
        (effects(coupon("S", 7, 0), currency="KWD"), [flat("S", "0.007", "a")]),
    ],
)
def test_each_line_that_a_code_takes_something_off_gets_a_discount(
    found: Effects, discounts: list[dict[str, Any]]
) -> None:
    written = plugin().write_back(effects=found)
    assert (written.body, written.warnings) == ({"discounts": discounts}, ())


def test_free_items_are_named_since_a_discount_adds_none() -> None:
    written = plugin().write_back(effects=effects(coupon("FREE", 0, 0, free_items=(FreeItem(1, "MUG"),))))
    assert written.body == {"discounts": []}
    assert [(one.name, one.code) for one in written.warnings] == [("free_items", "FREE")]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=5), st.data(), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_the_discounts_take_off_exactly_what_applies(prices: list[int], data: st.DataObject, currency: str) -> None:
    cart = Cart(currency, tuple(Line(str(i), 1, price) for i, price in enumerate(prices)))
    off = data.draw(st.integers(0, cart.total))
    first = data.draw(st.integers(0, off))
    applied = tuple(
        Effect(code, "DISCOUNT_VOUCHER", amount, {str(i): part for i, part in enumerate(allocate(amount, prices))})
        for code, amount in (("A", first), ("B", off - first))
    )
    written = plugin().write_back(effects=Effects(cart, applied, (), cart.total - off))
    values = [one["value"] for one in written.body["discounts"]]
    assert sum(to_minor(value, currency) for value in values) == off
    assert all(Decimal(value) > 0 for value in values)


def test_codes_that_a_cart_has_beside_those_of_its_discounts_count() -> None:
    cart = plugin().parse_cart(payload=order("save", codes=["Extra", "SAVE"]))
    assert (cart.total, cart.codes) == (3000, ("save", "Extra"))
