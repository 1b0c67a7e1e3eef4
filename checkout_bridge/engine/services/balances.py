"""Gift card balances moved by hand, and the list of all movements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.contract.vouchers import GIFT
from checkout_bridge.engine.services import vouchers
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import vouchers as store
from checkout_bridge.errors import RequestError

Row = dict[str, Any]


def transaction(
    unit: Unit, voucher_id: str, kind: str, amount: int, balance: int, *, source_id: str | None = None, **facts: Any
) -> Row:
    """A movement of ``amount`` (signed) that left ``balance``; ``facts`` are kept as its details."""
    return {
        "id": new_id("vtx_"),
        "voucher_id": voucher_id,
        "type": kind,
        "source_id": source_id,
        "source": "API",
        "reason": facts.pop("reason", None),
        "amount": amount,
        "balance": balance,
        "details": {"balance": {"type": "gift_voucher", "amount": amount, "balance": balance}, **facts},
        "created_at": unit.now,
    }


def change(unit: Unit, code: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Add credits, or remove them when negative. The same ``source_id`` does it once and answers the same."""
    row = vouchers.get(unit, code, for_change=True)
    if row["type"] != GIFT:
        raise RequestError("Invalid voucher", key="invalid_voucher", details=f"{row['code']} is not a gift card")
    amount, source_id = request["amount"], request.get("source_id")
    if source_id is not None and (done := store.transaction_from(unit.connection, row["id"], source_id)):
        if done["amount"] != amount:
            raise RequestError(
                "Duplicated source id",
                key="duplicate_source_id",
                details=f"Property .source_id {source_id} was used for another amount",
            )
        return _answer(row, amount, done["balance"])
    if not store.add_credits(unit.connection, row["id"], amount):
        raise RequestError(
            "gift amount exceeded",
            key="gift_amount_exceeded",
            details=f"{row['code']} has {row['gift_balance']}, {-amount} were to be removed",
        )
    kind = "CREDITS_ADDITION" if amount >= 0 else "CREDITS_REMOVAL"
    balance = row["gift_balance"] + amount
    entry = transaction(unit, row["id"], kind, amount, balance, source_id=source_id, reason=request.get("reason"))
    store.add_transactions(unit.connection, [entry])
    return _answer({**row, "gift_amount": row["gift_amount"] + max(amount, 0)}, amount, balance)


def _answer(row: Row, amount: int, balance: int) -> dict[str, Any]:
    return {
        "amount": amount,
        "total": row["gift_amount"],
        "balance": balance,
        "type": "gift_voucher",
        "operation_type": "MANUAL",
        "object": "balance",
        "related_object": {"type": "voucher", "id": row["id"]},
    }


def movements(unit: Unit, code: str, *, limit: int, after: str | None) -> dict[str, Any]:
    """The movements on a card, newest first, from the one after ``after`` on."""
    rows = store.transactions_of(unit.connection, vouchers.get(unit, code)["id"], limit=limit, after=after)
    shown = ("id", "voucher_id", "type", "source_id", "source", "reason", "details", "created_at")
    data = [{name: row[name] for name in shown} | {"campaign_id": None} for row in rows[:limit]]
    answer = {"object": "list", "data_ref": "data", "data": data, "has_more": len(rows) > limit}
    return answer | ({"more_starting_after": data[-1]["id"]} if len(rows) > limit else {})
