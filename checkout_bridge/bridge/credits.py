"""Moves on cards what refunds have planned, each once, also where the promotions API knows no idempotency keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from checkout_bridge.bridge.ledger import credits, refunds
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.settle import is_still_running
from checkout_bridge.bridge.states import DONE, ENDING, PLANNED, RELEASE, STUCK
from checkout_bridge.client import Client
from checkout_bridge.errors import BackendRefused, BackendUnauthorized, BackendUnreachable, Conflict, RateLimited

Row = dict[str, Any]
Refused = list[tuple[Row, BackendRefused]]

# Why something is moved that no refund of the platform asks for.
LET_GO = "its coupons can be used again"
_REASONS = {ENDING: "the end of the order", RELEASE: LET_GO}
# How far back a movement is looked for before it is repeated: pages of the card's movements, and how many on each.
PAGES, PAGE = 5, 100


class Crediter:
    """``patience`` is how long somebody who has claimed a credit may still be at it."""

    def __init__(self, ledger: Ledger, client: Client, *, patience: timedelta) -> None:
        self._ledger = ledger
        self._client = client
        self._patience = patience

    def carry_on(self, row: Row, refund_id: str) -> Refused:
        """Do what is still planned for a refund, or for the end of its order; gives what was refused for good.

        What is refused keeps back nothing else, and is ``stuck`` in the ledger. Raises Conflict while another call may
        still be at it; what the promotions API answers when it must be asked later leaves the rest planned.
        """
        refused: Refused = []
        for credit in credits.of_refund(self._ledger, row, refund_id):
            if credit["status"] == PLANNED and (error := self._do(credit)):
                refused.append((credit, error))
        if refund_id != ENDING:
            refunds.close(self._ledger, row, refund_id)
        return refused

    def _do(self, credit: Row) -> BackendRefused | None:
        if not credits.claim(self._ledger, credit, self._patience):
            if credits.is_done(self._ledger, credit):
                return None
            raise Conflict(
                "This refund is being given back",
                key="refund_in_progress",
                details=f"{credit['source_id']}; try again later",
            )
        try:
            if credit["at"] is None or not self._is_done(credit):
                self._move(credit)
        except (BackendUnreachable, BackendRefused) as error:
            if isinstance(error, BackendUnreachable) or _is_passing(error):
                credits.let_go(self._ledger, credit)
                raise
            reason = f"{credit['code']}: its balance could not be changed by {credit['amount']:+d}: {error}"
            credits.settle(self._ledger, credit, STUCK, reason)
            return error
        credits.settle(self._ledger, credit, DONE)
        return None

    def _move(self, credit: Row) -> None:
        """What is sent depends on the credit alone: a repeated request is the same only if it says the same."""
        reason = _REASONS.get(credit["refund_id"]) or f"refund {credit['refund_id']}"
        self._client.vouchers.update_voucher_balance(
            credit["code"],
            {"amount": credit["amount"], "source_id": credit["source_id"], "reason": reason},
            idempotency_key=credit["source_id"],
        )

    def _is_done(self, credit: Row) -> bool:
        """Whether an earlier try, of which nobody knows what came, is among the card's newest movements."""
        start: dict[str, Any] = {}
        for _ in range(PAGES):
            page = self._client.vouchers.list_voucher_transactions(credit["code"], limit=PAGE, **start)
            if any(movement.get("source_id") == credit["source_id"] for movement in page["data"]):
                return True
            if not page.get("has_more"):
                break
            start = {"starting_after_id": page["more_starting_after"]}
        return False


def _is_passing(error: BackendRefused) -> bool:
    """Whether it may be asked again later."""
    return is_still_running(error) or isinstance(error, RateLimited | BackendUnauthorized)
