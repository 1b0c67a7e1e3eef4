"""Validations: what would happen, told without doing it; on request with a session that holds it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from checkout_bridge.contract.fields import timestamp
from checkout_bridge.contract.ids import new_id
from checkout_bridge.engine.services import checked, customers, orders, stacking, vouchers
from checkout_bridge.engine.services.evaluation import Evaluation, evaluate
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
    told_customer = request.get("customer") or (request.get("order") or {}).get("customer")
    customer = customers.upsert(unit, _identified(told_customer))
    told = checked.Told(evaluation, request, request_id)
    applicable = [told.applicable(one) for one in evaluation.having("APPLICABLE")]
    inapplicable = [told.inapplicable(one) for one in evaluation.having("INAPPLICABLE")]
    skipped = [told.skipped(one) for one in evaluation.having("SKIPPED")]
    valid = evaluation.is_valid
    answer: dict[str, Any] = {
        "id": new_id("valid_"),
        "valid": valid,
        "redeemables": _redeemables(evaluation, applicable, inapplicable, skipped),
        "stacking_rules": stacking.told(evaluation.rules),
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


def _redeemables(
    evaluation: Evaluation, applicable: list[Any], inapplicable: list[Any], skipped: list[Any]
) -> list[Any]:
    """In PARTIAL mode what applies, or all the rest when nothing does; else what does not apply with what does."""
    if not evaluation.rules.is_partial:
        return applicable + inapplicable
    return applicable or inapplicable + skipped


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
                "voucher_id": one.row["id"],
                "quantity": 1,
                "credits": one.credits,
                "expires_at": timestamp(unit.moment + held_for),
            }
            for one in evaluation.having("APPLICABLE")
            if one.row is not None
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
