"""Carts and orders to the last minor unit: prices before discounts, what is left out, and which codes count."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cart, CartUpdate, Checkout, Customer, Ignored, Line
from checkout_bridge_commercetools import CommercetoolsPlugin
from checkout_bridge_commercetools.samples import CUSTOMER, MUGS, TEA, asks, cart, line, money, order

from .conftest import told


def priced(item: dict[str, Any], currency: str = "EUR", **changes: Any) -> Line:
    """The one line of a cart."""
    total = {"type": "centPrecision", "currencyCode": currency, "centAmount": 0}
    event = told(asks(cart(lineItems=[item], totalPrice=total, **changes)))
    assert isinstance(event, CartUpdate)
    (found,) = event.cart.lines
    return found


def codes(*entries: Any, paid: bool = False) -> tuple[str, ...]:
    """Those of a cart, or of a paid order."""
    texts = [entry if isinstance(entry, str) else json.dumps(entry) for entry in entries]
    event = told(order(*texts) if paid else cart(*texts))
    assert isinstance(event, CartUpdate | Checkout)
    return event.cart.codes


def precise(amount: int, digits: int, currency: str = "EUR") -> dict[str, Any]:
    cents = int(Decimal(amount).scaleb(2 - digits).to_integral_value(ROUND_HALF_EVEN))
    told = {"type": "highPrecision", "currencyCode": currency, "centAmount": cents}
    return told | {"preciseAmount": amount, "fractionDigits": digits}


def test_a_cart_is_what_is_bought_by_whom_with_which_codes() -> None:
    lines = (Line(MUGS, 2, 1250, "MUG", "product-MUG", "Mug"), Line(TEA, 1, 500, "TEA", "product-TEA", "Tea"))
    expected = Cart("EUR", lines, Customer(CUSTOMER, "jo@example.com"), ("SAVE",))
    assert told(asks(cart("SAVE"))) == told(cart("SAVE")) == CartUpdate(expected)
    assert CommercetoolsPlugin().parse_cart(payload=cart("SAVE")) == expected
    assert CommercetoolsPlugin().parse_cart(payload=asks(cart("SAVE"))) == expected


@pytest.mark.parametrize(
    ("value", "minor"),
    [
        ({"currencyCode": "JPY", "centAmount": 1000, "fractionDigits": 0}, 1000),
        ({"currencyCode": "KWD", "centAmount": 1250, "fractionDigits": 3}, 1250),
        ({"currencyCode": "EUR", "centAmount": 1250}, 1250),
        ({"currencyCode": "EUR", "centAmount": 1250, "fractionDigits": 3}, 125),  # not its own digits: by what it says
        (precise(12345, 4), 123),
        (precise(12350, 4), 124),
        (precise(1234567, 4, "KWD"), 123457),
        (precise(10005, 1, "JPY"), 1000),  # half to even, as the platform does
    ],
)
def test_a_price_is_read_in_the_minor_units_of_its_currency(value: dict[str, Any], minor: int) -> None:
    item = line(MUGS, "MUG", 0, 1, price={"value": value})
    assert priced(item, value["currencyCode"]).unit_price == minor


@pytest.mark.parametrize(("mode", "amount"), [("HalfEven", 2), ("HalfUp", 3), ("HalfDown", 2)])
def test_a_line_of_high_precision_is_rounded_once_as_the_project_rounds(mode: str, amount: int) -> None:
    item = line(MUGS, "MUG", 0, 5, price={"value": precise(5, 3)})  # 5 at 0.005
    found = priced(item, priceRoundingMode=mode)
    assert found.amount == amount
    assert priced(item | {"priceRoundingMode": mode}, priceRoundingMode="HalfUp").amount == amount


@given(amount=st.integers(0, 10**9), digits=st.integers(3, 8), quantity=st.integers(1, 500))
def test_a_line_is_never_further_than_half_a_minor_unit_from_its_exact_price(
    amount: int, digits: int, quantity: int
) -> None:
    found = priced(line(MUGS, "MUG", 0, quantity, price={"value": precise(amount, digits)}))
    exact = Decimal(amount).scaleb(2 - digits) * quantity
    assert abs(found.amount - exact) <= Decimal("0.5")
    assert (found.exact_amount is None) == (found.unit_price * quantity == found.amount)


def test_the_price_is_the_one_before_the_discounts_of_the_cart() -> None:
    cheaper = {"value": money(1000), "includedDiscounts": []}
    item = line(MUGS, "MUG", 1250, 2, totalPrice=money(2000), discountedPrice=cheaper)
    assert priced(item).amount == 2500


def test_a_product_discount_and_a_tier_are_the_catalogues_own_price() -> None:
    tiers = [{"minimumQuantity": 10, "value": money(800)}, {"minimumQuantity": 5, "value": money(900)}]
    price = {"value": money(1250), "tiers": tiers}
    assert [priced(line(MUGS, "MUG", 0, n, price=price)).unit_price for n in (4, 5, 12)] == [1250, 900, 800]
    assert priced(line(MUGS, "MUG", 0, 9, price=price | {"discounted": {"value": money(700)}})).unit_price == 700


def test_a_total_from_outside_counts_alone() -> None:
    item = line(MUGS, "MUG", 1250, 2, priceMode="ExternalTotal", totalPrice=money(2222))
    assert (priced(item).unit_price, priced(item).exact_amount) == (1250, 2222)


def test_gifts_added_units_and_custom_line_items_are_not_bought() -> None:
    added = json.dumps({"code": "UNIT", "type": "UNIT", "effect": "ADD_MISSING_ITEMS", "quantity": 1})
    custom = {"type": {"typeId": "type", "id": "t"}, "fields": {"applied_codes": [added, "{", '{"type": "UNIT"}']}}
    items = [
        line("gift", "CUP", 900, 1, lineItemMode="GiftLineItem"),
        line("unit", "CUP", 900, 1, custom=custom),
        line("part", "CUP", 900, 3, custom=custom),
    ]
    off = [{"id": "c-1", "slug": "Voucher, ", "quantity": 1, "money": money(2000) | {"centAmount": -2000}}]
    event = told(cart(lineItems=items, customLineItems=off))
    assert isinstance(event, CartUpdate)
    assert [(one.line_id, one.quantity) for one in event.cart.lines] == [("part", 2)]


@pytest.mark.parametrize(("locale", "name"), [(None, "Mug"), ("de", "MUG auf Deutsch"), ("fr", "Mug")])
def test_a_line_has_its_name_in_the_shoppers_language(locale: str | None, name: str) -> None:
    assert priced(line(MUGS, "MUG", 1250, 1), locale=locale).name == name
    assert priced(line(MUGS, "MUG", 1250, 1, name={"it": "Tazza"}), locale=locale).name == "Tazza"
    assert priced(line(MUGS, "MUG", 1250, 1, name={}), locale=locale).name is None


def test_a_code_is_plain_or_json_text() -> None:
    assert codes("SAVE", {"code": "MORE", "status": "NEW"}, " SAVE ", "123456", "{odd", "{}", "[]", "") == (
        "SAVE",
        "MORE",
        "123456",
        "{odd",
        "[]",
    )


@pytest.mark.parametrize(
    ("entry", "tried", "redeemed"),
    [
        ({"code": "A"}, True, True),
        ({"code": "A", "status": "NEW"}, True, True),
        ({"code": "A", "status": "APPLIED", "type": "voucher", "value": 795}, True, True),
        ({"code": "A", "status": "NOT_APPLIED", "reason": "quantity_exceeded"}, True, False),
        ({"code": "A", "status": "AVAILABLE", "type": "promotion_tier"}, False, False),
        ({"code": "A", "status": "APPLIED", "type": "promotion_tier"}, False, False),
        ({"code": "A", "status": "DELETED"}, False, False),
        ({"code": 5}, False, False),
        ({"code": "A\0B"}, False, False),
    ],
)
def test_only_codes_that_shoppers_entered_count_and_none_that_was_not_honoured(
    entry: dict[str, Any], tried: bool, redeemed: bool
) -> None:
    assert (bool(codes(entry)), bool(codes(entry, paid=True))) == (tried, redeemed)


def test_beside_the_platforms_own_discount_codes_nothing_is_priced_or_redeemed() -> None:
    own = [{"discountCode": {"typeId": "discount-code", "id": "d-1"}, "state": "MatchesCart"}]
    assert told(cart("SAVE", discountCodes=own)) == CartUpdate(Cart("EUR", (), Customer(CUSTOMER, "jo@example.com")))
    event = told(order("SAVE", discountCodes=own))
    assert isinstance(event, Checkout)
    assert event.cart.codes == ()
    with pytest.raises(InvalidInput, match=r"\.discountCodes must be empty"):
        CommercetoolsPlugin().parse_cart(payload=cart("SAVE", discountCodes=own))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"paymentState": "Pending"}, "the order is not paid: its paymentState is Pending"),
        ({"paymentState": "CreditOwed"}, "the order is not paid: its paymentState is CreditOwed"),
        ({"paymentState": None}, "the order is not paid: its paymentState is not set"),
        ({"orderState": "Cancelled"}, "the order was cancelled before this was sent"),
    ],
)
def test_an_order_that_does_not_stand_is_no_checkout(changes: dict[str, Any], reason: str) -> None:
    assert told(order("SAVE", **changes)) == Ignored(reason)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"id": None}, "'id'"),
        ({"totalPrice": None}, "'totalPrice'"),
        ({"totalPrice": {"currencyCode": "XXX"}, "lineItems": []}, r"\.lineItems must have at least 1 item"),
        ({"lineItems": {}}, r"\.lineItems must be array"),
        ({"lineItems": [line(MUGS, "MUG", 1250, 0)]}, r"lineItems\[0\]\.quantity"),
        ({"lineItems": [line(MUGS, "MUG", 1250, 1) | {"quantity": 1.5}]}, r"lineItems\[0\]\.quantity must be integer"),
        ({"lineItems": [line(MUGS, "MUG", -1, 1)]}, r"lineItems\[0\]\.price\.value\.centAmount must be >= 0"),
        ({"lineItems": [line(MUGS, "MUG", 12.5, 1)]}, r"centAmount must be integer"),
        ({"lineItems": [line(MUGS, "MUG", 1, 1, price={"value": {}})]}, r"price\.value .* 'currencyCode'"),
        ({"lineItems": [line(MUGS, "MUG", 1, 1, price={"value": {"currencyCode": "EUR"}})]}, "'centAmount'"),
        (
            {"lineItems": [line(MUGS, "MUG", 1, 1, price={"value": {"type": "highPrecision", "currencyCode": "EUR"}})]},
            "'preciseAmount'",
        ),
        ({"lineItems": [line(MUGS, "MUG", 1, 1, price={"value": money(1, "USD")})]}, "currencyCode must be EUR"),
        ({"lineItems": [line(MUGS, "MUG", 1, 1), line(MUGS, "MUG", 1, 1)]}, "two items with one id"),
        ({"custom": {"fields": {"discount_codes": "SAVE"}}}, r"discount_codes must be array"),
        ({"lineItems": [line(MUGS, "MUG", 10**15, 10**6, totalPrice=None)]}, r"lineItems\[0\]\.price is too large"),
    ],
)
def test_what_cannot_be_mapped_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        told(order("SAVE", **changes))


def test_an_extension_that_shows_an_order_or_no_object_is_told_so() -> None:
    assert told({"action": "Create", "resource": {"typeId": "order", "id": "o-1", "obj": order()}}) == Ignored(
        "order/Create: only carts are priced; what an API Extension shows is not stored yet", {"actions": []}
    )
    with pytest.raises(InvalidInput, match=r"\.resource should have required property 'obj'"):
        told({"action": "Create", "resource": {"typeId": "cart", "id": "c-1"}})
