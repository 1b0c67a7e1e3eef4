"""Validation rules: kept, assigned to vouchers, and checked on orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.engine.pricing.conditions import hold
from checkout_bridge.engine.pricing.effects import Effect
from checkout_bridge.engine.pricing.logic import parse
from checkout_bridge.engine.pricing.order import Line, OrderState
from checkout_bridge.engine.services import vouchers
from checkout_bridge.engine.services.rule_bodies import NAMES, checked
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import rules as store
from checkout_bridge.engine.store import vouchers as voucher_store
from checkout_bridge.errors import Conflict, NotFound, RequestError

Row = dict[str, Any]

_KINDS = {"DISCOUNT_VOUCHER": "Discount Coupon", "GIFT_VOUCHER": "Gift Card"}


class RuleViolated(RequestError):
    """A rule that does not hold; ``told`` is the merchant's own message for it, or None."""

    def __init__(self, message: str, *, told: str | None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.told = told

    def to_dict(self, request_id: str | None = None) -> dict[str, Any]:
        """The error body of the contract plus ``error.message`` when the merchant wrote one."""
        body = super().to_dict(request_id)
        return body | ({"error": {"message": self.told}} if self.told else {})


def create(unit: Unit, request: Mapping[str, Any]) -> Row:
    """Keep a rule. Raises InvalidInput for one that cannot be checked here."""
    row = {
        "id": new_id("val_"),
        "name": request.get("name"),
        "body": checked(request),
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
        "body": checked({**row["body"], **request}),
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


def assign(unit: Unit, rule_id: str, request: Mapping[str, Any]) -> Row:
    """Let a voucher obey a rule. Raises Conflict when it does already."""
    get(unit, rule_id)
    voucher = vouchers.get(unit, request["related_object_id"])
    row = {
        "id": new_id("asgm_"),
        "rule_id": rule_id,
        "related_object_type": request["related_object_type"],
        "related_object_id": voucher["id"],
        "created_at": unit.now,
    }
    if any(one["rule_id"] == rule_id for one in store.assigned_to(unit.connection, [voucher["id"]])):
        raise Conflict(
            "Duplicated resource found",
            key="duplicate_found",
            details=f"Duplicated validation rule assignment exists for {voucher['code']}",
        )
    store.add_assignment(unit.connection, row)
    voucher_store.change(unit.connection, voucher["id"], {"has_rules": True})
    return row


def unassign(unit: Unit, rule_id: str, assignment_id: str) -> None:
    """Take an assignment away. Raises NotFound."""
    if not store.remove_assignment(unit.connection, rule_id, assignment_id):
        raise NotFound.of("validation_rules_assignment", assignment_id)


def answer(row: Row, assignments: int = 0) -> dict[str, Any]:
    """A rule as answered."""
    return {
        "id": row["id"],
        "name": row["name"],
        "applicable_to": None,
        "type": "expression",
        "context_type": "global",
        **row["body"],
        "assignments_count": assignments,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "object": "validation_rules",
    }


def assignment_answer(row: Row) -> dict[str, Any]:
    """An assignment as answered."""
    shown = ("id", "rule_id", "related_object_type", "related_object_id", "created_at")
    return {name: row[name] for name in shown} | {
        "updated_at": None,
        "object": "validation_rules_assignment",
        "validation_status": "VALID",
    }


def first_fault(
    rules: Sequence[Row], voucher: Row, facts: Mapping[str, Any], state: OrderState | None, effect: Effect
) -> RequestError | None:
    """The fault a voucher has by these rules on an order in a state, before its effect.

    ``facts`` are what does not change: ``order`` and ``customer`` as told, ``metadata`` of the redemption.
    """
    for rule in rules:
        found = _violated(rule["body"].get("rules") or {}, state, effect, facts)
        if found is not None:
            return _fault(rule, found, voucher)
    return None


def _violated(
    rules: Mapping[str, Any], state: OrderState | None, effect: Effect, facts: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The first rule that does not hold, when they do not hold together."""
    numbered = {number: rule for number, rule in rules.items() if number != "logic"}
    if not numbered or not rules.get("logic"):
        return None
    missed: list[Mapping[str, Any]] = []

    def holds(number: str) -> bool:
        rule = numbered[number]
        held = hold(rule["conditions"], _value(rule, state, effect, facts))
        if not held:
            missed.append(rule)
        return held

    return None if parse(rules["logic"])(holds) else missed[0]


def _value(rule: Mapping[str, Any], state: OrderState | None, effect: Effect, facts: Mapping[str, Any]) -> Any:
    name = rule["name"]
    if name.endswith(".metadata"):
        owner = name.partition(".")[0]
        told = facts["metadata"] if owner == "redemption" else (facts[owner] or {}).get("metadata")
        return (told or {}).get(rule["property"])
    if state is None:
        return None
    return {
        "order.amount": lambda: state.total,
        "order.initial_amount": lambda: state.amount if state.initial_amount is None else state.initial_amount,
        "order.total_amount": lambda: state.after(effect.change(state)).total,
        # Where a redeemable's line was taken back an empty one may remain.
        "order.items.count": lambda: sum(line != Line() for line in state.lines),
    }[name]()


def _fault(rule: Row, violated: Mapping[str, Any], voucher: Row) -> RequestError:
    key, message = NAMES[violated["name"]]
    error = violated.get("error") or rule["body"].get("error") or {}
    kind = _KINDS[voucher["type"]]
    return RuleViolated(
        message,
        key=key,
        details=f"{kind} cannot be redeemed because of violated validation rules: {rule['id']}",
        resource_id=voucher["id"],
        resource_type="voucher",
        told=error.get("message"),
    )
