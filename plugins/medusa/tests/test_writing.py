"""What applies to a cart, as the adjustments that Medusa is told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout_bridge.events import Cart, Effect, Effects, FreeItem, Line, Rejected
from checkout_bridge.money import allocate, to_minor
from checkout_bridge_medusa import MedusaPlugin
from checkout_bridge_medusa.samples import SAMPLES

CART = Cart("EUR", (Line("mug", 2, 1250), Line("tea", 1, 500)))


def written(*effects: Effect, cart: Cart = CART, rejected: tuple[Rejected, ...] = ()) -> Any:
    total = cart.total - sum(effect.amount for effect in effects)
    return MedusaPlugin().write_back(effects=Effects(cart, effects, rejected, total))


def coupon(amount: int, allocations: dict[str, int], *free: FreeItem, code: str = "SAVE") -> Effect:
    return Effect(code, "DISCOUNT_VOUCHER", amount, allocations, free)


def adjustment(line: str, amount: str, code: str = "SAVE", kind: str = "DISCOUNT_VOUCHER") -> dict[str, str]:
    return {"item_id": line, "code": code, "amount": amount, "description": kind}


@pytest.mark.parametrize(
    ("effects", "adjustments", "warnings"),
    [
        ([], [], []),
        ([coupon(300, {"mug": 250, "tea": 50})], [adjustment("mug", "2.50"), adjustment("tea", "0.50")], []),
        (
            [coupon(300, {"mug": 300}), Effect("GIFT", "GIFT_VOUCHER", 2700, {"mug": 2200, "tea": 500})],
            [
                adjustment("mug", "3.00"),
                adjustment("mug", "22.00", "GIFT", "GIFT_VOUCHER"),
                adjustment("tea", "5.00", "GIFT", "GIFT_VOUCHER"),
            ],
            [],
        ),
        ([coupon(0, {"mug": 0})], [adjustment("mug", "0.00")], []),
        ([coupon(300, {"mug": 250})], [adjustment("mug", "2.50")], [("not_on_lines", "0.50 EUR is not on any line")]),
        ([coupon(900, {"tea": 900})], [adjustment("tea", "5.00")], [("not_on_lines", "4.00 EUR")]),
        ([coupon(100, {"gone": 100})], [adjustment("mug", "0.00")], [("not_on_lines", "1.00 EUR")]),
        ([coupon(0, {}, FreeItem(2, "CUP"))], [adjustment("mug", "0.00")], [("free_items", "2 of CUP for nothing")]),
    ],
    ids=["none", "coupon", "card", "nothing-off", "part-lost", "more-than-the-line", "no-such-line", "free-item"],
)
def test_effects_are_adjustments_and_what_is_lost_has_a_name(
    effects: list[Effect], adjustments: list[Any], warnings: list[tuple[str, str]]
) -> None:
    back = written(*effects)
    assert back.body == {"adjustments": adjustments, "rejected": []}
    assert [(one.name, one.code) for one in back.warnings] == [(name, "SAVE") for name, _ in warnings]
    assert all(text in one.message for one, (_, text) in zip(back.warnings, warnings, strict=True))


def test_a_code_that_does_not_apply_is_told_with_its_reason() -> None:
    body = written(rejected=(Rejected("NOPE", "not_found", "No such code"),)).body
    assert body["rejected"] == [{"code": "NOPE", "key": "not_found", "message": "No such code"}]


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "300"), ("KWD", "0.300")])
def test_amounts_have_the_decimals_of_the_currency(currency: str, amount: str) -> None:
    cart = Cart(currency, CART.lines)
    assert written(coupon(300, {"mug": 300}), cart=cart).body["adjustments"][0]["amount"] == amount


@given(st.lists(st.integers(0, 9999), min_size=1, max_size=6), st.lists(st.integers(0, 20000), max_size=4))
def test_what_medusa_takes_off_is_what_the_promotions_api_took_off(prices: list[int], wanted: list[int]) -> None:
    lines = tuple(Line(f"l{i}", 1, price) for i, price in enumerate(prices))
    left, effects = list(prices), []
    for i, most in enumerate(wanted):
        parts = allocate(min(most, sum(left)), left)
        left = [value - part for value, part in zip(left, parts, strict=True)]
        shares = {line.line_id: part for line, part in zip(lines, parts, strict=True)}
        effects.append(coupon(sum(parts), shares, code=f"C{i}"))
    back = written(*effects, cart=Cart("EUR", lines))
    assert sum(to_minor(one["amount"], "EUR") for one in back.body["adjustments"]) == sum(prices) - sum(left)
    assert {one["code"] for one in back.body["adjustments"]} == {effect.code for effect in effects}
    assert back.warnings == ()


def test_the_sample_cart_comes_to_its_total_after_the_answer_was_followed() -> None:
    assert SAMPLES.cart is not None
    assert SAMPLES.total_after is not None
    data = SAMPLES.cart.payload["data"]
    cart = MedusaPlugin().parse_cart(payload=data)
    back = written(coupon(300, {"ordli_MUG": 250, "ordli_TEA": 50}), cart=cart)
    assert (cart.total, SAMPLES.total_after(data, back.body)) == (SAMPLES.cart_total, 2700)
