"""Free pieces through the engine: the order grows when redeemed, and a rollback makes it what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .conftest import about

if TYPE_CHECKING:
    from .conftest import EngineClient

AMOUNTS = (
    "amount",
    "initial_amount",
    "discount_amount",
    "items_discount_amount",
    "total_discount_amount",
    "total_amount",
)
LINE = ("quantity", "amount", "discount_amount", "discount_quantity", "initial_quantity", "initial_amount", "price")


def numbers(order: Any) -> tuple[dict[str, int], list[dict[str, int]]]:
    """All that an order says of amounts and pieces, but for what the last redemption did."""
    lines = [{name: item[name] for name in LINE if name in item} for item in order["items"]]
    return {name: order[name] for name in AMOUNTS if name in order}, lines


@pytest.fixture
def catalogue(engine: EngineClient) -> EngineClient:
    """A mug for 17.00 and a pen for 5.00; a shirt in red and in blue; and shipping, which has no price."""
    engine.post("/v1/products", {"source_id": "mug", "name": "Mug", "price": 1700})
    engine.post("/v1/products", {"source_id": "pen", "name": "Pen", "price": 500})
    engine.post("/v1/products", {"source_id": "shirt", "price": 900})
    for colour in ("red", "blue"):
        engine.post("/v1/products/shirt/skus", {"source_id": colour, "sku": colour})
    engine.post("/v1/products", {"source_id": "shipping"})
    return engine


def free(engine: EngineClient, code: str, thing: str, count: int = 1, effect: str = "ADD_NEW_ITEMS") -> None:
    engine.coupon(code, type="UNIT", unit_off=count, unit_type=thing, effect=effect)


def test_missing_pieces_are_added_to_the_stored_order(catalogue: EngineClient) -> None:
    free(catalogue, "MUGS", "mug", 23, "ADD_MISSING_ITEMS")
    items = [{"source_id": "mug", "quantity": 1}, {"source_id": "rest", "quantity": 1, "price": 70_400}]
    order = {"source_id": "cart-1", "items": items}

    validated = catalogue.validate("MUGS", order=order)["order"]
    redeemed = catalogue.redeem("MUGS", order=order)["order"]
    stored = catalogue.get("/v1/orders/cart-1")

    assert numbers(validated) == numbers(redeemed) == numbers(stored)
    assert (stored["initial_amount"], stored["amount"]) == (72_100, 109_500)
    assert stored["items_discount_amount"] == stored["total_applied_discount_amount"] == 39_100
    assert stored["total_amount"] == 70_400
    line = stored["items"][0]
    assert (line["quantity"], line["initial_quantity"], line["applied_quantity"]) == (23, 1, 22)
    assert (line["discount_quantity"], line["applied_discount_quantity"]) == (23, 23)
    assert (line["amount"], line["initial_amount"], line["applied_quantity_amount"]) == (39_100, 1700, 37_400)
    assert (line["discount_amount"], line["subtotal_amount"]) == (39_100, 0)


def test_the_effect_that_was_not_told_is_the_missing_ones(catalogue: EngineClient) -> None:
    catalogue.coupon("MUG", type="UNIT", unit_off=1, unit_type="mug")

    (one,) = catalogue.validate("MUG", order={"items": [{"source_id": "mug", "quantity": 1}]})["redeemables"]

    assert one["result"]["discount"]["effect"] == "ADD_MISSING_ITEMS"
    assert one["order"]["items"][0]["quantity"] == 1
    assert one["order"]["total_amount"] == 0


def test_a_new_line_says_what_it_is(catalogue: EngineClient) -> None:
    free(catalogue, "MUG", "mug")
    free(catalogue, "RED", "red")
    product, sku = catalogue.get("/v1/products/mug"), catalogue.get("/v1/skus/red")

    order = catalogue.redeem("MUG", "RED", order={"source_id": "cart-1", "amount": 1000})["order"]

    mug, red = order["items"]
    assert (mug["object"], mug["product_id"], mug["quantity"]) == ("order_item", product["id"], 1)
    assert mug["product"] == {"id": product["id"], "source_id": "mug", "name": "Mug", "price": 1700, "metadata": {}}
    assert (red["sku_id"], red["product_id"], red["price"]) == (sku["id"], sku["product_id"], 900)
    assert (mug["initial_quantity"], mug["initial_amount"]) == (0, 0)
    assert (order["initial_amount"], order["amount"], order["total_amount"]) == (1000, 3600, 1000)
    assert numbers(catalogue.get("/v1/orders/cart-1")) == numbers(order)


def test_another_sku_of_the_same_product_is_not_given(catalogue: EngineClient) -> None:
    free(catalogue, "RED", "red", effect="ADD_MISSING_ITEMS")
    order = {"items": [{"sku_id": "blue", "quantity": 1}]}

    answer = catalogue.validate("RED", order=order)["order"]

    assert [(item["quantity"], item.get("discount_amount", 0)) for item in answer["items"]] == [(1, 0), (1, 900)]
    assert answer["total_amount"] == 900


def test_a_product_is_given_as_any_of_its_skus(catalogue: EngineClient) -> None:
    free(catalogue, "SHIRT", "shirt", effect="ADD_MISSING_ITEMS")

    answer = catalogue.validate("SHIRT", order={"items": [{"sku_id": "blue", "quantity": 1}]})["order"]

    assert [item["quantity"] for item in answer["items"]] == [1]
    assert answer["total_amount"] == 0


def test_what_has_no_price_is_counted_and_costs_nothing(catalogue: EngineClient) -> None:
    free(catalogue, "SHIPPING", "shipping")

    order = catalogue.redeem("SHIPPING", order={"source_id": "cart-1", "amount": 1000})["order"]

    (line,) = order["items"]
    assert (line["quantity"], line["discount_quantity"], line["initial_quantity"]) == (1, 1, 0)
    assert [name for name in line if name.endswith("amount")] == []
    assert (order["amount"], order["total_amount"]) == (1000, 1000)


def test_what_the_catalogue_does_not_know_is_found_in_the_cart(engine: EngineClient) -> None:
    free(engine, "HAT", "hat")

    answer = engine.validate("HAT", order={"items": [{"sku_id": "hat", "quantity": 1, "price": 300}]})["order"]

    assert [item["quantity"] for item in answer["items"]] == [2]
    assert (answer["amount"], answer["total_amount"]) == (600, 300)


def test_many_things_are_given_at_once(catalogue: EngineClient) -> None:
    units = [
        {"unit_off": 2, "unit_type": "mug", "effect": "ADD_NEW_ITEMS"},
        {"unit_off": 1, "unit_type": "pen", "effect": "ADD_MISSING_ITEMS"},
    ]
    catalogue.coupon("MANY", type="UNIT", effect="ADD_MANY_ITEMS", units=units)

    order = catalogue.redeem("MANY", order={"items": [{"source_id": "pen", "quantity": 1}]})["order"]

    assert [(item["quantity"], item["discount_quantity"]) for item in order["items"]] == [(1, 1), (2, 2)]
    assert (order["amount"], order["items_discount_amount"], order["total_amount"]) == (3900, 3900, 0)


def test_pieces_give_way_to_others(catalogue: EngineClient) -> None:
    free(catalogue, "SWAP", "mug", effect="REPLACE_ITEMS")
    catalogue.obey("SWAP", applicable_to=about("pen"))
    items = [{"source_id": "pen", "quantity": 3}]

    redeemed = catalogue.redeem("SWAP", order={"source_id": "cart-1", "items": items})
    pen, mug = redeemed["order"]["items"]

    assert (pen["quantity"], pen["applied_quantity"], pen["amount"]) == (2, -1, 1000)
    assert (mug["quantity"], mug["amount"], mug["discount_amount"]) == (1, 1700, 1200)
    assert redeemed["order"]["total_amount"] == 1500
    catalogue.roll_back(redeemed["redemptions"][0]["id"])
    assert catalogue.get("/v1/orders/cart-1")["items"][0]["quantity"] == 3


def test_a_discount_after_it_sees_the_larger_order(catalogue: EngineClient) -> None:
    free(catalogue, "MUG", "mug")
    catalogue.coupon("HALF", percent_off=50)
    order = {"items": [{"source_id": "mug", "quantity": 1}]}

    redeemed = catalogue.redeem("MUG", "HALF", order=order)

    assert [one["order"]["total_amount"] for one in redeemed["redemptions"]] == [1700, 850]
    assert redeemed["order"]["total_amount"] == 850
    assert redeemed["order"]["items"][0]["quantity"] == 2


def test_a_rollback_makes_the_order_what_it_was(catalogue: EngineClient) -> None:
    free(catalogue, "MUG", "mug", 2)
    free(catalogue, "PENS", "pen", 5, "ADD_MISSING_ITEMS")
    catalogue.coupon("TENTH", percent_off=10)
    order = {"source_id": "cart-1", "items": [{"source_id": "pen", "quantity": 2}, {"amount": 333}]}
    created = catalogue.post("/v1/orders", order)

    redeemed = catalogue.redeem("MUG", "PENS", "TENTH", order={"source_id": "cart-1"})
    assert numbers(redeemed["order"]) != numbers(created)
    restored = catalogue.roll_back_stack(redeemed["parent_redemption"]["id"])["order"]

    assert numbers(restored) == numbers(catalogue.get("/v1/orders/cart-1")) == numbers(created)
    assert [item["id"] for item in restored["items"]] == [item["id"] for item in created["items"]]
    assert [name for name in restored if "discount" in name] == []
    again = catalogue.redeem("MUG", "PENS", "TENTH", order={"source_id": "cart-1"})
    assert numbers(again["order"]) == numbers(redeemed["order"])


@pytest.mark.parametrize("first_is_given_back", [True, False])
@pytest.mark.parametrize(
    ("first", "second"), [("MUG", "PEN"), ("MUG", "MUG2"), ("MUG", "TENTH"), ("TENTH", "MUG"), ("MUGS_OFF", "MUG")]
)
def test_of_two_redemptions_that_overlap_the_other_stands_as_it_would_alone(
    catalogue: EngineClient, first: str, second: str, first_is_given_back: bool
) -> None:
    free(catalogue, "MUG", "mug")
    free(catalogue, "MUG2", "mug", 2)
    free(catalogue, "PEN", "pen")
    catalogue.coupon("TENTH", percent_off=10)
    catalogue.coupon("MUGS_OFF", amount_off=100)
    catalogue.obey("MUGS_OFF", applicable_to=about("mug"))
    items = [{"source_id": "cap", "quantity": 1, "price": 2000}]
    alone = catalogue.redeem(second if first_is_given_back else first, order={"source_id": "cart-2", "items": items})
    catalogue.post("/v1/orders", {"source_id": "cart-1", "items": items})
    ids = [catalogue.redeem(code, order={"source_id": "cart-1"})["redemptions"][0]["id"] for code in (first, second)]

    catalogue.roll_back(ids[0 if first_is_given_back else 1])

    stored = catalogue.get("/v1/orders/cart-1")
    assert numbers(stored) == numbers(alone["order"])
    names = [(item.get("source_id"), item.get("product_id")) for item in stored["items"]]
    assert names == [(item.get("source_id"), item.get("product_id")) for item in alone["order"]["items"]]
    catalogue.roll_back(ids[1 if first_is_given_back else 0])
    amounts, lines = numbers(catalogue.get("/v1/orders/cart-1"))
    assert (amounts, lines) == (
        {"amount": 2000, "total_amount": 2000},
        [{"quantity": 1, "amount": 2000, "price": 2000}],
    )


def test_a_line_that_was_taken_back_is_not_the_cheapest_one(catalogue: EngineClient) -> None:
    free(catalogue, "MUG", "mug")
    free(catalogue, "PEN", "pen")
    catalogue.coupon("CHEAPEST", amount_off=100, effect="APPLY_TO_ITEMS")
    catalogue.obey("CHEAPEST", applicable_to=about("cap", "hat", effect="APPLY_TO_CHEAPEST"))
    catalogue.coupon("TWO", amount_off=1)
    three = {"name": "order.items.count", "conditions": {"$is": [3]}}
    catalogue.obey("TWO", rules={"1": three, "logic": "1"})
    items = [{"source_id": name, "quantity": 1, "price": price} for name, price in (("cap", 900), ("hat", 700))]
    order = {"source_id": "cart-1"}
    first = catalogue.redeem("MUG", order={**order, "items": items})["redemptions"][0]["id"]
    catalogue.redeem("PEN", order=order)
    catalogue.roll_back(first)

    answer = catalogue.redeem("CHEAPEST", "TWO", order=order)["order"]

    assert [item.get("discount_amount", 0) for item in answer["items"]] == [0, 100, 500]


def test_a_large_order_is_priced_piece_by_piece_without_listing_them(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1, effect="APPLY_TO_ITEMS_BY_QUANTITY")
    engine.obey("CODE", applicable_to=about("bolt", target="UNIT", skip_initially=1, repeat=2))
    items = [{"source_id": "bolt", "quantity": 10**9, "price": 3}]

    assert engine.validate("CODE", order={"items": items})["order"]["items_discount_amount"] == 5 * 10**8
