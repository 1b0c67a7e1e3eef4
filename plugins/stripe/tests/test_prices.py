"""Money to the last minor unit: Stripe's own units, carts, and the coupon that takes off exactly what applies."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Customer, Effect, Effects, FreeItem, Line
from checkout_bridge_stripe.amounts import minor_units, stripe_amount

from .conftest import plugin, refund, session, told


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        (1250, "EUR", 1250),
        (500, "JPY", 500),
        (5120, "KWD", 5120),
        (500, "ISK", 5),  # two decimals that are always 00
        (500, "UGX", 5),
        (500, "MGA", 50000),  # none, though ISO 4217 has two
    ],
)
def test_an_amount_of_stripes_is_read_in_minor_units_of_the_currency(amount: int, currency: str, minor: int) -> None:
    assert told("refund.created", refund(amount, currency=currency.lower())).amount == minor
    assert stripe_amount(minor, currency) == (amount, 0)


@pytest.mark.parametrize("currency", ["isk", "ugx"])
def test_a_fraction_that_the_currency_has_not_is_refused(currency: str) -> None:
    with pytest.raises(InvalidInput, match=r"\.amount has more decimals"):
        told("refund.created", refund(550, currency=currency))


@given(st.integers(0, 10**12), st.sampled_from(["EUR", "JPY", "KWD", "ISK", "UGX", "MGA"]))
def test_what_stripe_can_take_and_what_it_leaves_are_the_whole(minor: int, currency: str) -> None:
    amount, rest = stripe_amount(minor, currency)
    assert minor_units(amount, currency) + rest == minor
    assert 0 <= rest < 100
    assert currency != "KWD" or amount % 10 == 0


@pytest.mark.parametrize(
    ("item", "line"),
    [
        ({"amount_subtotal": 3000, "price": {"unit_amount": 1000}}, Line("li_1", 3, 1000)),
        # A third of a cent each: one piece is rounded, the line is not.
        ({"amount_subtotal": 100, "price": {"unit_amount": None}}, Line("li_1", 3, 33, exact_amount=100)),
        ({"amount_subtotal": 2500, "price": {"unit_amount": 1000}}, Line("li_1", 3, 1000, exact_amount=2500)),
    ],
)
def test_the_line_of_a_session_is_what_stripe_says_it_is(item: dict[str, Any], line: Line) -> None:
    body = session(line_items={"data": [{"id": "li_1", "quantity": 3} | item]})
    assert told("checkout.session.completed", body).cart.lines == (line,)


def cart(*items: dict[str, Any], **params: Any) -> Cart:
    return plugin().parse_cart(payload={"line_items": list(items)} | params)


def item(amount: Any, quantity: int = 1, currency: str = "eur", **more: Any) -> dict[str, Any]:
    name = "unit_amount_decimal" if isinstance(amount, str) else "unit_amount"
    return {"quantity": quantity, "price_data": {"currency": currency, name: amount} | more}


def test_a_cart_is_what_a_session_is_made_of() -> None:
    found = cart(
        item(1250, 2, product_data={"name": "Mug"}),
        item(500, product="prod_tea"),
        discounts=[{"promotion_code": "SAVE"}, {"promotion_code": "save"}],
        customer_email="jo@example.com",
    )
    lines = (Line("1", 2, 1250, name="Mug"), Line("2", 1, 500, product_id="prod_tea"))
    assert found == Cart("EUR", lines, Customer(email="jo@example.com"), ("SAVE",))


@pytest.mark.parametrize(
    ("items", "amounts"),
    [
        ([item("0.3", 5)], [2]),  # 1.5 cents, rounded once
        ([item("33.3333333333", 3), item("33.3333333333", 3)], [100, 100]),
        ([item("0.5"), item("0.5"), item("0.5")], [1, 1, 0]),  # together 1.5: the rest falls on the last line
        ([item(500, 2, "jpy")], [1000]),
        ([item(5120, 1, "kwd")], [5120]),
        ([item(500, 1, "isk")], [5]),
    ],
)
def test_prices_finer_than_a_minor_unit_are_rounded_once_a_line(
    items: list[dict[str, Any]], amounts: list[int]
) -> None:
    assert [line.amount for line in cart(*items).lines] == amounts


@pytest.mark.parametrize(
    ("items", "named"),
    [
        ([item(-1)], r"line_items\[0\]\.price_data\.unit_amount must be >= 0"),
        ([item([1])], r"line_items\[0\]\.price_data\.unit_amount must be a decimal"),
        ([item("NaN")], r"line_items\[0\]\.price_data\.unit_amount_decimal must be a decimal"),
        ([{"price": "price_1", "quantity": 1}], r"line_items\[0\] should have required property 'price_data'"),
        ([item(1, 0)], r"line_items\[0\]\.quantity"),
        ([item(1), item(1, currency="usd")], "one currency"),
        ([], "one currency"),
    ],
)
def test_what_a_cart_lacks_is_named(items: list[dict[str, Any]], named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        cart(*items)


def effects(total: int, *applied: Effect, currency: str = "EUR", price: int = 3000) -> Effects:
    return Effects(Cart(currency, (Line("1", 1, price),)), applied, (), total)


def coupon(off: int, name: str, currency: str = "eur") -> dict[str, Any]:
    told = {"amount_off": off, "currency": currency, "duration": "once", "max_redemptions": 1, "name": name}
    return {"coupon": told}


SAVE = Effect("SAVE", "DISCOUNT_VOUCHER", 300, {"1": 300})
CARD = Effect("CARD", "GIFT_VOUCHER", 1000, {"1": 1000})


@pytest.mark.parametrize(
    ("found", "body"),
    [
        (effects(3000), {"coupon": None}),
        (effects(2700, SAVE), coupon(300, "SAVE")),
        (effects(1700, SAVE, CARD), coupon(1300, "SAVE + CARD")),
        (effects(0, Effect("ALL", "DISCOUNT_VOUCHER", 3000, {"1": 3000})), coupon(3000, "ALL")),
        (effects(2700, Effect("S" * 60, "DISCOUNT_VOUCHER", 300, {})), coupon(300, "S" * 40)),
        (effects(2700, SAVE, currency="ISK"), coupon(30000, "SAVE", "isk")),
        (effects(2700, SAVE, currency="JPY"), coupon(300, "SAVE", "jpy")),
    ],
)
def test_what_applies_is_one_coupon(found: Effects, body: dict[str, Any]) -> None:
    written = plugin().write_back(effects=found)
    assert (written.body, written.warnings) == (body, ())


def test_what_a_coupon_cannot_carry_is_named() -> None:
    free = Effect("FREE", "DISCOUNT_VOUCHER", 0, {}, (FreeItem(1, "MUG", value=500),))
    found = plugin().write_back(effects=effects(2995, free, Effect("C", "DISCOUNT_VOUCHER", 5, {}), currency="KWD"))
    assert found.body == {"coupon": None}
    assert [(one.name, one.code) for one in found.warnings] == [("free_items", "FREE"), ("rounding", "C")]


@given(st.integers(1, 10**9), st.data(), st.sampled_from(["EUR", "JPY", "ISK", "UGX"]))
def test_the_coupon_takes_off_exactly_what_applies(price: int, data: st.DataObject, currency: str) -> None:
    off = data.draw(st.integers(0, price))
    applied = Effect("SAVE", "DISCOUNT_VOUCHER", off, {"1": off})
    written = plugin().write_back(effects=effects(price - off, applied, currency=currency, price=price))
    taken = written.body["coupon"]["amount_off"] if written.body["coupon"] else 0
    assert (minor_units(taken, currency), written.warnings) == (off, ())
