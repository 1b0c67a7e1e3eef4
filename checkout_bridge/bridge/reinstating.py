"""Claims again, for an order that stands again, exactly what was given back when it did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from checkout_bridge.bridge import mapping, outage, report, shares, states
from checkout_bridge.bridge.identity import Source
from checkout_bridge.bridge.ledger import credits, quotes, refunds
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.redeeming import Attempt, Redeemer
from checkout_bridge.bridge.settle import Settler
from checkout_bridge.client import Client
from checkout_bridge.errors import BackendNotFound, BackendRefused, Conflict, RedeemablesRejected
from checkout_bridge.events import Cart, GiftCard, Line
from checkout_bridge.money import half_up

Row = dict[str, Any]


class Reinstater:
    """Moves rows from ``unwound`` to a new attempt, or to ``review`` when what it had is gone."""

    def __init__(self, ledger: Ledger, settler: Settler, redeemer: Redeemer, client: Client) -> None:
        self._ledger = ledger
        self._settler = settler
        self._redeemer = redeemer
        self._client = client

    def reinstate(self, row: Row, *, event_id: str | None, reason: str | None) -> Row:
        """Claim again what was given back at the end of an order: the same codes, and of each card the same credits.

        An order that stands answers the same. What refunds of parts have given back stays given back; where nothing
        else was, the order just stands again. During an outage it is deferred. Raises Conflict while the order is
        worked on, or has never stood.
        """
        if row["state"] != states.DEFERRED:
            row = self._settler.settle(row)
        if row["state"] in (*states.STANDING, states.DEFERRED):
            return self._settler.as_confirmed(row)
        parts = self._ledger.redemptions_of(row)
        if row["state"] != states.UNWOUND or not _has_stood(row, parts):
            raise Conflict(
                "There is nothing to claim again for this order",
                key="order_not_redeemed",
                details=f"Order {row['order_ref']} is {row['state']}",
            )
        self._ledger.note(row, "reinstated", event_id=event_id, detail=reason)
        back = _came_back(row, self._ledger.give_backs_of(row))
        if _was_claimed(row, parts) and not back and not self._was_refunded(row):
            return self._stand(row)
        kept = report.kept(row, parts, credits.of_order(self._ledger, row), self._ledger.give_backs_of(row))
        return self._claim(row, self._cart(row, parts, back), kept)

    def _stand(self, row: Row) -> Row:
        """Everything is still claimed: the order goes on where it ended, so that what was kept can go back yet."""
        with suppress(BackendNotFound):
            self._client.orders.update_order(row["source_id"], {"status": "PAID"})
        values = {"state": states.CONFIRMED, "reason": None, "occasion": None, "kept": None}
        values |= {"confirmed_at": row["confirmed_at"] or self._ledger.now()}
        return self._ledger.move(row, (states.UNWOUND,), values) or self._ledger.by_id(row["id"]) or row

    def _was_refunded(self, row: Row) -> bool:
        """Whether the end was a refund: it may be told of again, and must not end what stands now."""
        return any(refund["is_final"] for refund in refunds.of_order(self._ledger, row))

    def _cart(self, row: Row, parts: Sequence[Row], back: Mapping[int, int | None]) -> Cart:
        """What is to be claimed: what came back; all of it for an attempt that claimed nothing yet."""
        cart = mapping.whole_cart_of(row["cart"])
        if row["outage"] == outage.OPEN:
            return replace(cart, codes=(), gift_cards=())
        if not _was_claimed(row, parts):
            return cart
        before, _ = refunds.before(self._ledger, row)
        return what_is_left(cart, parts, back, shares.pieces_in(before))

    def _claim(self, row: Row, cart: Cart, kept: Sequence[Row]) -> Row:
        """A new attempt at what came back; what was kept stays so, and is told. Nothing is charged anew."""
        before, _ = refunds.before(self._ledger, row)
        total = max(0, row["total"] - shares.money_in(before))
        facts = {**mapping.cart_facts(cart), "kept_before": list(kept)}
        deferral: dict[str, Any] = {"mode": outage.REINSTATED, "promised": [], "customer": None}
        quote = quotes.holding(self._ledger, row["quote_id"])
        attempt = Attempt(cart, Source(row["platform"], row["shop"]), quote, outage.REINSTATED)
        stays = {"fingerprint": row["fingerprint"], "total": total, "cart": facts}
        try:
            row = self._redeemer.again(row, attempt, **stays, confirmed_at=self._ledger.now(), deferral=deferral)
        except (RedeemablesRejected, BackendRefused) as error:
            row = self._ledger.by_id(row["id"]) or row
            # Where only a part of it could be claimed, that was given back at once.
            values = {"state": states.REVIEW, "reason": str(error)}
            return self._ledger.move(row, (states.UNWOUND,), values, detail=error.key) or row
        return self._settler.as_confirmed(row)


def _has_stood(row: Row, parts: Sequence[Row]) -> bool:
    """Whether there was an order: not one that came after its own cancellation, or whose redemption failed."""
    cart = row["cart"]
    asks = bool(cart["codes"] or cart["gift_cards"])
    return bool(cart["lines"]) and (not asks or bool(row["confirmed_at"]) or _was_claimed(row, parts))


def _was_claimed(row: Row, parts: Sequence[Row]) -> bool:
    """Whether the attempt has redeemed what it should: all of it, or it was nothing."""
    return bool(parts) and not row["rejected"]


def _came_back(row: Row, backs: Sequence[Row]) -> dict[int, int | None]:
    """What the end has given back, by position: of coupons None, unless they had been let go of before."""
    back = {one["position"]: one["amount"] for one in backs if one["amount"] != 0}
    return {position: amount for position, amount in back.items() if amount is not None or not row["released_by"]}


def what_is_left(cart: Cart, parts: Sequence[Row], back: Mapping[int, int | None], refunded: Mapping[str, int]) -> Cart:
    """The cart without the pieces that were refunded, with what of the redemptions came back at the end."""
    came_back = [part for part in parts if part["position"] in back]
    cards = {part["code"]: back[part["position"]] for part in came_back if part["type"] == "GIFT_VOUCHER"}
    left = [_less(line, refunded.get(line.line_id, 0)) for line in cart.lines]
    return replace(
        cart,
        lines=tuple(line for line in left if line.quantity) or cart.lines,
        codes=tuple(part["code"] for part in came_back if part["code"] not in cards),
        gift_cards=tuple(GiftCard(code, credits) for code, credits in cards.items()),
    )


def _less(line: Line, pieces: int) -> Line:
    left = line.quantity - pieces
    exact = line.exact_amount
    return replace(line, quantity=left, exact_amount=exact and half_up(exact * left, line.quantity))
