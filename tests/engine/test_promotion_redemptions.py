"""Promotion tiers and stacks as redeemables: validated, redeemed, given back, refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge.engine.http.doors import Keys

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine

CART = {"source_id": "cart-1", "amount": 10_000}


@pytest.fixture
def engine(tmp_path: Path, open_engine: OpenEngine) -> Iterator[EngineClient]:
    """An engine whose management paths are open."""
    with open_engine(f"sqlite:///{tmp_path}/engine.db", management=Keys("boss", "hush")) as client:
        yield client


def promotion(engine: EngineClient, *percents: int, name: str = "Sale", **properties: Any) -> list[str]:
    """A campaign with a tier for each percentage; gives their ids."""
    tiers = [
        {"name": f"T{i}", "action": {"discount": {"type": "PERCENT", "percent_off": percent}}}
        for i, percent in enumerate(percents)
    ]
    made = engine.post("/v1/campaigns", {"name": name, "promotion": {"tiers": tiers}, **properties})
    return [tier["id"] for tier in made["promotion"]["tiers"]]


def stacked(engine: EngineClient, tiers: list[str]) -> str:
    return str(engine.post("/v1/promotions/Sale/stacks", {"name": "All", "tiers": {"ids": tiers}})["id"])


def let(engine: EngineClient, **rules: Any) -> None:
    """Set the stacking rules."""
    path = "/management/v1/projects/default/stacking-rules"
    engine.post(path, rules, X_Management_Id="boss", X_Management_Token="hush")


def tier(id: str) -> dict[str, str]:
    return {"object": "promotion_tier", "id": id}


def whole(id: str) -> dict[str, str]:
    return {"object": "promotion_stack", "id": id}


def voucher(id: str) -> dict[str, str]:
    return {"object": "voucher", "id": id}


def validate(engine: EngineClient, *redeemables: Any, status: int = 200, **request: Any) -> Any:
    body = {"redeemables": list(redeemables), "order": CART, **request}
    return engine.post("/v1/validations", body, status=status)


def redeem(engine: EngineClient, *redeemables: Any, status: int = 200, **request: Any) -> Any:
    body = {"redeemables": list(redeemables), "order": CART, **request}
    return engine.post("/v1/redemptions", body, status=status)


def times_redeemed(engine: EngineClient, id: str) -> int:
    summary = engine.get(f"/v1/promotions/tiers/{id}")["summary"]
    return int(summary["redemptions"]["total_redeemed"])


def fault_of(answer: Any) -> dict[str, Any]:
    """The error of the one that does not apply."""
    (one,) = answer["inapplicable_redeemables"]
    error: dict[str, Any] = one["result"]["error"]
    return error


def test_a_tier_is_validated_without_a_trace(engine: EngineClient) -> None:
    (ten,) = promotion(engine, 10)
    before = engine.everything()

    told = validate(engine, tier(ten))

    assert told["valid"] is True
    (one,) = told["redeemables"]
    assert (one["status"], one["id"], one["object"]) == ("APPLICABLE", ten, "promotion_tier")
    assert one["result"]["discount"] == {
        "type": "PERCENT",
        "percent_off": 10,
        "effect": "APPLY_TO_ORDER",
        "is_dynamic": False,
    }
    assert told["order"]["total_amount"] == one["order"]["total_amount"] == 9000
    assert engine.everything() == before


def test_a_tier_is_redeemed_and_given_back(engine: EngineClient) -> None:
    (ten,) = promotion(engine, 10)
    campaign_id = engine.get("/v1/campaigns/Sale")["id"]

    done = redeem(engine, tier(ten))

    (redemption,) = done["redemptions"]
    assert "parent_redemption" not in done
    assert (redemption["related_object_type"], redemption["related_object_id"]) == ("promotion_tier", ten)
    assert (redemption["promotion_tier"]["id"], redemption["promotion_tier"]["campaign"]["name"]) == (ten, "Sale")
    assert "voucher" not in redemption
    assert engine.get(f"/v1/redemptions/{redemption['id']}")["promotion_tier"] == redemption["promotion_tier"]
    assert (done["order"]["status"], done["order"]["total_amount"]) == ("PAID", 9000)
    assert done["order"]["redemptions"][redemption["id"]] == {
        "date": "2030-01-02T03:04:05.000Z",
        "related_object_type": "promotion_tier",
        "related_object_id": ten,
        "related_object_parent_id": campaign_id,
    }
    assert times_redeemed(engine, ten) == 1

    undone = engine.roll_back(redemption["id"])

    assert undone["promotion_tier"]["id"] == ten
    assert (undone["order"]["status"], undone["order"]["total_amount"]) == ("CANCELED", 10_000)
    assert times_redeemed(engine, ten) == 0
    assert engine.roll_back(redemption["id"], status=400)["key"] == "already_rolled_back"


def test_a_tier_has_no_limit_of_its_own(engine: EngineClient) -> None:
    (ten,) = promotion(engine, 10)

    for _ in range(3):
        redeem(engine, tier(ten), order={"amount": 100})

    assert times_redeemed(engine, ten) == 3


def test_tiers_and_vouchers_combine_in_the_order_asked(engine: EngineClient) -> None:
    (ten,) = promotion(engine, 10)
    engine.coupon("FIVE", amount_off=5000)

    assert validate(engine, voucher("FIVE"), tier(ten))["order"]["total_amount"] == 4500
    done = redeem(engine, tier(ten), voucher("FIVE"))

    assert done["order"]["total_amount"] == 4000
    assert [one["related_object_type"] for one in done["redemptions"]] == ["promotion_tier", "voucher"]


def test_a_stack_is_redeemed_as_its_tiers_in_their_order_and_given_back_whole(engine: EngineClient) -> None:
    tiers = promotion(engine, 10, 20)[::-1]
    stack = stacked(engine, tiers)

    told = validate(engine, whole(stack))
    done = redeem(engine, whole(stack))

    assert [(one["object"], one["id"]) for one in told["redeemables"]] == [("promotion_tier", id) for id in tiers]
    assert [one["order"]["total_amount"] for one in told["redeemables"]] == [8000, 7200]
    assert [one["related_object_id"] for one in done["redemptions"]] == tiers
    assert done["order"]["total_amount"] == told["order"]["total_amount"] == 7200
    assert [times_redeemed(engine, id) for id in tiers] == [1, 1]

    undone = engine.roll_back_stack(done["parent_redemption"]["id"])

    assert [one["promotion_tier"]["id"] for one in undone["rollbacks"]] == tiers
    assert undone["order"]["total_amount"] == 10_000
    assert [times_redeemed(engine, id) for id in tiers] == [0, 0]


def test_a_stack_of_one_tier_is_a_single_redemption(engine: EngineClient) -> None:
    stack = stacked(engine, promotion(engine, 10))

    done = redeem(engine, whole(stack))

    assert "parent_redemption" not in done
    assert done["order"]["total_amount"] == 9000


@pytest.mark.parametrize("other", [tier("promo_x"), voucher("X"), whole("stack_x")])
def test_a_stack_is_alone(engine: EngineClient, other: dict[str, str]) -> None:
    stack = stacked(engine, promotion(engine, 10))

    for ask in (validate, redeem):
        for both in ((whole(stack), other), (other, whole(stack))):
            error = ask(engine, *both, status=400)
            assert (error["key"], error["message"]) == ("invalid_redeemables", "Invalid redeemables")
            assert error["details"] == "Promotion Stack cannot be use with other redeemables"


def test_the_limit_counts_the_tiers_of_a_stack(engine: EngineClient) -> None:
    stack = stacked(engine, promotion(engine, *[10] * 30))

    first = validate(engine, whole(stack))
    let(engine, applicable_redeemables_limit=30)
    done = redeem(engine, whole(stack))

    assert (len(first["redeemables"]), len(first["skipped_redeemables"])) == (5, 25)
    assert (len(done["redemptions"]), done["skipped_redeemables"]) == (30, [])
    left = 10_000
    for one in done["redemptions"]:
        left -= (left * 10 + 50) // 100
        assert one["order"]["total_amount"] == left
    assert engine.roll_back_stack(done["parent_redemption"]["id"])["order"]["total_amount"] == 10_000


@pytest.mark.parametrize("mode", ["ALL", "PARTIAL"])
def test_a_tier_that_left_its_stack_by_deletion_is_not_found(engine: EngineClient, mode: str) -> None:
    tiers = promotion(engine, 10, 20)
    stack = stacked(engine, tiers)
    let(engine, redeemables_application_mode=mode)
    engine.delete(f"/v1/promotions/tiers/{tiers[0]}")

    told = validate(engine, whole(stack))

    assert fault_of(told)["details"] == f"Cannot find promotion_tier with id {tiers[0]}"
    assert told["valid"] is (mode == "PARTIAL")


def test_what_does_not_exist_is_told(engine: EngineClient) -> None:
    told = validate(engine, tier("promo_x"))

    assert told["valid"] is False
    assert fault_of(told)["key"] == "not_found"
    assert redeem(engine, tier("promo_x"), status=404)["resource_type"] == "redemption"
    assert redeem(engine, whole("stack_x"), status=404)["key"] == "not_found"


def test_a_name_means_a_tier_or_a_voucher_but_never_the_other(engine: EngineClient) -> None:
    (ten,) = promotion(engine, 10)
    engine.coupon("C", percent_off=10)

    for wrong in (voucher(ten), tier("C")):
        assert fault_of(validate(engine, wrong))["key"] == "not_found"


def test_the_same_tier_is_not_in_one_request_twice(engine: EngineClient) -> None:
    (ten,) = promotion(engine, 10)

    for ask in (validate, redeem):
        assert ask(engine, tier(ten), tier(ten), status=400)["key"] == "duplicated_redeemables"
        assert ask(engine, tier("promo_x"), tier("promo_x"), status=400)["key"] == "duplicated_redeemables"
    assert times_redeemed(engine, ten) == 0


@pytest.mark.parametrize("switched_off", ["tier", "campaign"])
def test_an_inactive_tier_or_campaign_is_told_and_redeems_nothing(engine: EngineClient, switched_off: str) -> None:
    (ten,) = promotion(engine, 10)
    engine.coupon("C", percent_off=10)
    engine.post(f"/v1/promotions/tiers/{ten}/disable" if switched_off == "tier" else "/v1/campaigns/Sale/disable")

    told = validate(engine, tier(ten))
    error = redeem(engine, voucher("C"), tier(ten), status=400)

    assert told["valid"] is False
    for fault in (fault_of(told), error):
        assert (fault["key"], fault["message"]) == ("promotion_inactive", "Inactive Promotion")
        assert fault["details"] == f"Promotion Tier with id: {ten} is disabled."
    failed = engine.get(f"/v1/redemptions/{error['resource_id']}")
    assert (failed["related_object_type"], failed["related_object_id"]) == ("promotion_tier", ten)
    assert engine.redeemed_quantity("C") == 0


@pytest.mark.parametrize("whose", ["tier", "campaign"])
@pytest.mark.parametrize(
    "validity",
    [{"start_date": "2030-01-03"}, {"expiration_date": "2030-01-01"}, {"validity_day_of_week": [1]}],
)
def test_a_tier_counts_in_its_time_and_in_that_of_its_campaign(
    engine: EngineClient, whose: str, validity: dict[str, Any]
) -> None:
    """It is a Wednesday, the 2nd of January."""
    (ten,) = promotion(engine, 10)
    engine.put(f"/v1/promotions/tiers/{ten}" if whose == "tier" else "/v1/campaigns/Sale", validity)

    assert fault_of(validate(engine, tier(ten)))["key"] == "promotion_not_active_now"
    assert redeem(engine, tier(ten), status=400)["key"] == "promotion_not_active_now"
    assert times_redeemed(engine, ten) == 0


def test_a_tier_obeys_its_rules(engine: EngineClient) -> None:
    (ten,) = promotion(engine, 10)
    rule = engine.post(
        "/v1/validation-rules",
        {"name": "big", "rules": {"1": {"name": "order.amount", "conditions": {"$more_than": [10_000]}}, "logic": "1"}},
    )
    assignment = {"related_object_type": "promotion_tier", "related_object_id": ten}
    engine.post(f"/v1/validation-rules/{rule['id']}/assignments", assignment)

    fault = fault_of(validate(engine, tier(ten)))

    assert (fault["key"], fault["message"]) == ("order_rules_violated", "order does not match validation rules")
    assert validate(engine, tier(ten), order={"amount": 10_001})["valid"] is True


def test_expanding_tells_the_tiers_name_and_campaign(engine: EngineClient) -> None:
    (ten,) = promotion(engine, 10)

    (one,) = validate(engine, tier(ten), options={"expand": ["redeemable"]})["redeemables"]

    assert (one["name"], one["campaign_name"]) == ("T0", "Sale")
    assert "order" not in one


def test_a_session_on_a_tier_holds_nothing_that_others_need(engine: EngineClient) -> None:
    (ten,) = promotion(engine, 10)

    held = validate(engine, tier(ten), session={"type": "LOCK"})

    assert held["session"]["key"].startswith("ssn_")
    assert validate(engine, tier(ten))["valid"] is True
    redeem(engine, tier(ten), session=held["session"])
    assert times_redeemed(engine, ten) == 1
