"""Refunds of a part or the whole of an order: what is possible, what it gives back, and doing it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge.bridge import mapping, shares, states
from checkout_bridge.bridge.ledger import refunds
from checkout_bridge.bridge.ledger.refunds import Plan
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.payloads import text_of
from checkout_bridge.bridge.restore import RestorePolicy
from checkout_bridge.bridge.settle import Settler
from checkout_bridge.bridge.shares import Given, Order, Refunded
from checkout_bridge.bridge.unwind import Unwinder
from checkout_bridge.errors import Conflict, InvalidInput
from checkout_bridge.events import RefundLine
from checkout_bridge.money import format_minor

Row = dict[str, Any]
Lines = tuple[RefundLine, ...] | None


class Refunder:
    """Gives the cards their share of every refund, and everything back with the last one."""

    def __init__(self, ledger: Ledger, settler: Settler, unwinder: Unwinder, policy: RestorePolicy) -> None:
        self._ledger = ledger
        self._settler = settler
        self._unwinder = unwinder
        self._policy = policy

    def refund(self, row: Row, refund_id: str, lines: Lines, amount: int | None) -> Row:
        """Give back what a refund is worth; one that is known answers the same and does nothing.

        What of it is left open by an outage is carried on when it comes again. Raises InvalidInput for what cannot be,
        Conflict while the order, or this refund, is being worked on or waits for a person.
        """
        text_of({"refund_id": refund_id}, "refund_id", required=True)
        if row["state"] == states.INTENDED:
            row = self._settler.settle(row)
        if row["state"] == states.DEFERRED:
            raise Conflict(
                "This order waits for the promotions API",
                key="order_deferred",
                details=f"Order {row['order_ref']} is redeemed once it is in reach again; try again later",
            )
        known = refunds.find(self._ledger, row, refund_id)
        if known is None and row["state"] in states.MAY_UNWIND:
            known = self._plan(row, refund_id, _refunded(row, lines, amount))
            row = self._ledger.by_id(row["id"]) or row
            if known is None and row["state"] == states.INTENDED:
                return self.refund(row, refund_id, lines, amount)
        return self._carry_on(row, refund_id, known)

    def _carry_on(self, row: Row, refund_id: str, known: Row | None) -> Row:
        """Do what of a refund is not done. One that an earlier attempt of the order had is old, and moves nothing."""
        is_its = known is not None and known["attempt"] == row["attempt"]
        is_final = known is not None and known["is_final"]
        if row["state"] == states.UNWINDING or (is_its and is_final and row["state"] != states.UNWOUND):
            return self._unwinder.unwind(row, reason="refunded", event_id=refund_id, event="refund")
        if is_its and not is_final:
            self._unwinder.carry_on(row, refund_id)
        return self._ledger.by_id(row["id"]) or row

    def _plan(self, row: Row, refund_id: str, now: Refunded) -> Row | None:
        parts = self._ledger.redemptions_of(row)

        def decide(row: Row, before: Sequence[Refunded], given: Given) -> Plan:
            order = _order(row, parts)
            _refuse_unless_possible(order, before, now)
            if shares.completes(order, before, now):
                kept = self._policy.kept(row, parts, "full_refund", after_parts=bool(before))
                return Plan(True, {}, "refunded", kept)
            self._settler.settle(row)
            back, kept = self._of_a_part(row, parts, shares.back(parts, order, before, now, given))
            return Plan(False, back, _told(row, now), kept, self._releases(row, parts))

        return refunds.plan(self._ledger, row, parts, refund_id, now, decide)

    def _of_a_part(self, row: Row, parts: Sequence[Row], back: Mapping[int, int]) -> tuple[dict[int, int], list[int]]:
        """What of the shares is told now, and the positions whose share nobody gets."""
        said = {part["position"]: self._policy.says(row, "partial_refund", part) for part in parts}
        told = {position: amount for position, amount in back.items() if said[position] != "full_only"}
        return told, [position for position in told if said[position] == "keep"]

    def _releases(self, row: Row, parts: Sequence[Row]) -> bool:
        """Whether the refund of a part lets go of the order's coupons already."""
        discounts = [part for part in parts if part["credits"] is None]
        lets_go = (self._policy.says(row, "partial_refund", part) == "restore" for part in discounts)
        return row["released_by"] is None and any(lets_go)

    def preview(self, row: Row, lines: Lines, amount: int | None) -> list[tuple[Row, int | None]]:
        """What the same refund would give back now: the redemptions, with the credits or, for coupons, None."""
        parts = self._ledger.redemptions_of(row)
        now, order = _refunded(row, lines, amount), _order(row, parts)
        before, given = refunds.before(self._ledger, row)
        _refuse_unless_possible(order, before, now)
        if row["state"] not in states.STANDING:
            return []
        if not shares.completes(order, before, now):
            back, kept = self._of_a_part(row, parts, shares.back(parts, order, before, now, given))
            freed = [part for part in parts if part["credits"] is None] if self._releases(row, parts) else []
            return [
                (part, back.get(part["position"]))
                for part in parts
                if part in freed or (part["position"] in back and part["position"] not in kept)
            ]
        kept = self._policy.kept(row, parts, "full_refund", after_parts=bool(before))
        rest = shares.rest(parts, given)
        return [
            (part, rest.get(part["position"]))
            for part in parts
            if part["position"] not in kept
            and not (part["credits"] is None and row["released_by"])
            and (rest.get(part["position"]) != 0 or part["position"] not in given)
        ]


def _order(row: Row, parts: Sequence[Row]) -> Order:
    """What was bought and paid; where cards have paid everything, an amount is of what they paid."""
    lines = mapping.cart_of(row["cart"]).lines
    by_cards = sum(part["amount"] for part in parts if part["credits"] is not None)
    free = [line.line_id for line in lines if line.amount == 0]
    return Order({line.line_id: line.quantity for line in lines}, row["total"] or by_cards, free)


def _refunded(row: Row, lines: Lines, amount: int | None) -> Refunded:
    """The refund, read. Raises InvalidInput, naming the field, for what could not be of any state of the order."""
    bought = {line["line_id"]: line["quantity"] for line in row["cart"]["lines"]}
    for i, line in enumerate(lines or ()):
        if line.line_id not in bought:
            raise InvalidInput(f"Property .lines[{i}].line_id is not a line of this order")
        if line.quantity < 1:
            raise InvalidInput(f"Property .lines[{i}].quantity must be >= 1")
    if lines == () and amount is None:
        raise InvalidInput("Property .lines must have at least 1 item")
    if amount is not None and (amount < 0 or (amount == 0 and not lines)):
        raise InvalidInput("Property .amount must be > 0")
    if lines is None:
        return Refunded(None, amount)
    if amount == 0 and row["total"] == 0:
        amount = None  # there was nothing to pay back: the lines tell
    pieces: Counter[str] = Counter()
    for line in lines:
        pieces[line.line_id] += line.quantity
    return Refunded(pieces, amount)


def _refuse_unless_possible(order: Order, before: Sequence[Refunded], now: Refunded) -> None:
    """Raise InvalidInput, naming the field, for more pieces or money than are left, or if they do not agree."""
    earlier = shares.pieces_in(before)
    for line_id, quantity in (now.pieces or {}).items():
        left = order.bought[line_id] - earlier[line_id]
        if quantity > left:
            raise InvalidInput(
                f"Property .lines has {quantity} of line {line_id}: {left} of {order.bought[line_id]} are left"
            )
    if now.amount is None or now.is_of_unknown_money:
        return
    left = order.paid - shares.money_in(before)
    if now.amount > left:
        raise InvalidInput(f"Property .amount {now.amount} is more than what is left: {left} of {order.paid}")
    # Where everything so far told both, the last piece and the last of the money go together.
    both_told = now.pieces and all(refund.pieces and refund.amount is not None for refund in before)
    has_all, is_all_money = shares.has_all_pieces(order, before, now), now.amount == left
    too_soon = is_all_money and not shares.has_all_pieces(order, before, now, but_free=True)
    if both_told and order.paid and (too_soon or (has_all and not is_all_money)):
        raise InvalidInput(
            f"Property .amount does not add up: {now.amount} was sent, and all that is left of the order is {left}",
            message="Invalid Amount",
            key="invalid_amount",
        )


def _told(row: Row, now: Refunded) -> str:
    """What was refunded, in words."""
    if now.pieces:
        return ", ".join(f"{quantity} of {line_id}" for line_id, quantity in now.pieces.items())
    return f"{format_minor(now.amount or 0, row['currency'])} {row['currency']}"
