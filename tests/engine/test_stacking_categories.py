"""Categories of redeemables: exclusive and joint ones, their limits, their order, and how an order is given back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge.engine.http.doors import Keys

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine

PATH = "/management/v1/projects/default/stacking-rules"
CART = {"amount": 10_000}


@pytest.fixture
def engine(tmp_path: Path, open_engine: OpenEngine) -> Iterator[EngineClient]:
    """An engine whose management paths are open."""
    with open_engine(f"sqlite:///{tmp_path}/engine.db", management=Keys("boss", "hush")) as client:
        yield client


def let(engine: EngineClient, **rules: Any) -> None:
    """Set the stacking rules."""
    engine.post(PATH, rules, X_Management_Id="boss", X_Management_Token="hush")


def category(engine: EngineClient, name: str, hierarchy: int = 1) -> str:
    return str(engine.post("/v1/categories", {"name": name, "hierarchy": hierarchy})["id"])


def coupon(engine: EngineClient, code: str, category_id: str | None = None, amount_off: int = 100) -> None:
    discount = {"type": "AMOUNT", "amount_off": amount_off}
    engine.post(f"/v1/vouchers/{code}", {"discount": discount, "category_id": category_id})


def coupon_of_campaign(engine: EngineClient, code: str, category_id: str) -> None:
    """A coupon that has the category from its campaign."""
    voucher = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "AMOUNT", "amount_off": 100}}
    body = {"name": f"Campaign of {code}", "category_id": category_id, "voucher": voucher}
    made = engine.post("/v1/campaigns", body)
    engine.post(f"/v1/campaigns/{made['id']}/vouchers/{code}", {})


def applicable(answer: Any) -> list[str]:
    return [one["id"] for one in answer["redeemables"] if one["status"] == "APPLICABLE"]


def reasons(answer: Any) -> dict[str, str]:
    """Why each skipped one was."""
    return {one["id"]: one["result"]["details"]["key"] for one in answer.get("skipped_redeemables", [])}


@pytest.mark.parametrize("make", [coupon, coupon_of_campaign])
@pytest.mark.parametrize("codes", [("E", "C", "J"), ("C", "J", "E"), ("J", "E", "C")])
def test_an_exclusive_category_keeps_common_ones_out_and_a_joint_one_stays(
    engine: EngineClient, codes: tuple[str, ...], make: Any
) -> None:
    exclusive, joint = category(engine, "Exclusive"), category(engine, "Joint")
    let(engine, exclusive_categories=[exclusive], joint_categories=[joint])
    make(engine, "E", exclusive)
    make(engine, "J", joint)
    coupon(engine, "C")

    told = engine.validate(*codes, order=CART)
    done = engine.redeem(*codes, order=CART)

    assert told["valid"] is True
    assert applicable(told) == [code for code in codes if code != "C"]
    assert reasons(told) == reasons(done) == {"C": "exclusion_rules_not_met"}
    assert done["order"]["total_amount"] == told["order"]["total_amount"] == 9800
    assert engine.redeemed_quantity("C") == 0


def test_a_tier_is_of_the_category_of_its_campaign(engine: EngineClient) -> None:
    exclusive = category(engine, "Exclusive")
    let(engine, exclusive_categories=[exclusive])
    action = {"discount": {"type": "AMOUNT", "amount_off": 100}}
    promotion = {"tiers": [{"name": "T", "action": action}]}
    made = engine.post("/v1/campaigns", {"name": "Sale", "category_id": exclusive, "promotion": promotion})
    tier = made["promotion"]["tiers"][0]["id"]
    coupon(engine, "C")

    redeemables = [{"object": "voucher", "id": "C"}, {"object": "promotion_tier", "id": tier}]
    told = engine.post("/v1/validations", {"redeemables": redeemables, "order": CART})

    assert (applicable(told), reasons(told)) == ([tier], {"C": "exclusion_rules_not_met"})
    assert [one["id"] for one in told["redeemables"][0]["categories"]] == [exclusive]


def test_a_category_of_its_own_does_not_take_it_out_of_that_of_its_campaign(engine: EngineClient) -> None:
    exclusive, joint = category(engine, "Exclusive"), category(engine, "Joint")
    let(engine, exclusive_categories=[exclusive], joint_categories=[joint])
    coupon_of_campaign(engine, "BOTH", exclusive)
    engine.put("/v1/vouchers/BOTH", {"category_id": joint})
    coupon(engine, "C")

    told = engine.validate("BOTH", "C", order=CART)

    assert {one["id"] for one in told["redeemables"][0]["categories"]} == {exclusive, joint}
    assert reasons(told) == {"C": "exclusion_rules_not_met"}


def test_an_answer_tells_the_category_and_what_it_is_to_the_stack(engine: EngineClient) -> None:
    exclusive, joint, common = (category(engine, name) for name in ("Exclusive", "Joint", "Common"))
    let(engine, exclusive_categories=[exclusive], joint_categories=[joint])
    for code, of in (("E", exclusive), ("J", joint), ("C", common)):
        coupon(engine, code, of)

    told = engine.validate("E", "J", "C", order=CART)

    everyone = [*told["redeemables"], *told["skipped_redeemables"]]
    categories = {one["id"]: one["categories"] for one in everyone}
    assert {code: (its[0]["id"], its[0].get("stacking_rules_type")) for code, its in categories.items()} == {
        "E": (exclusive, "EXCLUSIVE"),
        "J": (joint, "JOINT"),
        "C": (common, None),
    }


def test_an_exclusive_one_that_fails_in_partial_mode_keeps_nobody_out(engine: EngineClient) -> None:
    exclusive = category(engine, "Exclusive")
    let(engine, exclusive_categories=[exclusive], redeemables_application_mode="PARTIAL")
    coupon(engine, "E", exclusive)
    engine.post("/v1/vouchers/E/disable")
    coupon(engine, "C")

    told = engine.validate("E", "C", order=CART)

    assert (applicable(told), reasons(told)) == (["C"], {})
    assert [one["id"] for one in told["inapplicable_redeemables"]] == ["E"]


def test_limits_of_categories_are_told_by_their_names(engine: EngineClient) -> None:
    wide, narrow, exclusive = (category(engine, name) for name in ("Wide", "Narrow", "Exclusive"))
    let(
        engine,
        applicable_redeemables_per_category_limit=1,
        applicable_redeemables_category_limits={wide: 2, exclusive: 9},
        exclusive_categories=[exclusive],
        applicable_redeemables_limit=9,
    )
    for of, codes in ((wide, ("W1", "W2", "W3")), (narrow, ("N1", "N2")), (exclusive, ("E1", "E2"))):
        for code in codes:
            coupon(engine, code, of)

    told = engine.validate("W1", "W2", "W3", "N1", "N2", order=CART)

    assert applicable(told) == ["W1", "W2", "N1"]
    over = "applicable_redeemables_per_category_limit_exceeded"
    assert reasons(told) == {"W3": over, "N2": over}
    told = engine.validate("E1", "E2", order=CART)
    assert reasons(told) == {"E2": "applicable_exclusive_redeemables_limit_exceeded"}


def test_by_hierarchy_the_lowest_comes_first_whatever_was_asked(engine: EngineClient) -> None:
    first, last, joint = category(engine, "First", 0), category(engine, "Last", 5), category(engine, "Joint", 0)
    let(engine, redeemables_sorting_rule="CATEGORY_HIERARCHY", joint_categories=[joint])
    coupon(engine, "L", last)
    coupon(engine, "PLAIN")
    coupon(engine, "J", joint)
    coupon_of_campaign(engine, "F", first)

    told = engine.validate("J", "L", "PLAIN", "F", order=CART)
    done = engine.redeem("J", "L", "PLAIN", "F", order=CART)

    assert applicable(told) == ["F", "PLAIN", "L", "J"]
    assert [one["voucher"]["code"] for one in done["redemptions"]] == ["F", "PLAIN", "L", "J"]
    assert [one["order"]["total_amount"] for one in done["redemptions"]] == [9900, 9800, 9700, 9600]


def test_an_order_of_percentages_depends_on_the_hierarchy(engine: EngineClient) -> None:
    first = category(engine, "First", 0)
    let(engine, redeemables_sorting_rule="CATEGORY_HIERARCHY")
    engine.coupon("TEN", percent_off=10)
    coupon(engine, "FIVE", first, amount_off=5000)

    assert engine.validate("TEN", "FIVE", order=CART)["order"]["total_amount"] == 4500


def test_no_effect_is_skipped_and_stays_for_another_time(engine: EngineClient) -> None:
    anyway = category(engine, "Anyway")
    let(engine, redeemables_no_effect_rule="SKIP", no_effect_redeem_anyway_categories=[anyway])
    for code, of in (("ALL", None), ("LATE", None), ("ANYWAY", anyway)):
        coupon(engine, code, of, amount_off=10_000)
    engine.gift_card("CARD", 500)

    done = engine.redeem("ALL", "LATE", "ANYWAY", "CARD", order=CART)

    assert reasons(done) == {"LATE": "no_effect", "CARD": "no_effect"}
    assert [one["voucher"]["code"] for one in done["redemptions"]] == ["ALL", "ANYWAY"]
    assert (engine.redeemed_quantity("LATE"), engine.balance("CARD")) == (0, 500)


def test_when_all_are_skipped_nothing_is_redeemed(engine: EngineClient) -> None:
    let(engine, redeemables_no_effect_rule="SKIP")
    coupon(engine, "C")

    told = engine.validate("C", order={"amount": 0})
    error = engine.redeem("C", order={"amount": 0}, status=400)

    assert (told["valid"], reasons(told)) == (False, {"C": "no_effect"})
    assert error["key"] == "no_applicable_redeemables"
    assert engine.redeemed_quantity("C") == 0


def test_a_category_that_is_deleted_counts_no_more(engine: EngineClient) -> None:
    exclusive = category(engine, "Exclusive")
    let(engine, exclusive_categories=[exclusive])
    coupon(engine, "E", exclusive)
    coupon(engine, "C")
    engine.delete(f"/v1/categories/{exclusive}")

    assert applicable(engine.validate("E", "C", order=CART)) == ["E", "C"]


def test_without_the_order_counters_and_balances_go_back_and_the_order_stays(engine: EngineClient) -> None:
    let(engine, redeemables_rollback_order_mode="WITHOUT_ORDER")
    coupon(engine, "C")
    engine.gift_card("CARD", 500)
    done = engine.redeem("C", "CARD", order={"source_id": "cart-1", **CART})
    parent = done["parent_redemption"]["id"]

    undone = engine.roll_back_stack(parent)

    order = engine.get("/v1/orders/cart-1")
    assert (order["status"], order["total_amount"], order["total_discount_amount"]) == ("PAID", 9400, 600)
    assert undone["order"]["total_amount"] == 9400
    assert order["redemptions"][parent]["rollback_id"] == undone["parent_rollback"]["id"]
    assert (engine.redeemed_quantity("C"), engine.balance("CARD")) == (0, 500)
    redeemed = engine.get(f"/v1/redemptions/{parent}")
    assert redeemed["status"] == "ROLLED_BACK"
    assert redeemed["related_redemptions"]["rollbacks"][0]["rollback_order_mode"] == "WITHOUT_ORDER"
    assert engine.roll_back_stack(parent, status=400)["key"] == "already_rolled_back"
