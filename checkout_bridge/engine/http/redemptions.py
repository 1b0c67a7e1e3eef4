"""Operations that validate, redeem and roll back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g

from checkout_bridge.contract import redemptions as contract
from checkout_bridge.contract.validations import StackRequest, ValidationAnswer
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.services import redemptions, rollbacks, validations
from checkout_bridge.engine.services.unit import Unit

Body = Mapping[str, Any]


def _validate(unit: Unit, body: Body) -> dict[str, Any]:
    return validations.validate(unit, body, request_id=g.request_id)


def _redeem(unit: Unit, body: Body) -> dict[str, Any]:
    return redemptions.redeem(unit, body)


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


OPERATIONS = (
    Operation(
        "POST",
        "/v1/validations",
        _validate,
        "Say what redeemables would do, and hold them on request",
        StackRequest(),
        ValidationAnswer,
        remembers=False,
    ),
    Operation(
        "POST",
        "/v1/redemptions",
        _redeem,
        "Redeem one redeemable or a stack",
        StackRequest(),
        contract.RedeemAnswer,
    ),
    Operation(
        "GET",
        "/v1/redemptions/{redemption_id}",
        _get,
        "Get a redemption or a rollback",
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
    ),
    Operation(
        "POST",
        "/v1/redemptions/{redemption_id}/rollbacks",
        _rollback_stack,
        "Roll back a stack by its parent",
        contract.RollbackRequest(),
        contract.RollbacksAnswer,
        query=True,
    ),
    Operation(
        "GET",
        "/v1/vouchers/{code}/redemption",
        _of_voucher,
        "List a voucher's redemptions and rollbacks",
        answer=contract.VoucherRedemptions,
    ),
)
