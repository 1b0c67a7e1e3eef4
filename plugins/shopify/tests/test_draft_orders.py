"""What applies to a cart as the discount of a draft order: the sum is exact, what it cannot carry is named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from checkout_bridge.events import Cart, Effect, Effects, FreeItem, Line, Uncarried
from checkout_bridge.money import format_minor, to_minor
from checkout_bridge_shopify import ShopifyPlugin

CART = Cart("EUR", (Line("a", 2, 1250), Line("b", 1, 505)))


def effects(*applied: Effect, cart: Cart = CART) -> Effects:
    return Effects(cart, applied, (), cart.total - sum(effect.amount for effect in applied))


def off(code: str, amount: int, *free: FreeItem, type: str = "DISCOUNT_VOUCHER") -> Effect:
    return Effect(code, type, amount, {}, free)


def body(title: str, amount: str) -> dict[str, Any]:
    discount = {"title": title, "description": title, "value_type": "fixed_amount", "value": amount, "amount": amount}
    return {"draft_order": {"applied_discount": discount}}


FREE = Uncarried("free_items", "MUG", "a discount of a draft order adds no products: add them as lines, for 0.00")


@pytest.mark.parametrize(
    ("applied", "written", "warnings"),
    [
        ((), {"draft_order": {"applied_discount": None}}, ()),
        ((off("SAVE", 300),), body("SAVE", "3.00"), ()),
        ((off("SAVE", 300), off("GIFT-1", 2705, type="GIFT_VOUCHER")), body("SAVE, GIFT-1", "30.05"), ()),
        ((off("MUG", 0, FreeItem(1, "MUG")),), {"draft_order": {"applied_discount": None}}, (FREE,)),
        ((off("MUG", 1, FreeItem(1, "MUG")),), body("MUG", "0.01"), (FREE,)),
    ],
)
def test_effects_become_one_discount(applied: Any, written: Any, warnings: Any) -> None:
    told = ShopifyPlugin().write_back(effects=effects(*applied))
    assert (told.body, told.warnings) == (written, warnings)


def test_a_title_is_as_long_as_shopify_takes_it() -> None:
    told = ShopifyPlugin().write_back(effects=effects(*(off("C" * 100 + str(i), 1) for i in range(5))))
    assert len(told.body["draft_order"]["applied_discount"]["title"]) == 255


@given(
    some.sampled_from(["EUR", "JPY", "KWD"]), some.integers(1, 10**9), some.lists(some.integers(1, 10**6), max_size=5)
)
def test_what_is_taken_off_is_what_applies(currency: str, price: int, amounts: list[int]) -> None:
    cart = Cart(currency, (Line("a", 1, price + sum(amounts)),))
    told = effects(*(off(f"C{i}", amount) for i, amount in enumerate(amounts)), cart=cart)
    discount = ShopifyPlugin().write_back(effects=told).body["draft_order"]["applied_discount"]
    taken = to_minor(discount["amount"], currency) if discount else 0
    assert cart.total - taken == told.total
    assert format_minor(taken, currency) == (discount["amount"] if discount else format_minor(0, currency))
