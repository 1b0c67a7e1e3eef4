"""Small things that are kept as they were told: found, listed, changed and answered the same way, whatever they are.

A kind is the ``object`` of the contract. ``body`` holds what was told but the name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import resources as store
from checkout_bridge.errors import NotFound

Row = dict[str, Any]

CATEGORY, COLLECTION, SEGMENT = "category", "products_collection", "segment"
REWARD, REWARD_ASSIGNMENT, STACK = "reward", "reward_assignment", "promotion_stack"
_PREFIXES = {
    CATEGORY: "cat_",
    COLLECTION: "pc_",
    SEGMENT: "seg_",
    REWARD: "rew_",
    REWARD_ASSIGNMENT: "rewa_",
    STACK: "stack_",
}


def create(unit: Unit, kind: str, told: Mapping[str, Any], *, parent_id: str | None = None) -> Row:
    """Keep a new one."""
    row = {
        "kind": kind,
        "id": new_id(_PREFIXES[kind]),
        "name": told.get("name"),
        "parent_id": parent_id,
        "body": _without_name(told),
        "created_at": unit.now,
        "updated_at": None,
    }
    store.add(unit.connection, row)
    return row


def find(unit: Unit, kind: str, id: str) -> Row | None:
    """The one of this kind with this id."""
    return store.find(unit.connection, kind, id)


def by_ids(unit: Unit, kind: str, ids: Iterable[str]) -> dict[str, Row]:
    """Those of this kind with these ids, by id; what does not exist is not there."""
    wanted = set(ids)
    return {row["id"]: row for row in store.find_many(unit.connection, kind, wanted)} if wanted else {}


def get(unit: Unit, kind: str, id: str, *, for_change: bool = False) -> Row:
    """The one of this kind with this id; ``for_change`` when what comes next depends on it. Raises NotFound."""
    row = store.find(unit.connection, kind, id, for_change=for_change)
    if row is None:
        raise NotFound.of(kind, id)
    return row


def change(unit: Unit, row: Row, told: Mapping[str, Any]) -> Row:
    """Set what was told; what is absent stays."""
    changed = {
        "name": told.get("name", row["name"]),
        "body": {**row["body"], **_without_name(told)},
        "updated_at": unit.now,
    }
    store.change(unit.connection, row["id"], changed)
    return {**row, **changed}


def delete(unit: Unit, kind: str, id: str) -> None:
    """Remove one with what belongs to it. Raises NotFound."""
    store.remove(unit.connection, get(unit, kind, id)["id"])


def answer(row: Row) -> dict[str, Any]:
    """One as answered."""
    dates = {"created_at": row["created_at"], "updated_at": row["updated_at"]}
    return {"id": row["id"], "name": row["name"], **row["body"], **dates, "object": row["kind"]}


def listed(rows: Iterable[Row], total: int, answered: Callable[[Row], dict[str, Any]] = answer) -> dict[str, Any]:
    """A page as answered."""
    return {"object": "list", "data_ref": "data", "data": [answered(row) for row in rows], "total": total}


def _without_name(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name != "name"}
