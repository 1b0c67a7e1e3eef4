"""What a shopper is told: reasons with numbers, validity in time, segments, and the detail that ``expand`` asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient

ORDER = {"amount": 4210}


def rules(name: str, condition: str, *values: Any, **more: Any) -> dict[str, Any]:
    return {"rules": {"1": {"name": name, "conditions": {condition: list(values)}, **more}}}


def told(engine: EngineClient, code: str, **request: Any) -> dict[str, Any]:
    """The error of a code that both doors refuse in the same words."""
    (one,) = engine.validate(code, **request)["inapplicable_redeemables"]
    error = one["result"]["error"]
    refused = engine.redeem(code, **request, status=error["code"])
    for name in ("key", "message", "details"):
        assert refused[name] == error[name]
    assert refused.get("reason") == error.get("reason") == one["result"]["details"].get("reason")
    return dict(error)


@pytest.mark.parametrize(
    ("name", "condition", "limit", "reason"),
    [
        ("order.amount", "$more_than", 5000, "needs more than 50.00, cart has 42.10"),
        ("order.amount", "$more_than_or_equal", 5001, "needs 50.01, cart has 42.10"),
        ("order.amount", "$less_than", 7, "needs less than 0.07, cart has 42.10"),
        ("order.amount", "$less_than_or_equal", 4209, "needs at most 42.09, cart has 42.10"),
        ("order.amount", "$is", 1000, "needs exactly 10.00, cart has 42.10"),
        ("order.total_amount", "$more_than", 4200, "needs more than 42.00, cart has 41.10"),
        ("order.items.count", "$more_than", 2, "needs more than 2, cart has 1"),
        ("product.quantity", "$more_than_or_equal", 5, "needs 5, cart has 2"),
        ("order.items.price_any", "$more_than", 3000, "needs more than 30.00, cart has 21.05"),
        ("redemption.count", "$less_than", 1, "needs less than 1, redemptions would have 1"),
    ],
)
def test_a_reason_tells_what_is_needed_and_what_there_is(
    engine: EngineClient, name: str, condition: str, limit: int, reason: str
) -> None:
    engine.coupon("CODE", amount_off=100)
    engine.obey("CODE", **rules(name, condition, limit))

    assert told(engine, "CODE", order={"items": [{"price": 2105, "quantity": 2}]})["reason"] == reason


def test_numbers_of_metadata_are_told_and_words_are_not(engine: EngineClient) -> None:
    engine.coupon("AGE", amount_off=1)
    engine.coupon("CITY", amount_off=1)
    engine.obey("AGE", **rules("customer.metadata", "$more_than_or_equal", 18, property="age"))
    engine.obey("CITY", **rules("customer.metadata", "$is", "Oslo", property="city"))
    ann = {"source_id": "ann", "metadata": {"age": 15, "city": "Bergen"}}

    assert told(engine, "AGE", order=ORDER, customer=ann)["reason"] == "needs 18, customer has 15"
    assert told(engine, "CITY", order=ORDER, customer=ann)["reason"] == "not met: customer.metadata city"


def test_the_rule_that_fails_gives_the_reason(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)
    amount = {"name": "order.amount", "conditions": {"$more_than": [1000]}}
    count = {"name": "order.items.count", "conditions": {"$more_than_or_equal": [3]}}
    engine.obey("CODE", rules={"1": amount, "2": count, "logic": "1 and 2"})

    assert told(engine, "CODE", order={"items": [{"amount": 900}]})["reason"] == "needs more than 10.00, cart has 9.00"
    assert told(engine, "CODE", order={"items": [{"amount": 1001}]})["reason"] == "needs 3, cart has 1"


def test_a_quantity_tells_how_often_and_what_is_held(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1, quantity=2)
    engine.redeem("CODE", order=ORDER)
    engine.validate("CODE", session={"type": "LOCK", "key": "mine"})

    held = told(engine, "CODE", order=ORDER)
    engine.redeem("CODE", order=ORDER, session={"type": "LOCK", "key": "mine"})
    used = told(engine, "CODE", order=ORDER)

    assert (held["key"], held["details"]) == ("quantity_exceeded", "CODE")
    assert held["reason"] == "it may be redeemed 2 times, it was 1 times, 1 are held"
    assert used["reason"] == "it may be redeemed 2 times, it was 2 times"


def test_a_gift_card_tells_its_balance(engine: EngineClient) -> None:
    engine.gift_card("CARD", 1050)
    asked = {"redeemables": [{"object": "voucher", "id": "CARD", "gift": {"credits": 5000}}], "order": ORDER}

    error = engine.post("/v1/redemptions", asked, status=400)
    engine.redeem("CARD", order=ORDER)

    assert (error["key"], error["reason"]) == ("gift_amount_exceeded", "needs 50.00, card has 10.50")
    assert told(engine, "CARD", order=ORDER)["reason"] == "needs more than 0.00, card has 0.00"


def test_what_is_disabled_tells_whose_fault_it_is(engine: EngineClient) -> None:
    voucher = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "AMOUNT", "amount_off": 1}}
    engine.post("/v1/campaigns", {"name": "Spring", "voucher": voucher, "active": False})
    engine.post("/v1/campaigns/Spring/vouchers/CODE", {})
    engine.post("/v1/vouchers/OWN", {**voucher, "active": False})

    assert (told(engine, "CODE")["key"], told(engine, "CODE")["reason"]) == (
        "voucher_disabled",
        "its campaign is disabled",
    )
    assert told(engine, "OWN")["reason"] == "the voucher is disabled"


@pytest.mark.parametrize("whose", ["voucher", "campaign"])
def test_dates_are_told(engine: EngineClient, whose: str) -> None:
    dates = {"start_date": "2030-01-03", "expiration_date": "2030-02-01T12:00:00+02:00"}
    voucher = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "AMOUNT", "amount_off": 1}}
    engine.post("/v1/campaigns", {"name": "Spring", "voucher": voucher, **(dates if whose == "campaign" else {})})
    engine.post("/v1/vouchers/CODE", {"campaign": "Spring", **(dates if whose == "voucher" else {})})

    early = told(engine, "CODE")
    engine.clock.now = datetime(2030, 1, 3, tzinfo=UTC)
    assert engine.validate("CODE")["valid"] is True
    engine.clock.now = datetime(2030, 2, 1, 10, tzinfo=UTC)
    late = told(engine, "CODE")

    assert (early["key"], early["reason"]) == ("voucher_not_active", "it starts at 2030-01-03T00:00:00.000Z")
    assert (late["key"], late["reason"]) == ("voucher_expired", "it expired at 2030-02-01T10:00:00.000Z")


@pytest.mark.parametrize(
    ("validity", "right", "wrong"),
    [
        ({"validity_timeframe": {"interval": "P1D", "duration": "PT1H"}}, "2030-01-05T00:59:59", "2030-01-05T01:00:00"),
        ({"validity_day_of_week": [0, 6]}, "2030-01-05T00:00:00", "2030-01-07T00:00:00"),
        (
            {"validity_hours": {"daily": [{"start_time": "09:00", "expiration_time": "17:00", "days_of_week": [6]}]}},
            "2030-01-05T09:00:00",
            "2030-01-06T09:00:00",
        ),
    ],
)
@pytest.mark.parametrize("whose", ["voucher", "campaign"])
def test_recurring_times_are_obeyed(
    engine: EngineClient, whose: str, validity: dict[str, Any], right: str, wrong: str
) -> None:
    voucher = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "AMOUNT", "amount_off": 1}}
    told_validity = {"start_date": "2030-01-01", **validity}
    engine.post(
        "/v1/campaigns", {"name": "Spring", "voucher": voucher, **(told_validity if whose == "campaign" else {})}
    )
    engine.post("/v1/vouchers/CODE", {"campaign": "Spring", **(told_validity if whose == "voucher" else {})})

    engine.clock.now = datetime.fromisoformat(right).replace(tzinfo=UTC)
    engine.redeem("CODE")
    engine.clock.now = datetime.fromisoformat(wrong).replace(tzinfo=UTC)
    error = told(engine, "CODE")

    assert (error["key"], error["details"]) == ("voucher_not_active_now", "CODE")
    assert error["reason"] == f"it is {wrong[:16]} UTC"


def test_what_is_skipped_says_why(engine: EngineClient) -> None:
    for code in "ABCDEF":
        engine.coupon(code, amount_off=1)

    (over,) = engine.validate(*"ABCDEF", order=ORDER)["skipped_redeemables"]
    (after,) = engine.validate("NONE", "A", order=ORDER)["skipped_redeemables"]

    assert over["result"]["details"] == {
        "key": "applicable_redeemables_limit_exceeded",
        "message": "Applicable redeemables limit exceeded",
        "reason": "at most 5 may apply, 5 do already",
    }
    assert after["result"]["details"]["key"] == "preceding_validation_failed"
    assert after["result"]["details"]["reason"] == "all of them must apply, and one before it does not"


@pytest.mark.parametrize("condition", ["$is", "$in"])
def test_only_customers_of_a_segment_are_let_in(engine: EngineClient, condition: str) -> None:
    engine.post("/v1/customers", {"source_id": "ann", "metadata": {"vip": True}})
    static = engine.post("/v1/segments", {"name": "Friends", "type": "static", "customers": ["ann"]})["id"]
    filter = {"junction": "AND", "metadata.vip": {"conditions": {"$is": [True]}}}
    dynamic = engine.post("/v1/segments", {"name": "Vips", "type": "auto-update", "filter": filter})["id"]
    engine.coupon("FRIEND", amount_off=1)
    engine.coupon("VIP", amount_off=1)
    engine.obey("FRIEND", **rules("customer.segment", condition, static))
    engine.obey("VIP", **rules("customer.segment", condition, dynamic))

    for code in ("FRIEND", "VIP"):
        error = told(engine, code, customer={"source_id": "bob"}, order=ORDER)
        assert (error["key"], error["message"]) == (
            "customer_rules_violated",
            "customer does not match validation rules",
        )
        assert told(engine, code, order=ORDER)["key"] == "missing_customer"
        engine.redeem(code, customer={"source_id": "ann"}, order=ORDER)
    new = {"source_id": "new", "metadata": {"vip": True}}
    assert engine.validate("VIP", customer=new)["valid"] is True


def test_customers_of_a_segment_may_be_kept_out(engine: EngineClient) -> None:
    segment = engine.post("/v1/segments", {"name": "Staff", "type": "static", "customers": ["ann"]})["id"]
    engine.coupon("CODE", amount_off=1)
    engine.obey("CODE", **rules("customer.segment", "$is_not", segment))

    assert engine.validate("CODE", customer={"source_id": "bob"})["valid"] is True
    assert told(engine, "CODE", customer={"source_id": "ann"})["key"] == "customer_rules_violated"


@pytest.fixture
def shop(engine: EngineClient) -> EngineClient:
    """An engine with the code ``CODE`` in a campaign and a category, and the code ``OFF`` that is disabled."""
    category = engine.post("/v1/categories", {"name": "Sale", "hierarchy": 3})["id"]
    voucher = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "AMOUNT", "amount_off": 100}}
    engine.post("/v1/campaigns", {"name": "Spring", "voucher": voucher})
    engine.post("/v1/vouchers/CODE", {"campaign": "Spring", "category_id": category, "metadata": {"a": 1}})
    engine.post("/v1/vouchers/OFF", {**voucher, "active": False, "metadata": {"b": 2}})
    return engine


def expanded(engine: EngineClient, code: str, *expand: str, **request: Any) -> Any:
    options = {"options": {"expand": list(expand)}} if expand else {}
    return engine.validate(code, order=ORDER, **options, **request)["redeemables"][0]


def test_each_redeemable_has_its_order_unless_something_else_is_asked(shop: EngineClient) -> None:
    assert expanded(shop, "CODE")["order"]["total_amount"] == 4110
    assert expanded(shop, "CODE", "order", "category")["order"]["total_amount"] == 4110
    for name in ("redeemable", "redemption", "category"):
        assert "order" not in expanded(shop, "CODE", name)
    whole = shop.validate("CODE", order=ORDER, options={"expand": ["redeemable"]})
    assert whole["order"]["total_amount"] == 4110


def test_a_redeemable_may_tell_its_campaign(shop: EngineClient) -> None:
    plain, one = expanded(shop, "CODE"), expanded(shop, "CODE", "redeemable")

    assert "campaign_name" not in plain
    assert (one["campaign_name"], one["metadata"]) == ("Spring", {"a": 1})
    assert one["campaign_id"] == shop.get("/v1/campaigns/Spring")["id"]
    refused = expanded(shop, "OFF", "redeemable")
    assert (refused["status"], refused["metadata"]) == ("INAPPLICABLE", {"b": 2})
    assert expanded(shop, "NONE", "redeemable", "redemption", "category")["status"] == "INAPPLICABLE"


def test_a_redeemable_may_tell_the_redemptions_metadata_and_its_category(shop: EngineClient) -> None:
    one = expanded(shop, "CODE", "redemption", "category", metadata={"till": 4})

    assert one["redemption"] == {"metadata": {"till": 4}}
    (category,) = one["categories"]
    assert (category["name"], category["hierarchy"], category["object"]) == ("Sale", 3, "category")
    assert "redemption" not in expanded(shop, "CODE", metadata={"till": 4})


def test_a_tier_may_tell_its_name(shop: EngineClient) -> None:
    tiers = [{"name": "First", "action": {"discount": {"type": "AMOUNT", "amount_off": 100}}}]
    made = shop.post("/v1/campaigns", {"name": "Sale", "promotion": {"tiers": tiers}})
    tier = {"object": "promotion_tier", "id": made["promotion"]["tiers"][0]["id"]}

    (one,) = shop.post("/v1/validations", {"redeemables": [tier], "options": {"expand": ["redeemable"]}})["redeemables"]

    assert (one["name"], one["campaign_name"]) == ("First", "Sale")


def test_what_cannot_be_expanded_is_named(shop: EngineClient) -> None:
    error = shop.validate("CODE", options={"expand": ["everything"]}, status=400)

    assert error["details"].startswith("Property .options.expand[0] must be equal to one of")
