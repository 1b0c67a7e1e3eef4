"""What can differ between the ledger and the promotions API: pure comparison, nothing is asked or changed here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checkout_bridge.bridge import states
from checkout_bridge.bridge.ledger.attempts import Attempt

Row = dict[str, Any]

ORPHAN = "orphan_redemption"  # it stands upstream, and nobody has it: not the ledger, or an attempt that was given up
MISSED = "missed_rollback"  # the ledger gave it back, it stands upstream
MISSING = "missing_redemption"  # the order stands on it, upstream it does not stand
AMOUNT = "amount_differs"  # both have it, with another amount: a person must look
UNDER_WAY = "under_way"  # the order is being worked on, or waits for it: the sweep's
UNKNOWN = "unknown"  # it could not be found out

# What became of a difference that was repaired; LEFT_OPEN are those that somebody, or the sweep, has still to end.
ROLLED_BACK, CLAIMED, DEFERRED, REVIEW, FAILED = "rolled_back", "claimed", "deferred", "review", "failed"
LEFT_OPEN = (None, REVIEW, FAILED)


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. ``source_id`` names the order upstream; ``outcome`` is what a repair made of it, if one did.

    ``order_ref`` is None where the order has none, or none is known.
    """

    kind: str
    detail: str
    order_ref: str | None = None
    checkout_id: str | None = None
    platform: str | None = None
    shop: str | None = None
    attempt: int | None = None
    source_id: str | None = None
    redemption_id: str | None = None
    outcome: str | None = None

    @property
    def is_left(self) -> bool:
        """Whether ledger and promotions API still differ, as far as anybody knows."""
        return self.kind != UNDER_WAY and self.outcome in LEFT_OPEN


@dataclass(frozen=True, slots=True)
class Stack:
    """What was redeemed at once for an order upstream: one redemption, or a parent with its parts.

    ``rollback_id`` is None while it stands; ``rollbacks`` are the rollback ids by redemption.
    """

    id: str
    parts: frozenset[str] = frozenset()
    rollback_id: str | None = None
    rollbacks: Mapping[str, str] = field(default_factory=dict)


def stacks_of(order: Mapping[str, Any]) -> list[Stack]:
    """What was redeemed for an order that the promotions API answered."""
    return [_stack(id, entry) for id, entry in (order.get("redemptions") or {}).items()]


def _stack(id: str, entry: Mapping[str, Any]) -> Stack:
    parts, rollback_id = list(entry.get("stacked") or ()), entry.get("rollback_id")
    rollbacks = {id: rollback_id} if rollback_id else {}
    rollbacks |= dict(zip(parts, entry.get("rollback_stacked") or (), strict=False))
    return Stack(id, frozenset(parts), rollback_id, rollbacks)


def _belongs_to(row: Row, attempt: Attempt, stack: Stack) -> bool:
    """Whether a stack is what the ledger says that this attempt redeemed."""
    ids = {part["redemption_id"] for part in attempt.parts}
    if attempt.number == row["attempt"]:
        ids.add(row["redemption_id"])
    return stack.id in ids or bool(ids & stack.parts)


def differences(row: Row, attempt: Attempt, stacks: Sequence[Stack]) -> Iterator[tuple[str, str | None, str]]:
    """What is wrong with an attempt of an order that is not under way: kind, redemption id, and what it is."""
    its = [stack for stack in stacks if _belongs_to(row, attempt, stack)]
    for stack in stacks:
        if stack.rollback_id is None and stack not in its:
            yield ORPHAN, stack.id, _whose(row, attempt)
    if not attempt.parts:
        return
    standing = [stack for stack in its if stack.rollback_id is None]
    if attempt.number == row["attempt"]:
        if row["state"] in states.STANDING and not row["released_by"]:
            if not standing:
                yield MISSING, row["redemption_id"], _why_missing(its)
            return
        if row["state"] in (states.STUCK, states.REVIEW):
            return  # the ledger says itself that a person must look
    if attempt.was_rolled_back(row):
        for stack in standing:
            yield MISSED, stack.id, "the ledger gave it back"
        if its and not standing and attempt.is_unaccounted_for(row):
            yield MISSED, its[0].id, f"it was rolled back as {its[0].rollback_id}, the ledger does not tell of it"
    elif its and not standing:
        detail = "the ledger keeps it, or gave it back through the balance of cards; it was rolled back, too"
        yield AMOUNT, its[0].id, detail


def _whose(row: Row, attempt: Attempt) -> str:
    if attempt.number < row["attempt"] or not attempt.parts:
        return f"attempt {attempt.number} has no such redemption: it was given up"
    return f"attempt {attempt.number} has another redemption"


def _why_missing(its: Sequence[Stack]) -> str:
    return f"it was rolled back as {its[0].rollback_id}" if its else "there is no such redemption any more"


def amount_difference(part: Row, redemption: Mapping[str, Any]) -> str | None:
    """How a redemption as it was listed differs from what the ledger froze of it, as far as the listing tells."""
    told = [
        ("amount", part["amount"], (redemption.get("order") or {}).get("total_applied_discount_amount")),
        ("credits", part["credits"], redemption.get("amount")),
    ]
    wrong = [
        f"{name}: {ours} in the ledger, {theirs} upstream"
        for name, ours, theirs in told
        if None not in (ours, theirs) and ours != theirs
    ]
    return f"{part['code']}: {'; '.join(wrong)}" if wrong else None


def movement_difference(credit: Row, movement: Mapping[str, Any] | None) -> str | None:
    """How what a refund moved on a card differs from the movement that the card tells, None when it tells none."""
    if movement is None:
        return (
            f"{credit['code']}: it was moved by {credit['amount']:+d} ({credit['source_id']}), the card tells nothing"
        )
    balance = (movement.get("details") or {}).get("balance") or {}
    amount = balance.get("amount", balance.get("points"))
    if amount is None or amount == credit["amount"]:
        return None
    return f"{credit['code']}: it was moved by {credit['amount']:+d}, the card tells {amount:+d}"
