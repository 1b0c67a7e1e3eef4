"""Operations on vouchers, their balances and their sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract import vouchers as contract
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.http.paging import order_of, page_of, whole_number
from checkout_bridge.engine.services import balances, validations, vouchers
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import vouchers as store

Body = Mapping[str, Any]


def _create(unit: Unit, body: Body, code: str | None = None) -> dict[str, Any]:
    return vouchers.answer(vouchers.create(unit, code or body.get("code"), body))


def _get(unit: Unit, code: str) -> dict[str, Any]:
    return vouchers.answer(vouchers.get(unit, code))


def _list(unit: Unit, query: Mapping[str, str]) -> dict[str, Any]:
    limit, page = page_of(query)
    newest_first = order_of(query, ("created_at", "-created_at"), "-created_at").startswith("-")
    rows, total = store.page(unit.connection, limit=limit, page=page, newest_first=newest_first)
    bodies = [vouchers.answer(row) for row in rows]
    return {"object": "list", "data_ref": "vouchers", "vouchers": bodies, "total": total}


def _update(unit: Unit, code: str, body: Body) -> dict[str, Any]:
    return vouchers.answer(vouchers.update(unit, code, body))


def _delete(unit: Unit, code: str, query: Mapping[str, str]) -> None:
    vouchers.delete(unit, code, force=query.get("force") in ("true", "1"))


def _enable(unit: Unit, code: str) -> dict[str, Any]:
    return vouchers.answer(vouchers.set_active(unit, code, True))


def _disable(unit: Unit, code: str) -> dict[str, Any]:
    return vouchers.answer(vouchers.set_active(unit, code, False))


def _balance(unit: Unit, code: str, body: Body) -> dict[str, Any]:
    return balances.change(unit, code, body)


def _transactions(unit: Unit, code: str, query: Mapping[str, str]) -> dict[str, Any]:
    limit = whole_number(query, "limit", 10, 1, 100)
    return balances.movements(unit, code, limit=limit, after=query.get("starting_after_id"))


def _release(unit: Unit, code: str, session_key: str) -> None:
    validations.release(unit, code, session_key)


_CLEARED_BY_NULL = ("start_date", "expiration_date", "redemption.quantity")
_VOUCHER = contract.VoucherAnswer

OPERATIONS = (
    Operation(
        "POST",
        "/v1/vouchers",
        _create,
        "Create a voucher with a random code",
        contract.VoucherRequest(),
        _VOUCHER,
        checks=vouchers.refuse_unsupported,
    ),
    Operation(
        "POST",
        "/v1/vouchers/{code}",
        _create,
        "Create a voucher with this code",
        contract.VoucherRequest(),
        _VOUCHER,
        checks=vouchers.refuse_unsupported,
    ),
    Operation("GET", "/v1/vouchers", _list, "List vouchers", answer=contract.VoucherList, query=True),
    Operation("GET", "/v1/vouchers/{code}", _get, "Get a voucher", answer=_VOUCHER),
    Operation(
        "PUT",
        "/v1/vouchers/{code}",
        _update,
        "Update a voucher",
        contract.VoucherUpdate(),
        _VOUCHER,
        keep_nulls=_CLEARED_BY_NULL,
        checks=vouchers.refuse_unsupported,
    ),
    Operation("DELETE", "/v1/vouchers/{code}", _delete, "Delete a voucher", status=204, query=True),
    Operation("POST", "/v1/vouchers/{code}/enable", _enable, "Enable a voucher", answer=_VOUCHER),
    Operation("POST", "/v1/vouchers/{code}/disable", _disable, "Disable a voucher", answer=_VOUCHER),
    Operation(
        "POST",
        "/v1/vouchers/{code}/balance",
        _balance,
        "Add credits to a gift card, or remove them",
        contract.BalanceRequest(),
        contract.BalanceAnswer,
    ),
    Operation(
        "GET",
        "/v1/vouchers/{code}/transactions",
        _transactions,
        "List the movements on a gift card",
        answer=contract.TransactionList,
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
