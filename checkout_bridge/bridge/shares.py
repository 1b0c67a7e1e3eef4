"""What each card gets back for a refund: pure sums that, over all refunds of an order, add up to what it paid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checkout_bridge.money import allocate, half_up

Part = Mapping[str, Any]
Given = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Order:
    """What can be refunded: the pieces ``bought`` by line id, and what was ``paid``, in minor units.

    Lines that are ``free`` count for nothing where money tells how much of the order is refunded.
    """

    bought: Mapping[str, int]
    paid: int
    free: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Refunded:
    """One refund: ``pieces`` by line id, None when it names no lines; ``amount`` in minor units, None when not told.

    Neither is all that is left. An amount beside no pieces at all, ``{}``, is money of which nobody can tell how much
    of it is for what was bought: it is never the whole order.
    """

    pieces: Mapping[str, int] | None = None
    amount: int | None = None

    @property
    def is_of_unknown_money(self) -> bool:
        """Whether its amount cannot be held against what was paid."""
        return self.pieces is not None and not self.pieces


def pieces_in(refunds: Iterable[Refunded]) -> Counter[str]:
    """How many pieces of each line were refunded."""
    pieces: Counter[str] = Counter()
    for refund in refunds:
        pieces.update(refund.pieces or {})
    return pieces


def money_in(refunds: Iterable[Refunded]) -> int:
    """How much of what was paid was refunded, as far as it was told."""
    return sum(refund.amount or 0 for refund in refunds if not refund.is_of_unknown_money)


def completes(order: Order, before: Sequence[Refunded], now: Refunded) -> bool:
    """Whether nothing of the order is left after this refund: no piece, or nothing of what was paid."""
    if now.is_of_unknown_money:
        return False
    if now.amount is None and not now.pieces:
        return True
    is_all_paid = now.amount is not None and order.paid > 0 and money_in([*before, now]) == order.paid
    return is_all_paid or has_all_pieces(order, before, now)


def has_all_pieces(order: Order, before: Sequence[Refunded], now: Refunded, *, but_free: bool = False) -> bool:
    """Whether every piece was refunded, or with ``but_free`` every piece that cost something."""
    pieces = pieces_in([*before, now])
    lines = [line for line in order.bought if not (but_free and line in order.free)]
    return bool(now.pieces) and all(pieces[line] == order.bought[line] for line in lines)


def back(
    parts: Sequence[Part], order: Order, before: Sequence[Refunded], now: Refunded, given: Given
) -> dict[int, int]:
    """What a refund of a part gives back to each card, by position, in the card's own units; never 0.

    ``parts`` are ``{position, credits, allocations{line id: minor units}}``, those without credits are coupons.
    ``given`` is what earlier refunds gave back: never more than the rest of it.
    """
    share = _by_pieces if now.pieces else _by_amount
    shares = {
        part["position"]: min(share(part, order, before, now), part["credits"] - given.get(part["position"], 0))
        for part in parts
        if part["credits"] is not None
    }
    return {position: amount for position, amount in shares.items() if amount > 0}


def rest(parts: Sequence[Part], given: Given, kept: Collection[int] = ()) -> dict[int, int]:
    """What is left to give back to each card, by position; it may be 0, as for those that are ``kept``."""
    return {
        part["position"]: 0 if part["position"] in kept else part["credits"] - given.get(part["position"], 0)
        for part in parts
        if part["credits"] is not None
    }


def _by_pieces(part: Part, order: Order, before: Sequence[Refunded], now: Refunded) -> int:
    """Line by line what is due after this refund less what was due before it, so that rounding never adds up."""
    lines = list(order.bought)
    paid_for = allocate(part["credits"], [part["allocations"].get(line, 0) for line in lines])
    earlier, later = pieces_in(before), pieces_in([*before, now])
    return sum(
        half_up(credits * later[line], order.bought[line]) - half_up(credits * earlier[line], order.bought[line])
        for line, credits in zip(lines, paid_for, strict=True)
    )


def _by_amount(part: Part, order: Order, before: Sequence[Refunded], now: Refunded) -> int:
    """In proportion to what was paid; refunds by lines do not count here, they have had their share."""
    if order.paid == 0:
        return 0
    earlier = sum(refund.amount or 0 for refund in before if not refund.pieces)
    due = [
        half_up(part["credits"] * min(amount, order.paid), order.paid)
        for amount in (earlier, earlier + (now.amount or 0))
    ]
    return due[1] - due[0]
