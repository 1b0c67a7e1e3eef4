"""What an outage has left to do: redeems what was promised, once, and takes back what was redeemed unnoticed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from checkout_bridge.bridge import mapping, outage, states
from checkout_bridge.bridge.identity import Source
from checkout_bridge.bridge.ledger import quotes
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.redeeming import Attempt, Redeemer, source_id_of
from checkout_bridge.bridge.settle import SECOND_LOOK, Settler
from checkout_bridge.client import Client
from checkout_bridge.errors import BackendRefused, RedeemablesRejected
from checkout_bridge.events import Customer

Row = dict[str, Any]


class Deferrals:
    """Takes on rows in ``deferred``, and attempts that were given up."""

    def __init__(self, ledger: Ledger, client: Client, settler: Settler, redeemer: Redeemer) -> None:
        self._ledger = ledger
        self._client = client
        self._settler = settler
        self._redeemer = redeemer

    def carry_out(self, row: Row) -> Row:
        """Redeem what was deferred, unless the attempt during the outage has done so after all.

        What the promotions API refuses now is left for a person, in ``review``, if the shop has the order.
        """
        found = self._settler.redeemed_upstream(row)
        if found is None:
            found = self._redeem(row)
        return self._settler.as_confirmed(found)

    def _redeem(self, row: Row) -> Row:
        deferral: Mapping[str, Any] = row["deferral"]
        cart = mapping.whole_cart_of(row["cart"])
        if person := deferral.get("customer"):
            cart = replace(cart, customer=Customer(**person))
        quote = quotes.holding(self._ledger, row["quote_id"])
        attempt = Attempt(cart, Source(row["platform"], row["shop"]), quote, deferral["mode"])
        kept = {
            name: row[name]
            for name in ("fingerprint", "quote_id", "confirmed_at", "outage", "deferral", "total", "cart")
        }
        # What was sent before may still be under way: it is looked for once more.
        check_at = self._ledger.later(SECOND_LOOK)
        if self._ledger.give_up(row, (states.DEFERRED,), {}, check_at, event="tried_again") is None:
            return self._ledger.by_id(row["id"]) or row
        try:
            return self._redeemer.again(row, attempt, **kept)
        except RedeemablesRejected:
            return self._ledger.by_id(row["id"]) or row

    def look_at(self, row: Row, attempt: int) -> Row:
        """Roll back an attempt that was given up and has been redeemed after all; a person need not know of it."""
        source_id = source_id_of(row["id"], attempt)
        is_its = attempt == row["attempt"]
        for redemption_id in self._settler.standing_at(source_id):
            if is_its and redemption_id == row["redemption_id"]:
                continue
            try:
                self._client.redemptions.rollback_stacked_redemptions(
                    redemption_id, reason="the attempt was given up", idempotency_key=f"{redemption_id}:given-up"
                )
            except BackendRefused as error:
                if error.key != "already_rolled_back":
                    raise
            self._ledger.note(row, "rolled_back_late", detail=f"{redemption_id} of attempt {attempt}")
        if row["quote_id"] and row["state"] not in (*states.STANDING, states.DEFERRED, states.INTENDED):
            self._redeemer.let_go(row["quote_id"])
        if is_its and row["outage"] == outage.OPEN and row["state"] in states.STANDING:
            self._tell_order(row)
        self._ledger.looked_at(row, attempt)
        return self._ledger.by_id(row["id"]) or row

    def _tell_order(self, row: Row) -> None:
        """The order went on without discount: the promotions API is told of it as of any other."""
        cart = mapping.whole_cart_of(row["cart"])
        metadata = {name: row[name] for name in ("platform", "shop", "order_ref") if row[name]}
        order = mapping.order_payload(cart, source_id=row["source_id"], metadata=metadata)
        self._client.orders.create_order(
            {**order, "status": "PAID"}, idempotency_key=f"{row['source_id']}:without-discount"
        )
