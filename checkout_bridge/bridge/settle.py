"""Settles a redemption whose outcome is not known: reads the order back by its source id, and only then decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from checkout_bridge.bridge import mapping, states
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.mapping import Applied
from checkout_bridge.client import Client
from checkout_bridge.contract.fields import parse_moment
from checkout_bridge.errors import BackendError, BackendNotFound, Conflict

Row = dict[str, Any]

# On top of the deadline: what was sent just before it may still be running upstream.
GRACE_SECONDS = 5


def is_still_running(error: BackendError) -> bool:
    """Whether the promotions API says that this very request, or another on the same order, is under way."""
    return error.key == "multiple_requests"


def being_unwound(row: Row) -> Conflict:
    """The error for an order that is being given back right now."""
    return Conflict("This order is being given back", key="order_unwinding", details=f"Order {row['order_ref']}")


class Settler:
    """Moves rows out of ``intended``."""

    def __init__(self, ledger: Ledger, client: Client, *, deadline: float) -> None:
        self._ledger = ledger
        self._client = client
        self.patience = timedelta(seconds=deadline + GRACE_SECONDS)

    def settle(self, row: Row) -> Row:
        """The row in a state that is known. Raises Conflict while a redemption or give-back may still be running."""
        if row["state"] == states.UNWINDING:
            raise being_unwound(row)
        if row["state"] in (states.STUCK, states.REVIEW):
            raise Conflict("A person must look at this order", key=f"order_{row['state']}", details=row["reason"])
        if row["state"] != states.INTENDED:
            return row
        if parse_moment(self._ledger.now()) < parse_moment(row["updated_at"]) + self.patience:
            raise Conflict(
                "This order is being checked out",
                key="checkout_in_progress",
                details=f"Order {row['order_ref']}; try again later",
            )
        return self._read_back(row)

    def redeemed(
        self,
        row: Row,
        applied: Sequence[Applied],
        total: int,
        redemption_id: str | None,
        answer: Mapping[str, Any] | None,
    ) -> Row:
        """Freeze what was redeemed. Another process that settled the row first has done the same."""
        values = {"state": states.REDEEMED, "total": total, "redemption_id": redemption_id}
        moved = self._ledger.record_redeemed(row, values, applied, answer and _facts(answer))
        return moved or self._ledger.by_id(row["id"]) or row

    def _read_back(self, row: Row) -> Row:
        try:
            order = self._client.orders.get_order(row["source_id"])
        except BackendNotFound:
            return self._not_redeemed(row)
        standing = [entry for entry in (order.get("redemptions") or {}).items() if "rollback_id" not in entry[1]]
        if not standing:
            asked = row["cart"]["codes"] or row["cart"]["gift_cards"]
            return self._not_redeemed(row) if asked else self.redeemed(row, [], row["amount"], None, None)
        redemption_id, entry = standing[-1]
        parts = [self._client.redemptions.get_redemption(id) for id in entry.get("stacked", [redemption_id])]
        applied = mapping.applied_by(mapping.cart_of(row["cart"]), {"redemptions": parts})
        return self.redeemed(row, applied, int(order.get("total_amount") or 0), redemption_id, None)

    def _not_redeemed(self, row: Row) -> Row:
        values = {"state": states.FAILED, "reason": "the promotions API knows of no redemption"}
        return self._ledger.move(row, (states.INTENDED,), values) or self._ledger.by_id(row["id"]) or row


def _facts(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as it is kept: without the customer and without repeating the order in every part."""
    kept = ("id", "date", "amount", "result", "status", "related_object_id", "redemption")
    facts: dict[str, Any] = {
        "redemptions": [{name: part.get(name) for name in kept} for part in answer.get("redemptions", ())]
    }
    if order := answer.get("order"):
        facts["order"] = {name: value for name, value in order.items() if name not in ("customer", "referrer")}
    return facts
