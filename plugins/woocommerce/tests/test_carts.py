"""Carts of the Store API, and what applies to them in WooCommerce's own terms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Customer, Effect, Effects, FreeItem, Line, WriteBack
from checkout_bridge_woocommerce import WooCommercePlugin
from checkout_bridge_woocommerce.samples import cart


def parsed(**changes: Any) -> Cart:
    return WooCommercePlugin().parse_cart(payload=cart() | changes)


def goods(currency: str, decimals: int, subtotal: str, quantity: Any = 1) -> dict[str, Any]:
    items = [{"key": "k", "quantity": quantity, "totals": {"line_subtotal": subtotal}}]
    return {"items": items, "totals": {"currency_code": currency, "currency_minor_unit": decimals}}


def effects(*applied: Effect, total: int = 3000, currency: str = "EUR") -> Effects:
    rest = total - min(total, sum(effect.amount for effect in applied))
    return Effects(Cart(currency, (Line("1", 1, total),)), applied, (), rest)


def written(*applied: Effect, **about: Any) -> WriteBack:
    return WooCommercePlugin().write_back(effects=effects(*applied, **about))


def off(amount: int, code: str = "save", type: str = "DISCOUNT_VOUCHER", **more: Any) -> Effect:
    return Effect(code, type, amount, {"1": amount}, **more)


def taken(body: Any) -> Decimal:
    coupons = sum((Decimal(one["amount"]) for one in body["coupons"]), Decimal(0))
    return coupons - sum((Decimal(one["amount"]) for one in body["fees"]), Decimal(0))


def test_a_cart_is_without_tax_and_before_discounts() -> None:
    lines = (Line("a1", 2, 1250, "MUG", "6", "Mug"), Line("b2", 1, 500, None, "7", "Tea"))
    assert parsed() == Cart("EUR", lines, Customer(None, "jo@example.com", "Jo Doe"), ("save10",))


@pytest.mark.parametrize(
    ("currency", "decimals", "subtotal", "amount"),
    [
        ("EUR", 2, "1800", 1800),
        ("EUR", 0, "18", 1800),
        ("JPY", 0, "1000", 1000),
        ("JPY", 2, "100000", 1000),
        ("KWD", 3, "1250", 1250),
        ("KWD", 2, "125", 1250),
        ("EUR", 4, "180050", 1801),
    ],
)
def test_the_shop_says_how_many_decimals_its_minor_units_have(
    currency: str, decimals: int, subtotal: str, amount: int
) -> None:
    assert parsed(**goods(currency, decimals, subtotal)).total == amount


@pytest.mark.parametrize("quantity", [1.5, "1.5"])
def test_a_quantity_with_a_fraction_is_one_piece(quantity: Any) -> None:
    assert parsed(**goods("EUR", 2, "1000", quantity)).lines == (Line("k", 1, 1000),)


@pytest.mark.parametrize(
    ("changes", "details"),
    [
        ({"items": None}, "Payload should have required property 'items'"),
        (goods("EUR", 2, "x"), 'Property .items[0].totals.line_subtotal must be a decimal such as "12.50"'),
        (goods("EUR", 2, "1", 0), "Property .items[0].quantity must be > 0"),
        (goods("EUR", 12, "1"), "Property .totals.currency_minor_unit must be from 0 to 9"),
    ],
)
def test_a_cart_that_lacks_a_field_is_refused_by_its_name(changes: dict[str, Any], details: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parsed(**changes)
    assert raised.value.details == details


def coupon(code: str) -> dict[str, str]:
    return {"code": code, "discount_type": "fixed_cart", "amount": "0"}


def fee(number: int, name: str, amount: str, taxable: bool = True) -> dict[str, Any]:
    return {"id": f"checkout-bridge-{number}", "name": name, "amount": amount, "taxable": taxable}


@pytest.mark.parametrize(
    ("applied", "currency", "coupons", "fees"),
    [
        ((), "EUR", [], []),
        ((off(300),), "EUR", [coupon("save")], [fee(1, "save", "-3.00")]),
        ((off(300),), "JPY", [coupon("save")], [fee(1, "save", "-300")]),
        ((off(300),), "KWD", [coupon("save")], [fee(1, "save", "-0.300")]),
        ((off(0),), "EUR", [coupon("save")], []),
        (
            (off(300), off(2700, "card", "GIFT_VOUCHER")),
            "EUR",
            [coupon("save"), coupon("card")],
            [fee(1, "save", "-3.00"), fee(2, "card", "-27.00", taxable=False)],
        ),
    ],
)
def test_each_code_is_a_coupon_and_what_it_takes_off_a_fee(
    applied: tuple[Effect, ...], currency: str, coupons: list[Any], fees: list[Any]
) -> None:
    assert written(*applied, currency=currency) == WriteBack({"coupons": coupons, "fees": fees})


def test_free_items_are_named_as_what_woocommerce_does_not_carry() -> None:
    told = written(off(0, free_items=(FreeItem(1, sku="MUG", value=1250),)))
    assert [(one.name, one.code) for one in told.warnings] == [("free_items", "save")]


def test_more_than_the_goods_come_to_is_cut_and_named() -> None:
    told = written(off(2000), off(1500, "more"))
    assert [one["amount"] for one in told.body["fees"]] == ["-20.00", "-10.00"]
    assert [(one.name, one.code, one.message) for one in told.warnings] == [
        ("negative_rest", "more", "5.00 more than what is left of the goods")
    ]


@given(st.lists(st.integers(0, 5000), max_size=8), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_what_is_taken_off_is_exactly_what_applies(amounts: list[int], currency: str) -> None:
    told = effects(*(off(amount, f"c{i}") for i, amount in enumerate(amounts)), total=9000, currency=currency)
    exponent = {"EUR": 2, "JPY": 0, "KWD": 3}[currency]
    body = WooCommercePlugin().write_back(effects=told).body
    assert taken(body).scaleb(exponent) == told.cart.total - told.total
