"""Operations on validation rules and their assignments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract import validation_rules as contract
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.http.paging import flag, page_of
from checkout_bridge.engine.services import assignments, rule_bodies, rules
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import rules as store

Body = Mapping[str, Any]


def _create(unit: Unit, body: Body) -> dict[str, Any]:
    return rules.answer(rules.create(unit, body))


def _get(unit: Unit, rule_id: str) -> dict[str, Any]:
    return rules.answer(rules.get(unit, rule_id), len(store.assignments_of(unit.connection, rule_id)))


def _list(unit: Unit, query: Mapping[str, str]) -> dict[str, Any]:
    limit, page = page_of(query)
    rows, total = store.page(unit.connection, limit=limit, page=page)
    counts = store.assignment_counts(unit.connection, [row["id"] for row in rows])
    data = [rules.answer(row, counts.get(row["id"], 0)) for row in rows]
    return {"object": "list", "data_ref": "data", "data": data, "total": total}


def _update(unit: Unit, rule_id: str, body: Body) -> dict[str, Any]:
    return rules.answer(rules.update(unit, rule_id, body), len(store.assignments_of(unit.connection, rule_id)))


def _delete(unit: Unit, rule_id: str) -> None:
    rules.delete(unit, rule_id)


def _assign(unit: Unit, rule_id: str, body: Body, query: Mapping[str, str]) -> dict[str, Any]:
    kind, name = body["related_object_type"], body["related_object_id"]
    return assignments.answer(assignments.assign(unit, rule_id, kind, name, force=flag(query, "force")))


def _assignments(unit: Unit, rule_id: str) -> dict[str, Any]:
    rules.get(unit, rule_id)
    return assignments.listed(store.assignments_of(unit.connection, rule_id))


def _unassign(unit: Unit, rule_id: str, assignment_id: str) -> None:
    assignments.unassign(unit, rule_id, assignment_id)


_RULES, _RULE = "/v1/validation-rules", "/v1/validation-rules/{rule_id}"
_REQUEST, _ANSWER = contract.ValidationRuleRequest(), contract.ValidationRuleAnswer

OPERATIONS = (
    Operation(
        "POST", _RULES, _create, "Create a validation rule", _REQUEST, _ANSWER, checks=rule_bodies.refuse_unsupported
    ),
    Operation("GET", _RULES, _list, "List validation rules", answer=contract.ValidationRuleList, query=True),
    Operation("GET", _RULE, _get, "Get a validation rule", answer=_ANSWER),
    Operation(
        "PUT", _RULE, _update, "Update a validation rule", _REQUEST, _ANSWER, checks=rule_bodies.refuse_unsupported
    ),
    Operation("DELETE", _RULE, _delete, "Delete a validation rule", status=204),
    Operation(
        "POST",
        f"{_RULE}/assignments",
        _assign,
        "Let a voucher, promotion tier or campaign obey a validation rule",
        contract.AssignmentRequest(),
        contract.Assignment,
        query=True,
    ),
    Operation(
        "GET",
        f"{_RULE}/assignments",
        _assignments,
        "List a rule's assignments",
        answer=contract.AssignmentList,
    ),
    Operation("DELETE", f"{_RULE}/assignments/{{assignment_id}}", _unassign, "Take an assignment away", status=204),
)
