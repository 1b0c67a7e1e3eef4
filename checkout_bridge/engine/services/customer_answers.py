"""Customers as answered, with what they redeemed, ordered and hold; and deleting them."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from checkout_bridge.engine.services import customers
from checkout_bridge.engine.services.changes import from_json, state_of
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import customer_traces as traces
from checkout_bridge.engine.store import customers as store

Row = dict[str, Any]


def answers(unit: Unit, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Customers with ``summary``, ``loyalty`` and ``referrals``, which are counted when they are asked for."""
    ids = [row["id"] for row in rows]
    redeemed, ordered, held = (
        _by_customer(find(unit.connection, ids)) for find in (traces.redeemed, traces.ordered, traces.held)
    )
    return [
        {
            **customers.answer(row),
            "summary": {
                "redemptions": _redemptions(redeemed[row["id"]], held[row["id"]]),
                "orders": _orders(ordered[row["id"]]),
            },
            "loyalty": _loyalty(held[row["id"]]),
            # This engine has no referral programs.
            "referrals": {"total": 0, "campaigns": []},
        }
        for row in rows
    ]


def answer(unit: Unit, row: Row) -> dict[str, Any]:
    """One customer as ``answers`` gives them."""
    return answers(unit, [row])[0]


def delete(unit: Unit, name: str) -> None:
    """Delete a customer; their orders and redemptions stay, and still name their id. Raises NotFound."""
    store.remove(unit.connection, customers.get(unit, name)["id"])


def delete_permanently(unit: Unit, name: str) -> dict[str, Any]:
    """Delete a customer and take them out of their orders, redemptions and vouchers, which stay. Raises NotFound."""
    row = customers.get(unit, name)
    traces.forget(unit.connection, row["id"])
    store.remove(unit.connection, row["id"])
    kept = ("events", "customer_events", "daily_events", "segments", "orders", "order_events")
    return {
        "id": f"del_{secrets.token_hex(12)}",
        "created_at": unit.now,
        "related_object_id": row["id"],
        "related_object": "customer",
        "status": "DONE",
        "data_json": {**dict.fromkeys(kept, 0), "customer": 1},
        "object": "pernament_deletion",
    }


def _by_customer(found: Iterable[Row]) -> dict[str, list[Row]]:
    theirs: dict[str, list[Row]] = defaultdict(list)
    for row in found:
        theirs[row["customer_id"]].append(row)
    return theirs


def _redemptions(rows: list[Row], held: list[Row]) -> dict[str, Any]:
    def count(holds: Callable[[Row], bool]) -> int:
        return sum(row["count"] for row in rows if holds(row))

    done = [row for row in rows if row["result"] == "SUCCESS"]
    return {
        "total_redeemed": count(lambda row: row["object"] == "redemption"),
        "total_failed": count(lambda row: row["object"] == "redemption" and row["result"] == "FAILURE"),
        "total_succeeded": count(lambda row: row["object"] == "redemption" and row["result"] == "SUCCESS"),
        "total_rolled_back": count(lambda row: row["object"] == "redemption" and row["status"] == "ROLLED_BACK"),
        "total_rollback_failed": count(lambda row: row["object"] != "redemption" and row["result"] == "FAILURE"),
        "total_rollback_succeeded": count(lambda row: row["object"] != "redemption" and row["result"] == "SUCCESS"),
        # Rollbacks have negative amounts, so that this is what they spent and did not get back.
        "gift": {
            "redeemed_amount": int(sum(row["credits"] for row in done)),
            "amount_to_go": _balance(row for row in held if row["type"] == "GIFT_VOUCHER"),
        },
        "loyalty_card": {
            "redeemed_points": int(sum(row["points"] for row in done)),
            "points_to_go": _balance(row for row in held if row["type"] == "LOYALTY_CARD"),
        },
    }


def _orders(rows: list[Row]) -> dict[str, Any]:
    totals = [_total(row) for row in rows]
    whole, many = sum(totals), len(totals)
    return {
        "total_amount": whole,
        "total_count": many,
        "average_amount": (2 * whole + many) // (2 * many) if many else 0,
        "last_order_amount": totals[-1] if totals else 0,
        "last_order_date": rows[-1]["created_at"] if rows else None,
    }


def _total(row: Row) -> int:
    state = state_of(row["body"])
    return state.after(from_json(row["change"])).total if state else 0


def _loyalty(held: list[Row]) -> dict[str, Any]:
    cards = [row for row in held if row["type"] == "LOYALTY_CARD"]
    return {
        "points": _balance(cards),
        "referred_customers": 0,
        "campaigns": {
            row["campaign"]: {"points": int(row["balance"]), "referred_customers": 0}
            for row in cards
            if row["campaign"]
        },
    }


def _balance(rows: Iterable[Row]) -> int:
    return int(sum(row["balance"] for row in rows))
