"""Prices of carts: told without doing anything, or kept so that a checkout can be held to them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from checkout_bridge.bridge import mapping, report
from checkout_bridge.bridge.identity import Source
from checkout_bridge.bridge.ledger import quotes
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.client import Client
from checkout_bridge.errors import Conflict, NotFound
from checkout_bridge.events import Cart

Told = list[dict[str, Any]]


class Quoter:
    """Asks the promotions API what a cart is worth. Amounts are integer minor units."""

    def __init__(self, ledger: Ledger, client: Client, *, ttl: float) -> None:
        self._ledger = ledger
        self._client = client
        self._ttl = ttl

    def price(self, cart: Cart, source: Source) -> dict[str, Any]:
        """Price a cart: what applies, what does not and why, and what is left to pay. Nothing is redeemed or kept."""
        applied, rejected, total = self.check(cart, source)
        return report.priced(cart, applied, rejected, total)

    def quote(self, cart: Cart, source: Source, *, hold: bool = False) -> dict[str, Any]:
        """Price a cart and keep the price, so that a checkout can be held to it. Nothing is redeemed.

        With ``hold`` what applies is locked until the quote expires, for the checkout that presents it.
        """
        quote_id = "quo_" + secrets.token_hex(12)
        session = self._session(quote_id) if hold else None
        applied, rejected, total = self.check(cart, source, session)
        row = quotes.keep(
            self._ledger,
            {
                "id": quote_id,
                "platform": source.platform,
                "shop": source.shop,
                "fingerprint": mapping.fingerprint(cart),
                "session_key": quote_id if hold else None,
                "currency": cart.currency,
                "total": total,
            },
            ttl=self._ttl,
        )
        return report.priced(cart, applied, rejected, total) | {
            "quote_id": quote_id,
            "expires_at": row["expires_at"],
        }

    def _session(self, key: str) -> dict[str, Any]:
        return {"type": "LOCK", "key": key, "ttl": round(self._ttl * 1000), "ttl_unit": "MILLISECONDS"}

    def check(self, cart: Cart, source: Source, session: Mapping[str, Any] | None = None) -> tuple[Told, Told, int]:
        """What applies, what does not, and the total: leaves out what does not apply, since the rest may well."""
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
                return mapping.previewed_by(answer), rejected, int(order.get("total_amount", cart.total))
            if not found:
                break
        return [], rejected, cart.total

    def present(self, cart: Cart, source: Source, quote_id: str) -> Mapping[str, Any] | None:
        """Check that a quote still holds for this cart, at its price."""
        quote = quotes.find(self._ledger, quote_id)
        if quote is None:
            raise NotFound("Resource not found", details=f"Cannot find quote with id {quote_id}", key="quote_not_found")
        if quote["fingerprint"] != mapping.fingerprint(cart):
            raise Conflict("The cart is not the one that was quoted", key="quote_changed", details="Property .cart")
        if quote["expires_at"] <= self._ledger.now():
            raise Conflict("The quote has expired", key="quote_expired", details=f"at {quote['expires_at']}")
        session = self._session(quote["session_key"]) if quote["session_key"] else None
        _, _, total = self.check(cart, source, session)
        if total != quote["total"]:
            raise Conflict(
                "The price has changed since it was quoted",
                key="quote_changed",
                details=f"quoted {quote['total']}, now {total} ({cart.currency}, minor units)",
            )
        return session
