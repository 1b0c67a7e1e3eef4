"""What applies to a cart, as update actions: exactly what it costs less is taken off, and nothing is lost silently."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout_bridge.events import Cart, Effect, Effects, FreeItem, GiftCard, Line, Rejected
from checkout_bridge.money import allocate
from checkout_bridge_commercetools.samples import total_after
from checkout_bridge_commercetools.write_back import actions

CART = Cart("EUR", (Line("m", 2, 1250, "MUG"), Line("t", 1, 500, "TEA"), Line("x", 1, 700)), codes=("A", "B"))


def effects(*applied: Effect, cart: Cart = CART, rejected: tuple[Rejected, ...] = ()) -> Effects:
    return Effects(cart, applied, rejected, cart.total - sum(one.amount for one in applied))


def coupon(code: str, kind: str = "DISCOUNT_VOUCHER", free: tuple[FreeItem, ...] = (), **off: int) -> Effect:
    return Effect(code, kind, sum(off.values()), off, free)


def off(amount: int, sku: str | None = None, currency: str = "EUR") -> dict[str, Any]:
    money = {"type": "centPrecision", "currencyCode": currency, "centAmount": amount}
    target = {"type": "lineItems", "predicate": f'sku = "{sku}"'} if sku else {"type": "totalPrice"}
    return {"value": {"type": "absolute", "money": [money]}, "target": target}


def applied(code: str, value: int) -> str:
    return json.dumps({"code": code, "status": "APPLIED", "type": "voucher", "value": value})


def refused(code: str, reason: str) -> str:
    return json.dumps({"code": code, "status": "NOT_APPLIED", "reason": reason})


TABLE = {
    "nothing applies": (effects(), [], [refused("A", "rejected"), refused("B", "rejected")]),
    "off lines": (
        effects(coupon("A", m=300, t=50), coupon("B", m=100)),
        [off(400, "MUG"), off(50, "TEA")],
        [applied("A", 350), applied("B", 100)],
    ),
    "off a line without a SKU": (
        effects(coupon("A", m=300, x=70)),
        [off(300, "MUG"), off(70)],
        [applied("A", 370), refused("B", "rejected")],
    ),
    "a gift card": (
        effects(coupon("A", m=300), coupon("B", "GIFT_VOUCHER", m=2200, t=500)),
        [off(300, "MUG"), off(2700)],
        [applied("A", 300), applied("B", 2700)],
    ),
    "one that does not apply": (
        effects(coupon("A", t=50), rejected=(Rejected("B", "quantity_exceeded", "used up"),)),
        [off(50, "TEA")],
        [applied("A", 50), refused("B", "quantity_exceeded")],
    ),
    "an outage": (
        effects(rejected=(Rejected(None, "backend_unreachable", "no connection"),)),
        [],
        [refused("A", "backend_unreachable"), refused("B", "backend_unreachable")],
    ),
    "shares that are more than the cart costs less": (
        Effects(CART, (coupon("A", m=300),), (), CART.total - 200),
        [off(200)],
        [applied("A", 300), refused("B", "rejected")],
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_effects_become_these_actions(name: str) -> None:
    given, discounts, codes = TABLE[name]
    assert actions(given).body == {
        "actions": [
            {"action": "setDirectDiscounts", "discounts": discounts},
            {"action": "setCustomField", "name": "discount_codes", "value": codes},
        ]
    }


def test_a_cart_without_codes_loses_the_discounts_it_had_and_needs_no_field() -> None:
    told = actions(effects(cart=Cart("EUR", CART.lines)))
    assert told.body == {"actions": [{"action": "setDirectDiscounts", "discounts": []}]}
    assert actions(effects(cart=Cart("EUR", ()))).body == {"actions": []}


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 1000), ("KWD", 1250)])
def test_amounts_are_in_the_minor_units_of_the_currency(currency: str, amount: int) -> None:
    cart = Cart(currency, (Line("m", 1, amount, "MUG"),), codes=("A",))
    (discounts, _) = actions(effects(coupon("A", m=amount), cart=cart)).body["actions"]
    assert discounts["discounts"] == [off(amount, "MUG", currency)]


def test_a_sku_cannot_end_its_predicate() -> None:
    cart = Cart("EUR", (Line("m", 1, 500, 'M" or "1"="1'),), codes=("A",))
    (discounts, _) = actions(effects(coupon("A", m=5), cart=cart)).body["actions"]
    assert discounts["discounts"][0]["target"]["predicate"] == r'sku = "M\" or \"1\"=\"1"'


def test_what_is_not_carried_is_named() -> None:
    given = effects(
        coupon("A", free=(FreeItem(2, sku="CUP", value=800), FreeItem(1, product_id="p-1"))),
        coupon("B", "GIFT_VOUCHER", m=100),
        cart=Cart("EUR", CART.lines, codes=("A",), gift_cards=(GiftCard("B"),)),
    )
    told = actions(given)
    assert [(one.name, one.code) for one in told.warnings] == [
        ("free_items", "A"),
        ("free_items", "A"),
        ("card_as_discount", "B"),
    ]
    assert told.warnings[0].message == "2 of CUP for nothing: add it to the cart yourself"
    dearer = actions(Effects(CART, (), (), CART.total + 1))
    assert [one.name for one in dearer.warnings] == ["negative_rest"]
    assert dearer.body["actions"][0]["discounts"] == []


LINES = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 5000), st.sampled_from(["A", "B", "C", None]), st.booleans()),
    min_size=1,
    max_size=6,
)


@given(lines=LINES, shares=st.lists(st.tuples(st.integers(0, 100), st.booleans()), max_size=4))
def test_what_is_taken_off_is_exactly_what_the_cart_costs_less(
    lines: list[tuple[int, int, str | None, bool]], shares: list[tuple[int, bool]]
) -> None:
    cart = Cart(
        "EUR",
        tuple(
            Line(str(i), quantity, price, sku, exact_amount=price * quantity + 1 if is_exact else None)
            for i, (quantity, price, sku, is_exact) in enumerate(lines)
        ),
        codes=tuple(f"code-{i}" for i in range(len(shares))),
    )
    left, found = [line.amount for line in cart.lines], []
    for i, (percent, is_card) in enumerate(shares):
        parts = allocate(sum(left) * percent // 100, left)
        left = [value - part for value, part in zip(left, parts, strict=True)]
        by_line = {line.line_id: part for line, part in zip(cart.lines, parts, strict=True)}
        found.append(Effect(f"code-{i}", "GIFT_VOUCHER" if is_card else "DISCOUNT_VOUCHER", sum(parts), by_line))
    given = effects(*found, cart=cart)

    told = actions(given)

    discounts = told.body["actions"][0]["discounts"]
    assert sum(one["value"]["money"][0]["centAmount"] for one in discounts) == cart.total - given.total
    assert all(one["value"]["money"][0]["centAmount"] > 0 for one in discounts)
    # As the platform takes them off, a line's discount never being more than the line costs.
    by_sku: dict[str, int] = {}
    for line in cart.lines:
        sku = line.sku if line.sku and line.exact_amount is None else f"other-{line.line_id}"
        by_sku[sku] = by_sku.get(sku, 0) + line.amount
    items = [
        {"variant": {"sku": sku}, "price": {"value": {"centAmount": amount}}, "quantity": 1}
        for sku, amount in by_sku.items()
    ]
    assert total_after({"lineItems": items}, told.body) == given.total
    assert actions(given) == told
