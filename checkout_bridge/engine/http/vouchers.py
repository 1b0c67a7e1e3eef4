"""Operations on vouchers, their balances and their sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract import balances as balances_contract
from checkout_bridge.contract import vouchers as contract
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.http.paging import flag, whole_number
from checkout_bridge.engine.http.voucher_lists import list_vouchers
from checkout_bridge.engine.services import balances, validations, vouchers
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.services.voucher_rows import DATES, VALIDITY

Body = Mapping[str, Any]


def _create(unit: Unit, body: Body, code: str | None = None) -> dict[str, Any]:
    return _answered(unit, vouchers.create(unit, code or body.get("code"), body))


def _get(unit: Unit, code: str) -> dict[str, Any]:
    return _answered(unit, vouchers.get(unit, code))


def _answered(unit: Unit, row: dict[str, Any]) -> dict[str, Any]:
    return vouchers.answers(unit, [row])[0]


def _update(unit: Unit, code: str, body: Body) -> dict[str, Any]:
    return _answered(unit, vouchers.update(unit, code, body))


def _delete(unit: Unit, code: str, query: Mapping[str, str]) -> None:
    vouchers.delete(unit, code, force=flag(query, "force"))


def _enable(unit: Unit, code: str) -> dict[str, Any]:
    return _answered(unit, vouchers.set_active(unit, code, True))


def _disable(unit: Unit, code: str) -> dict[str, Any]:
    return _answered(unit, vouchers.set_active(unit, code, False))


def _balance(unit: Unit, code: str, body: Body) -> dict[str, Any]:
    return balances.change(unit, vouchers.get(unit, code, for_change=True), body)


def _transactions(unit: Unit, code: str, query: Mapping[str, str]) -> dict[str, Any]:
    limit = whole_number(query, "limit", 10, 1, 100)
    return balances.movements(unit, vouchers.get(unit, code), limit=limit, after=query.get("starting_after_id"))


def _release(unit: Unit, code: str, session_key: str) -> None:
    validations.release(unit, code, session_key)


_CLEARED_BY_NULL = (*DATES, *VALIDITY, "category_id", "redemption.quantity")
_VOUCHER = contract.VoucherAnswer

OPERATIONS = (
    Operation(
        "POST",
        "/v1/vouchers",
        _create,
        "Create a voucher with a random code",
        contract.VoucherRequest(),
        _VOUCHER,
        keep_nulls=("redemption.quantity",),
        checks=vouchers.refuse_expiring_points,
    ),
    Operation(
        "POST",
        "/v1/vouchers/{code}",
        _create,
        "Create a voucher with this code",
        contract.VoucherRequest(),
        _VOUCHER,
        keep_nulls=("redemption.quantity",),
        checks=vouchers.refuse_expiring_points,
    ),
    Operation("GET", "/v1/vouchers", list_vouchers, "List vouchers", answer=contract.VoucherList, query=True),
    Operation("GET", "/v1/vouchers/{code}", _get, "Get a voucher", answer=_VOUCHER),
    Operation(
        "PUT",
        "/v1/vouchers/{code}",
        _update,
        "Update a voucher",
        contract.VoucherUpdate(),
        _VOUCHER,
        keep_nulls=_CLEARED_BY_NULL,
        checks=vouchers.refuse_fixed,
    ),
    Operation("DELETE", "/v1/vouchers/{code}", _delete, "Delete a voucher", status=204, query=True),
    Operation("POST", "/v1/vouchers/{code}/enable", _enable, "Enable a voucher", answer=_VOUCHER),
    Operation("POST", "/v1/vouchers/{code}/disable", _disable, "Disable a voucher", answer=_VOUCHER),
    Operation(
        "POST",
        "/v1/vouchers/{code}/balance",
        _balance,
        "Add credits to a gift card or points to a loyalty card, or remove them",
        balances_contract.BalanceRequest(),
        balances_contract.BalanceAnswer,
    ),
    Operation(
        "GET",
        "/v1/vouchers/{code}/transactions",
        _transactions,
        "List the movements on a card",
        answer=balances_contract.TransactionList,
        query=True,
    ),
    Operation(
        "DELETE",
        "/v1/vouchers/{code}/sessions/{session_key}",
        _release,
        "Release a validation session",
        status=204,
    ),
)
