"""Credits of gift cards and points of loyalty cards: moved by hand, and the list of all movements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.contract.vouchers import DISCOUNT, LOYALTY
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import vouchers as store
from checkout_bridge.errors import RequestError

Row = dict[str, Any]


def transaction(
    unit: Unit, voucher_id: str, kind: str, amount: int, balance: int, *, source_id: str | None = None, **facts: Any
) -> Row:
    """A movement of ``amount`` (signed) that left ``balance``; ``facts`` are kept as its details.

    ``kind`` is of the contract: ``CREDITS_...`` on gift cards, ``POINTS_...`` on loyalty cards.
    """
    card, moved = ("loyalty_card", "points") if kind.startswith("POINTS") else ("gift_voucher", "amount")
    return {
        "id": new_id("vtx_"),
        "voucher_id": voucher_id,
        "type": kind,
        "source_id": source_id,
        "source": "API",
        "reason": facts.pop("reason", None),
        "amount": amount,
        "balance": balance,
        "details": {"balance": _balance(card, moved, amount, balance, voucher_id), **facts},
        "created_at": unit.now,
    }


def _balance(card: str, moved: str, amount: int, balance: int, voucher_id: str) -> Row:
    related = {"type": "voucher", "id": voucher_id}
    return {"type": card, moved: amount, "balance": balance, "object": "balance", "related_object": related}


def change(unit: Unit, row: Row, request: Mapping[str, Any]) -> dict[str, Any]:
    """Add credits or points to a card, or remove them when negative; ``row`` was got for change.

    The same ``source_id`` does it once and answers the same.
    """
    if row["type"] == DISCOUNT:
        details = f"{row['code']} is neither a gift card nor a loyalty card"
        raise RequestError("Invalid voucher", key="invalid_voucher", details=details)
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
        raise _exceeded(row, -amount)
    of_points = row["type"] == LOYALTY
    kind = f"{'POINTS' if of_points else 'CREDITS'}_{'ADDITION' if amount >= 0 else 'REMOVAL'}"
    balance = row["gift_balance"] + amount
    entry = transaction(unit, row["id"], kind, amount, balance, source_id=source_id, reason=request.get("reason"))
    store.add_transactions(unit.connection, [entry])
    return _answer({**row, "gift_amount": row["gift_amount"] + max(amount, 0)}, amount, balance)


def _exceeded(row: Row, removed: int) -> RequestError:
    details = f"{row['code']} has {row['gift_balance']}, {removed} were to be removed"
    if row["type"] == LOYALTY:
        return RequestError("loyalty card points exceeded", key="loyalty_card_points_exceeded", details=details)
    return RequestError("gift amount exceeded", key="gift_amount_exceeded", details=details)


def _answer(row: Row, amount: int, balance: int) -> dict[str, Any]:
    return {
        "amount": amount,
        "total": row["gift_amount"],
        "balance": balance,
        "type": "loyalty_card" if row["type"] == LOYALTY else "gift_voucher",
        "operation_type": "MANUAL",
        "object": "balance",
        "related_object": {"type": "voucher", "id": row["id"]},
    }


def movements(unit: Unit, card: Row, *, limit: int, after: str | None) -> dict[str, Any]:
    """The movements on a card, newest first, from the one after ``after`` on."""
    rows = store.transactions_of(unit.connection, card["id"], limit=limit, after=after)
    shown = ("id", "voucher_id", "type", "source_id", "source", "reason", "details", "created_at")
    of_it = {"campaign_id": card["campaign_id"], "related_transaction_id": None}
    data = [{name: row[name] for name in shown} | of_it for row in rows[:limit]]
    answer = {"object": "list", "data_ref": "data", "data": data, "has_more": len(rows) > limit}
    return answer | ({"more_starting_after": data[-1]["id"]} if len(rows) > limit else {})
