"""What applies to a cart, as the cart rules that PrestaShop's module makes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout_bridge.events import Cart, Effect, Effects, FreeItem, Line, Rejected
from checkout_bridge.money import to_minor
from checkout_bridge_prestashop import PrestaShopPlugin
from checkout_bridge_prestashop.samples import SAMPLES

CART = Cart("EUR", (Line("mug", 2, 1250), Line("tea", 1, 500)))


def written(*effects: Effect, cart: Cart = CART, rejected: tuple[Rejected, ...] = ()) -> Any:
    total = cart.total - sum(effect.amount for effect in effects)
    return PrestaShopPlugin().write_back(effects=Effects(cart, effects, rejected, total))


def effect(amount: int, *free: FreeItem, code: str = "SAVE", kind: str = "DISCOUNT_VOUCHER") -> Effect:
    return Effect(code, kind, amount, {"mug": amount}, free)


def rule(amount: str, code: str = "SAVE") -> dict[str, Any]:
    return {"name": code, "code": code, "reduction_amount": amount, "reduction_tax": 1, "partial_use": 0}


@pytest.mark.parametrize(
    ("effects", "rules", "warnings"),
    [
        ([], [], []),
        ([effect(300)], [rule("3.00")], []),
        ([effect(300), effect(2700, code="GIFT", kind="GIFT_VOUCHER")], [rule("3.00"), rule("27.00", "GIFT")], []),
        ([effect(0)], [], [("nothing_off", "takes nothing off")]),
        ([effect(3100)], [rule("30.00")], [("more_than_the_cart", "1.00 EUR is more than the cart costs")]),
        ([effect(300, FreeItem(2, "CUP"))], [rule("3.00")], [("free_items", "2 of CUP for nothing")]),
        ([effect(0, FreeItem(1, None, "7"))], [], [("free_items", "1 of 7 for nothing")]),
    ],
    ids=["none", "coupon", "card", "nothing-off", "more-than-the-cart", "free-item", "only-a-free-item"],
)
def test_effects_are_cart_rules_and_what_is_lost_has_a_name(
    effects: list[Effect], rules: list[Any], warnings: list[tuple[str, str]]
) -> None:
    back = written(*effects)
    assert back.body == {"cart_rules": rules, "rejected": []}
    assert [(one.name, one.code) for one in back.warnings] == [(name, "SAVE") for name, _ in warnings]
    assert all(text in one.message for one, (_, text) in zip(back.warnings, warnings, strict=True))


def test_a_code_that_does_not_apply_is_told_with_its_reason() -> None:
    body = written(rejected=(Rejected("NOPE", "not_found", "No such code"),)).body
    assert body["rejected"] == [{"code": "NOPE", "key": "not_found", "message": "No such code"}]


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "300"), ("KWD", "0.300")])
def test_amounts_have_the_decimals_of_the_currency(currency: str, amount: str) -> None:
    assert written(effect(300), cart=Cart(currency, CART.lines)).body["cart_rules"] == [rule(amount)]


@given(st.integers(0, 50000), st.lists(st.integers(1, 20000), max_size=5))
def test_what_prestashop_takes_off_is_what_the_promotions_api_took_off(price: int, wanted: list[int]) -> None:
    left, effects = price, []
    for i, most in enumerate(wanted):
        effects.append(effect(min(most, left), code=f"C{i}"))
        left -= min(most, left)
    back = written(*effects, cart=Cart("EUR", (Line("mug", 1, price),)))
    assert sum(to_minor(one["reduction_amount"], "EUR") for one in back.body["cart_rules"]) == price - left
    assert [one.name for one in back.warnings] == ["nothing_off" for one in effects if not one.amount]


def test_the_sample_cart_comes_to_its_total_after_the_answer_was_followed() -> None:
    assert SAMPLES.cart is not None
    assert SAMPLES.total_after is not None
    data = SAMPLES.cart.payload["data"]
    cart = PrestaShopPlugin().parse_cart(payload=data)
    back = written(effect(300), cart=cart)
    assert (cart.total, SAMPLES.total_after(data, back.body)) == (SAMPLES.cart_total, 2700)
