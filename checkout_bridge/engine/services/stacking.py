"""The stacking rules of the project: kept, and read for every stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.engine.pricing.stacking import StackingRules
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import settings as store
from checkout_bridge.errors import Conflict, InvalidInput, NotFound

Row = dict[str, Any]
_NAME = "stacking_rules"
# Only the management API tells these.
_MANAGEMENT = ("discount_calculation_mode", "initial_amount_mode_categories", "discounted_amount_mode_categories")


def current(unit: Unit) -> StackingRules:
    """The rules that count now."""
    row = store.find(unit.connection, _NAME)
    return StackingRules.of(row["body"]) if row else StackingRules()


def told(rules: StackingRules) -> dict[str, Any]:
    """The rules as every validation tells them."""
    return {name: value for name, value in rules.told.items() if name not in _MANAGEMENT}


def listed(unit: Unit) -> dict[str, Any]:
    """The list of the management API: the rules that were set, or nothing."""
    row = store.find(unit.connection, _NAME)
    data = [_answer(row)] if row else []
    return {"object": "list", "data_ref": "data", "data": data, "total": len(data)}


def find(unit: Unit, rules_id: str) -> dict[str, Any]:
    """The rules with this id. Raises NotFound."""
    return _answer(_found(unit, rules_id))


def create(unit: Unit, request: Mapping[str, Any]) -> dict[str, Any]:
    """Set them for the first time. Raises Conflict when they are set."""
    if store.find(unit.connection, _NAME):
        raise Conflict(
            "Duplicated resource found",
            key="duplicate_found",
            details="Duplicated stacking rules exist for the project",
        )
    body = {"id": new_id("stk_"), **_checked(request, {})}
    row = {"name": _NAME, "body": body, "created_at": unit.now, "updated_at": None}
    store.add(unit.connection, row)
    return _answer(row)


def update(unit: Unit, rules_id: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Set what was sent; what is absent stays. Raises NotFound."""
    row = _found(unit, rules_id)
    changed = {"body": {**row["body"], **_checked(request, row["body"])}, "updated_at": unit.now}
    store.change(unit.connection, _NAME, changed)
    return _answer({**row, **changed})


def delete(unit: Unit, rules_id: str) -> None:
    """Go back to the defaults. Raises NotFound."""
    _found(unit, rules_id)
    store.remove(unit.connection, _NAME)


def _found(unit: Unit, rules_id: str) -> Row:
    row = store.find(unit.connection, _NAME)
    if row is None or row["body"]["id"] != rules_id:
        raise NotFound.of("stacking_rules", rules_id)
    return row


def _checked(request: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, when it fits together with what stays."""
    rules = StackingRules.of({**before, **request})
    if rules.applicable_redeemables_limit > rules.redeemables_limit:
        raise InvalidInput(
            f"Property .applicable_redeemables_limit must be <= {rules.redeemables_limit}, the redeemables_limit"
        )
    for one, other in (
        ("exclusive_categories", "joint_categories"),
        ("no_effect_skip_categories", "no_effect_redeem_anyway_categories"),
        ("initial_amount_mode_categories", "discounted_amount_mode_categories"),
    ):
        if both := set(getattr(rules, one)) & set(getattr(rules, other)):
            raise InvalidInput(f"Property .{one} must not have {min(both)}, which is in {other}")
    return dict(request)


def _answer(row: Row) -> dict[str, Any]:
    times = {"created_at": row["created_at"], "updated_at": row["updated_at"]}
    return {"id": row["body"]["id"], **StackingRules.of(row["body"]).told, **times}
