"""Validations: what would apply, without doing it; and the sessions that hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient

ORDER = {"amount": 1000}
LOCK: dict[str, Any] = {"type": "LOCK", "ttl": 10, "ttl_unit": "MINUTES"}


def test_what_applies_is_told_with_the_order_it_would_make(engine: EngineClient) -> None:
    engine.coupon("CODE", percent_off=10)
    before = engine.everything()

    answer = engine.validate("CODE", order=ORDER)

    assert answer["valid"] is True
    assert answer["order"]["total_amount"] == 900
    assert answer["order"]["discount_amount"] == answer["order"]["total_applied_discount_amount"] == 100
    assert answer["stacking_rules"]["redeemables_application_mode"] == "ALL"
    assert "inapplicable_redeemables" not in answer
    assert "skipped_redeemables" not in answer
    (redeemable,) = answer["redeemables"]
    assert (redeemable["status"], redeemable["id"], redeemable["object"]) == ("APPLICABLE", "CODE", "voucher")
    assert redeemable["result"]["discount"]["effect"] == "APPLY_TO_ORDER"
    assert redeemable["result"]["discount"]["is_dynamic"] is False
    assert redeemable["order"]["total_amount"] == 900
    assert engine.everything() == before


def test_a_gift_card_tells_the_credits_the_order_takes(engine: EngineClient) -> None:
    engine.gift_card("GIFT", 5000)

    (redeemable,) = engine.validate("GIFT", order=ORDER)["redeemables"]

    assert redeemable["result"] == {"gift": {"credits": 1000}}


def test_what_does_not_apply_is_an_answer_and_not_an_error(engine: EngineClient) -> None:
    engine.coupon("GOOD", amount_off=100)
    engine.coupon("OFF", amount_off=100)
    engine.post("/v1/vouchers/OFF/disable")

    answer = engine.validate("GOOD", "OFF", "GOOD2", order=ORDER)

    assert answer["valid"] is False
    assert "order" not in answer
    (fault,) = answer["inapplicable_redeemables"]
    assert fault in answer["redeemables"]
    error = fault["result"]["error"]
    assert (fault["id"], error["code"], error["key"]) == ("OFF", 400, "voucher_disabled")
    assert (error["message"], error["details"]) == ("voucher is disabled", "OFF")
    assert error["request_id"]
    told = fault["result"]["details"]
    assert (told["key"], told["message"]) == ("voucher_disabled", "voucher is disabled")
    (skipped,) = answer["skipped_redeemables"]
    assert skipped["id"] == "GOOD2"
    assert skipped["result"]["details"]["key"] == "preceding_validation_failed"


def test_more_than_five_codes_stay_valid_and_the_rest_is_skipped(engine: EngineClient) -> None:
    codes = [f"C{i}" for i in range(7)]
    for code in codes:
        engine.coupon(code, amount_off=10)

    answer = engine.validate(*codes, order=ORDER)

    assert answer["valid"] is True
    assert [one["id"] for one in answer["redeemables"]] == codes[:5]
    assert [one["id"] for one in answer["skipped_redeemables"]] == codes[5:]
    reasons = {one["result"]["details"]["key"] for one in answer["skipped_redeemables"]}
    assert reasons == {"applicable_redeemables_limit_exceeded"}
    assert answer["order"]["total_amount"] == 950


def test_a_customer_who_can_be_found_again_is_kept(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=10)

    answer = engine.validate("CODE", order=ORDER, customer={"source_id": "ann", "name": "Ann"})

    assert engine.get("/v1/customers/ann")["name"] == "Ann"
    assert answer["order"]["customer_id"] == engine.get("/v1/customers/ann")["id"]
    assert answer["tracking_id"].startswith("track_")


def test_a_session_holds_the_last_use_for_its_own_redemption(engine: EngineClient) -> None:
    engine.coupon("LAST", amount_off=100, quantity=1)
    session = engine.validate("LAST", order=ORDER, session=LOCK)["session"]

    elsewhere = engine.validate("LAST", order=ORDER)["inapplicable_redeemables"][0]["result"]["error"]
    refused = engine.redeem("LAST", order=ORDER, status=400)
    redeemed = engine.redeem("LAST", order=ORDER, session={"type": "LOCK", "key": session["key"]})

    assert session["key"].startswith("ssn_")
    assert elsewhere["key"] == refused["key"] == "quantity_exceeded"
    assert redeemed["redemptions"][0]["result"] == "SUCCESS"
    assert engine.redeemed_quantity("LAST") == 1


def test_a_session_holds_credits_of_a_gift_card(engine: EngineClient) -> None:
    engine.gift_card("GIFT", 1500)
    engine.validate("GIFT", order=ORDER, session={**LOCK, "key": "mine"})

    (left,) = engine.validate("GIFT", order=ORDER)["redeemables"]
    too_much = engine.post(
        "/v1/redemptions",
        {"redeemables": [{"object": "voucher", "id": "GIFT", "gift": {"credits": 501}}], "order": ORDER},
        status=400,
    )

    assert left["result"] == {"gift": {"credits": 500}}
    assert too_much["key"] == "gift_amount_exceeded"
    assert engine.balance("GIFT") == 1500


def test_a_session_that_is_not_told_otherwise_lasts_seven_days(engine: EngineClient) -> None:
    engine.coupon("LAST", amount_off=100, quantity=1)
    session = engine.validate("LAST", order=ORDER, session={"type": "LOCK"})["session"]
    assert (session["type"], session["ttl"], session["ttl_unit"]) == ("LOCK", 7, "DAYS")

    engine.clock.advance(days=6, hours=23)
    assert engine.validate("LAST", order=ORDER)["valid"] is False
    engine.clock.advance(hours=2)
    assert engine.validate("LAST", order=ORDER)["valid"] is True


@pytest.mark.parametrize(
    ("ttl_unit", "seconds"), [("MILLISECONDS", 2), ("SECONDS", 2000), ("MINUTES", 120_000), ("HOURS", 7_200_000)]
)
def test_a_session_ends_when_its_time_is_up(engine: EngineClient, ttl_unit: str, seconds: int) -> None:
    engine.coupon("LAST", amount_off=100, quantity=1)
    engine.validate("LAST", order=ORDER, session={"type": "LOCK", "ttl": 2000, "ttl_unit": ttl_unit})

    engine.clock.advance(seconds=seconds * 0.9)
    assert engine.validate("LAST", order=ORDER)["valid"] is False
    engine.clock.advance(seconds=seconds * 0.2)
    assert engine.validate("LAST", order=ORDER)["valid"] is True


def test_a_key_used_again_holds_only_the_new(engine: EngineClient) -> None:
    for code in ("A", "B"):
        engine.coupon(code, amount_off=100, quantity=1)
    engine.validate("A", order=ORDER, session={**LOCK, "key": "mine"})

    engine.validate("B", order=ORDER, session={**LOCK, "key": "mine"})

    assert engine.validate("A", order=ORDER)["valid"] is True
    assert engine.validate("B", order=ORDER)["valid"] is False


def test_what_does_not_apply_is_not_held(engine: EngineClient) -> None:
    engine.coupon("LAST", amount_off=100, quantity=1)

    engine.validate("LAST", "UNKNOWN", order=ORDER, session=LOCK)

    assert engine.validate("LAST", order=ORDER)["valid"] is True


def test_a_released_session_holds_nothing(engine: EngineClient) -> None:
    engine.coupon("LAST", amount_off=100, quantity=1)
    engine.validate("LAST", order=ORDER, session={**LOCK, "key": "mine"})

    engine.delete("/v1/vouchers/LAST/sessions/mine")

    assert engine.validate("LAST", order=ORDER)["valid"] is True
    again = engine.delete("/v1/vouchers/LAST/sessions/mine", status=404)
    assert (again["key"], again["resource_type"]) == ("not_found", "session")
    assert engine.delete("/v1/vouchers/NONE/sessions/mine", status=404)["resource_type"] == "voucher"


def test_a_redeemed_session_holds_nothing_more(engine: EngineClient) -> None:
    engine.coupon("TWICE", amount_off=100, quantity=2)
    engine.validate("TWICE", order=ORDER, session={**LOCK, "key": "mine"})

    engine.redeem("TWICE", order=ORDER, session={"type": "LOCK", "key": "mine"})

    assert engine.redeem("TWICE", order=ORDER)["order"]["total_amount"] == 900
