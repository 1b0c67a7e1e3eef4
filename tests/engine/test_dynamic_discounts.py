"""Discounts worked out from formulas: of the order, of each line, of metadata; and plain when they cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient

CART = {
    "items": [
        {"product_id": "prod_a", "price": 1000, "quantity": 3},
        {"product_id": "prod_b", "price": 250, "quantity": 2, "metadata": {"off": 1.5}},
        {"product_id": "prod_c", "price": 9000, "quantity": 1, "metadata": {"off": 7}},
    ]
}


def told(engine: EngineClient, order: Any = CART, **request: Any) -> dict[str, Any]:
    """The discount of the coupon ``CODE`` as a validation resolves it."""
    (one,) = engine.validate("CODE", order=order, **request)["redeemables"]
    return dict(one["result"]["discount"])


def total(engine: EngineClient, order: Any = CART, **request: Any) -> int:
    """What is left to pay when ``CODE`` is redeemed, as validating it said."""
    validated = engine.validate("CODE", order=order, **request)["order"]["total_amount"]
    assert engine.redeem("CODE", order=order, **request)["order"]["total_amount"] == validated
    return int(validated)


def on_lines(engine: EngineClient, order: Any = CART) -> list[int]:
    items = engine.redeem("CODE", order=order)["order"]["items"]
    return [item.get("discount_amount", 0) for item in items]


@pytest.mark.parametrize(("amount", "percent"), [(11_499, 10), (15_000, 10), (15_001, 15)])
def test_a_percentage_depends_on_the_amount_in_major_units(engine: EngineClient, amount: int, percent: int) -> None:
    engine.coupon("CODE", percent_off_formula="IF(ORDER_AMOUNT > 150;15;10)")

    discount = told(engine, {"amount": amount})

    assert (discount["percent_off"], discount["is_dynamic"]) == (percent, True)
    assert total(engine, {"amount": amount}) == amount - (amount * percent + 50) // 100


@pytest.mark.parametrize(
    ("formula", "resolved", "left"),
    [
        ("0.01 * ORDER_AMOUNT + 1", 225, 12_275),
        ("ORDER_AMOUNT * 2", 25_000, 0),
        ("1 - ORDER_AMOUNT", 0, 12_500),
        ("0.005", 1, 12_499),
        ("ORDER_ITEMS_QUANTITY + ORDER_UNITS_QUANTITY", 900, 11_600),
        ("CHEAPEST_ORDER_ITEM_PRICE", 250, 12_250),
        ("MOST_EXPENSIVE_ORDER_ITEM_AMOUNT", 9000, 3500),
        ("CHEAPEST_ORDER_ITEM_UNITS_QUANTITY", 200, 12_300),
        ('MOST_EXPENSIVE_ORDER_ITEM_METADATA("off")', 700, 11_800),
        ('CHEAPEST_ORDER_ITEM_METADATA("off")', 150, 12_350),
    ],
)
def test_an_amount_is_rounded_half_up_and_no_more_than_there_is(
    engine: EngineClient, formula: str, resolved: int, left: int
) -> None:
    engine.coupon("CODE", type="AMOUNT", amount_off_formula=formula, amount_off=5)

    discount = told(engine)

    assert (discount["amount_off"], discount["is_dynamic"]) == (resolved, True)
    assert total(engine) == left


@pytest.mark.parametrize(("formula", "percent"), [("150", 100), ("0 - 5", 0), ("7.5", 7.5)])
def test_a_percentage_stays_between_nothing_and_all(engine: EngineClient, formula: str, percent: float) -> None:
    engine.coupon("CODE", percent_off_formula=formula)

    assert told(engine)["percent_off"] == percent
    assert total(engine) == 12_500 - round(125 * percent)


def test_an_order_gets_a_fixed_price_by_formula(engine: EngineClient) -> None:
    engine.coupon("CODE", type="FIXED", fixed_amount=1, fixed_amount_formula="ORDER_AMOUNT / 2 - 0.25")

    assert told(engine)["fixed_amount"] == 6225
    assert total(engine) == 6225


def test_pieces_are_given_by_formula(engine: EngineClient) -> None:
    unit = {"type": "UNIT", "unit_type": "prod_b", "effect": "ADD_NEW_ITEMS"}
    engine.coupon("CODE", **unit, unit_off_formula="FLOOR(ORDER_AMOUNT / 50)")

    discount = told(engine)

    assert (discount["unit_off"], discount["is_dynamic"]) == (2, True)
    line = engine.redeem("CODE", order=CART)["order"]["items"][1]
    assert (line["quantity"], line["discount_quantity"], line["discount_amount"]) == (4, 2, 500)


def test_each_of_several_units_has_its_own_formula(engine: EngineClient) -> None:
    units = [
        {"unit_type": "prod_a", "unit_off_formula": "ORDER_ITEMS_QUANTITY - 2", "effect": "ADD_NEW_ITEMS"},
        {"unit_type": "prod_b", "unit_off": 1, "unit_off_formula": 'ORDER_METADATA("gone")', "effect": "ADD_NEW_ITEMS"},
    ]
    engine.coupon("CODE", type="UNIT", effect="ADD_MANY_ITEMS", units=units)

    items = engine.redeem("CODE", order=CART)["order"]["items"]

    assert [item["quantity"] for item in items] == [4, 3, 1]
    assert [item.get("discount_quantity", 0) for item in items] == [1, 1, 0]


@pytest.mark.parametrize(
    ("discount", "off"),
    [
        ({"type": "AMOUNT", "amount_off_formula": "ORDER_ITEM_PRICE * 0.1"}, [100, 25, 900]),
        ({"type": "AMOUNT", "amount_off_formula": "ORDER_ITEM_UNITS_QUANTITY"}, [300, 200, 100]),
        ({"type": "AMOUNT", "amount_off_formula": "ORDER_ITEM_AMOUNT / 4"}, [750, 125, 2250]),
        ({"type": "AMOUNT", "amount_off": 10, "amount_off_formula": 'ORDER_ITEM_METADATA("off")'}, [10, 150, 700]),
        ({"type": "PERCENT", "percent_off_formula": "IF(ORDER_ITEM_PRICE > 5; 50; 10)"}, [1500, 50, 4500]),
        ({"type": "FIXED", "fixed_amount": 0, "fixed_amount_formula": "ORDER_ITEM_PRICE - 1"}, [300, 200, 100]),
    ],
)
def test_each_line_has_a_number_of_its_own(engine: EngineClient, discount: dict[str, Any], off: list[int]) -> None:
    engine.coupon("CODE", **discount, effect="APPLY_TO_ITEMS")

    assert told(engine)["is_dynamic"] is True
    assert on_lines(engine) == off


def test_each_piece_has_the_number_of_its_line(engine: EngineClient) -> None:
    discount = {"type": "AMOUNT", "amount_off_formula": "ORDER_ITEM_PRICE / 10", "effect": "APPLY_TO_ITEMS_BY_QUANTITY"}
    engine.coupon("CODE", **discount)

    assert on_lines(engine) == [300, 50, 900]


def test_a_lines_subtotal_is_what_the_redeemables_before_left(engine: EngineClient) -> None:
    engine.coupon("HALF", percent_off=50, effect="APPLY_TO_ITEMS")
    engine.coupon("CODE", type="AMOUNT", amount_off_formula="ORDER_ITEM_SUBTOTAL / 10", effect="APPLY_TO_ITEMS")

    items = engine.validate("HALF", "CODE", order=CART)["order"]["items"]

    assert [item["applied_discount_amount"] for item in items] == [1650, 275, 4950]


@pytest.mark.parametrize(
    ("prices", "subtotals", "chosen"),
    [
        ([500, 500], [500, 300], 300),
        ([500, 500], [500, 500], 500),
        ([500, 400], [100, 400], 400),
    ],
)
def test_of_equal_prices_the_lowest_subtotal_is_the_cheapest(
    engine: EngineClient, prices: list[int], subtotals: list[int], chosen: int
) -> None:
    engine.coupon("CODE", type="AMOUNT", amount_off_formula="CHEAPEST_ORDER_ITEM_SUBTOTAL")
    items = [
        {"price": price, "quantity": 1, "discount_amount": price - left}
        for price, left in zip(prices, subtotals, strict=True)
    ]

    assert told(engine, {"items": items})["amount_off"] == chosen


@pytest.mark.parametrize(
    ("formula", "request_"),
    [
        ('ORDER_METADATA("n")', {"order": {"amount": 10_000, "metadata": {"n": 7}}}),
        ('CUSTOMER_METADATA("n")', {"customer": {"source_id": "ann", "metadata": {"n": 7}}}),
        ('REDEMPTION_METADATA("n")', {"metadata": {"n": 7}}),
    ],
)
def test_metadata_counts_and_without_it_the_plain_value(
    engine: EngineClient, formula: str, request_: dict[str, Any]
) -> None:
    engine.coupon("CODE", percent_off=3, percent_off_formula=formula)
    plain = {"order": {"amount": 10_000}}

    assert (told(engine, **{**plain, **request_})["percent_off"], total(engine, **{**plain, **request_})) == (7, 9300)
    assert told(engine, **plain) | {"percent_off": 3, "is_dynamic": False} == told(engine, **plain)
    assert total(engine, **plain) == 9700


def test_the_coupon_itself_is_asked(engine: EngineClient) -> None:
    formula = 'REDEEMABLE_METADATA("base") + VOUCHER_REDEEMED_QUANTITY'
    body = {"discount": {"type": "PERCENT", "percent_off_formula": formula}, "metadata": {"base": 10}}
    engine.post("/v1/vouchers/CODE", body)

    assert [total(engine, {"amount": 1000}) for _ in range(2)] == [900, 890]


@pytest.mark.parametrize("formula", ['ORDER_METADATA("none")', "1 / 0", "ORDER_ITEM_PRICE", '"text"', "POW(10; 64)"])
def test_what_cannot_be_worked_out_is_the_plain_value(engine: EngineClient, formula: str) -> None:
    engine.coupon("CODE", amount_off=300, amount_off_formula=formula)

    assert told(engine, {"amount": 1000}) | {"amount_off": 300, "is_dynamic": False} == told(engine, {"amount": 1000})
    assert total(engine, {"amount": 1000}) == 700


def test_without_a_plain_value_it_is_nothing(engine: EngineClient) -> None:
    engine.coupon("CODE", type="AMOUNT", amount_off_formula='ORDER_METADATA("none")')

    assert total(engine, {"amount": 1000}) == 1000


def test_a_plain_discount_is_not_dynamic(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)

    assert told(engine)["is_dynamic"] is False


def test_pieces_have_a_price_by_formula(engine: EngineClient) -> None:
    engine.post("/v1/products", {"id": "prod_a", "price": 1000})
    engine.post("/v1/products", {"id": "prod_b", "price": 250})
    engine.coupon("CODE", type="FIXED", fixed_amount=0, effect="APPLY_TO_ITEMS")
    by_formula = {"object": "product", "id": "prod_a", "price": 900, "price_formula": "ORDER_ITEM_PRICE * 0.5 + 1"}
    fallen_back = {"object": "product", "id": "prod_b", "price": 200, "price_formula": 'ORDER_METADATA("none")'}
    engine.obey("CODE", applicable_to={"included": [by_formula, fallen_back]})

    assert on_lines(engine) == [1200, 100, 0]


PLAIN = {
    "amount_off": {"type": "AMOUNT", "amount_off": 1},
    "percent_off": {"type": "PERCENT", "percent_off": 1},
    "fixed_amount": {"type": "FIXED", "fixed_amount": 1},
    "unit_off": {"type": "UNIT", "unit_off": 1, "unit_type": "prod_a"},
}


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("amount_off", "ORDER_AMOUNT +"),
        ("amount_off", "SURPRISE(1)"),
        ("amount_off", "1;2"),
        ("percent_off", "IF(1 > 0; 1)"),
        ("fixed_amount", "(" * 60 + "1" + ")" * 60),
        ("unit_off", "1 2"),
    ],
)
def test_a_bad_formula_is_refused_by_name(engine: EngineClient, name: str, formula: str) -> None:
    bad = {**PLAIN[name], f"{name}_formula": formula}
    engine.coupon("CODE", **PLAIN[name])
    doors = [
        (".discount", "POST", "/v1/vouchers/BAD", {"discount": bad}),
        (".discount", "PUT", "/v1/vouchers/CODE", {"discount": bad}),
        (".voucher.discount", "POST", "/v1/campaigns", _campaign(bad)),
        (".action.discount", "POST", "/v1/campaigns", _promotion(bad)),
    ]

    for where, method, path, body in doors:
        error = engine.ask(method, path, body, status=400)
        assert f"{where}.{name}_formula" in error["details"]
    engine.get("/v1/vouchers/BAD", status=404)
    assert f"{name}_formula" not in engine.voucher("CODE")["discount"]
    assert engine.get("/v1/campaigns")["total"] == 0


def _campaign(discount: dict[str, Any]) -> dict[str, Any]:
    return {"name": "Spring", "voucher": {"type": "DISCOUNT_VOUCHER", "discount": discount}}


def _promotion(discount: dict[str, Any]) -> dict[str, Any]:
    return {"name": "Sale", "promotion": {"tiers": [{"name": "First", "action": {"discount": discount}}]}}


def test_a_bad_formula_among_several_units_or_of_a_price_is_named(engine: EngineClient) -> None:
    units = [{"unit_type": "prod_a", "unit_off": 1}, {"unit_type": "prod_b", "unit_off_formula": "1 +"}]
    discount = {"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": units}

    refused = engine.post("/v1/vouchers/BAD", {"discount": discount}, status=400)
    entry = {"object": "product", "id": "prod_a", "price_formula": "1 +"}
    rule = engine.post("/v1/validation-rules", {"name": "a", "applicable_to": {"included": [entry]}}, status=400)

    assert refused["details"].startswith("Property .discount.units[1].unit_off_formula")
    assert rule["details"].startswith("Property .applicable_to.included[0].price_formula")
