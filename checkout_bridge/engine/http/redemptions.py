"""Operations that validate, redeem and roll back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g

from checkout_bridge.contract import redemptions as contract
from checkout_bridge.contract.validations import StackRequest, ValidationAnswer
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.services import failures, redemptions, rollbacks, validations
from checkout_bridge.engine.services.unit import Unit

Body = Mapping[str, Any]


def _validate(unit: Unit, body: Body) -> dict[str, Any]:
    return validations.validate(unit, body, request_id=g.request_id)


def _redeem(unit: Unit, body: Body) -> dict[str, Any]:
    return redemptions.redeem(unit, body, request_id=g.request_id)


def _get(unit: Unit, redemption_id: str) -> dict[str, Any]:
    return redemptions.get(unit, redemption_id)


def _rollback(unit: Unit, redemption_id: str, body: Body, query: Body) -> dict[str, Any]:
    return rollbacks.rollback_one(unit, redemption_id, {**_told(query), **body})


def _rollback_stack(unit: Unit, redemption_id: str, body: Body, query: Body) -> dict[str, Any]:
    return rollbacks.rollback_stack(unit, redemption_id, {**_told(query), **body})


def _of_voucher(unit: Unit, code: str) -> dict[str, Any]:
    return redemptions.of_voucher(unit, code)


def _told(query: Body) -> dict[str, Any]:
    return {name: query[name][:500] for name in ("reason", "tracking_id") if name in query}


def _for_stacks(start: str, whose: str = "") -> tuple[Operation, Operation]:
    """Validating and redeeming, the same for servers and for browsers."""
    return (
        Operation(
            "POST",
            f"{start}/validations",
            _validate,
            f"Say what redeemables would do, and hold them on request{whose}",
            StackRequest(),
            ValidationAnswer,
            remembers=False,
        ),
        Operation(
            "POST",
            f"{start}/redemptions",
            _redeem,
            f"Redeem one redeemable or a stack{whose}",
            StackRequest(),
            contract.RedeemAnswer,
            refused=failures.record,
        ),
    )


OPERATIONS = (
    *_for_stacks("/v1"),
    *_for_stacks("/client/v1", ", asked by a browser"),
    Operation(
        "GET",
        "/v1/redemptions/{redemption_id}",
        _get,
        "Get a redemption, a failed redemption or a rollback",
        answer=contract.FoundRedemption,
    ),
    Operation(
        "POST",
        "/v1/redemptions/{redemption_id}/rollback",
        _rollback,
        "Roll back a single redemption",
        contract.RollbackRequest(),
        contract.RollbackAnswer,
        query=True,
        refused=failures.record,
    ),
    Operation(
        "POST",
        "/v1/redemptions/{redemption_id}/rollbacks",
        _rollback_stack,
        "Roll back a stack by its parent",
        contract.RollbackRequest(),
        contract.RollbacksAnswer,
        query=True,
        refused=failures.record,
    ),
    Operation(
        "GET",
        "/v1/vouchers/{code}/redemption",
        _of_voucher,
        "List a voucher's redemptions and rollbacks",
        answer=contract.VoucherRedemptions,
    ),
)
