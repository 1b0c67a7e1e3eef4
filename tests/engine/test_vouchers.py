"""Vouchers: made, found, changed, switched off and on, and deleted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient

TEN_PERCENT = {"discount": {"type": "PERCENT", "percent_off": 10}}


def test_a_coupon_is_found_as_it_was_made(engine: EngineClient) -> None:
    made = engine.post("/v1/vouchers/WELCOME", {**TEN_PERCENT, "metadata": {"team": "web"}, "category": "new"})

    assert made == engine.voucher("WELCOME") == engine.voucher(made["id"])
    assert made["object"] == "voucher"
    assert made["code"] == "WELCOME"
    assert made["type"] == "DISCOUNT_VOUCHER"
    assert made["discount"] == {"type": "PERCENT", "percent_off": 10}
    assert made["active"] is True
    assert made["metadata"] == {"team": "web"}
    assert made["category"] == "new"
    assert made["categories"] == []
    assert made["redemption"]["quantity"] is None
    assert made["redemption"]["redeemed_quantity"] == 0
    assert "expiration_date" not in made


def test_a_gift_card_holds_its_amount(engine: EngineClient) -> None:
    made = engine.gift_card("GIFT", 5000)

    assert made["type"] == "GIFT_VOUCHER"
    assert made["gift"]["amount"] == made["gift"]["balance"] == 5000
    assert made["redemption"]["redeemed_amount"] == 0


def test_a_random_code_has_eight_alphanumerics(engine: EngineClient) -> None:
    codes = {engine.post("/v1/vouchers", TEN_PERCENT)["code"] for _ in range(5)}

    assert len(codes) == 5
    assert all(re.fullmatch("[0-9a-zA-Z]{8}", code) for code in codes)


@pytest.mark.parametrize(
    ("config", "looks"),
    [
        ({"length": 4, "charset": "AB"}, "[AB]{4}"),
        ({"prefix": "SUMMER-", "postfix": "-24", "length": 3}, "SUMMER-[0-9a-zA-Z]{3}-24"),
        ({"pattern": "X-##-#", "length": 30, "charset": "01"}, "X-[01]{2}-[01]"),
    ],
)
def test_a_random_code_looks_as_its_config_says(engine: EngineClient, config: dict[str, Any], looks: str) -> None:
    made = engine.post("/v1/vouchers", {**TEN_PERCENT, "code_config": config})

    assert re.fullmatch(looks, made["code"])


def test_when_every_random_code_is_taken_the_config_is_at_fault(engine: EngineClient) -> None:
    body = {**TEN_PERCENT, "code_config": {"pattern": "ALWAYS-THE-SAME"}}
    engine.post("/v1/vouchers", body)

    assert "code_config" in engine.post("/v1/vouchers", body, status=400)["details"]


def test_a_taken_code_is_a_duplicate_and_the_first_voucher_stays(engine: EngineClient) -> None:
    first = engine.coupon("ONCE", amount_off=100)

    error = engine.coupon("ONCE", amount_off=999, status=409)

    assert error["key"] == "duplicate_found"
    assert error["details"] == "Duplicated voucher exists with id ONCE"
    assert engine.voucher("ONCE") == first


def test_vouchers_are_listed_newest_first_page_by_page(engine: EngineClient) -> None:
    for code in ("A", "B", "C"):
        engine.coupon(code, amount_off=100)

    first = engine.get("/v1/vouchers?limit=2")
    second = engine.get("/v1/vouchers?limit=2&page=2")
    oldest_first = engine.get("/v1/vouchers?order=created_at")

    assert (first["object"], first["data_ref"], first["total"]) == ("list", "vouchers", 3)
    assert [voucher["code"] for voucher in first["vouchers"]] == ["C", "B"]
    assert [voucher["code"] for voucher in second["vouchers"]] == ["A"]
    assert [voucher["code"] for voucher in oldest_first["vouchers"]] == ["A", "B", "C"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=many", "page=0", "page=100", "order=price"])
def test_a_page_that_cannot_be_is_told_by_its_parameter(engine: EngineClient, query: str) -> None:
    error = engine.get(f"/v1/vouchers?{query}", status=400)

    assert error["key"] == "invalid_query_params"
    assert query.partition("=")[0] in error["details"]


def test_an_update_changes_what_was_sent_and_nothing_else(engine: EngineClient) -> None:
    made = engine.post("/v1/vouchers/CODE", {**TEN_PERCENT, "category": "old", "metadata": {"a": 1, "b": 2}})

    changed = engine.put("/v1/vouchers/CODE", {"metadata": {"b": 3}, "redemption": {"quantity": 7}})

    assert changed["metadata"] == {"a": 1, "b": 3}
    assert changed["redemption"]["quantity"] == 7
    assert changed["updated_at"] is not None
    same = ("id", "code", "type", "discount", "category", "created_at", "active")
    assert {name: changed[name] for name in same} == {name: made[name] for name in same}
    assert engine.voucher("CODE") == changed


def test_a_null_date_clears_it(engine: EngineClient) -> None:
    engine.post("/v1/vouchers/CODE", {**TEN_PERCENT, "expiration_date": "2031-01-01T00:00:00+01:00"})
    assert engine.voucher("CODE")["expiration_date"] == "2030-12-31T23:00:00.000Z"

    engine.put("/v1/vouchers/CODE", {"expiration_date": None})

    assert "expiration_date" not in engine.voucher("CODE")


def test_a_limit_stays_unless_another_is_sent_and_null_lifts_it(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100, quantity=2)

    for nothing in ({}, {"redemption": {}}, {"redemption": None}, {"redemption": {"colour": "red"}}):
        assert engine.put("/v1/vouchers/CODE", nothing)["redemption"]["quantity"] == 2
    assert engine.put("/v1/vouchers/CODE", {"redemption": {"quantity": 3}})["redemption"]["quantity"] == 3
    assert engine.put("/v1/vouchers/CODE", {"redemption": {"quantity": None}})["redemption"]["quantity"] is None
    for _ in range(4):
        engine.redeem("CODE", order={"amount": 1000})


def test_what_a_discount_is_worth_may_change_without_its_type(engine: EngineClient) -> None:
    engine.coupon("CODE", percent_off=10)

    changed = engine.put("/v1/vouchers/CODE", {"discount": {"percent_off": 25}})

    assert changed["discount"] == {"type": "PERCENT", "percent_off": 25}
    assert engine.redeem("CODE", order={"amount": 1000})["order"]["total_amount"] == 750


def test_a_gift_card_may_have_less_left_than_was_put_on_it(engine: EngineClient) -> None:
    made = engine.post("/v1/vouchers/GIFT", {"type": "GIFT_VOUCHER", "gift": {"amount": 500, "balance": 500}})
    assert made["gift"]["balance"] == 500
    engine.post("/v1/vouchers/LESS", {"type": "GIFT_VOUCHER", "gift": {"amount": 500, "balance": 120}})
    assert engine.redeem("LESS", order={"amount": 1000})["order"]["total_amount"] == 880


def test_the_type_of_a_discount_cannot_change(engine: EngineClient) -> None:
    made = engine.coupon("CODE", percent_off=10)

    error = engine.put("/v1/vouchers/CODE", {"discount": {"type": "AMOUNT", "amount_off": 100}}, status=400)

    assert error["key"] == "invalid_voucher"
    assert engine.voucher("CODE") == made


def test_a_gift_cards_new_amount_moves_its_balance_by_the_difference(engine: EngineClient) -> None:
    engine.gift_card("GIFT", 1000)
    engine.redeem("GIFT", order={"amount": 400})

    assert engine.put("/v1/vouchers/GIFT", {"gift": {"amount": 1500}})["gift"]["balance"] == 1100
    assert engine.put("/v1/vouchers/GIFT", {"gift": {"amount": 399}}, status=400)["key"] == "invalid_payload"
    assert engine.balance("GIFT") == 1100


def test_a_disabled_voucher_is_refused_until_it_is_enabled(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)

    assert engine.post("/v1/vouchers/CODE/disable")["active"] is False
    assert engine.redeem("CODE", order={"amount": 1000}, status=400)["key"] == "voucher_disabled"
    assert engine.post("/v1/vouchers/CODE/enable")["active"] is True
    assert engine.redeem("CODE", order={"amount": 1000})["order"]["total_amount"] == 900


@pytest.mark.parametrize("query", ["", "?force=true"])
def test_a_deleted_voucher_is_gone_and_its_code_is_free(engine: EngineClient, query: str) -> None:
    deleted = engine.coupon("CODE", amount_off=100)

    engine.delete(f"/v1/vouchers/CODE{query}")

    assert engine.get("/v1/vouchers/CODE", status=404)["key"] == "not_found"
    assert engine.get("/v1/vouchers")["total"] == 0
    assert engine.coupon("CODE", amount_off=200)["id"] != deleted["id"]


def test_a_code_may_hold_a_slash_and_letters_of_any_script(engine: EngineClient) -> None:
    for code in ("BACK/TO/SCHOOL", "Sömmer ☀"):
        engine.coupon(code, amount_off=100)
        assert engine.voucher(code)["code"] == code
        assert engine.post(f"/v1/vouchers/{code}/disable")["active"] is False


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/vouchers/NONE"),
        ("PUT", "/v1/vouchers/NONE"),
        ("DELETE", "/v1/vouchers/NONE"),
        ("POST", "/v1/vouchers/NONE/enable"),
        ("POST", "/v1/vouchers/NONE/disable"),
        ("GET", "/v1/vouchers/NONE/transactions"),
        ("GET", "/v1/vouchers/NONE/redemption"),
    ],
)
def test_a_voucher_that_does_not_exist_is_not_found(engine: EngineClient, method: str, path: str) -> None:
    error = engine.ask(method, path, {} if method == "PUT" else None, status=404)

    assert error["key"] == "not_found"
    assert error["message"] == "Resource not found"
    assert error["details"] == "Cannot find voucher with id NONE"
    assert (error["resource_id"], error["resource_type"]) == ("NONE", "voucher")
    assert error["request_id"].startswith("v-")


@pytest.mark.parametrize(
    ("discount", "named"),
    [
        ({"type": "AMOUNT"}, "'amount_off'"),
        ({"type": "FIXED"}, "'fixed_amount'"),
        ({"type": "UNIT", "unit_off": 1}, "'unit_type'"),
        ({"type": "UNIT", "unit_type": "mug"}, "'unit_off'"),
        ({"type": "UNIT", "effect": "ADD_MANY_ITEMS"}, "'units'"),
        ({"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": []}, ".discount.units"),
        ({"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": [{"unit_type": "mug"}]}, "'unit_off'"),
        ({"type": "UNIT", "unit_off": 0, "unit_type": "mug"}, ".discount.unit_off"),
        ({"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ITEMS_BY_QUANTITY"}, ".discount.effect"),
        ({"type": "FIXED", "fixed_amount": 1, "effect": "ADD_NEW_ITEMS"}, ".discount.effect"),
        ({"type": "HALF"}, ".discount.type"),
    ],
)
def test_a_discount_that_does_not_fit_its_type_is_refused(
    engine: EngineClient, discount: dict[str, Any], named: str
) -> None:
    error = engine.coupon("CODE", status=400, **discount)

    assert named in error["details"]


def test_an_effect_may_change_and_a_type_may_not(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)

    changed = engine.put("/v1/vouchers/CODE", {"discount": {"effect": "APPLY_TO_ITEMS"}})

    assert changed["discount"] == {"type": "AMOUNT", "amount_off": 100, "effect": "APPLY_TO_ITEMS"}
    engine.put("/v1/vouchers/CODE", {"discount": {"effect": "ADD_NEW_ITEMS"}}, status=400)
    engine.put("/v1/vouchers/CODE", {"discount": {"type": "FIXED", "fixed_amount": 1}}, status=400)
