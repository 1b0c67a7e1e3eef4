"""Validations: what would happen, told without doing it; on request with a session that holds it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from checkout_bridge.contract.fields import timestamp
from checkout_bridge.contract.ids import new_id
from checkout_bridge.contract.vouchers import GIFT
from checkout_bridge.engine.pricing.stack import STACKING_RULES
from checkout_bridge.engine.services import customers, orders, vouchers
from checkout_bridge.engine.services.evaluation import Evaluation, Tried, evaluate
from checkout_bridge.engine.services.incentives import effect_name, entries_of, entry_names
from checkout_bridge.engine.services.rules import RuleViolated
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import sessions as store
from checkout_bridge.errors import NotFound

_SECONDS = {
    "NANOSECONDS": 1e-9,
    "MICROSECONDS": 1e-6,
    "MILLISECONDS": 1e-3,
    "SECONDS": 1,
    "MINUTES": 60,
    "HOURS": 3600,
    "DAYS": 86400,
}
_LONGEST = timedelta(days=3650)


def validate(unit: Unit, request: Mapping[str, Any], *, request_id: str) -> dict[str, Any]:
    """Say what would apply. Not applying is an answer, not an error; nothing but the customer and a lock is written."""
    evaluation = evaluate(unit, request, for_change="session" in request)
    customer = customers.upsert(unit, _identified(request.get("customer")))
    inapplicable = [_inapplicable(one, request_id) for one in evaluation.having("INAPPLICABLE")]
    valid = not inapplicable
    applicable = [_applicable(one, evaluation) for one in evaluation.having("APPLICABLE")]
    skipped = [_skipped(one) for one in evaluation.having("SKIPPED")]
    answer: dict[str, Any] = {
        "id": new_id("valid_"),
        "valid": valid,
        "redeemables": applicable + inapplicable,
        "stacking_rules": STACKING_RULES,
    }
    if inapplicable:
        answer["inapplicable_redeemables"] = inapplicable
    if skipped:
        answer["skipped_redeemables"] = skipped
    tracking_id = request.get("tracking_id") or customers.tracking_id(customer)
    if tracking_id:
        answer["tracking_id"] = tracking_id
    if valid and evaluation.draft is not None:
        answer["order"] = _order(evaluation, customer)
    if "session" in request:
        answer["session"] = _lock(unit, request["session"], evaluation if valid else None)
    return answer


def release(unit: Unit, code: str, session_key: str) -> None:
    """Let go of one voucher. Raises NotFound for a voucher, or a session on it, that does not exist."""
    row = vouchers.get(unit, code)
    if not store.release(unit.connection, session_key, row["id"]):
        raise NotFound.of("session", session_key)


def _identified(customer: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A customer who can be found again; others are not worth storing for a question."""
    return customer if customer and ("id" in customer or "source_id" in customer) else None


def _lock(unit: Unit, session: Mapping[str, Any], evaluation: Evaluation | None) -> dict[str, Any]:
    ttl, unit_of_ttl = session.get("ttl", 7), session.get("ttl_unit", "DAYS")
    key = session.get("key") or new_id("ssn_")
    if evaluation is not None:
        held_for = timedelta(seconds=min(ttl * _SECONDS[unit_of_ttl], _LONGEST.total_seconds()))
        rows = [
            {
                "voucher_id": one.voucher["id"],
                "quantity": 1,
                "credits": one.credits,
                "expires_at": timestamp(unit.moment + held_for),
            }
            for one in evaluation.having("APPLICABLE")
            if one.voucher is not None
        ]
        store.replace(unit.connection, key, rows)
    return {"key": key, "type": "LOCK", "ttl": ttl, "ttl_unit": unit_of_ttl}


def _order(evaluation: Evaluation, customer: dict[str, Any] | None) -> dict[str, Any]:
    draft = evaluation.draft
    assert draft is not None
    body = {"metadata": {}, **orders.calculated(draft.told, evaluation.end, evaluation.start)}
    if draft.row is not None:
        body |= {"id": draft.row["id"], "source_id": draft.row["source_id"], "status": draft.row["status"]}
    customer_id = customer["id"] if customer else None
    body |= {"customer_id": customer_id, "referrer_id": None}
    return body | ({"customer": {"id": customer_id, "object": "customer"}} if customer else {})


def _applicable(one: Tried, evaluation: Evaluation) -> dict[str, Any]:
    assert one.incentive is not None
    assert one.voucher is not None
    if one.voucher["type"] == GIFT:
        result: dict[str, Any] = {"gift": {"credits": one.credits}}
    else:
        result = {
            "discount": {
                **one.voucher["discount"],
                "effect": effect_name(one.voucher, one.incentive.scope),
                "is_dynamic": False,
            }
        }
    body = {
        "status": "APPLICABLE",
        "id": one.sent["id"],
        "object": "voucher",
        "applicable_to": _listed(one, "included"),
        "inapplicable_to": _listed(one, "excluded"),
        "result": result,
        "metadata": one.voucher["metadata"],
    }
    if evaluation.draft is not None:
        calculated = orders.calculated(evaluation.draft.told, one.outcome.state, one.outcome.before)
        body["order"] = {"metadata": {}, **calculated, "customer_id": None, "referrer_id": None}
    return body


def _listed(one: Tried, which: str) -> dict[str, Any]:
    """The products and SKUs that the rules include or exclude, with the lines of the order that they are."""
    assert one.incentive is not None
    lines = one.outcome.before.lines if one.outcome.before else ()
    data = []
    for entry in entries_of(one.incentive.rules, which):
        names = entry_names(entry, one.incentive.found)
        indices = [i for i, line in enumerate(lines) if line.names & names]
        data.append({"strict": False, "effect": "APPLY_TO_EVERY", **entry, "order_item_indices": indices})
    return {"data": data, "total": len(data), "data_ref": "data", "object": "list"}


def _inapplicable(one: Tried, request_id: str) -> dict[str, Any]:
    fault = one.outcome.fault
    assert fault is not None
    message = (fault.told if isinstance(fault, RuleViolated) else None) or fault.message
    result = {"error": fault.to_dict(request_id), "details": {"key": fault.key, "message": message}}
    return {"status": "INAPPLICABLE", "id": one.sent["id"], "object": "voucher", "result": result, "metadata": {}}


def _skipped(one: Tried) -> dict[str, Any]:
    assert one.outcome.skipped is not None
    key, message = one.outcome.skipped
    result = {"details": {"key": key, "message": message}}
    return {"status": "SKIPPED", "id": one.sent["id"], "object": "voucher", "result": result, "metadata": {}}


def skipped_bodies(evaluation: Evaluation) -> list[dict[str, Any]]:
    """The skipped redeemables as answered by redemptions too."""
    return [_skipped(one) for one in evaluation.having("SKIPPED")]
