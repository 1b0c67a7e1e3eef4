"""Assignments: which vouchers, promotion tiers and campaigns obey which validation rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaigns as campaign_store
from checkout_bridge.engine.store import rules as store
from checkout_bridge.engine.store import vouchers as voucher_store
from checkout_bridge.errors import Conflict, NotFound

Row = dict[str, Any]


def assign(unit: Unit, rule_id: str, kind: str, name: str, *, force: bool = False) -> Row:
    """Let a ``voucher``, ``promotion_tier`` or ``campaign`` obey a rule.

    Raises NotFound for a rule or thing that does not exist, Conflict when it obeys the rule already, unless ``force``d:
    then the assignment that there is, is given.
    """
    if store.find(unit.connection, rule_id) is None:
        raise NotFound.of("validation_rules", rule_id)
    related = _related(unit, kind, name)
    for one in store.assignments_to(unit.connection, [related["id"]]):
        if one["rule_id"] == rule_id:
            if force:
                return one
            raise Conflict(
                "Duplicated resource found",
                key="duplicate_found",
                details=f"Duplicated validation rule assignment exists for {name}",
            )
    row = {
        "id": new_id("asgm_"),
        "rule_id": rule_id,
        "related_object_type": kind,
        "related_object_id": related["id"],
        "created_at": unit.now,
    }
    store.add_assignment(unit.connection, row)
    if not related["has_rules"]:
        (campaign_store if kind == "campaign" else voucher_store).change(
            unit.connection, related["id"], {"has_rules": True}
        )
    return row


def assign_all(unit: Unit, rule_ids: Iterable[str], kind: str, name: str) -> None:
    """Let a thing obey several rules, as told in ``validation_rules`` where it is created."""
    for rule_id in dict.fromkeys(rule_ids):
        assign(unit, rule_id, kind, name)


def unassign(unit: Unit, rule_id: str, assignment_id: str) -> None:
    """Take an assignment away. Raises NotFound."""
    if not store.remove_assignment(unit.connection, rule_id, assignment_id):
        raise NotFound.of("validation_rules_assignment", assignment_id)


def answer(row: Row) -> dict[str, Any]:
    """An assignment as answered."""
    shown = ("id", "rule_id", "related_object_type", "related_object_id", "created_at")
    return {name: row[name] for name in shown} | {
        "updated_at": None,
        "object": "validation_rules_assignment",
        "validation_status": "VALID",
    }


def listed(rows: Iterable[Row]) -> dict[str, Any]:
    """Assignments as a list inside of other answers."""
    data = [answer(row) for row in rows]
    return {"object": "list", "data_ref": "data", "data": data, "total": len(data)}


def of_each(unit: Unit, ids: Iterable[str]) -> Mapping[str, list[Row]]:
    """The assignments of vouchers, tiers or campaigns, by the id of these."""
    found: dict[str, list[Row]] = {}
    for row in store.assignments_to(unit.connection, ids):
        found.setdefault(row["related_object_id"], []).append(row)
    return found


def _related(unit: Unit, kind: str, name: str) -> Row:
    if kind == "campaign":
        row = campaign_store.find(unit.connection, name)
    else:
        row = voucher_store.find(unit.connection, name, now=unit.now)
        if row is not None and (row["type"] == voucher_store.TIER) != (kind == "promotion_tier"):
            row = None
    if row is None:
        raise NotFound.of(kind, name)
    return row
