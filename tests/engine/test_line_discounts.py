"""Discounts and gift cards on the lines of an order: every type and effect, asked for and redeemed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .conftest import about

if TYPE_CHECKING:
    from .conftest import EngineClient

# 2 x 1000, 3 x 1500 and 3 x 2000 that the rules of these tests are about, and 2 x 2500 that they are not.
ITEMS = [
    {"source_id": "mug", "quantity": 2, "price": 1000},
    {"source_id": "cap", "quantity": 3, "price": 1500},
    {"source_id": "pen", "quantity": 3, "price": 2000},
    {"source_id": "bag", "quantity": 2, "price": 2500},
]
CART = {"source_id": "cart-1", "items": ITEMS}
SCOPE = about("mug", "cap", "pen")


def discounts(order: Any) -> list[int]:
    """What is off each line."""
    return [item.get("discount_amount", 0) for item in order["items"]]


@pytest.mark.parametrize(
    ("discount", "on_lines"),
    [
        ({"type": "AMOUNT", "amount_off": 1000, "effect": "APPLY_TO_ITEMS"}, [1000, 1000, 1000, 0]),
        ({"type": "AMOUNT", "amount_off": 1000}, [1000, 1000, 1000, 0]),
        ({"type": "AMOUNT", "amount_off": 1000, "effect": "APPLY_TO_ITEMS_BY_QUANTITY"}, [2000, 3000, 3000, 0]),
        ({"type": "AMOUNT", "amount_off": 1000, "effect": "APPLY_TO_ITEMS_PROPORTIONALLY"}, [160, 360, 480, 0]),
        (
            {"type": "AMOUNT", "amount_off": 1000, "effect": "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY"},
            [250, 375, 375, 0],
        ),
        ({"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ITEMS"}, [200, 450, 600, 0]),
        ({"type": "PERCENT", "percent_off": 10}, [200, 450, 600, 0]),
        ({"type": "PERCENT", "percent_off": 10, "amount_limit": 400}, [200, 400, 400, 0]),
        ({"type": "PERCENT", "percent_off": 10, "aggregated_amount_limit": 700}, [200, 450, 50, 0]),
        ({"type": "FIXED", "fixed_amount": 1000, "effect": "APPLY_TO_ITEMS"}, [0, 1500, 3000, 0]),
    ],
)
def test_the_example_cart(engine: EngineClient, discount: dict[str, Any], on_lines: list[int]) -> None:
    engine.coupon("CODE", **discount)
    engine.obey("CODE", applicable_to=SCOPE)

    validated = engine.validate("CODE", order=CART)["order"]
    redeemed = engine.redeem("CODE", order=CART)["order"]
    stored = engine.get("/v1/orders/cart-1")

    for order in (validated, redeemed, stored):
        assert discounts(order) == on_lines
        off = sum(on_lines)
        assert order["items_discount_amount"] == order["items_applied_discount_amount"] == off
        assert order["total_discount_amount"] == order["total_applied_discount_amount"] == off
        assert (order["amount"], order["total_amount"]) == (17_500, 17_500 - off)
        assert "discount_amount" not in order
        assert "applied_discount_amount" not in order
        for item in order["items"]:
            assert item["subtotal_amount"] == item["amount"] - item.get("discount_amount", 0)
            assert item.get("applied_discount_amount") == item.get("discount_amount")


@pytest.mark.parametrize(
    ("discount", "off"),
    [
        ({"type": "AMOUNT", "amount_off": 1000, "effect": "APPLY_TO_ORDER"}, 1000),
        ({"type": "AMOUNT", "amount_off": 1000, "aggregated_amount_limit": 300, "effect": "APPLY_TO_ORDER"}, 300),
        ({"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ORDER"}, 1750),
        ({"type": "PERCENT", "percent_off": 10, "amount_limit": 500, "effect": "APPLY_TO_ORDER"}, 500),
        ({"type": "FIXED", "fixed_amount": 10_000, "effect": "APPLY_TO_ORDER"}, 7500),
        ({"type": "FIXED", "fixed_amount": 20_000, "effect": "APPLY_TO_ORDER"}, 0),
    ],
)
def test_an_effect_on_the_order_is_not_on_its_lines(engine: EngineClient, discount: dict[str, Any], off: int) -> None:
    engine.coupon("CODE", **discount)
    engine.obey("CODE", applicable_to=SCOPE)

    order = engine.redeem("CODE", order=CART)["order"]

    assert discounts(order) == [0, 0, 0, 0]
    assert order["applied_discount_amount"] == order["total_applied_discount_amount"] == off
    assert order["total_amount"] == 17_500 - off
    assert "items_discount_amount" not in order


def test_without_a_rule_an_effect_on_items_is_on_all_of_them(engine: EngineClient) -> None:
    engine.coupon("CODE", percent_off=10, effect="APPLY_TO_ITEMS")

    assert discounts(engine.validate("CODE", order=CART)["order"]) == [200, 450, 600, 500]


@pytest.mark.parametrize(
    ("applicable_to", "effect"),
    [
        (SCOPE, "APPLY_TO_ITEMS"),
        ({"excluded": [{"object": "product", "id": "bag"}]}, "APPLY_TO_ITEMS"),
        ({"included_all": True}, "APPLY_TO_ORDER"),
        (None, "APPLY_TO_ORDER"),
    ],
)
def test_an_effect_that_was_not_told_is_resolved(engine: EngineClient, applicable_to: Any, effect: str) -> None:
    engine.coupon("CODE", percent_off=10)
    engine.obey("CODE", applicable_to=applicable_to)

    (one,) = engine.validate("CODE", order=CART)["redeemables"]

    assert one["result"]["discount"]["effect"] == effect
    assert "effect" not in engine.voucher("CODE")["discount"]
    assert one["order"]["total_discount_amount"] == (1250 if effect == "APPLY_TO_ITEMS" else 1750)


def test_what_a_redeemable_is_about_is_told_with_its_lines(engine: EngineClient) -> None:
    engine.coupon("CODE", percent_off=10)
    excluded = [{"object": "product", "id": "cap"}]
    engine.obey("CODE", applicable_to={**about("mug", "none"), "excluded": excluded})
    order = {"items": [*ITEMS, ITEMS[0]]}

    (one,) = engine.validate("CODE", order=order)["redeemables"]

    listed = one["applicable_to"]
    assert (listed["object"], listed["data_ref"], listed["total"]) == ("list", "data", 2)
    assert [(entry["id"], entry["order_item_indices"]) for entry in listed["data"]] == [("mug", [0, 4]), ("none", [])]
    assert listed["data"][0]["effect"] == "APPLY_TO_EVERY"
    assert [(entry["id"], entry["order_item_indices"]) for entry in one["inapplicable_to"]["data"]] == [("cap", [1])]


def test_a_redeemable_about_nothing_in_the_order_applies_without_effect(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=500)
    engine.obey("CODE", applicable_to=about("hat"))

    assert engine.validate("CODE", order=CART)["valid"] is True
    order = engine.redeem("CODE", order=CART)["order"]

    assert order["total_amount"] == 17_500
    assert (order["applied_discount_amount"], order["total_applied_discount_amount"]) == (0, 0)
    assert discounts(order) == [0, 0, 0, 0]
    assert engine.redeemed_quantity("CODE") == 1


@pytest.mark.parametrize(
    ("how", "on_lines"),
    [
        ({"effect": "APPLY_TO_CHEAPEST"}, [400, 0, 0, 0]),
        ({"effect": "APPLY_TO_MOST_EXPENSIVE"}, [0, 0, 1200, 0]),
        ({"effect": "APPLY_TO_CHEAPEST", "target": "UNIT"}, [200, 0, 0, 0]),
        ({"effect": "APPLY_FROM_CHEAPEST", "target": "UNIT", "skip_initially": 1, "repeat": 2}, [200, 300, 800, 0]),
        ({"skip_initially": 1}, [0, 900, 1200, 0]),
        ({"quantity_limit": 1}, [200, 300, 400, 0]),
        ({"aggregated_quantity_limit": 4}, [400, 600, 0, 0]),
        ({"amount_limit": 500}, [400, 500, 500, 0]),
        ({"aggregated_amount_limit": 500}, [400, 100, 0, 0]),
    ],
)
def test_the_rules_say_which_pieces_and_how_much(
    engine: EngineClient, how: dict[str, Any], on_lines: list[int]
) -> None:
    engine.coupon("CODE", percent_off=20)
    engine.obey("CODE", applicable_to=about("mug", "cap", "pen", **how))

    assert discounts(engine.validate("CODE", order=CART)["order"]) == on_lines


def test_an_entry_has_a_fixed_price_of_its_own(engine: EngineClient) -> None:
    engine.coupon("CODE", type="FIXED", fixed_amount=1900, effect="APPLY_TO_ITEMS")
    own = about("cap", price=1400)["included"]
    engine.obey("CODE", applicable_to={"included": [*own, *about("pen")["included"]]})

    assert discounts(engine.validate("CODE", order=CART)["order"]) == [0, 300, 300, 0]


def test_lines_and_order_are_discounted_one_after_the_other(engine: EngineClient) -> None:
    engine.coupon("MUGS", amount_off=500)
    engine.obey("MUGS", applicable_to=about("mug"))
    engine.coupon("TENTH", percent_off=10)

    redeemed = engine.redeem("MUGS", "TENTH", order=CART)

    first, second = (one["order"] for one in redeemed["redemptions"])
    assert (first["items_applied_discount_amount"], first["total_amount"]) == (500, 17_000)
    assert "discount_amount" not in first
    assert (second["applied_discount_amount"], second["discount_amount"], second["total_amount"]) == (
        1700,
        1700,
        15_300,
    )
    assert second["items_discount_amount"] == 500
    assert "items_applied_discount_amount" not in second
    whole = redeemed["order"]
    assert (whole["applied_discount_amount"], whole["items_applied_discount_amount"]) == (1700, 500)
    assert whole["total_applied_discount_amount"] == 2200


def gift_on_items(engine: EngineClient, *product_ids: str) -> None:
    engine.post("/v1/vouchers/GIFT", {"type": "GIFT_VOUCHER", "gift": {"amount": 5000, "effect": "APPLY_TO_ITEMS"}})
    engine.obey("GIFT", applicable_to=about(*product_ids))


def test_a_gift_card_is_spent_on_its_lines_in_order(engine: EngineClient) -> None:
    gift_on_items(engine, "mug", "pen")

    assert engine.voucher("GIFT")["gift"]["effect"] == "APPLY_TO_ITEMS"
    (one,) = engine.validate("GIFT", order=CART)["redeemables"]
    assert one["result"] == {"gift": {"credits": 5000}}
    redeemed = engine.redeem("GIFT", order=CART)
    assert discounts(redeemed["order"]) == [2000, 0, 3000, 0]
    assert redeemed["redemptions"][0]["amount"] == 5000
    assert engine.balance("GIFT") == 0
    engine.roll_back(redeemed["redemptions"][0]["id"])
    assert engine.balance("GIFT") == 5000
    assert discounts(engine.get("/v1/orders/cart-1")) == [0, 0, 0, 0]


def test_a_gift_card_pays_no_more_than_its_lines_or_what_was_asked(engine: EngineClient) -> None:
    gift_on_items(engine, "mug")

    (one,) = engine.validate("GIFT", order=CART)["redeemables"]
    assert one["result"] == {"gift": {"credits": 2000}}
    asked = {"redeemables": [{"object": "voucher", "id": "GIFT", "gift": {"credits": 700}}], "order": CART}
    assert discounts(engine.post("/v1/redemptions", asked)["order"]) == [700, 0, 0, 0]
    assert engine.balance("GIFT") == 4300


@pytest.mark.parametrize("items", [ITEMS[1:], [{"source_id": "mug", "quantity": 1}], []])
def test_a_gift_card_without_a_line_to_spend_it_on_is_refused(engine: EngineClient, items: list[Any]) -> None:
    gift_on_items(engine, "mug")

    error = engine.redeem("GIFT", order={"amount": 1000, "items": items}, status=400)

    assert (error["key"], error["message"]) == ("missing_order_items_amount", "Missing applicable order items")
    assert engine.balance("GIFT") == 5000
