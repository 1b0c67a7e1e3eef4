"""What applies to an order, as the surcharges that Vendure is told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout_bridge.events import Cart, Effect, Effects, FreeItem, Line, Rejected
from checkout_bridge.money import allocate, exponent
from checkout_bridge_vendure import VendurePlugin
from checkout_bridge_vendure.samples import SAMPLES

CART = Cart("EUR", (Line("mug", 2, 1250), Line("tea", 1, 500)))


def written(*effects: Effect, cart: Cart = CART, rejected: tuple[Rejected, ...] = (), precision: str = "") -> Any:
    made = VendurePlugin()
    made.configure(options={"PRECISION": precision})
    total = cart.total - sum(effect.amount for effect in effects)
    return made.write_back(effects=Effects(cart, effects, rejected, total))


def coupon(amount: int, allocations: dict[str, int], *free: FreeItem, code: str = "SAVE") -> Effect:
    return Effect(code, "DISCOUNT_VOUCHER", amount, allocations, free)


def surcharge(line: str | None, price: int, code: str = "SAVE") -> dict[str, Any]:
    return {
        "sku": f"checkout-bridge:{code}",
        "description": code,
        "listPrice": price,
        "listPriceIncludesTax": True,
        "orderLineId": line,
    }


@pytest.mark.parametrize(
    ("effects", "surcharges", "warnings"),
    [
        ([], [], []),
        ([coupon(300, {"mug": 250, "tea": 50})], [surcharge("mug", -250), surcharge("tea", -50)], []),
        (
            [coupon(300, {"mug": 300}), Effect("GIFT", "GIFT_VOUCHER", 2700, {"mug": 2200, "tea": 500})],
            [surcharge("mug", -300), surcharge(None, -2700, "GIFT")],
            [],
        ),
        ([coupon(0, {"mug": 0})], [surcharge(None, 0)], []),
        ([coupon(300, {"mug": 250})], [surcharge("mug", -250)], [("not_on_lines", "0.50 EUR is not on any line")]),
        ([coupon(900, {"tea": 900})], [surcharge("tea", -500)], [("not_on_lines", "4.00 EUR")]),
        ([coupon(0, {}, FreeItem(2, "CUP"))], [surcharge(None, 0)], [("free_items", "2 of CUP for nothing")]),
    ],
    ids=["none", "coupon", "card", "nothing-off", "part-lost", "more-than-the-line", "free-item"],
)
def test_effects_are_surcharges_and_what_is_lost_has_a_name(
    effects: list[Effect], surcharges: list[Any], warnings: list[tuple[str, str]]
) -> None:
    back = written(*effects)
    assert back.body == {"surcharges": surcharges, "rejected": []}
    assert [(one.name, one.code) for one in back.warnings] == [(name, "SAVE") for name, _ in warnings]
    assert all(text in one.message for one, (_, text) in zip(back.warnings, warnings, strict=True))


def test_a_code_that_does_not_apply_is_told_with_its_reason() -> None:
    body = written(rejected=(Rejected("NOPE", "not_found", "No such code"),)).body
    assert body["rejected"] == [{"code": "NOPE", "key": "not_found", "message": "No such code"}]


@pytest.mark.parametrize(
    ("currency", "precision", "price"), [("JPY", "", -30000), ("JPY", "2,JPY:0", -300), ("EUR", "3", -3000)]
)
def test_prices_are_in_the_shops_precision(currency: str, precision: str, price: int) -> None:
    back = written(coupon(300, {"mug": 300}), cart=Cart(currency, CART.lines), precision=precision)
    assert back.body["surcharges"] == [surcharge("mug", price)]


def test_what_is_finer_than_the_shop_is_told() -> None:
    back = written(coupon(305, {"mug": 255, "tea": 50}), cart=Cart("KWD", CART.lines))
    assert sum(one["listPrice"] for one in back.body["surcharges"]) == -30
    assert [(one.name, one.message) for one in back.warnings] == [
        ("finer_than_the_shop", "0.005 KWD is finer than the shop's precision")
    ]


@given(
    st.lists(st.integers(0, 9999), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 20000), st.sampled_from(["DISCOUNT_VOUCHER", "GIFT_VOUCHER"])), max_size=4),
    st.sampled_from(["EUR", "JPY"]),
)
def test_what_vendure_takes_off_is_what_the_promotions_api_took_off(
    prices: list[int], wanted: list[tuple[int, str]], currency: str
) -> None:
    lines = tuple(Line(f"l{i}", 1, price) for i, price in enumerate(prices))
    left, effects = list(prices), []
    for i, (most, kind) in enumerate(wanted):
        parts = allocate(min(most, sum(left)), left)
        left = [value - part for value, part in zip(left, parts, strict=True)]
        shares = {line.line_id: part for line, part in zip(lines, parts, strict=True)}
        effects.append(Effect(f"C{i}", kind, sum(parts), shares))
    back = written(*effects, cart=Cart(currency, lines))
    off = -sum(one["listPrice"] for one in back.body["surcharges"])
    assert off == (sum(prices) - sum(left)) * 10 ** (2 - exponent(currency))
    assert {one["description"] for one in back.body["surcharges"]} == {effect.code for effect in effects}
    assert back.warnings == ()


def test_the_sample_cart_comes_to_its_total_after_the_answer_was_followed() -> None:
    assert SAMPLES.cart is not None
    assert SAMPLES.total_after is not None
    data = SAMPLES.cart.payload["data"]
    cart = VendurePlugin().parse_cart(payload=data)
    back = written(coupon(300, {"L-mug": 250, "L-tea": 50}), cart=cart)
    assert (cart.total, SAMPLES.total_after(data, back.body)) == (SAMPLES.cart_total, 2700)
