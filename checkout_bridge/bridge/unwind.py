"""Gives back what was redeemed for an order: the whole stack, exactly once, or what refunds of parts left of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from checkout_bridge.bridge import shares, states
from checkout_bridge.bridge.credits import LET_GO, Crediter, Refused
from checkout_bridge.bridge.ledger import credits, refunds
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.restore import RestorePolicy
from checkout_bridge.bridge.settle import Settler, being_unwound, is_still_running
from checkout_bridge.bridge.states import DONE, ENDING, PLANNED, RELEASE
from checkout_bridge.client import Client
from checkout_bridge.errors import BackendNotFound, BackendRefused, BackendUnauthorized, RateLimited
from checkout_bridge.events import Occasion

Row = dict[str, Any]

# A redemption can be rolled back for three months, which may be as short as this. Not every promotions API has a key
# of its own for what is older.
WINDOW = timedelta(days=89)
WINDOW_EXCEEDED = "rollback_window_exceeded"


class Unwinder:
    """Moves rows to ``unwound``, by way of ``unwinding``."""

    def __init__(
        self, ledger: Ledger, client: Client, settler: Settler, crediter: Crediter, policy: RestorePolicy
    ) -> None:
        self._ledger = ledger
        self._client = client
        self._settler = settler
        self._crediter = crediter
        self._policy = policy

    def unwind(
        self,
        row: Row,
        *,
        reason: str | None,
        event_id: str | None,
        event: str,
        occasion: Occasion | None = None,
        since: Collection[str] = states.MAY_UNWIND,
    ) -> Row:
        """Give back what the restore policy says for the occasion; without one, everything. ``since`` are the states
        from which it may begin: one that the order has left meanwhile leaves it alone.

        A row that is unwound already answers the same and does nothing. One that was left in ``unwinding``, or got
        stuck at it, is taken up again as it was decided then: every step tells when it was done before. Raises
        BackendRefused, with the row ``stuck``, when the promotions API does not let go. When it is too late to roll
        back, cards get what is left through their balance, and the row is ``stuck`` if there are coupons, too.
        """
        if row["state"] == states.INTENDED:
            row = self._settler.settle(row)
        is_another = occasion not in (None, "payment_failed")
        if row["state"] == states.UNWOUND and row["occasion"] == "payment_failed" and is_another:
            # Until now it might have been paid with another card.
            values: dict[str, Any] = {"occasion": occasion}
            row = self._ledger.move(row, (states.UNWOUND,), values, event=event, event_id=event_id) or row
        values = {"state": states.UNWINDING, "reason": reason}
        if row["state"] == states.DEFERRED:
            # Nothing was redeemed, as far as is known; the sweep makes sure of it.
            values |= {"state": states.UNWOUND, "occasion": occasion, "deferral": None}
            check_at = self._ledger.later(self._settler.patience)
            moved = self._ledger.give_up(
                row, (states.DEFERRED,), values, check_at, event=event, event_id=event_id, detail=reason
            )
            row = moved or self._ledger.by_id(row["id"]) or row
        if row["state"] in states.MAY_UNWIND:
            if row["kept"] is None:
                kept = self._policy.kept(row, self._ledger.redemptions_of(row), occasion)
                values |= {"occasion": occasion, "kept": kept}
            moved = self._ledger.move(row, since, values, event=event, event_id=event_id, detail=reason)
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
                self.carry_on(row, refund["refund_id"])
        fresh = self._ledger.by_id(row["id"]) or row
        if (fresh["attempt"], fresh["state"]) != (row["attempt"], states.UNWINDING):
            return fresh  # somebody else has ended it, and it may even stand again
        row = fresh
        kept, settled = row["kept"] or (), credits.settled(self._ledger, row)
        rest = shares.rest(parts, settled, kept)
        begun = [credit["amount"] > 0 for credit in credits.of_refund(self._ledger, row, ENDING)]
        discounts = _discounts(parts, row)
        has_to_roll_back = bool(discounts) or not (kept or row["released_by"] or any(settled.values()))
        if any(begun) or not has_to_roll_back:
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
        """The rollback gave back everything: what refunds gave before, and what is kept, is taken off again."""
        too_much = {
            part["position"]: rest[part["position"]] - part["credits"] for part in parts if part["position"] in rest
        }
        self._move_on_cards(row, parts, too_much)
        kept = row["kept"] or ()
        backs = [
            _back(part, rest, rollback_ids.get(part["redemption_id"])) for part in parts if part["position"] not in kept
        ]
        return self._record(row, backs, states.UNWOUND, row["reason"], event_id)

    def _end_by_balance(self, row: Row, parts: Sequence[Row], rest: Mapping[int, int], event_id: str | None) -> Row:
        self._move_on_cards(row, parts, rest)
        kept = row["kept"] or ()
        backs = [_back(part, rest, None) for part in parts if part["position"] in rest and part["position"] not in kept]
        if discounts := _discounts(parts, row):
            reason = f"it is too late to roll back: {', '.join(part['code'] for part in discounts)} stay used"
            if set(rest) - set(kept):
                reason += "; what was paid with cards was given back"
            return self._record(row, backs, states.STUCK, reason, event_id)
        self._cancel_order(row)
        return self._record(row, backs, states.UNWOUND, row["reason"], event_id)

    def carry_on(self, row: Row, refund_id: str) -> None:
        """Do what is still planned for the refund of a part; first of all let go of coupons, if it is to."""
        if row["released_by"] == refund_id:
            self._release(row, self._ledger.redemptions_of(row), refund_id)
        self._crediter.carry_on(row, refund_id)

    def _release(self, row: Row, parts: Sequence[Row], refund_id: str) -> None:
        """Coupons can be used again although a part of the order stands: the stack is rolled back, and what the cards
        got by that is taken off again.

        Raises BackendRefused, with the row ``stuck``, when a card does not hold that any more; it may be asked again.
        """
        if any(part["credits"] is None for part in self._released(row, parts)):
            return
        begun = credits.of_refund(self._ledger, row, RELEASE)
        try:
            rollback_ids = self._rolled_back_before(row) if begun else self._let_go(row)
        except BackendRefused as error:
            if is_still_running(error) or isinstance(error, RateLimited | BackendUnauthorized):
                raise
            refunds.blame(self._ledger, row, refund_id, f"its coupons stay used: {error}")
            self._ledger.move(row, (row["state"],), {"released_by": None}, event="not_released", detail=error.key)
            return
        credits.plan_release(self._ledger, row, parts)
        self._refuse_if_owed(row, self._crediter.carry_on(row, RELEASE))
        self._client.orders.update_order(row["source_id"], {"status": "PAID"})
        if row["state"] == states.STUCK and row["kept"] is None:
            # It was stuck at this, and stands.
            state = states.CONFIRMED if row["confirmed_at"] else states.REDEEMED
            row = self._ledger.move(row, (states.STUCK,), {"state": state, "reason": None}) or row
        backs = [_back(part, {}, rollback_ids.get(part["redemption_id"])) for part in _discounts(parts, None)]
        self._ledger.record_released(row, backs, refund_id)

    def _released(self, row: Row, parts: Sequence[Row]) -> list[Row]:
        """What was let go of already."""
        positions = {back["position"] for back in self._ledger.give_backs_of(row)}
        return [part for part in parts if part["position"] in positions]

    def _move_on_cards(self, row: Row, parts: Sequence[Row], amounts: Mapping[int, int]) -> None:
        """Put on each card, or take off, what the end of the order comes to.

        Raises BackendRefused, with the row ``stuck`` and what is owed in its reason; Conflict while another is at it.
        """
        credits.plan_ending(self._ledger, row, parts, amounts)
        self._refuse_if_owed(row, self._crediter.carry_on(row, ENDING))
        if any(credit["status"] != DONE for credit in credits.of_refund(self._ledger, row, ENDING)):
            raise being_unwound(row)

    def _refuse_if_owed(self, row: Row, refused: Refused) -> None:
        """Raise what the promotions API answered, with the row ``stuck``, when not everything moved on the cards."""
        if not refused:
            return
        owed = "; ".join(f"{credit['code']}: {_owed(credit['amount'])}" for credit, _ in refused)
        _, error = refused[0]
        if row["state"] != states.STUCK:
            values = {"state": states.STUCK, "reason": f"{owed}: {error}"}
            self._ledger.move(row, (row["state"],), values, detail=error.key)
        raise error

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
        return self._ask_to_roll_back(row, row["reason"], f"{row['source_id']}:rollback")

    def _let_go(self, row: Row) -> dict[str, str]:
        """Roll back upstream although the order stands: a request of its own, the same whatever becomes of the row."""
        return self._ask_to_roll_back(row, LET_GO, f"{row['source_id']}:release")

    def _ask_to_roll_back(self, row: Row, reason: str | None, key: str) -> dict[str, str]:
        try:
            answer = self._client.redemptions.rollback_stacked_redemptions(
                row["redemption_id"], reason=reason, idempotency_key=key
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


def _discounts(parts: Sequence[Row], row: Row | None) -> list[Row]:
    """What is no card, and is still to be given back."""
    if row is not None and row["released_by"]:
        return []
    kept = (row and row["kept"]) or ()
    return [part for part in parts if part["credits"] is None and part["position"] not in kept]


def _back(part: Row, rest: Mapping[int, int], rollback_id: str | None) -> Row:
    return {"position": part["position"], "rollback_id": rollback_id, "amount": rest.get(part["position"])}


def _owed(amount: int) -> str:
    return f"{amount} to be credited" if amount > 0 else f"{-amount} to be debited"
