"""Puts right what reconciling found, each difference once: what was done before tells so and is a success."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from checkout_bridge.bridge import mapping, outage, shares, states
from checkout_bridge.bridge.credits import Crediter
from checkout_bridge.bridge.deferred import Deferrals
from checkout_bridge.bridge.differences import (
    AMOUNT,
    CLAIMED,
    DEFERRED,
    FAILED,
    MISSED,
    MISSING,
    ORPHAN,
    REVIEW,
    ROLLED_BACK,
    Finding,
    stacks_of,
)
from checkout_bridge.bridge.identity import Source
from checkout_bridge.bridge.ledger import attempts, credits, refunds
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.redeeming import Attempt, Redeemer
from checkout_bridge.bridge.reinstating import what_is_left
from checkout_bridge.bridge.settle import Settler
from checkout_bridge.bridge.states import ENDING
from checkout_bridge.client import Client
from checkout_bridge.errors import (
    BackendError,
    BackendNotFound,
    BackendRefused,
    BridgeError,
    Conflict,
    OutcomeUnknown,
    RedeemablesRejected,
)

Row = dict[str, Any]
EVENT = "reconciled"


class Repairer:
    """What a person must look at is only told: amounts that differ are never changed."""

    def __init__(
        self,
        ledger: Ledger,
        client: Client,
        settler: Settler,
        redeemer: Redeemer,
        crediter: Crediter,
        deferrals: Deferrals,
    ) -> None:
        self._ledger = ledger
        self._client = client
        self._settler = settler
        self._redeemer = redeemer
        self._crediter = crediter
        self._deferrals = deferrals

    def repair(self, finding: Finding, row: Row | None) -> Finding:
        """The finding with what became of it; ``row`` is None for what is of no order that the ledger knows."""
        do = {ORPHAN: self._drop, MISSED: self._give_back, MISSING: self._claim_again, AMOUNT: self._tell}
        try:
            return do[finding.kind](finding, row or self._adopt(finding)) if finding.kind in do else finding
        except (BackendError, OutcomeUnknown, Conflict) as error:
            return replace(finding, outcome=FAILED, detail=f"{finding.detail}; {error.key}: {error}")

    def _adopt(self, finding: Finding) -> Row:
        """Write an order down that the ledger has lost, so that it can tell what became of its redemption.

        It gets no order reference: the shop's own order may still come, and is not the one that ends here.
        """
        named = f" ({finding.order_ref})" if finding.order_ref else ""
        facts: Row = {"currency": "", "lines": [], "codes": [], "gift_cards": [], "customer_id": None}
        values = {
            "id": finding.checkout_id,
            "platform": finding.platform,
            "shop": finding.shop,
            "order_ref": None,
            "state": states.UNWOUND,
            "reason": f"the ledger did not know this order{named}",
            "attempt": finding.attempt,
            "source_id": finding.source_id,
            "fingerprint": "",
            "currency": "",
            "amount": 0,
            "total": 0,
            "cart": facts,
            "quote_id": None,
        }
        return self._ledger.open(values, {})

    def _drop(self, finding: Finding, row: Row) -> Finding:
        """Roll back what nobody has; should this process end meanwhile, the sweep goes on with it."""
        attempt = finding.attempt or row["attempt"]
        attempts.look_again(self._ledger, row, attempt)
        detail = self._told(finding, self._roll_back(finding))
        is_its = attempt == row["attempt"] and row["state"] in states.STANDING
        if is_its and row["redemption_id"]:
            self._client.orders.update_order(row["source_id"], {"status": "PAID"})  # as its own redemption made it
        self._ledger.note(row, EVENT, detail=detail)
        if is_its and not row["redemption_id"]:
            self._deferrals.look_at(row, attempt)  # which tells the promotions API of the order without discount
        else:
            self._ledger.looked_at(row, attempt)
        return replace(finding, outcome=ROLLED_BACK)

    def _give_back(self, finding: Finding, row: Row) -> Finding:
        """Roll back what the ledger gave back long ago."""
        rollbacks = self._roll_back(finding)
        detail = self._told(finding, rollbacks)
        if finding.attempt != row["attempt"]:
            self._ledger.note(row, EVENT, detail=detail)
            return replace(finding, outcome=ROLLED_BACK)
        if row["state"] in states.STANDING:
            self._client.orders.update_order(row["source_id"], {"status": "PAID"})  # only its coupons were let go of
        parts, kept = self._ledger.redemptions_of(row), row["kept"] or ()
        rest = shares.rest(parts, credits.settled(self._ledger, row), kept)
        backs = [_back(part, rest, rollbacks) for part in parts if part["position"] not in kept]
        if row["state"] == states.UNWOUND:
            self._ledger.record_released(row, backs, None, event=EVENT, detail=detail)
        else:
            self._ledger.note(row, EVENT, detail=detail)
        return replace(finding, outcome=ROLLED_BACK)

    def _claim_again(self, finding: Finding, row: Row) -> Finding:
        """Redeem once more, as an attempt of its own, what the order stands on: what refunds of parts left of it.

        If it was rolled back, the cards got all of it: first they lose again what refunds had given them before.
        """
        parts = self._ledger.redemptions_of(row)
        rest = shares.rest(parts, credits.settled(self._ledger, row))
        rollbacks = self._rollbacks_of(finding)
        if rollbacks:
            too_much = {part["position"]: rest[part["position"]] - part["credits"] for part in _cards(parts)}
            credits.plan_ending(self._ledger, row, parts, too_much, row["state"])
            if refused := self._crediter.carry_on(row, ENDING):
                owed = "; ".join(f"{credit['code']}: {-credit['amount']} to be debited" for credit, _ in refused)
                return self._leave_to_a_person(finding, row, f"{owed}: {refused[0][1]}")
        backs = [_back(part, rest, rollbacks) for part in parts]
        self._ledger.record_released(row, backs, None, event=EVENT, detail=self._told(finding, rollbacks))
        before, _ = refunds.before(self._ledger, row)
        back = {one["position"]: one["amount"] for one in backs if one["amount"] != 0}
        cart = what_is_left(mapping.whole_cart_of(row["cart"]), parts, back, shares.pieces_in(before))
        attempt = Attempt(cart, Source(row["platform"], row["shop"]), None, outage.REINSTATED)
        person = asdict(cart.customer) if cart.customer else None
        deferral: Row = {"mode": outage.REINSTATED, "promised": [], "customer": person}
        kept = {name: row[name] for name in ("fingerprint", "confirmed_at")}
        try:
            row = self._redeemer.again(row, attempt, deferral=deferral, **kept)
        except (RedeemablesRejected, BackendRefused) as error:
            row = self._ledger.by_id(row["id"]) or row
            if row["state"] == states.INTENDED:
                raise
            return self._leave_to_a_person(finding, row, _why(error))
        row = self._settler.as_confirmed(row)
        return replace(finding, outcome=DEFERRED if row["state"] == states.DEFERRED else CLAIMED)

    def _leave_to_a_person(self, finding: Finding, row: Row, why: str) -> Finding:
        reason = f"its redemption is gone, and cannot be claimed again: {why}"
        self._ledger.move(row, (row["state"],), {"state": states.REVIEW, "reason": reason}, detail=reason)
        return replace(finding, outcome=REVIEW, detail=f"{finding.detail}; {why}")

    def _tell(self, finding: Finding, row: Row) -> Finding:
        """Note it, unless it was noted before; it is told again every time."""
        if not any(one["event"] == AMOUNT and one["detail"] == finding.detail for one in self._ledger.history_of(row)):
            self._ledger.note(row, AMOUNT, detail=finding.detail)
        return finding

    def _roll_back(self, finding: Finding) -> dict[str, str]:
        """Roll back upstream; gives rollback ids by redemption id. Done before is a success."""
        redemption_id = str(finding.redemption_id)
        key = f"{finding.source_id}:reconcile:{redemption_id}"
        try:
            self._client.redemptions.rollback_stacked_redemptions(
                redemption_id, reason="reconciled with the ledger", idempotency_key=key
            )
        except BackendRefused as error:
            if error.key != "already_rolled_back":
                raise
        return self._rollbacks_of(finding)

    def _rollbacks_of(self, finding: Finding) -> dict[str, str]:
        try:
            order = self._client.orders.get_order(str(finding.source_id))
        except BackendNotFound:
            return {}
        return {
            redemption: rollback
            for stack in stacks_of(order)
            if finding.redemption_id == stack.id
            for redemption, rollback in stack.rollbacks.items()
        }

    def _told(self, finding: Finding, rollbacks: dict[str, str]) -> str:
        rollback_id = rollbacks.get(str(finding.redemption_id))
        done = f", rolled back as {rollback_id}" if rollback_id else ""
        return f"{finding.kind}: {finding.redemption_id} of attempt {finding.attempt}{done}"


def _cards(parts: list[Row]) -> list[Row]:
    return [part for part in parts if part["credits"] is not None]


def _back(part: Row, rest: dict[int, int], rollbacks: dict[str, str]) -> Row:
    position = part["position"]
    return {"position": position, "rollback_id": rollbacks.get(part["redemption_id"]), "amount": rest.get(position)}


def _why(error: BridgeError) -> str:
    if isinstance(error, RedeemablesRejected):
        return "; ".join(f"{one['code']}: {one['message']}" for one in error.rejected)
    return str(error)
