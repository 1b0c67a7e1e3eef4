"""Settles a redemption whose outcome is not known: reads the order back by its source id, and only then decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from checkout_bridge.bridge import mapping, states
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.mapping import Applied
from checkout_bridge.bridge.outage import HONOUR, REINSTATED
from checkout_bridge.client import Client
from checkout_bridge.contract.fields import parse_moment
from checkout_bridge.errors import BackendError, BackendNotFound, Conflict

Row = dict[str, Any]

# On top of the deadline: what was sent just before it may still be running upstream.
GRACE_SECONDS = 5
# An attempt that was given up because nothing was known of it is looked for once more after this long.
SECOND_LOOK = timedelta(minutes=10)


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
        # Another may have settled it meanwhile, and have begun something new that has to be waited for.
        return self.settle(self._read_back(row))

    def redeemed(
        self,
        row: Row,
        applied: Sequence[Applied],
        total: int,
        redemption_id: str | None,
        answer: Mapping[str, Any] | None,
    ) -> Row:
        """Freeze what was redeemed. Another process that settled the row first has done the same.

        What was charged stays what it was: a quote that was honoured, or the order that stands again, tells the total.
        """
        if row["deferral"] and (row["outage"] == HONOUR or row["deferral"]["mode"] == REINSTATED):
            if total != row["total"]:
                self._ledger.note(row, "total_differs", detail=f"{row['total']} was charged, now it is {total}")
            total = row["total"]
        values = {
            "state": states.REDEEMED,
            "total": total,
            "redemption_id": redemption_id,
            "deferral": None,
            "reason": None,
        }
        moved = self._ledger.record_redeemed(row, values, applied, answer and _facts(answer))
        return moved or self._ledger.by_id(row["id"]) or row

    def as_confirmed(self, row: Row) -> Row:
        """The row, confirmed if its shop has said so while it was still to be redeemed."""
        row = self._ledger.by_id(row["id"]) or row
        if row["state"] != states.REDEEMED or row["confirmed_at"] is None:
            return row
        return self._ledger.move(row, (states.REDEEMED,), {"state": states.CONFIRMED}) or row

    def redeemed_upstream(self, row: Row) -> Row | None:
        """Freeze what the row's attempt has redeemed; None when the promotions API knows of nothing."""
        try:
            order = self._client.orders.get_order(row["source_id"])
        except BackendNotFound:
            return None
        standing = _standing(order)
        if not standing:
            asked = row["cart"]["codes"] or row["cart"]["gift_cards"]
            return None if asked else self.redeemed(row, [], row["amount"], None, None)
        redemption_id, entry = standing[-1]
        parts = [self._client.redemptions.get_redemption(id) for id in entry.get("stacked", [redemption_id])]
        applied = mapping.applied_by(mapping.cart_of(row["cart"]), {"redemptions": parts})
        return self.redeemed(row, applied, int(order.get("total_amount") or 0), redemption_id, None)

    def standing_at(self, source_id: str) -> list[str]:
        """The redemptions of an order upstream that were not rolled back."""
        try:
            return [redemption_id for redemption_id, _ in _standing(self._client.orders.get_order(source_id))]
        except BackendNotFound:
            return []

    def _read_back(self, row: Row) -> Row:
        found = self.redeemed_upstream(row)
        if found is not None:
            return self.as_confirmed(found) if row["deferral"] else found
        if row["deferral"]:
            moved = self._ledger.move(row, (states.INTENDED,), {"state": states.DEFERRED})
        else:
            values = {"state": states.FAILED, "reason": "the promotions API knows of no redemption"}
            check_at = self._ledger.later(SECOND_LOOK)
            moved = self._ledger.give_up(row, (states.INTENDED,), values, check_at)
        return moved or self._ledger.by_id(row["id"]) or row


def _standing(order: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [entry for entry in (order.get("redemptions") or {}).items() if "rollback_id" not in entry[1]]


def _facts(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as it is kept: without the customer and without repeating the order in every part."""
    kept = ("id", "date", "amount", "result", "status", "related_object_id", "redemption")
    facts: dict[str, Any] = {
        "redemptions": [{name: part.get(name) for name in kept} for part in answer.get("redemptions", ())]
    }
    if order := answer.get("order"):
        facts["order"] = {name: value for name, value in order.items() if name not in ("customer", "referrer")}
    return facts
