"""Redemptions and rollbacks that were refused: the error, and the record that is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.engine.services import entries
from checkout_bridge.engine.services.evaluation import Evaluation, Tried
from checkout_bridge.engine.services.faults import Fault, of_voucher
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import customers as customer_store
from checkout_bridge.engine.store import redemptions as store
from checkout_bridge.errors import RequestError

Row = dict[str, Any]


class Refused(Fault):
    """What was asked for was not done. ``subject`` are the columns of the record that say of what."""

    def __init__(self, fault: RequestError, subject: Mapping[str, Any]) -> None:
        super().__init__(
            fault.message,
            key=fault.key,
            details=fault.details,
            status=fault.status,
            resource_id=fault.resource_id,
            resource_type=fault.resource_type,
            told=fault.told if isinstance(fault, Fault) else None,
            reason=fault.reason if isinstance(fault, Fault) else fault.details,
        )
        self.subject = dict(subject)


def of_evaluation(evaluation: Evaluation) -> Refused:
    """Why a stack is not redeemed: its first fault; in PARTIAL mode, and when all was skipped, that nothing applies."""
    inapplicable = evaluation.having("INAPPLICABLE")
    first = (inapplicable or list(evaluation.tried))[0]
    fault = first.outcome.fault
    if fault is not None and not evaluation.rules.is_partial:
        return Refused(fault, _subject(first))
    why = [f"{one.sent['id']}: {_why(one)}" for one in evaluation.tried]
    nothing = Fault(
        "No applicable redeemables",
        key="no_applicable_redeemables",
        details="; ".join(why)[:2000],
        status=fault.status if fault is not None else 400,
        reason=fault.reason if isinstance(fault, Fault) else None,
    )
    return Refused(nothing, _subject(first))


def used_up(one: Tried) -> Refused:
    """What was there a moment ago is not there any more."""
    assert one.row is not None
    return Refused(of_voucher(one.row, "quantity_exceeded", "quantity exceeded"), _subject(one))


def _why(one: Tried) -> str:
    if one.outcome.fault is not None:
        return one.outcome.fault.message
    return one.outcome.skipped.message if one.outcome.skipped is not None else "it applies"


def _subject(one: Tried) -> dict[str, Any]:
    row = one.row
    return {
        "object": "redemption",
        "related_object_type": one.kind,
        "related_object_id": row["id"] if row else one.sent["id"],
        "campaign_id": row["campaign_id"] if row else None,
        "voucher_code": None if one.sent["object"] != "voucher" else row["code"] if row else one.sent["id"],
    }


def record(unit: Unit, fault: RequestError, body: Mapping[str, Any], **_: Any) -> RequestError:
    """Keep a record of a refusal; gives the fault, which then names the record."""
    if not isinstance(fault, Refused):
        return fault
    is_rollback = fault.subject["object"] == "redemption_rollback"
    told = body.get("customer") or (body.get("order") or {}).get("customer") or {}
    # A refusal does not make customers; it names those that there are.
    customer = customer_store.find(unit.connection, id=told.get("id"), source_id=told.get("source_id"))
    row = {
        **entries.EMPTY,
        "id": new_id("rrf_" if is_rollback else "rf_"),
        "date": unit.now,
        "customer_id": customer["id"] if customer else None,
        "tracking_id": body.get("tracking_id"),
        "metadata": body.get("metadata"),
        "reason": body.get("reason"),
        "session_key": (body.get("session") or {}).get("key"),
        "channel_id": unit.app_id,
        "result": "FAILURE",
        "status": "FAILED",
        "failure_code": fault.key[:100],
        "failure_message": fault.message[:500],
        **fault.subject,
    }
    store.add(unit.connection, [row])
    fault.resource_id, fault.resource_type = row["id"], "redemption_rollback" if is_rollback else "redemption"
    return fault
