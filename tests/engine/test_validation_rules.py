"""Validation rules as things: made, changed, assigned and removed; and what cannot be checked is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .conftest import about

if TYPE_CHECKING:
    from .conftest import EngineClient

OVER_100 = {"name": "order.amount", "conditions": {"$more_than": [10_000]}}
RULES = {"1": OVER_100, "logic": "1"}


def test_a_rule_is_answered_as_it_was_sent(engine: EngineClient) -> None:
    sent = {
        "name": "over 100",
        "rules": RULES,
        "error": {"message": "Too little"},
        "applicable_to": about("prod_1", effect="APPLY_TO_CHEAPEST", quantity_limit=2),
    }

    made = engine.post("/v1/validation-rules", sent)

    assert made["id"].startswith("val_")
    assert {name: made[name] for name in sent} == sent
    assert (made["object"], made["type"], made["context_type"]) == ("validation_rules", "expression", "global")
    assert made["assignments_count"] == 0
    assert engine.get(f"/v1/validation-rules/{made['id']}") == made


def test_a_change_keeps_what_was_not_sent(engine: EngineClient) -> None:
    made = engine.post("/v1/validation-rules", {"name": "a", "rules": RULES, "error": {"message": "No"}})
    path = f"/v1/validation-rules/{made['id']}"

    renamed = engine.put(path, {"name": "b"})

    assert (renamed["name"], renamed["rules"], renamed["error"]) == ("b", RULES, {"message": "No"})
    assert renamed["updated_at"]
    assert engine.get(path) == renamed
    before = engine.everything()
    engine.put(path, {"rules": {"1": {"name": "nonsense", "conditions": {"$is": [1]}}}}, status=400)
    assert engine.everything() == before


def test_rules_are_listed_newest_first(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)
    names = ["a", "b", "c"]
    for name in names:
        engine.obey(*(["CODE"] if name == "b" else []), name=name)

    listed = engine.get("/v1/validation-rules?limit=2")

    assert (listed["object"], listed["data_ref"], listed["total"]) == ("list", "data", 3)
    assert [(one["name"], one["assignments_count"]) for one in listed["data"]] == [("c", 0), ("b", 1)]
    assert [one["name"] for one in engine.get("/v1/validation-rules?limit=2&page=2")["data"]] == ["a"]


def test_a_voucher_obeys_as_long_as_it_is_assigned(engine: EngineClient) -> None:
    made = engine.coupon("CODE", amount_off=100)
    rule_id = engine.post("/v1/validation-rules", {"name": "a", "rules": RULES})["id"]
    path = f"/v1/validation-rules/{rule_id}/assignments"
    order = {"amount": 500}
    assert engine.validate("CODE", order=order)["valid"] is True

    assignment = engine.post(path, {"related_object_type": "voucher", "related_object_id": "CODE"})

    assert assignment["id"].startswith("asgm_")
    assert (assignment["rule_id"], assignment["related_object_id"]) == (rule_id, made["id"])
    assert (assignment["validation_status"], assignment["object"]) == ("VALID", "validation_rules_assignment")
    assert engine.get(path) == {"object": "list", "data_ref": "data", "data": [assignment], "total": 1}
    assert engine.get(f"/v1/validation-rules/{rule_id}")["assignments_count"] == 1
    assert engine.put(f"/v1/validation-rules/{rule_id}", {"name": "b"})["assignments_count"] == 1
    assert engine.validate("CODE", order=order)["valid"] is False
    engine.delete(f"{path}/{assignment['id']}")
    assert engine.validate("CODE", order=order)["valid"] is True
    assert engine.get(path)["total"] == 0
    engine.delete(f"{path}/{assignment['id']}", status=404)


def test_the_same_assignment_twice_is_a_conflict(engine: EngineClient) -> None:
    made = engine.coupon("CODE", amount_off=100)
    rule = engine.obey("CODE", rules=RULES)
    before = engine.everything()

    for name in ("CODE", made["id"]):
        assignment = {"related_object_type": "voucher", "related_object_id": name}
        error = engine.post(f"/v1/validation-rules/{rule['id']}/assignments", assignment, status=409)
        assert error["key"] == "duplicate_found"
    assert engine.everything() == before


def test_a_deleted_rule_binds_nobody(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)
    rule = engine.obey("CODE", rules=RULES)

    engine.delete(f"/v1/validation-rules/{rule['id']}")

    engine.get(f"/v1/validation-rules/{rule['id']}", status=404)
    assert engine.redeem("CODE", order={"amount": 500})["order"]["total_amount"] == 400


def test_what_is_not_there_is_not_found(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)
    rule_id = engine.post("/v1/validation-rules", {"name": "a"})["id"]
    assignment = {"related_object_type": "voucher", "related_object_id": "CODE"}

    engine.get("/v1/validation-rules/val_none", status=404)
    engine.get("/v1/validation-rules/val_none/assignments", status=404)
    engine.put("/v1/validation-rules/val_none", {}, status=404)
    engine.delete("/v1/validation-rules/val_none", status=404)
    engine.post("/v1/validation-rules/val_none/assignments", assignment, status=404)
    gone = {**assignment, "related_object_id": "NONE"}
    error = engine.post(f"/v1/validation-rules/{rule_id}/assignments", gone, status=404)
    assert error["resource_type"] == "voucher"


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        ({"1": {"name": "redemption.count.per_user", "conditions": {"$is": [1]}}}, ".rules.1.name"),
        ({"1": {"name": "custom_event.metadata", "conditions": {"$is": ["a"]}}}, ".rules.1.name"),
        ({"1": {"name": "order.items.any", "conditions": {"$more_than": [1]}}}, ".rules.1.conditions"),
        ({"1": {"conditions": {"$is": ["a"]}}}, ".rules.1.name"),
        ({"1": {"name": "order.amount", "conditions": {"$dow": [7]}}}, ".rules.1.conditions"),
        ({"1": {"name": "order.amount", "conditions": {"$more_than": 5}}}, ".rules.1.conditions.$more_than"),
        ({"1": {"name": "order.amount", "conditions": {"$more_than": []}}}, ".rules.1.conditions.$more_than"),
        ({"1": {"name": "order.amount", "conditions": {}}}, "'conditions'"),
        ({"1": {"name": "order.amount"}}, "'conditions'"),
        ({"1": {"name": "order.metadata", "conditions": {"$is": [1]}}}, "'property'"),
        ({"1": {**OVER_100, "rules": {"1": OVER_100, "logic": "1"}}}, ".rules.1.rules"),
        ({"1": {**OVER_100, "error": {"message": 5}}}, ".rules.1.error.message"),
        ({"1": {**OVER_100, "error": "no"}}, ".rules.1.error"),
        ({"1": "order.amount"}, ".rules.1"),
        ({"first": OVER_100}, ".rules.first"),
        ({"1": OVER_100, "logic": "1 and 2"}, "rule 2"),
        ({"1": OVER_100, "logic": "1 and ("}, ".rules.logic"),
        ({"1": OVER_100, "logic": 1}, ".rules.logic"),
        ({"1": OVER_100, "logic": "(" * 60}, ".rules.logic"),
    ],
)
def test_a_rule_that_cannot_be_checked_is_refused(engine: EngineClient, rules: dict[str, Any], named: str) -> None:
    before = engine.everything()

    error = engine.post("/v1/validation-rules", {"name": "a", "rules": rules}, status=400)

    assert error["key"] == "invalid_validation_rules"
    assert named in error["details"]
    assert engine.everything() == before


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"bundle_rules": {"1": {"name": "bundle"}}}, ".bundle_rules"),
        ({"error": {"message": 5}}, ".error.message"),
        ({"rules": []}, ".rules"),
        ({"applicable_to": {"included": [{"id": "prod_1"}]}}, ".applicable_to.included[0]"),
        ({"applicable_to": about("a", object="brand")}, ".applicable_to.included[0].object"),
        ({"applicable_to": about("a", effect="APPLY_TO_SOME")}, ".applicable_to.included[0].effect"),
        ({"applicable_to": about("a", target="HALF")}, ".applicable_to.included[0].target"),
        ({"applicable_to": about("a", repeat=0)}, ".applicable_to.included[0].repeat"),
        ({"applicable_to": about("a", skip_initially=-1)}, ".applicable_to.included[0].skip_initially"),
        ({"applicable_to": about("a", quantity_limit=0)}, ".applicable_to.included[0].quantity_limit"),
        ({"applicable_to": about("a", amount_limit=1.5)}, ".applicable_to.included[0].amount_limit"),
        ({"applicable_to": {"included_all": "yes"}}, ".applicable_to.included_all"),
    ],
)
def test_a_bad_property_is_named(engine: EngineClient, body: dict[str, Any], named: str) -> None:
    error = engine.post("/v1/validation-rules", {"name": "a", **body}, status=400)

    assert named in error["details"]


def test_what_an_sdk_sends_beside_a_rule_is_taken(engine: EngineClient) -> None:
    rule = {**OVER_100, "property": None, "error": None, "rules": {"logic": ""}}

    made = engine.post("/v1/validation-rules", {"rules": {"1": rule, "logic": "1"}, "bundle_rules": {"logic": ""}})

    assert made["rules"]["1"]["conditions"] == OVER_100["conditions"]


def test_without_a_word_on_how_they_combine_all_rules_must_hold(engine: EngineClient) -> None:
    below_200 = {"name": "order.amount", "conditions": {"$less_than": [20_000]}}
    engine.coupon("CODE", amount_off=100)
    engine.obey("CODE", rules={"1": OVER_100, "2": below_200})

    assert [engine.validate("CODE", order={"amount": one})["valid"] for one in (10_000, 15_000, 20_000)] == [
        False,
        True,
        False,
    ]
