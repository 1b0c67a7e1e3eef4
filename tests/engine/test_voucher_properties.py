"""What a voucher may be besides its discount: in a campaign, valid at times, in a category, under rules, by formula."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient

TEN_PERCENT = {"type": "PERCENT", "percent_off": 10}
COUPON = {"discount": TEN_PERCENT}


def test_when_a_voucher_is_valid_is_kept_and_answered(engine: EngineClient) -> None:
    times = {
        "validity_timeframe": {"interval": "P2D", "duration": "P1D"},
        "validity_day_of_week": [0, 6],
        "validity_hours": {"daily": [{"start_time": "12:00", "expiration_time": "14:00", "days_of_week": [6]}]},
    }

    made = engine.post("/v1/vouchers/CODE", {**COUPON, **times})

    assert {name: made[name] for name in times} == times
    assert engine.voucher("CODE") == made
    assert not set(times) & set(engine.coupon("ALWAYS", amount_off=1))


def test_an_update_sets_a_time_and_null_clears_it(engine: EngineClient) -> None:
    engine.post("/v1/vouchers/CODE", {**COUPON, "validity_day_of_week": [1]})

    changed = engine.put("/v1/vouchers/CODE", {"validity_timeframe": {"interval": "P1D", "duration": "PT1H"}})
    cleared = engine.put("/v1/vouchers/CODE", {"validity_day_of_week": None})

    assert changed["validity_day_of_week"] == [1]
    assert "validity_day_of_week" not in cleared
    assert cleared["validity_timeframe"] == {"interval": "P1D", "duration": "PT1H"}


@pytest.mark.parametrize(
    ("property", "details"),
    [
        (
            {"validity_timeframe": {"interval": "P2D", "duration": "often"}},
            "Property .validity_timeframe.duration must be",
        ),
        ({"validity_day_of_week": [7]}, "Property .validity_day_of_week[0] must be"),
        (
            {"validity_hours": {"daily": [{"start_time": "noon"}]}},
            "Property .validity_hours.daily[0].start_time must be",
        ),
        ({"type": "LOYALTY_CARD", "loyalty_card": {"points": 5}}, "Payload should have required property 'campaign'"),
        (
            {"loyalty_card": {"points": 5, "expiration_rules": {"period_type": "MONTH"}}},
            ".loyalty_card.expiration_rules",
        ),
    ],
)
def test_a_property_that_cannot_be_is_told_by_its_name(
    engine: EngineClient, property: dict[str, Any], details: str
) -> None:
    assert details in engine.post("/v1/vouchers/CODE", {**COUPON, **property}, status=400)["details"]


def test_a_voucher_in_a_category_shows_it_whole(engine: EngineClient) -> None:
    category = engine.post("/v1/categories", {"name": "Sale", "hierarchy": 1})

    made = engine.post("/v1/vouchers/CODE", {**COUPON, "category_id": category["id"]})

    assert (made["category_id"], made["categories"]) == (category["id"], [category])
    cleared = engine.put("/v1/vouchers/CODE", {"category_id": None})
    assert (cleared["category_id"], cleared["categories"]) == (None, [])


@pytest.mark.parametrize(
    ("property", "kind"),
    [
        ({"campaign": "NONE"}, "campaign"),
        ({"campaign_id": "camp_none"}, "campaign"),
        ({"category_id": "cat_none"}, "category"),
        ({"validation_rules": ["val_none"]}, "validation_rules"),
    ],
)
def test_what_a_voucher_belongs_to_must_exist(engine: EngineClient, property: dict[str, Any], kind: str) -> None:
    before = engine.everything()

    error = engine.post("/v1/vouchers/CODE", {**COUPON, **property}, status=404)

    assert error["details"].startswith(f"Cannot find {kind} with id")
    assert engine.everything() == before


def test_a_voucher_obeys_the_rules_it_is_made_with(engine: EngineClient) -> None:
    rules = [engine.obey()["id"] for _ in range(2)]

    made = engine.post("/v1/vouchers/CODE", {**COUPON, "validation_rules": rules})

    listed = made["validation_rules_assignments"]
    assert [(one["rule_id"], one["related_object_id"]) for one in listed["data"]] == [(id, made["id"]) for id in rules]
    assert (listed["total"], listed["object"], listed["data_ref"]) == (2, "list", "data")


def test_vouchers_are_listed_with_all_that_belongs_to_them(engine: EngineClient) -> None:
    rule = engine.obey()["id"]
    engine.post("/v1/campaigns", {"name": "Spring", "voucher": {"type": "DISCOUNT_VOUCHER", **COUPON}})
    made = [
        engine.post("/v1/vouchers/A", {**COUPON, "campaign": "Spring"}),
        engine.post("/v1/vouchers/B", {**COUPON, "validation_rules": [rule]}),
    ]

    assert engine.get("/v1/vouchers?order=created_at")["vouchers"] == made


def test_a_voucher_in_a_campaign_may_have_a_discount_of_its_own(engine: EngineClient) -> None:
    engine.post("/v1/campaigns", {"name": "Spring", "voucher": {"type": "DISCOUNT_VOUCHER", **COUPON}})

    own = engine.post("/v1/vouchers/OWN", {"campaign": "Spring", "discount": {"type": "AMOUNT", "amount_off": 5}})
    other = engine.post("/v1/vouchers/GIFT", {"campaign": "Spring", "type": "GIFT_VOUCHER"}, status=400)

    assert (own["discount"], own["campaign"]) == ({"type": "AMOUNT", "amount_off": 5}, "Spring")
    assert other["details"] == "Property .type must be DISCOUNT_VOUCHER, as in its campaign"


def test_a_gift_card_in_a_campaign_starts_with_its_amount(engine: EngineClient) -> None:
    engine.post("/v1/campaigns", {"name": "Gifts", "voucher": {"type": "GIFT_VOUCHER", "gift": {"amount": 700}}})

    assert engine.post("/v1/vouchers/GIFT", {"campaign": "Gifts"})["gift"]["balance"] == 700


@pytest.mark.parametrize(
    ("discount", "fallback"),
    [
        ({"type": "AMOUNT", "amount_off_formula": "ORDER_AMOUNT / 10"}, {"amount_off": 0}),
        ({"type": "AMOUNT", "amount_off": 300, "amount_off_formula": "ORDER_AMOUNT / 10"}, {"amount_off": 300}),
        ({"type": "PERCENT", "percent_off_formula": "IF(ORDER_AMOUNT > 9;5;6)"}, {"percent_off": 0}),
        ({"type": "FIXED", "fixed_amount": 100, "fixed_amount_formula": "1 + 1"}, {"fixed_amount": 100}),
        ({"type": "UNIT", "unit_type": "prod_1", "unit_off_formula": "1 + 1"}, {"unit_off": 0}),
    ],
)
def test_a_formula_stands_next_to_its_plain_value(
    engine: EngineClient, discount: dict[str, Any], fallback: dict[str, Any]
) -> None:
    made = engine.post("/v1/vouchers/CODE", {"discount": discount})

    assert made["discount"] == {**discount, **fallback}
    assert engine.put("/v1/vouchers/CODE", {"discount": {"type": discount["type"]}})["discount"] == made["discount"]


@pytest.mark.parametrize(
    ("discount", "details"),
    [
        (
            {"type": "AMOUNT", "amount_off_formula": "ORDER_AMOUNT +"},
            "Property .discount.amount_off_formula: unexpected",
        ),
        (
            {"type": "FIXED", "fixed_amount_formula": "1"},
            "Property .discount should have required property 'fixed_amount'",
        ),
        ({"type": "UNIT", "unit_type": "prod_1", "unit_off": 0}, "Property .discount.unit_off must be from 1"),
        (
            {
                "type": "UNIT",
                "effect": "ADD_MANY_ITEMS",
                "units": [{"unit_type": "prod_1", "unit_off_formula": "NO_SUCH", "effect": "ADD_NEW_ITEMS"}],
            },
            "Property .discount.units[0].unit_off_formula: ",
        ),
    ],
)
def test_a_formula_that_cannot_be_understood_is_told_by_its_property(
    engine: EngineClient, discount: dict[str, Any], details: str
) -> None:
    assert details in engine.post("/v1/vouchers/CODE", {"discount": discount}, status=400)["details"]


def test_an_update_of_the_plain_value_keeps_the_formula_and_the_other_way_round(engine: EngineClient) -> None:
    engine.post("/v1/vouchers/CODE", {"discount": {"type": "AMOUNT", "amount_off": 5, "amount_off_formula": "1"}})

    engine.put("/v1/vouchers/CODE", {"discount": {"amount_off": 6}})
    changed = engine.put("/v1/vouchers/CODE", {"discount": {"type": "AMOUNT", "amount_off_formula": "2"}})

    assert changed["discount"] == {"type": "AMOUNT", "amount_off": 6, "amount_off_formula": "2"}
