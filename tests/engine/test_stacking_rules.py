"""The stacking rules of the project: set under the management paths, told by validations, obeyed by redemptions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge.engine.http.doors import Keys

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine

PATH = "/management/v1/projects/default/stacking-rules"
MANAGER = {"X_Management_Id": "boss", "X_Management_Token": "hush"}
DEFAULTS = {
    "redeemables_limit": 30,
    "applicable_redeemables_limit": 5,
    "applicable_redeemables_per_category_limit": None,
    "applicable_redeemables_category_limits": {},
    "applicable_exclusive_redeemables_limit": 1,
    "applicable_exclusive_redeemables_per_category_limit": None,
    "exclusive_categories": [],
    "joint_categories": [],
    "redeemables_application_mode": "ALL",
    "redeemables_sorting_rule": "REQUESTED_ORDER",
    "redeemables_products_application_mode": "STACK",
    "redeemables_no_effect_rule": "REDEEM_ANYWAY",
    "no_effect_skip_categories": [],
    "no_effect_redeem_anyway_categories": [],
    "redeemables_rollback_order_mode": "WITH_ORDER",
    "grouped_redeemables_sorting_rule": "JOINT_ALWAYS_LAST",
}
ONLY_MANAGED = {
    "discount_calculation_mode": "DISCOUNTED_AMOUNT",
    "initial_amount_mode_categories": [],
    "discounted_amount_mode_categories": [],
}
CART = {"amount": 10_000}


@pytest.fixture
def engine(tmp_path: Path, open_engine: OpenEngine) -> Iterator[EngineClient]:
    """An engine whose management paths are open."""
    with open_engine(f"sqlite:///{tmp_path}/engine.db", management=Keys("boss", "hush")) as client:
        yield client


def manage(engine: EngineClient, method: str, path: str = PATH, body: Any = None, status: int = 200) -> Any:
    return engine.ask(method, path, body, status=status, **MANAGER)


def let(engine: EngineClient, **rules: Any) -> Any:
    """Set stacking rules, whether some were set or not."""
    found = manage(engine, "GET")["data"]
    return manage(engine, "PUT", f"{PATH}/{found[0]['id']}", rules) if found else manage(engine, "POST", PATH, rules)


def category(engine: EngineClient, name: str, hierarchy: int = 1) -> str:
    return str(engine.post("/v1/categories", {"name": name, "hierarchy": hierarchy})["id"])


def coupon(engine: EngineClient, code: str, amount_off: int = 100, **properties: Any) -> None:
    discount = {"type": "AMOUNT", "amount_off": amount_off}
    engine.post(f"/v1/vouchers/{code}", {"discount": discount, **properties})


def ids(redeemables: list[Any]) -> list[str]:
    return [one["id"] for one in redeemables]


def reasons(answer: Any) -> dict[str, str]:
    """Why each skipped one was."""
    return {one["id"]: one["result"]["details"]["key"] for one in answer.get("skipped_redeemables", [])}


def test_before_any_are_set_the_defaults_count_and_none_are_listed(engine: EngineClient) -> None:
    coupon(engine, "C")

    assert engine.validate("C", order=CART)["stacking_rules"] == DEFAULTS
    assert manage(engine, "GET") == {"object": "list", "data_ref": "data", "data": [], "total": 0}


def test_rules_are_set_found_changed_and_given_up(engine: EngineClient) -> None:
    made = manage(engine, "POST", PATH, {"applicable_redeemables_limit": 7, "unknown": 1})

    assert made["id"].startswith("stk_")
    times = {"created_at": "2030-01-02T03:04:05.000Z", "updated_at": None}
    assert made == {**DEFAULTS, **ONLY_MANAGED, "applicable_redeemables_limit": 7, "id": made["id"], **times}
    one = f"{PATH}/{made['id']}"
    assert manage(engine, "GET")["data"] == [manage(engine, "GET", one)] == [made]

    engine.clock.advance(hours=1)
    changed = manage(engine, "PUT", one, {"redeemables_application_mode": "PARTIAL"})
    assert changed == {**made, "redeemables_application_mode": "PARTIAL", "updated_at": "2030-01-02T04:04:05.000Z"}

    engine.ask("DELETE", one, status=204, **MANAGER)
    assert manage(engine, "GET")["total"] == 0
    for method in ("GET", "PUT", "DELETE"):
        assert manage(engine, method, one, {} if method == "PUT" else None, status=404)["key"] == "not_found"


def test_they_are_set_for_the_first_time_once(engine: EngineClient) -> None:
    manage(engine, "POST", PATH, {})

    assert manage(engine, "POST", PATH, {}, status=409)["key"] == "duplicate_found"
    assert manage(engine, "GET")["total"] == 1


def test_null_lifts_a_limit_and_leaves_others_alone(engine: EngineClient) -> None:
    let(engine, applicable_redeemables_per_category_limit=2, applicable_redeemables_limit=7)

    changed = let(engine, applicable_redeemables_per_category_limit=None, applicable_redeemables_limit=None)

    assert (changed["applicable_redeemables_per_category_limit"], changed["applicable_redeemables_limit"]) == (None, 7)


@pytest.mark.parametrize(
    ("rules", "details"),
    [
        ({"redeemables_limit": 0}, "Property .redeemables_limit must be"),
        ({"redeemables_limit": 31}, "Property .redeemables_limit must be"),
        ({"redeemables_limit": True}, "Property .redeemables_limit must be integer"),
        ({"applicable_redeemables_limit": 1.5}, "Property .applicable_redeemables_limit must be integer"),
        ({"applicable_exclusive_redeemables_limit": 6}, "Property .applicable_exclusive_redeemables_limit must be"),
        (
            {"applicable_redeemables_category_limits": {"cat_1": 11}},
            "Property .applicable_redeemables_category_limits.cat_1 must be",
        ),
        ({"applicable_redeemables_category_limits": [1]}, "Property .applicable_redeemables_category_limits must be"),
        ({"exclusive_categories": "cat_1"}, "Property .exclusive_categories must be array"),
        ({"joint_categories": [1]}, "Property .joint_categories[0] must be string"),
        ({"joint_categories": [None]}, "Property .joint_categories[0] must not be null"),
        ({"redeemables_application_mode": "SOME"}, "Property .redeemables_application_mode must be"),
        ({"redeemables_rollback_order_mode": 1}, "Property .redeemables_rollback_order_mode must be"),
        ({"discount_calculation_mode": "initial"}, "Property .discount_calculation_mode must be"),
        ([], "Payload must be an object"),
    ],
)
def test_a_bad_value_is_named_and_changes_nothing(engine: EngineClient, rules: Any, details: str) -> None:
    made = let(engine, applicable_redeemables_limit=5)

    for method, path in (("POST", PATH), ("PUT", f"{PATH}/{made['id']}")):
        error = manage(engine, method, path, rules, status=400)
        assert error["key"] == "invalid_payload"
        assert error["details"].startswith(details)
    assert manage(engine, "GET")["data"] == [made]


@pytest.mark.parametrize(
    ("stays", "sent", "details"),
    [
        ({}, {"redeemables_limit": 4}, "Property .applicable_redeemables_limit must be <= 4"),
        ({"redeemables_limit": 8}, {"applicable_redeemables_limit": 9}, ".applicable_redeemables_limit must be <= 8"),
        ({"joint_categories": ["b"]}, {"exclusive_categories": ["a", "b"]}, "have b, which is in joint_categories"),
        (
            {"no_effect_skip_categories": ["a"]},
            {"no_effect_redeem_anyway_categories": ["a"]},
            "Property .no_effect_skip_categories must not have a, which is in no_effect_redeem_anyway_categories",
        ),
        (
            {"initial_amount_mode_categories": ["a"]},
            {"discounted_amount_mode_categories": ["a"]},
            "Property .initial_amount_mode_categories must not have a",
        ),
    ],
)
def test_rules_must_fit_together_and_with_those_that_stay(
    engine: EngineClient, stays: dict[str, Any], sent: dict[str, Any], details: str
) -> None:
    assert details in manage(engine, "POST", PATH, {**stays, **sent}, status=400)["details"]
    made = let(engine, **stays)
    assert details in manage(engine, "PUT", f"{PATH}/{made['id']}", sent, status=400)["details"]
    assert manage(engine, "GET")["data"] == [made]


def test_validations_tell_the_rules_that_count_but_not_the_managed_ones(engine: EngineClient) -> None:
    let(engine, applicable_redeemables_limit=7, discount_calculation_mode="INITIAL_AMOUNT")
    coupon(engine, "C")

    assert engine.validate("C", order=CART)["stacking_rules"] == {**DEFAULTS, "applicable_redeemables_limit": 7}
    assert engine.validate("NONE", order=CART)["stacking_rules"] == {**DEFAULTS, "applicable_redeemables_limit": 7}


def test_in_partial_mode_what_applies_is_told_and_redeemed_without_the_rest(engine: EngineClient) -> None:
    let(engine, redeemables_application_mode="PARTIAL", applicable_redeemables_limit=2)
    for code in ("A", "B", "C"):
        coupon(engine, code)

    told = engine.validate("NONE", "A", "B", "C", order=CART)
    done = engine.redeem("NONE", "A", "B", "C", order=CART)

    assert (told["valid"], ids(told["redeemables"])) == (True, ["A", "B"])
    assert [one["order"]["total_amount"] for one in told["redeemables"]] == [9900, 9800]
    assert told["order"]["total_amount"] == done["order"]["total_amount"] == 9800
    assert [one["voucher"]["code"] for one in done["redemptions"]] == ["A", "B"]
    for answer in (told, done):
        assert ids(answer["inapplicable_redeemables"]) == ["NONE"]
        assert answer["inapplicable_redeemables"][0]["result"]["error"]["key"] == "not_found"
        assert reasons(answer) == {"C": "applicable_redeemables_limit_exceeded"}
    assert [engine.redeemed_quantity(code) for code in "ABC"] == [1, 1, 0]


def test_in_partial_mode_one_that_applies_is_a_single_redemption(engine: EngineClient) -> None:
    let(engine, redeemables_application_mode="PARTIAL")
    coupon(engine, "A")

    done = engine.redeem("A", "NONE", order=CART)

    assert "parent_redemption" not in done
    assert engine.roll_back(done["redemptions"][0]["id"])["order"]["total_amount"] == 10_000


def test_in_partial_mode_nothing_that_applies_is_not_valid_and_not_redeemed(engine: EngineClient) -> None:
    let(engine, redeemables_application_mode="PARTIAL")
    before = engine.everything()

    told = engine.validate("X", "Y", order=CART)
    error = engine.redeem("X", "Y", order=CART, status=404)

    assert (told["valid"], ids(told["redeemables"])) == (False, ["X", "Y"])
    assert ids(told["inapplicable_redeemables"]) == ["X", "Y"]
    assert "order" not in told
    assert (error["key"], error["message"]) == ("no_applicable_redeemables", "No applicable redeemables")
    failed = engine.get(f"/v1/redemptions/{error['resource_id']}")
    assert (failed["result"], failed["failure_code"]) == ("FAILURE", "no_applicable_redeemables")
    assert engine.everything() == before


def test_all_or_nothing_tells_what_stood_before_the_failure(engine: EngineClient) -> None:
    for code in ("A", "B"):
        coupon(engine, code)

    told = engine.validate("A", "NONE", "B", order=CART)
    error = engine.redeem("A", "NONE", "B", order=CART, status=404)

    assert (told["valid"], ids(told["redeemables"])) == (False, ["A", "NONE"])
    assert ids(told["inapplicable_redeemables"]) == ["NONE"]
    assert reasons(told) == {"B": "preceding_validation_failed"}
    assert "order" not in told
    assert (error["key"], error["resource_id"][:3]) == ("not_found", "rf_")
    assert [engine.redeemed_quantity(code) for code in "AB"] == [0, 0]


def test_a_request_has_no_more_redeemables_than_the_limit(engine: EngineClient) -> None:
    let(engine, redeemables_limit=2, applicable_redeemables_limit=1)

    for ask in (engine.validate, engine.redeem):
        error = ask("A", "B", "C", order=CART, status=400)
        assert (error["key"], error["details"]) == (
            "invalid_payload",
            "Property .redeemables must not have more than 2 items",
        )
    assert engine.validate("A", "B", order=CART)["valid"] is False


def test_thirty_are_taken_and_five_redeemed_when_nothing_else_was_said(engine: EngineClient) -> None:
    codes = [f"C{i}" for i in range(30)]
    for code in codes:
        coupon(engine, code)

    done = engine.redeem(*codes, order=CART)

    assert [one["voucher"]["code"] for one in done["redemptions"]] == codes[:5]
    assert list(reasons(done)) == codes[5:]
    assert done["order"]["total_amount"] == 9500


def test_a_line_is_discounted_once_or_by_all(engine: EngineClient) -> None:
    for code in ("A", "B"):
        engine.coupon(code, percent_off=10, effect="APPLY_TO_ITEMS")
    engine.coupon("WHOLE", percent_off=10)
    cart = {"items": [{"source_id": "mug", "price": 1000, "quantity": 1}]}

    assert engine.validate("A", "B", order=cart)["order"]["total_amount"] == 810
    let(engine, redeemables_products_application_mode="ONCE")
    once = engine.validate("A", "B", "WHOLE", order=cart)

    assert [one["order"]["total_applied_discount_amount"] for one in once["redeemables"]] == [100, 0, 90]
    let(engine, redeemables_no_effect_rule="SKIP")
    assert reasons(engine.validate("A", "B", order=cart)) == {"B": "no_effect"}


def test_percentages_may_be_of_the_initial_amount(engine: EngineClient) -> None:
    engine.coupon("TEN", percent_off=10)
    engine.coupon("TWENTY", percent_off=20)
    engine.coupon("ALL", percent_off=100)

    assert engine.validate("TEN", "TWENTY", order=CART)["order"]["total_discount_amount"] == 2800
    let(engine, discount_calculation_mode="INITIAL_AMOUNT")

    assert engine.validate("TEN", "TWENTY", order=CART)["order"]["total_discount_amount"] == 3000
    assert engine.redeem("TEN", "TWENTY", "ALL", order=CART)["order"]["total_amount"] == 0


def test_percentages_of_lines_may_be_of_the_initial_amount_by_category(engine: EngineClient) -> None:
    initial = category(engine, "Initial")
    let(engine, initial_amount_mode_categories=[initial])
    ten, twenty = ({"type": "PERCENT", "percent_off": n, "effect": "APPLY_TO_ITEMS"} for n in (10, 20))
    engine.post("/v1/vouchers/TEN", {"discount": ten})
    engine.post("/v1/vouchers/PLAIN", {"discount": twenty})
    engine.post("/v1/vouchers/INITIAL", {"discount": twenty, "category_id": initial})
    cart = {"items": [{"source_id": "mug", "price": 10_000, "quantity": 1}]}

    assert engine.validate("TEN", "PLAIN", order=cart)["order"]["total_amount"] == 7200
    assert engine.validate("TEN", "INITIAL", order=cart)["order"]["total_amount"] == 7000
