"""Gives back what was redeemed for an order: the whole stack, exactly once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge.bridge import report, states
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.settle import Settler, is_still_running
from checkout_bridge.client import Client
from checkout_bridge.errors import BackendNotFound, BackendRefused, RateLimited

Row = dict[str, Any]

_MAY_UNWIND = (states.REDEEMED, states.CONFIRMED, states.FAILED, states.STUCK, states.REVIEW)


class Unwinder:
    """Moves rows to ``unwound``, by way of ``unwinding``."""

    def __init__(self, ledger: Ledger, client: Client, settler: Settler) -> None:
        self._ledger = ledger
        self._client = client
        self._settler = settler

    def unwind(self, row: Row, *, reason: str | None, event_id: str | None, event: str) -> Row:
        """Give everything back. A row that is unwound already answers the same and does nothing.

        One that was left in ``unwinding`` is taken up again: rolling back twice is refused upstream, and that refusal
        means done. Raises BackendRefused, with the row ``stuck``, when the promotions API does not let go.
        """
        if row["state"] == states.INTENDED:
            row = self._settler.settle(row)
        if row["state"] in _MAY_UNWIND:
            values = {"state": states.UNWINDING, "reason": reason}
            moved = self._ledger.move(row, _MAY_UNWIND, values, event=event, event_id=event_id, detail=reason)
            row = moved or self._ledger.by_id(row["id"]) or row
        if row["state"] == states.UNWINDING:
            row = self._give_back(row, event_id)
        return row

    def _give_back(self, row: Row, event_id: str | None) -> Row:
        parts = self._ledger.redemptions_of(row)
        try:
            rollback_ids = self._roll_back(row, parts)
        except BackendRefused as error:
            if not (is_still_running(error) or isinstance(error, RateLimited)):
                self._ledger.move(
                    row, (states.UNWINDING,), {"state": states.STUCK, "reason": str(error)}, detail=error.key
                )
            raise
        backs = [
            {
                "position": part["position"],
                "rollback_id": rollback_ids.get(part["redemption_id"]),
                "amount": report.credits_of(part),
            }
            for part in parts
        ]
        unwound = self._ledger.record_unwound(row, backs, event_id=event_id, detail=row["reason"])
        return unwound or self._ledger.by_id(row["id"]) or row

    def _roll_back(self, row: Row, parts: Sequence[Row]) -> dict[str, str]:
        """Roll back upstream; gives rollback ids by redemption id.

        The reason sent is the row's own: a repeated request is the same only if it says the same.
        """
        if not parts:
            self._cancel_order(row)
            return {}
        key = f"{row['source_id']}:rollback"
        try:
            answer = self._client.redemptions.rollback_stacked_redemptions(
                row["redemption_id"], reason=row["reason"], idempotency_key=key
            )
        except BackendRefused as error:
            if error.key != "already_rolled_back":
                raise
            return self._rolled_back_before(row)
        return {back["redemption"]: back["id"] for back in answer.get("rollbacks", ())}

    def _rolled_back_before(self, row: Row) -> dict[str, str]:
        """Read off the order which rollbacks there are: they happened, and the answer was lost."""
        try:
            order = self._client.orders.get_order(row["source_id"])
        except BackendNotFound:
            return {}
        entry: Mapping[str, Any] = (order.get("redemptions") or {}).get(row["redemption_id"], {})
        if "stacked" in entry:
            return dict(zip(entry["stacked"], entry.get("rollback_stacked", ()), strict=False))
        return {row["redemption_id"]: entry["rollback_id"]} if "rollback_id" in entry else {}

    def _cancel_order(self, row: Row) -> None:
        """Nothing was redeemed; the order upstream, if there is one, must not count as paid."""
        try:
            self._client.orders.update_order(row["source_id"], {"status": "CANCELED"})
        except BackendNotFound:
            return
