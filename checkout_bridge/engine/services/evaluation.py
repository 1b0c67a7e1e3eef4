"""Trying a stack of redeemables on an order: the part that validations and redemptions have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from checkout_bridge.contract.vouchers import GIFT
from checkout_bridge.engine.pricing.effects import AmountOff, Effect, GiftCredits, PercentOff
from checkout_bridge.engine.pricing.order import OrderState
from checkout_bridge.engine.pricing.stack import Candidate, Outcome, apply_stack
from checkout_bridge.engine.services import orders, vouchers
from checkout_bridge.engine.services.orders import Draft
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import vouchers as store
from checkout_bridge.errors import RequestError

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tried:
    """One redeemable as it was sent, its voucher if there is one, and what came of it."""

    sent: Mapping[str, Any]
    voucher: Row | None
    outcome: Outcome

    @property
    def credits(self) -> int:
        """What a gift card pays: what the order takes of it, or, without an order, what was asked."""
        if self.voucher is None or self.voucher["type"] != GIFT:
            return 0
        if self.outcome.state is not None:
            return self.outcome.applied
        return int(self.sent.get("gift", {}).get("credits", 0))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All redeemables of a request, in the order in which they were applied."""

    draft: Draft | None
    start: OrderState | None
    tried: Sequence[Tried]

    def having(self, status: str) -> list[Tried]:
        """Those with this status."""
        return [one for one in self.tried if one.outcome.status == status]

    @property
    def end(self) -> OrderState | None:
        """The order after all that applied."""
        applied = self.having("APPLICABLE")
        return applied[-1].outcome.state if applied else self.start

    @property
    def applied(self) -> int:
        """What all that applied takes off."""
        return sum(one.outcome.applied for one in self.tried)


def evaluate(unit: Unit, request: Mapping[str, Any], *, for_change: bool) -> Evaluation:
    """Find the vouchers and apply them in the order in which they were sent.

    ``for_change`` keeps order and vouchers, in this order, from changing until the transaction ends.
    """
    redeemables = request["redeemables"]
    session_key = request.get("session", {}).get("key", "")
    draft = orders.draft(unit, request.get("order"), for_change=for_change)
    rows = _matched(unit, [item["id"] for item in redeemables], session_key, for_change)
    start = draft.start if draft else None
    candidates = [_candidate(unit, item, row, draft, start) for item, row in zip(redeemables, rows, strict=True)]
    outcomes = apply_stack(candidates, start)
    tried = [Tried(*one) for one in zip(redeemables, rows, outcomes, strict=True)]
    return Evaluation(draft, start, tried)


def _matched(unit: Unit, names: list[str], session_key: str, for_change: bool) -> list[Row | None]:
    found = store.find_many(unit.connection, names, now=unit.now, session_key=session_key, for_change=for_change)
    by_name = {row["id"]: row for row in found} | {row["code"]: row for row in found}
    rows = [by_name.get(name) for name in names]
    ids = [row["id"] for row in rows if row]
    if len(set(names)) < len(names) or len(set(ids)) < len(ids):
        raise RequestError(
            "Duplicated redeemables detected",
            key="duplicated_redeemables",
            details="Duplicated redeemables detected in one redemption",
        )
    return rows


def _candidate(
    unit: Unit, sent: Mapping[str, Any], row: Row | None, draft: Draft | None, start: OrderState | None
) -> Candidate:
    fault: RequestError | None
    if row is None:
        fault = vouchers.not_found(sent["id"])
    else:
        fault = _standing_fault(unit, row) or (_gift_fault(sent, row, draft, start) if row["type"] == GIFT else None)
    return Candidate(None if row is None or fault else _effect(sent, row), fault)


def _standing_fault(unit: Unit, row: Row) -> RequestError | None:
    if not row["active"]:
        return _fault("voucher_disabled", "voucher is disabled", row)
    if row["start_date"] is not None and unit.now < row["start_date"]:
        return _fault("voucher_not_active", "voucher is not active yet", row)
    if row["expiration_date"] is not None and unit.now >= row["expiration_date"]:
        return _fault("voucher_expired", "voucher expired", row)
    if row["quantity"] is not None and row["redeemed_quantity"] + row["locked_quantity"] >= row["quantity"]:
        return _fault("quantity_exceeded", "quantity exceeded", row)
    return None


def _gift_fault(
    sent: Mapping[str, Any], row: Row, draft: Draft | None, start: OrderState | None
) -> RequestError | None:
    asked = sent.get("gift", {}).get("credits")
    available = row["gift_balance"] - row["locked_credits"]
    if asked is None and start is None:
        if draft is None:
            return _fault("missing_order", "Missing order", row)
        return _fault("missing_amount", "Missing order amount", row)
    if available <= 0 or (asked is not None and asked > available):
        return _fault("gift_amount_exceeded", "gift amount exceeded", row)
    return None


def _fault(key: str, message: str, row: Row) -> RequestError:
    return RequestError(message, key=key, details=row["code"], resource_id=row["id"], resource_type="voucher")


def _effect(sent: Mapping[str, Any], row: Row) -> Effect:
    if row["type"] == GIFT:
        available = row["gift_balance"] - row["locked_credits"]
        return GiftCredits(int(sent.get("gift", {}).get("credits", available)))
    discount = row["discount"]
    if discount["type"] == "AMOUNT":
        return AmountOff(int(discount["amount_off"]))
    return PercentOff(Fraction(str(discount["percent_off"])), discount.get("amount_limit"))
