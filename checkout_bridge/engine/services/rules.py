"""Validation rules as they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.engine.services.rule_bodies import checked
from checkout_bridge.engine.services.rule_names import NAMES
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import rules as store
from checkout_bridge.errors import NotFound

Row = dict[str, Any]


def create(unit: Unit, request: Mapping[str, Any]) -> Row:
    """Keep a rule. Raises InvalidInput for one that cannot be checked here."""
    row = {
        "id": new_id("val_"),
        "name": request.get("name"),
        "body": checked(request, NAMES),
        "created_at": unit.now,
        "updated_at": None,
    }
    store.add(unit.connection, row)
    return row


def update(unit: Unit, rule_id: str, request: Mapping[str, Any]) -> Row:
    """Set what was sent; what is absent stays."""
    row = get(unit, rule_id)
    changed = {
        "name": request.get("name", row["name"]),
        "body": checked({**row["body"], **request}, NAMES),
        "updated_at": unit.now,
    }
    store.change(unit.connection, rule_id, changed)
    return {**row, **changed}


def get(unit: Unit, rule_id: str) -> Row:
    """The rule with this id. Raises NotFound."""
    row = store.find(unit.connection, rule_id)
    if row is None:
        raise NotFound.of("validation_rules", rule_id)
    return row


def delete(unit: Unit, rule_id: str) -> None:
    """Remove a rule with its assignments."""
    store.remove(unit.connection, get(unit, rule_id)["id"])


def _applicable(told: Mapping[str, Any] | None) -> dict[str, Any]:
    """What it is about, every entry with its effect."""
    if not told:
        return {}
    effect = {"effect": "APPLY_TO_EVERY"}
    listed = {name: [effect | entry for entry in told[name]] for name in ("included", "excluded") if name in told}
    return {"applicable_to": {**told, **listed}}


def answer(row: Row, assignments: int = 0) -> dict[str, Any]:
    """A rule as answered."""
    return {
        "id": row["id"],
        "name": row["name"],
        "applicable_to": None,
        "type": "expression",
        "context_type": "global",
        **row["body"],
        **_applicable(row["body"].get("applicable_to")),
        "assignments_count": assignments,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "object": "validation_rules",
    }
