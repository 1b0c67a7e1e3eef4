"""Checkouts and draft orders, and the mutations that make their discount: exactly what is taken off, nothing lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Customer, Effect, Effects, FreeItem, Line, Uncarried
from checkout_bridge_saleor.discounts import write_back

from .conftest import MUGS, TEA, global_id, line, plugin

FIRST, SECOND = global_id("CheckoutLine", 1), global_id("CheckoutLine", 2)
CHECKOUT = Cart("EUR", (Line(FIRST, 2, 1250), Line(SECOND, 1, 500)))
DRAFT = Cart("EUR", (Line(MUGS, 2, 1250), Line(TEA, 1, 500)))


def effects(cart: Cart, *applied: Effect) -> Effects:
    return Effects(cart, applied, (), cart.total - sum(one.amount for one in applied))


def voucher(value: str, codes: str) -> dict[str, Any]:
    made = {"type": "ENTIRE_ORDER", "discountValueType": "FIXED", "usageLimit": 1, "name": codes}
    channels = {"addChannels": [{"discountValue": value}]}
    return {"voucherCreate": {"input": made}, "voucherChannelListingUpdate": {"input": channels}}


def discount(value: str, codes: str) -> dict[str, Any]:
    return {"orderDiscountAdd": {"input": {"valueType": "FIXED", "value": value, "reason": codes}}}


def checkout(**changes: Any) -> dict[str, Any]:
    """As the API answers it: one amount for a price, which has tax in it or not as the shop enters it."""
    price = {"amount": 12.5, "currency": "EUR"}
    lines = [{"id": FIRST, "quantity": 2, "undiscountedUnitPrice": price, "variant": {"sku": "MUG", "name": "Mug"}}]
    return {"email": "jo@example.com", "voucherCode": "SAVE", "lines": lines, "user": None} | changes


@pytest.mark.parametrize("wrap", [lambda it: it, lambda it: {"checkout": it}, lambda it: {"data": {"checkout": it}}])
def test_a_checkout_is_a_cart_bare_or_in_the_apis_answer(wrap: Any) -> None:
    known = Cart("EUR", (Line(FIRST, 2, 1250, "MUG", None, "Mug"),), Customer(None, "jo@example.com"), ("SAVE",))
    assert plugin().parse_cart(payload=wrap(checkout())) == known


def test_a_draft_order_is_a_cart_too() -> None:
    draft = {"order": {"total": {"currency": "JPY"}, "lines": [line(MUGS, 2, 1100, 1000)]}}
    assert plugin().parse_cart(payload=draft) == Cart("JPY", (Line(MUGS, 2, 1100),))


@pytest.mark.parametrize("amount", [0.1 + 0.2, "0.300", 0.3])
def test_the_noise_of_a_float_does_no_harm(amount: Any) -> None:
    price = {"amount": amount, "currency": "EUR"}
    lines = [{"id": FIRST, "quantity": 1, "undiscountedUnitPrice": price}]
    assert plugin().parse_cart(payload=checkout(lines=lines)).total == 30


def test_a_cart_that_names_no_currency_is_refused() -> None:
    lines = [{"id": FIRST, "quantity": 1, "undiscountedUnitPrice": {"amount": 1}}]
    with pytest.raises(InvalidInput, match="required property 'currency'"):
        plugin().parse_cart(payload=checkout(lines=lines))


def off(code: str, amount: int) -> Effect:
    return Effect(code, "DISCOUNT_VOUCHER", amount, {})


@pytest.mark.parametrize(
    ("cart", "applied", "body"),
    [
        (CHECKOUT, [], {}),
        (DRAFT, [], {}),
        (CHECKOUT, [off("SAVE", 300)], voucher("3.00", "SAVE")),
        (DRAFT, [off("SAVE", 300)], discount("3.00", "SAVE")),
        (CHECKOUT, [off("A", 1), off("B", 0), off("C", 700)], voucher("7.01", "A, C")),
        (DRAFT, [off("ALL", 3000)], discount("30.00", "ALL")),
        (Cart("JPY", (Line("no id of Saleor's!", 1, 900),)), [off("SAVE", 300)], voucher("300", "SAVE")),
        (Cart("KWD", (Line(MUGS, 1, 9000),)), [off("SAVE", 300)], discount("0.300", "SAVE")),
    ],
)
def test_what_applies_is_one_discount_of_the_kind_that_the_cart_takes(
    cart: Cart, applied: list[Effect], body: Any
) -> None:
    written = write_back(effects(cart, *applied))
    assert (written.body, written.warnings) == (body, ())


def test_a_product_for_nothing_is_named_since_it_cannot_be_added() -> None:
    given_away = Effect("SAVE", "DISCOUNT_VOUCHER", 0, {}, (FreeItem(2, None, "UHJvZHVjdDox", 400),))
    written = write_back(effects(CHECKOUT, given_away))
    assert written.body == {}
    assert written.warnings == (Uncarried("free_items", "SAVE", "2 of UHJvZHVjdDox cannot be added"),)


@given(st.sampled_from(["EUR", "JPY", "KWD"]), st.integers(1, 10**15), st.integers(0, 100), st.booleans())
def test_what_is_taken_off_is_exactly_the_difference(currency: str, price: int, percent: int, is_draft: bool) -> None:
    cart = Cart(currency, (Line(MUGS if is_draft else FIRST, 1, price),))
    told = effects(cart, off("SAVE", price * percent // 100))
    body, unit = write_back(told).body, {"EUR": 100, "JPY": 1, "KWD": 1000}[currency]
    if not body:
        assert told.total == cart.total
    elif is_draft:
        assert Decimal(body["orderDiscountAdd"]["input"]["value"]) * unit == cart.total - told.total
    else:
        (channel,) = body["voucherChannelListingUpdate"]["input"]["addChannels"]
        assert Decimal(channel["discountValue"]) * unit == cart.total - told.total
