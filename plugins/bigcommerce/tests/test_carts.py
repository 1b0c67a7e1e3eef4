"""Checkouts and carts, and what applies to them as manual discounts."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, Customer, Effect, Effects, FreeItem, Line, WriteBack
from checkout_bridge_bigcommerce.samples import checkout

from .conftest import plugin

LINES = (Line("m", 2, 1250, "MUG", "77", "Mug"), Line("t", 1, 500, None, "86", "Tea"))


def parsed(payload: Any) -> Cart:
    return plugin().parse_cart(payload=payload)


def goods(currency: str = "USD", kind: str = "physical_items", **item: Any) -> dict[str, Any]:
    return {"currency": {"code": currency}, "line_items": {kind: [{"id": "i", "quantity": 1} | item]}}


def test_a_checkout_a_cart_and_either_in_data_are_the_same() -> None:
    whole = checkout("SAVE10")
    expected = Cart("USD", LINES, Customer("11", "jo@example.com"), ("SAVE10",))
    codes = {"codes": ["SAVE10"]}
    for payload in (
        whole,
        whole["data"] | codes,
        {"data": whole["data"]["cart"]} | codes,
        whole["data"]["cart"] | codes,
    ):
        assert parsed(payload) == expected


def test_codes_are_those_of_the_store_and_of_bigcommerces_coupons_each_once() -> None:
    whole = checkout("ten", "SAVE10")
    whole["data"]["coupons"] = whole["data"]["cart"]["coupons"] = [{"code": "TEN"}, {"code": "OWN"}]
    assert parsed(whole).codes == ("TEN", "OWN", "SAVE10")


@pytest.mark.parametrize(
    ("currency", "item", "amount"),
    [
        ("USD", {"list_price": 12.5}, 1250),
        ("USD", {"list_price": 0.1, "quantity": 3}, 30),  # 0.30000000000000004 as floats go
        ("USD", {"list_price": 3.3333, "quantity": 3, "extended_list_price": 10}, 1000),
        ("JPY", {"list_price": 1000}, 1000),
        ("KWD", {"list_price": 1.255}, 1255),
        ("USD", {"list_price": "12.50"}, 1250),
        ("USD", {"list_price": Decimal("12.5")}, 1250),
    ],
)
def test_prices_are_exact_though_they_are_json_numbers(currency: str, item: dict[str, Any], amount: int) -> None:
    assert parsed(goods(currency, **item)).total == amount


@pytest.mark.parametrize("kind", ["digital_items", "custom_items"])
def test_every_kind_of_item_is_a_line(kind: str) -> None:
    assert parsed(goods(kind=kind, list_price=5)).lines == (Line("i", 1, 500),)


def test_a_gift_certificate_that_is_bought_is_a_line_of_its_amount() -> None:
    assert parsed(goods(kind="gift_certificates", amount=50, name="Gift")).lines == (Line("i", 1, 5000, name="Gift"),)


@pytest.mark.parametrize(
    ("payload", "details"),
    [
        ({}, "Payload should have required property 'currency'"),
        ({"data": []}, "Payload should have required property 'currency'"),
        ({"data": {"cart": 1}}, "Payload must be an object"),
        (goods(list_price="x"), 'Property .line_items.physical_items[0].list_price must be a decimal such as "12.50"'),
        (goods(), 'Property .line_items.physical_items[0].list_price must be a decimal such as "12.50"'),
        (goods(quantity=1.5, list_price=1), "Property .line_items.physical_items[0].quantity must be integer"),
        (goods(list_price=-1), "Property .line_items[0] must not come to less than 0"),
    ],
)
def test_a_cart_that_lacks_a_field_is_refused_by_its_name(payload: Any, details: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parsed(payload)
    assert raised.value.details == details


def effects(*applied: Effect, total: int = 3000, currency: str = "USD") -> Effects:
    rest = total - min(total, sum(effect.amount for effect in applied))
    return Effects(Cart(currency, (Line("1", 1, total),)), applied, (), rest)


def off(amount: int, code: str = "SAVE", type: str = "DISCOUNT_VOUCHER", **more: Any) -> Effect:
    return Effect(code, type, amount, {"1": amount}, **more)


def written(*applied: Effect, **about: Any) -> WriteBack:
    return plugin().write_back(effects=effects(*applied, **about))


@pytest.mark.parametrize(
    ("applied", "currency", "body"),
    [
        ((), "USD", "[]"),
        ((off(300),), "USD", '[{"discounted_amount": 3.0, "name": "Code: SAVE"}]'),
        ((off(199),), "USD", '[{"discounted_amount": 1.99, "name": "Code: SAVE"}]'),
        ((off(300),), "JPY", '[{"discounted_amount": 300.0, "name": "Code: SAVE"}]'),
        ((off(301),), "KWD", '[{"discounted_amount": 0.301, "name": "Code: SAVE"}]'),
        (
            (off(300), off(10, "TEN")),
            "USD",
            '[{"discounted_amount": 3.0, "name": "Code: SAVE"}, {"discounted_amount": 0.1, "name": "Code: TEN"}]',
        ),
    ],
)
def test_each_code_is_a_discount_of_the_whole_cart(applied: tuple[Effect, ...], currency: str, body: str) -> None:
    told = written(*applied, currency=currency)
    assert (json.dumps(told.body), told.warnings) == ('{"cart": {"discounts": ' + body + "}}", ())


@pytest.mark.parametrize(
    ("applied", "warnings", "amounts"),
    [
        ((off(0, free_items=(FreeItem(1, sku="MUG"),)),), [("free_items", "SAVE")], []),
        ((off(100, free_items=(FreeItem(1),)),), [("free_items", "SAVE")], [1.0]),
        ((off(0),), [("empty_discount", "SAVE")], []),
        ((off(2000), off(1500, "MORE")), [("negative_rest", "MORE")], [20.0, 10.0]),
        ((off(500, "CARD", "GIFT_VOUCHER"),), [("card_as_discount", "CARD")], [5.0]),
    ],
)
def test_what_bigcommerce_does_not_carry_is_named(
    applied: tuple[Effect, ...], warnings: list[tuple[str, str]], amounts: list[float]
) -> None:
    told = written(*applied)
    assert [(one.name, one.code) for one in told.warnings] == warnings
    assert [one["discounted_amount"] for one in told.body["cart"]["discounts"]] == amounts


@given(st.lists(st.integers(0, 10**12), max_size=8), st.sampled_from(["USD", "JPY", "KWD"]))
def test_what_is_taken_off_is_exactly_what_applies_down_to_the_bytes(amounts: list[int], currency: str) -> None:
    told = effects(*(off(amount, f"C{i}") for i, amount in enumerate(amounts)), total=9 * 10**11, currency=currency)
    sent = json.loads(json.dumps(plugin().write_back(effects=told).body), parse_float=Decimal)
    taken = sum((one["discounted_amount"] for one in sent["cart"]["discounts"]), Decimal(0))
    assert taken.scaleb({"USD": 2, "JPY": 0, "KWD": 3}[currency]) == told.cart.total - told.total
