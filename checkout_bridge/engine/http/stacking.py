"""Operations on the project's stacking rules, under the management paths.

An engine is one project, so whatever the path calls it, it is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract import stacking_rules as contract
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.services import stacking
from checkout_bridge.engine.services.unit import Unit

Body = Mapping[str, Any]


def _create(unit: Unit, project_id: str, body: Body) -> dict[str, Any]:
    return stacking.create(unit, body)


def _list(unit: Unit, project_id: str) -> dict[str, Any]:
    return stacking.listed(unit)


def _get(unit: Unit, project_id: str, rules_id: str) -> dict[str, Any]:
    return stacking.find(unit, rules_id)


def _update(unit: Unit, project_id: str, rules_id: str, body: Body) -> dict[str, Any]:
    return stacking.update(unit, rules_id, body)


def _delete(unit: Unit, project_id: str, rules_id: str) -> None:
    stacking.delete(unit, rules_id)


_ALL = "/management/v1/projects/{project_id}/stacking-rules"
_ONE = f"{_ALL}/{{rules_id}}"
_REQUEST, _ANSWER = contract.StackingRulesRequest(), contract.StackingRulesAnswer
# Null lifts these limits.
_LIFTED = ("applicable_redeemables_per_category_limit", "applicable_exclusive_redeemables_per_category_limit")

OPERATIONS = (
    Operation("GET", _ALL, _list, "List the project's stacking rules", answer=contract.StackingRulesList),
    Operation("POST", _ALL, _create, "Set the project's stacking rules", _REQUEST, _ANSWER, keep_nulls=_LIFTED),
    Operation("GET", _ONE, _get, "Get the project's stacking rules", answer=_ANSWER),
    Operation("PUT", _ONE, _update, "Change the project's stacking rules", _REQUEST, _ANSWER, keep_nulls=_LIFTED),
    Operation("DELETE", _ONE, _delete, "Go back to the default stacking rules", status=204),
)
