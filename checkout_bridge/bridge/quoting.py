"""Prices of carts: told without doing anything, or kept so that a checkout can be held to them."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checkout_bridge.bridge import mapping, report
from checkout_bridge.bridge.effects import effects_of, kind_of
from checkout_bridge.bridge.identity import Source
from checkout_bridge.bridge.ledger import quotes
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.client import Client
from checkout_bridge.errors import BackendError, BackendNotFound, Conflict, NotFound, OutcomeUnknown, QuoteChanged
from checkout_bridge.events import Cart, Effects

Told = list[dict[str, Any]]
Row = dict[str, Any]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Priced:
    """What a cart is worth: the redeemables that apply as the promotions API told them, the others with the reason,
    and what is left to pay, in minor units.
    """

    cart: Cart
    redeemables: Told
    rejected: Told
    total: int

    @property
    def applied(self) -> Told:
        """What applies: ``{code, type, amount}``."""
        return [
            {
                "code": item["id"],
                "type": kind_of(item),
                "amount": int((item.get("order") or {}).get("total_applied_discount_amount", 0)),
            }
            for item in self.redeemables
        ]

    def told(self) -> dict[str, Any]:
        """The state of the cart, in the shape of ``report``."""
        return report.priced(self.cart, self.applied, self.rejected, self.total)

    def effects(self) -> Effects:
        """The same for the platform's plugin."""
        return effects_of(self.cart, self.redeemables, self.rejected, self.total)


class Quoter:
    """Asks the promotions API what a cart is worth. Amounts are integer minor units."""

    def __init__(self, ledger: Ledger, client: Client, *, ttl: float, holds_per_client: int) -> None:
        self._ledger = ledger
        self._client = client
        self._ttl = ttl
        self._holds_per_client = holds_per_client

    def quote(
        self, cart: Cart, source: Source, *, hold: bool = False, client: str | None = None
    ) -> tuple[Priced, dict[str, Any]]:
        """Price a cart and keep the price, so that a checkout can be held to it. Nothing is redeemed.

        With ``hold`` what applies is locked until the quote expires, for the checkout that presents it; the same cart
        of the same client renews its quote, and a client holds no more than so many: the oldest is let go of. A client
        is named by ``client``, else by the cart's customer. Gives what the cart is worth, and the quote's ``{quote_id,
        expires_at}``.
        """
        who, fingerprint = _digest(source, cart, client), mapping.fingerprint(cart)
        held = quotes.held_by(self._ledger, who) if hold and who else []
        same = next((row for row in held if row["fingerprint"] == fingerprint), None)
        quote_id = same["id"] if same else "quo_" + secrets.token_hex(12)
        priced = self.check(cart, source, self._session(quote_id) if hold else None)
        row = quotes.keep(
            self._ledger,
            {
                "id": quote_id,
                "platform": source.platform,
                "shop": source.shop,
                "fingerprint": fingerprint,
                "client": who,
                "applied": priced.applied,
                "rejected": priced.rejected,
                "session_key": quote_id if hold else None,
                "currency": cart.currency,
                "total": priced.total,
            },
            ttl=self._ttl,
        )
        others = [one for one in held if one["id"] != quote_id]
        for surplus in others[self._holds_per_client - 1 :]:
            self.release(surplus)
        return priced, {"quote_id": quote_id, "expires_at": row["expires_at"]}

    def find(self, quote_id: str) -> Row:
        """The quote with this id. Raises NotFound."""
        quote = quotes.find(self._ledger, quote_id)
        if quote is None:
            raise NotFound("Resource not found", details=f"Cannot find quote with id {quote_id}", key="quote_not_found")
        return quote

    def release(self, quote: Row) -> None:
        """Let go of what a quote holds. What cannot be let go of now ends by itself when the quote expires."""
        if not quote["session_key"] or quote["expires_at"] <= self._ledger.now():
            return
        quotes.release(self._ledger, quote["id"])
        for one in quote["applied"] or ():
            try:
                self._client.vouchers.release_validation_session(one["code"], quote["session_key"])
            except BackendNotFound:
                continue  # it was not held any more
            except (BackendError, OutcomeUnknown) as error:
                log.warning("quote %s is held until it expires: %s", quote["id"], error.key)
                return

    def held(self, cart: Cart, source: Source) -> Row | None:
        """The quote with which this cart's customer holds what is in it, if there is one."""
        who, fingerprint = _digest(source, cart, None), mapping.fingerprint(cart)
        rows = quotes.held_by(self._ledger, who) if who else []
        return next((row for row in rows if row["fingerprint"] == fingerprint), None)

    def session_of(self, quote: Row | None) -> dict[str, Any] | None:
        """What a redemption names so that what the quote holds is its own."""
        return self._session(quote["session_key"]) if quote and quote["session_key"] else None

    def _session(self, key: str) -> dict[str, Any]:
        return {"type": "LOCK", "key": key, "ttl": round(self._ttl * 1000), "ttl_unit": "MILLISECONDS"}

    def check(self, cart: Cart, source: Source, session: Mapping[str, Any] | None = None) -> Priced:
        """What a cart is worth now: leaves out what does not apply, since the rest may well. Nothing is redeemed."""
        rejected: Told = []
        while len(rejected) < len(cart.codes) + len(cart.gift_cards):
            payload = mapping.stack_payload(
                cart,
                source_id=None,
                metadata=source.metadata(),
                without=[item["code"] for item in rejected],
                session=session,
            )
            answer = self._client.validations.validate_stacked_discounts(payload)
            found = mapping.rejected_by(answer)
            rejected += found
            if answer.get("valid"):
                order = answer.get("order") or {}
                applicable = [item for item in answer.get("redeemables", ()) if item.get("status") == "APPLICABLE"]
                return Priced(cart, applicable, rejected, int(order.get("total_amount", cart.total)))
            if not found:
                break
        return Priced(cart, [], rejected, cart.total)

    def presented(self, cart: Cart, quote_id: str) -> Row:
        """The quote that a checkout presents. Raises NotFound; Conflict when it is another cart's, or has expired."""
        quote = self.find(quote_id)
        if quote["fingerprint"] != mapping.fingerprint(cart):
            raise Conflict("The cart is not the one that was quoted", key="quote_changed", details="Property .cart")
        if quote["released_at"]:
            raise Conflict("The quote was let go of", key="quote_expired", details=f"at {quote['released_at']}")
        if quote["expires_at"] <= self._ledger.now():
            raise Conflict("The quote has expired", key="quote_expired", details=f"at {quote['expires_at']}")
        return quote

    def refuse_unless_same_price(self, cart: Cart, source: Source, quote: Row) -> None:
        """Raise QuoteChanged when the cart does not cost any more what was quoted."""
        now = self.check(cart, source, self.session_of(quote))
        if now.total != quote["total"]:
            raise QuoteChanged(quote["total"], now.total, cart.currency, _why(quote, now))


def _why(quote: Row, now: Priced) -> str:
    """What became of the codes since they were quoted."""
    known = {item["code"] for item in quote["rejected"] or ()}
    before = {item["code"]: item["amount"] for item in quote["applied"] or ()}
    reasons = [f"{item['code']}: {item['message']}" for item in now.rejected if item["code"] not in known]
    reasons += [
        f"{item['code']}: {item['amount']} off, it was {before.get(item['code'], 0)}"
        for item in now.applied
        if item["amount"] != before.get(item["code"], 0)
    ]
    return "; ".join(reasons) or "the discounts have changed"


def _digest(source: Source, cart: Cart, client: str | None) -> str | None:
    """Who holds, in a form that tells nobody who it is; None for somebody nobody can tell from others."""
    customer = cart.customer
    who = client or (customer and (customer.id or customer.email))
    return hashlib.sha256(f"{source.platform}\n{source.shop}\n{who}".encode()).hexdigest() if who else None
