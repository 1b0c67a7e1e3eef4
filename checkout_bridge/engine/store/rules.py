"""Validation rule and assignment rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from checkout_bridge.engine.store.schema import assignments, validation_rules

Row = dict[str, Any]

_assigned = (
    select(
        validation_rules,
        assignments.c.related_object_type,
        assignments.c.related_object_id,
        assignments.c.rule_id,
    )
    .join(assignments, assignments.c.rule_id == validation_rules.c.id)
    .where(assignments.c.related_object_id.in_(bindparam("ids", expanding=True)))
    .order_by(assignments.c.number)
)


def find(connection: Connection, rule_id: str) -> Row | None:
    """The rule with this id."""
    row = connection.execute(select(validation_rules).where(validation_rules.c.id == rule_id)).first()
    return row._asdict() if row else None


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a rule."""
    connection.execute(insert(validation_rules), [dict(values)])


def change(connection: Connection, rule_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of a rule."""
    connection.execute(update(validation_rules).where(validation_rules.c.id == rule_id).values(**values))


def remove(connection: Connection, rule_id: str) -> None:
    """Remove a rule with its assignments."""
    connection.execute(delete(assignments).where(assignments.c.rule_id == rule_id))
    connection.execute(delete(validation_rules).where(validation_rules.c.id == rule_id))


def page(connection: Connection, *, limit: int, page: int) -> tuple[list[Row], int]:
    """One page of rules, newest first, and how many there are in all."""
    statement = select(validation_rules).order_by(validation_rules.c.number.desc())
    rows = connection.execute(statement.limit(limit).offset((page - 1) * limit))
    total = connection.execute(select(func.count()).select_from(validation_rules)).scalar_one()
    return [row._asdict() for row in rows], total


def assigned_to(connection: Connection, ids: Iterable[str]) -> list[Row]:
    """The rules of these vouchers, each with the voucher's id as ``related_object_id``."""
    return [row._asdict() for row in connection.execute(_assigned, {"ids": list(ids)})]


def assignments_to(connection: Connection, ids: Iterable[str]) -> list[Row]:
    """The assignments of these vouchers, tiers or campaigns, the oldest first."""
    statement = select(assignments).where(assignments.c.related_object_id.in_(list(ids)))
    return [row._asdict() for row in connection.execute(statement.order_by(assignments.c.number))]


def assignments_of(connection: Connection, rule_id: str) -> list[Row]:
    """A rule's assignments, the oldest first."""
    statement = select(assignments).where(assignments.c.rule_id == rule_id).order_by(assignments.c.number)
    return [row._asdict() for row in connection.execute(statement)]


def assignment_counts(connection: Connection, rule_ids: Iterable[str]) -> dict[str, int]:
    """How many assignments these rules have; a rule without any is left out."""
    rule_id = assignments.c.rule_id
    statement = select(rule_id, func.count()).where(rule_id.in_(rule_ids)).group_by(rule_id)
    return {row[0]: row[1] for row in connection.execute(statement)}


def add_assignment(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert an assignment."""
    connection.execute(insert(assignments), [dict(values)])


def remove_assignment(connection: Connection, rule_id: str, assignment_id: str) -> bool:
    """Remove an assignment; False when there is none."""
    statement = delete(assignments).where(assignments.c.rule_id == rule_id, assignments.c.id == assignment_id)
    return connection.execute(statement).rowcount == 1
