"""The life of an order, whichever door it came through: quote, redeem, confirm, cancel, refund."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.bridge import mapping, report, states
from checkout_bridge.bridge.credits import Crediter
from checkout_bridge.bridge.identity import Source, new_checkout_id
from checkout_bridge.bridge.ledger import credits, refunds
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.quoting import Quoter
from checkout_bridge.bridge.refunds import Refunder
from checkout_bridge.bridge.settle import Settler, is_still_running
from checkout_bridge.bridge.sweep import FindOrder, Sweeper
from checkout_bridge.bridge.unwind import Unwinder
from checkout_bridge.client import Client
from checkout_bridge.errors import BackendError, BackendRefused, Conflict, NotFound, OutcomeUnknown, RedeemablesRejected
from checkout_bridge.events import Cart, RefundLine

Row = dict[str, Any]


class Flow:
    """All three doors end here. Amounts are integer minor units; answers are the state documented in ``report``."""

    def __init__(
        self,
        ledger: Ledger,
        client: Client,
        find_order: FindOrder,
        *,
        deadline: float,
        quote_ttl: float,
        confirm_within: float,
    ) -> None:
        self._ledger = ledger
        self._client = client
        self._quoter = Quoter(ledger, client, ttl=quote_ttl)
        self._settler = Settler(ledger, client, deadline=deadline)
        crediter = Crediter(ledger, client, patience=self._settler.patience)
        self._unwinder = Unwinder(ledger, client, self._settler, crediter)
        self._refunder = Refunder(ledger, self._settler, self._unwinder, crediter)
        self._sweeper = Sweeper(
            ledger, self._settler, self._unwinder, crediter, find_order, confirm_within=confirm_within
        )

    def price(self, cart: Cart, source: Source) -> dict[str, Any]:
        """What a cart costs now; see ``Quoter``."""
        return self._quoter.price(cart, source)

    def quote(self, cart: Cart, source: Source, *, hold: bool = False) -> dict[str, Any]:
        """A price that a checkout can be held to; see ``Quoter``."""
        return self._quoter.quote(cart, source, hold=hold)

    def redeem(
        self,
        cart: Cart,
        source: Source,
        *,
        checkout_id: str | None = None,
        order_ref: str | None = None,
        quote_id: str | None = None,
    ) -> Row:
        """Redeem a cart, once: the intent is committed before the promotions API is called, the outcome after.

        The same order with the same cart answers the same. Raises RedeemablesRejected when a code does not apply,
        Conflict when the order stands with another cart or the quote does not hold; then nothing is redeemed.
        """
        self._sweeper.sweep_sometimes()
        known = self._ledger.find(order_ref, source.platform, source.shop) if order_ref else None
        if known is not None:
            known = self._settler.settle(known)
            if known["state"] in states.STANDING:
                return _same(known, cart)
        session = self._quoter.present(cart, source, quote_id) if quote_id else None
        identity = {
            "id": known["id"] if known else checkout_id or new_checkout_id(),
            "platform": source.platform,
            "shop": source.shop,
            "order_ref": order_ref,
        }
        row, request = self._intend(cart, known, identity, quote_id, session)
        return self._call(cart, source, row, request)

    def _intend(
        self,
        cart: Cart,
        known: Row | None,
        identity: Mapping[str, Any],
        quote_id: str | None,
        session: Mapping[str, Any] | None,
    ) -> tuple[Row, dict[str, Any]]:
        """Commit the intent of the next attempt, and give what is to be sent for it."""
        attempt = known["attempt"] + 1 if known else 1
        source_id = identity["id"] if attempt == 1 else f"{identity['id']}.{attempt}"
        metadata = {name: identity[name] for name in ("platform", "shop", "order_ref") if identity[name]}
        if cart.has_redeemables:
            request = mapping.stack_payload(cart, source_id=source_id, metadata=metadata, session=session)
        else:
            request = {**mapping.order_payload(cart, source_id=source_id, metadata=metadata), "status": "PAID"}
        values = {
            "state": states.INTENDED,
            "attempt": attempt,
            "source_id": source_id,
            "fingerprint": mapping.fingerprint(cart),
            "currency": cart.currency,
            "amount": cart.total,
            "total": cart.total,
            "cart": mapping.cart_facts(cart),
            "reason": None,
            "quote_id": quote_id,
        }
        kept = report.without_person(request, cart)
        if known is not None:
            return self._ledger.reopen(known, values, kept), request
        return self._ledger.open({**identity, **values}, kept), request

    def _call(self, cart: Cart, source: Source, row: Row, request: dict[str, Any]) -> Row:
        key = row["source_id"]
        try:
            if not cart.has_redeemables:
                self._client.orders.create_order(request, idempotency_key=key)
                return self._settler.redeemed(row, [], cart.total, None, None)
            answer = self._client.redemptions.redeem_stacked_discounts(request, idempotency_key=key)
        except BackendError as error:
            if not is_still_running(error):
                self._fail(cart, source, row, request, error)
            raise
        applied = mapping.applied_by(cart, answer)
        redemption_id = (answer.get("parent_redemption") or answer["redemptions"][0])["id"]
        total = int((answer.get("order") or {}).get("total_amount", cart.total))
        row = self._settler.redeemed(row, applied, total, redemption_id, answer)
        left_out = mapping.rejected_by(answer)
        if left_out:
            # Part of what the shopper entered was redeemed, the rest not: all or nothing.
            self._ledger.move(row, states.STANDING, {"rejected": left_out}, event="rejected")
            self.unwind({**row, "rejected": left_out}, reason="not every code applied")
            raise RedeemablesRejected(left_out)
        return row

    def _fail(self, cart: Cart, source: Source, row: Row, request: Mapping[str, Any], error: BackendError) -> None:
        """Nothing was redeemed: say so in the ledger, and find out of every code why."""
        rejected: list[dict[str, Any]] = []
        blames_a_code = isinstance(error, BackendRefused) and error.code in (400, 404)
        if blames_a_code and cart.has_redeemables:
            try:
                _, rejected, _ = self._quoter.check(cart, source, request.get("session"))
            except (BackendError, OutcomeUnknown):
                rejected = []  # then the refusal itself must do
            if not rejected:
                codes = [*cart.codes, *(card.code for card in cart.gift_cards)]
                code = error.details if error.details in codes else codes[0]
                rejected = [{"code": code, "key": error.key, "message": error.message}]
        self._ledger.move(
            row,
            (states.INTENDED,),
            {"state": states.FAILED, "reason": str(error), "rejected": rejected},
            detail=error.key,
        )
        if rejected:
            assert isinstance(error, BackendRefused)
            raise RedeemablesRejected(rejected, status=error.code) from error

    def confirm(self, row: Row, order_ref: str | None = None) -> Row:
        """The shop has the order, under this reference: from now on it can be found by it."""
        values: dict[str, Any] = {"state": states.CONFIRMED}
        if order_ref is not None:
            values["order_ref"] = order_ref
        elif row["order_ref"] is None:
            values["order_ref"] = row["id"]
        try:
            moved = self._ledger.move(row, (states.REDEEMED,), values)
        except Conflict as error:
            self._ledger.move(row, states.STANDING, {"state": states.REVIEW, "reason": str(error)}, detail=error.key)
            raise
        return moved or self._ledger.by_id(row["id"]) or row

    def checkout(self, cart: Cart, source: Source, order_ref: str, *, quote_id: str | None = None) -> dict[str, Any]:
        """Redeem and confirm at once, for an order that exists."""
        row = self.redeem(cart, source, order_ref=order_ref, quote_id=quote_id)
        return self.report(self.confirm(row) if row["state"] == states.REDEEMED else row)

    def unwind(self, row: Row, *, reason: str | None, event_id: str | None = None, event: str = "cancel") -> Row:
        """Give everything back, once; done before, or nothing to give, is no error."""
        return self._unwinder.unwind(row, reason=reason, event_id=event_id, event=event)

    def cancel(
        self, order_ref: str, source: Source, *, event_id: str | None = None, reason: str | None = None
    ) -> dict[str, Any]:
        """Give everything back that was redeemed for an order. Raises NotFound for an order that is not known."""
        return self.report(self.unwind(self.get(order_ref, source), reason=reason, event_id=event_id))

    def refund(
        self,
        order_ref: str,
        source: Source,
        *,
        refund_id: str,
        lines: tuple[RefundLine, ...] | None = None,
        amount: int | None = None,
    ) -> dict[str, Any]:
        """Give gift cards their share of what was refunded; with the last refund, everything back.

        ``refund_id`` is the platform's own: the same one again answers the same and does nothing. Raises InvalidInput
        for lines or an amount that are not left; see ``Refunder``.
        """
        return self.report(self._refunder.refund(self.get(order_ref, source), refund_id, lines, amount))

    def preview_refund(
        self,
        order_ref: str,
        source: Source,
        *,
        lines: tuple[RefundLine, ...] | None = None,
        amount: int | None = None,
    ) -> dict[str, Any]:
        """What ``refund`` with the same arguments would give back: ``{order_ref, currency, given_back[]}``."""
        row = self.get(order_ref, source)
        due = self._refunder.preview(row, lines, amount)
        given_back = [report.given_back(part, amount) for part, amount in due]
        return {"order_ref": row["order_ref"], "currency": row["currency"], "given_back": given_back}

    def bury(self, order_ref: str, source: Source, *, reason: str | None, event_id: str | None) -> dict[str, Any]:
        """Remember the cancellation of an order that is not known, so that it is not redeemed when it arrives late."""
        checkout_id = new_checkout_id()
        facts: dict[str, Any] = {"currency": "", "lines": [], "codes": [], "gift_cards": [], "customer_id": None}
        values = {
            "id": checkout_id,
            "platform": source.platform,
            "shop": source.shop,
            "order_ref": order_ref,
            "state": states.UNWOUND,
            "source_id": checkout_id,
            "fingerprint": "",
            "currency": "",
            "amount": 0,
            "total": 0,
            "cart": facts,
            "reason": reason,
            "quote_id": None,
        }
        row = self._ledger.open(values, {})
        self._ledger.note(row, "cancel", event_id=event_id, detail=reason)
        return self.report(row)

    def sweep(self, *, limit: int = 1000) -> list[dict[str, Any]]:
        """Settle, confirm or give back what is overdue, and report it; checkouts do the same for a few at a time."""
        return [self.report(row) for row in self._sweeper.sweep(limit=limit)]

    def note(self, row: Row, event: str, *, detail: str | None = None) -> None:
        """Write down that something is about to happen to an order, or could not."""
        self._ledger.note(row, event, detail=detail)

    def get(self, order_ref: str, source: Source) -> Row:
        """The ledger's row of an order. Raises NotFound."""
        row = self._ledger.find(order_ref, source.platform, source.shop)
        if row is None:
            raise NotFound(
                "Resource not found",
                key="order_not_found",
                details=f"Cannot find order with reference {order_ref}",
                resource_id=order_ref,
                resource_type="order",
            )
        return row

    def report(self, row: Row) -> dict[str, Any]:
        """What was applied to an order, and what was given back."""
        ledger = self._ledger
        parts, moved = ledger.redemptions_of(row), credits.of_order(ledger, row)
        return report.state(row, parts, moved, ledger.give_backs_of(row), refunds.of_order(ledger, row))

    def story(self, order_ref: str, source: Source) -> dict[str, Any]:
        """The report of an order with its lines, refunds and everything that happened to it. Needs no network."""
        row = self.get(order_ref, source)
        parts, asked = self._ledger.redemptions_of(row), refunds.of_order(self._ledger, row)
        return self.report(row) | report.story(row, parts, asked, self._ledger.history_of(row))


def _same(row: Row, cart: Cart) -> Row:
    if row["fingerprint"] != mapping.fingerprint(cart):
        raise Conflict(
            "This order was checked out with another cart",
            key="checkout_conflict",
            details=f"Property .order_ref {row['order_ref']}",
        )
    return row
