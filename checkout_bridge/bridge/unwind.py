"""Gives back what was redeemed for an order: the whole stack, exactly once, or what refunds of parts left of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from checkout_bridge.bridge import shares, states
from checkout_bridge.bridge.credits import Crediter
from checkout_bridge.bridge.ledger import credits, refunds
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.settle import Settler, being_unwound, is_still_running
from checkout_bridge.bridge.states import DONE, ENDING, PLANNED
from checkout_bridge.client import Client
from checkout_bridge.errors import BackendNotFound, BackendRefused, BackendUnauthorized, RateLimited

Row = dict[str, Any]

# A redemption can be rolled back for three months, which may be as short as this. Not every promotions API has a key
# of its own for what is older.
WINDOW = timedelta(days=89)
WINDOW_EXCEEDED = "rollback_window_exceeded"


class Unwinder:
    """Moves rows to ``unwound``, by way of ``unwinding``."""

    def __init__(self, ledger: Ledger, client: Client, settler: Settler, crediter: Crediter) -> None:
        self._ledger = ledger
        self._client = client
        self._settler = settler
        self._crediter = crediter

    def unwind(self, row: Row, *, reason: str | None, event_id: str | None, event: str) -> Row:
        """Give everything back. A row that is unwound already answers the same and does nothing.

        One that was left in ``unwinding`` is taken up again: every step tells when it was done before. Raises
        BackendRefused, with the row ``stuck``, when the promotions API does not let go. When it is too late to roll
        back, cards get what is left through their balance, and the row is ``stuck`` if there are coupons, too.
        """
        if row["state"] == states.INTENDED:
            row = self._settler.settle(row)
        if row["state"] in states.MAY_UNWIND:
            values = {"state": states.UNWINDING, "reason": reason}
            moved = self._ledger.move(row, states.MAY_UNWIND, values, event=event, event_id=event_id, detail=reason)
            row = moved or self._ledger.by_id(row["id"]) or row
        if row["state"] == states.UNWINDING:
            row = self._give_back(row, event_id)
        return row

    def _give_back(self, row: Row, event_id: str | None) -> Row:
        try:
            return self._end(row, self._ledger.redemptions_of(row), event_id)
        except BackendRefused as error:
            if not (is_still_running(error) or isinstance(error, RateLimited)):
                self._ledger.move(
                    row, (states.UNWINDING,), {"state": states.STUCK, "reason": str(error)}, detail=error.key
                )
            raise

    def _end(self, row: Row, parts: Sequence[Row], event_id: str | None) -> Row:
        """First what refunds of parts have left open; then the rest, by rolling back if it has to and can be."""
        for refund in refunds.of_order(self._ledger, row):
            if refund["status"] == PLANNED and not refund["is_final"]:
                self._crediter.carry_on(row, refund["refund_id"])
        rest = shares.rest(parts, credits.given(self._ledger, row))
        begun = [credit["amount"] > 0 for credit in credits.of_refund(self._ledger, row, ENDING)]
        has_only_cards_and_refunds = len(rest) == len(parts) and rest != shares.rest(parts, {})
        if any(begun) or has_only_cards_and_refunds:
            return self._end_by_balance(row, parts, rest, event_id)
        try:
            # Something to take off again is planned only once the stack has been rolled back.
            rollback_ids = self._rolled_back_before(row) if begun else self._roll_back(row, parts)
        except BackendRefused as error:
            if not self._is_too_late(row, error):
                raise
            return self._end_by_balance(row, parts, rest, event_id)
        return self._end_rolled_back(row, parts, rest, rollback_ids, event_id)

    def _end_rolled_back(
        self,
        row: Row,
        parts: Sequence[Row],
        rest: Mapping[int, int],
        rollback_ids: Mapping[str, str],
        event_id: str | None,
    ) -> Row:
        """The rollback gave back everything: what refunds gave before is taken off again."""
        earlier = {
            part["position"]: rest[part["position"]] - part["credits"] for part in parts if part["position"] in rest
        }
        self._move_on_cards(row, parts, earlier)
        backs = [_back(part, rest, rollback_ids.get(part["redemption_id"])) for part in parts]
        return self._record(row, backs, states.UNWOUND, row["reason"], event_id)

    def _end_by_balance(self, row: Row, parts: Sequence[Row], rest: Mapping[int, int], event_id: str | None) -> Row:
        self._move_on_cards(row, parts, rest)
        backs = [_back(part, rest, None) for part in parts if part["position"] in rest]
        if len(backs) < len(parts):
            codes = ", ".join(part["code"] for part in parts if part["position"] not in rest)
            reason = f"it is too late to roll back: {codes} stay used; what was paid with cards was given back"
            return self._record(row, backs, states.STUCK, reason, event_id)
        self._cancel_order(row)
        return self._record(row, backs, states.UNWOUND, row["reason"], event_id)

    def _move_on_cards(self, row: Row, parts: Sequence[Row], amounts: Mapping[int, int]) -> None:
        """Put on each card, or take off, what the end of the order comes to.

        Raises BackendRefused, with the row ``stuck`` and what is owed in its reason; Conflict while another is at it.
        """
        credits.plan_ending(self._ledger, row, parts, amounts)
        refused = self._crediter.carry_on(row, ENDING)
        if refused:
            owed = "; ".join(f"{credit['code']}: {_owed(credit['amount'])}" for credit, _ in refused)
            _, error = refused[0]
            values = {"state": states.STUCK, "reason": f"{owed}: {error}"}
            self._ledger.move(row, (states.UNWINDING,), values, detail=error.key)
            raise error
        if any(credit["status"] != DONE for credit in credits.of_refund(self._ledger, row, ENDING)):
            raise being_unwound(row)

    def _record(self, row: Row, backs: Sequence[Row], state: str, reason: str | None, event_id: str | None) -> Row:
        values = {"state": state, "reason": reason}
        ended = self._ledger.record_ended(row, values, backs, event_id=event_id, detail=reason)
        return ended or self._ledger.by_id(row["id"]) or row

    def _is_too_late(self, row: Row, error: BackendRefused) -> bool:
        if is_still_running(error) or isinstance(error, RateLimited | BackendUnauthorized | BackendNotFound):
            return False
        if error.key == WINDOW_EXCEEDED:
            return True
        return self._ledger.redeemed_at(row) < self._ledger.ago(WINDOW)

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
        """The order upstream, if there is one, must not count as paid; no rollback has cancelled it."""
        try:
            self._client.orders.update_order(row["source_id"], {"status": "CANCELED"})
        except BackendNotFound:
            return


def _back(part: Row, rest: Mapping[int, int], rollback_id: str | None) -> Row:
    return {"position": part["position"], "rollback_id": rollback_id, "amount": rest.get(part["position"])}


def _owed(amount: int) -> str:
    return f"{amount} to be credited" if amount > 0 else f"{-amount} to be debited"
