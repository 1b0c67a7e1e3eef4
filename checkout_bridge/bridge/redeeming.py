"""Redeems a cart for an order, once: the intent is committed before the promotions API is called, the outcome after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from checkout_bridge.bridge import mapping, outage, report, states
from checkout_bridge.bridge.identity import Source, new_checkout_id
from checkout_bridge.bridge.ledger import quotes
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.outage import OUTAGE, Modes
from checkout_bridge.bridge.quoting import Quoter
from checkout_bridge.bridge.settle import Settler, is_still_running
from checkout_bridge.bridge.unwind import Unwinder
from checkout_bridge.client import Client
from checkout_bridge.errors import (
    BackendError,
    BackendRefused,
    BridgeError,
    Conflict,
    OutcomeUnknown,
    RedeemablesRejected,
)
from checkout_bridge.events import Cart

Row = dict[str, Any]
_LEFT_OUT = "discounts and gift cards cannot be reached right now; this order goes on without it"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to redeem a cart. ``quote`` is the one it presents or holds by; ``placed`` says that the order stands on
    its platform whatever comes of it, and why it is to be redeemed nevertheless.
    """

    cart: Cart
    source: Source
    quote: Row | None = None
    placed: str | None = None


class Redeemer:
    """Moves rows to ``redeemed``, or to ``deferred`` where an outage allows it."""

    def __init__(
        self, ledger: Ledger, client: Client, quoter: Quoter, settler: Settler, unwinder: Unwinder, modes: Modes
    ) -> None:
        self._ledger = ledger
        self._client = client
        self._quoter = quoter
        self._settler = settler
        self._unwinder = unwinder
        self._modes = modes

    def redeem(
        self,
        cart: Cart,
        source: Source,
        *,
        checkout_id: str | None = None,
        order_ref: str | None = None,
        quote_id: str | None = None,
        is_placed: bool = False,
    ) -> Row:
        """Redeem a cart. The same order with the same cart answers the same.

        Raises RedeemablesRejected when a code does not apply, Conflict when the order stands with another cart or the
        quote does not hold; then nothing is redeemed. While the promotions API is out of reach the mode of what is in
        the cart decides; ``is_placed`` says that the platform has the order already, which is then redeemed later.
        """
        known = self._ledger.find(order_ref, source.platform, source.shop) if order_ref else None
        if known is not None:
            if known["state"] != states.DEFERRED:
                known = self._settler.settle(known)
            if known["state"] in (*states.STANDING, states.DEFERRED):
                return _same(known, cart)
        quote = self._quoter.presented(cart, quote_id) if quote_id else self._quoter.held(cart, source)
        attempt = Attempt(cart, source, quote, outage.PLACED if is_placed else None)
        trouble: BridgeError | None = None
        if quote is not None and quote_id:
            try:
                self._quoter.refuse_unless_same_price(cart, source, quote)
            except OUTAGE as error:
                if self._mode(attempt) == outage.CLOSED:
                    raise
                trouble = error
        identity = {
            "id": known["id"] if known else checkout_id or new_checkout_id(),
            "platform": source.platform,
            "shop": source.shop,
            "order_ref": order_ref,
        }
        row, request = self._intend(attempt, known, identity)
        if trouble is not None:
            return self._go_on_without(attempt, row, trouble)
        return self._send(attempt, row, request)

    def again(self, row: Row, attempt: Attempt, **kept: Any) -> Row:
        """Redeem once more for an order that is known, as an attempt of its own; ``kept`` is what of the row stays."""
        identity = {name: row[name] for name in ("id", "platform", "shop", "order_ref")}
        row, request = self._intend(attempt, row, identity, **kept)
        return self._send(attempt, row, request)

    def let_go(self, quote_id: str) -> None:
        """Nothing is held any more for an order that has ended."""
        if quote := quotes.find(self._ledger, quote_id):
            self._quoter.release(quote)

    def _intend(
        self, attempt: Attempt, known: Row | None, identity: Mapping[str, Any], **kept: Any
    ) -> tuple[Row, dict[str, Any]]:
        """Commit the intent of the next attempt, and give what is to be sent for it."""
        cart, number = attempt.cart, known["attempt"] + 1 if known else 1
        source_id = source_id_of(identity["id"], number)
        metadata = {name: identity[name] for name in ("platform", "shop", "order_ref") if identity[name]}
        if cart.has_redeemables:
            session = self._quoter.session_of(attempt.quote)
            request = mapping.stack_payload(cart, source_id=source_id, metadata=metadata, session=session)
        else:
            request = {**mapping.order_payload(cart, source_id=source_id, metadata=metadata), "status": "PAID"}
        values = {
            "state": states.INTENDED,
            "attempt": number,
            "source_id": source_id,
            "fingerprint": mapping.fingerprint(cart),
            "currency": cart.currency,
            "amount": cart.total,
            "total": cart.total,
            "cart": mapping.cart_facts(cart),
            "reason": None,
            "quote_id": attempt.quote and attempt.quote["id"],
            **kept,
        }
        sent = report.without_person(request, cart)
        if known is not None:
            return self._ledger.reopen(known, values, sent), request
        return self._ledger.open({**identity, **values}, sent), request

    def _send(self, attempt: Attempt, row: Row, request: dict[str, Any]) -> Row:
        cart, key = attempt.cart, row["source_id"]
        try:
            if not cart.has_redeemables:
                self._client.orders.create_order(request, idempotency_key=key)
                return self._settler.redeemed(row, [], cart.total, None, None)
            answer = self._client.redemptions.redeem_stacked_discounts(request, idempotency_key=key)
        except (BackendError, OutcomeUnknown) as error:
            if isinstance(error, OUTAGE) and self._mode(attempt) != outage.CLOSED:
                return self._go_on_without(attempt, row, error)
            if isinstance(error, BackendError) and not is_still_running(error):
                self._fail(attempt, row, request, error)
            raise
        is_promised = _is_promised(row)
        applied = mapping.applied_by(cart, answer)
        redemption_id = (answer.get("parent_redemption") or answer["redemptions"][0])["id"]
        total = int((answer.get("order") or {}).get("total_amount", cart.total))
        row = self._settler.redeemed(row, applied, total, redemption_id, answer)
        if attempt.quote is not None:
            quotes.release(self._ledger, attempt.quote["id"])  # its redemption has ended what it held
        left_out = mapping.rejected_by(answer)
        if left_out and is_promised:
            values = {"state": states.REVIEW, "reason": "not every code applied", "rejected": left_out}
            return self._ledger.move(row, states.STANDING, values, detail="rejected") or row
        if left_out:
            # Part of what the shopper entered was redeemed, the rest not: all or nothing.
            self._ledger.move(row, states.STANDING, {"rejected": left_out}, event="rejected")
            self._unwinder.unwind(
                {**row, "rejected": left_out}, reason="not every code applied", event_id=None, event="cancel"
            )
            raise RedeemablesRejected(left_out)
        return row

    def _mode(self, attempt: Attempt) -> str:
        return attempt.placed or outage.mode_of(attempt.cart, attempt.quote, self._modes)

    def _go_on_without(self, attempt: Attempt, row: Row, error: BridgeError) -> Row:
        """The shop goes on although the promotions API is out of reach: with full prices, or to be redeemed later."""
        cart, mode, quote = attempt.cart, self._mode(attempt), attempt.quote
        values: dict[str, Any] = {"outage": mode, "reason": str(error), "state": states.DEFERRED}
        if mode == outage.OPEN and cart.has_redeemables:
            codes = [*cart.codes, *(card.code for card in cart.gift_cards)]
            rejected = [{"code": code, "key": error.key, "message": _LEFT_OUT} for code in codes]
            values |= {"state": states.REDEEMED, "rejected": rejected}
        else:
            before = (row["deferral"] or {}).get("promised", [])
            promised = quote["applied"] if quote and mode == outage.HONOUR else before
            person = asdict(cart.customer) if cart.customer else None
            values["deferral"] = {"mode": mode, "promised": promised, "customer": person}
        if quote is not None and mode == outage.HONOUR:
            values["total"] = quote["total"]
            if not quotes.release(self._ledger, quote["id"]) and row["deferral"] is None:
                raise error  # it is honoured once, and another checkout was first
        since, detail = (states.INTENDED,), f"{mode}: {error.key}"
        if values["state"] == states.DEFERRED:
            moved = self._ledger.move(row, since, values, detail=detail)
        else:
            check_at = self._ledger.later(self._settler.patience)
            moved = self._ledger.give_up(row, since, values, check_at, event="went_on", detail=detail)
        return moved or self._ledger.by_id(row["id"]) or row

    def _fail(self, attempt: Attempt, row: Row, request: Mapping[str, Any], error: BackendError) -> None:
        """Nothing was redeemed: say so in the ledger, and find out of every code why.

        An order that its shop has confirmed, or that stands on its platform, has promised what cannot be redeemed: a
        person must look.
        """
        cart, rejected = attempt.cart, list[dict[str, Any]]()
        blames_a_code = isinstance(error, BackendRefused) and error.code in (400, 404)
        if blames_a_code and cart.has_redeemables:
            try:
                rejected = self._quoter.check(cart, attempt.source, request.get("session")).rejected
            except (BackendError, OutcomeUnknown):
                rejected = []  # then the refusal itself must do
            if not rejected:
                codes = [*cart.codes, *(card.code for card in cart.gift_cards)]
                code = error.details if error.details in codes else codes[0]
                rejected = [{"code": code, "key": error.key, "message": error.message}]
        state = states.REVIEW if _is_promised(row) else states.FAILED
        values = {"state": state, "reason": str(error), "rejected": rejected, "deferral": None}
        self._ledger.move(row, (states.INTENDED,), values, detail=error.key)
        if attempt.quote is not None and not isinstance(error, OUTAGE):
            self._quoter.release(attempt.quote)  # during an outage it stays, for the next try
        if rejected:
            assert isinstance(error, BackendRefused)
            raise RedeemablesRejected(rejected, status=error.code) from error


def source_id_of(checkout_id: str, attempt: int) -> str:
    """What the order of an attempt is known by upstream."""
    return checkout_id if attempt == 1 else f"{checkout_id}.{attempt}"


def _is_promised(row: Row) -> bool:
    """Whether the shop has the order already, while it was still to be redeemed."""
    return row["deferral"] is not None and row["confirmed_at"] is not None


def _same(row: Row, cart: Cart) -> Row:
    if row["fingerprint"] != mapping.fingerprint(cart):
        raise Conflict(
            "This order was checked out with another cart",
            key="checkout_conflict",
            details=f"Property .order_ref {row['order_ref']}",
        )
    return row
