"""The life of an order, whichever door it came through: quote, redeem, confirm, cancel, refund."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from typing import Any, get_args

from checkout_bridge.bridge import report, states
from checkout_bridge.bridge.credits import Crediter
from checkout_bridge.bridge.deferred import Deferrals
from checkout_bridge.bridge.identity import Source, new_checkout_id
from checkout_bridge.bridge.ledger import credits, refunds
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.outage import CLOSED, Modes
from checkout_bridge.bridge.quoting import Priced, Quoter
from checkout_bridge.bridge.reconcile import Reconciler
from checkout_bridge.bridge.redeeming import Redeemer
from checkout_bridge.bridge.refunds import Refunder
from checkout_bridge.bridge.reinstating import Reinstater
from checkout_bridge.bridge.repair import Repairer
from checkout_bridge.bridge.restore import RestorePolicy
from checkout_bridge.bridge.settle import Settler
from checkout_bridge.bridge.sweep import FindOrder, Sweeper
from checkout_bridge.bridge.unwind import Unwinder
from checkout_bridge.client import Client
from checkout_bridge.deadline import within
from checkout_bridge.errors import Conflict, NotFound
from checkout_bridge.events import Cart, Cause, Kind, Occasion, RefundLine

Row = dict[str, Any]
# What of the deadline is left to write down what came of a step, in seconds.
FOR_THE_LEDGER = 0.05


class Flow:
    """All three doors end here. Amounts are integer minor units; answers are the state documented in ``report``.

    Everything that one method asks of the promotions API is one step, which ends within the deadline.
    """

    def __init__(
        self,
        ledger: Ledger,
        client: Client,
        find_order: FindOrder,
        *,
        deadline: float,
        quote_ttl: float,
        confirm_within: float,
        holds_per_client: int = 3,
        outage: Modes | None = None,
        policy: RestorePolicy | None = None,
    ) -> None:
        self._ledger = ledger
        self._deadline = deadline
        self._quoter = Quoter(ledger, client, ttl=quote_ttl, holds_per_client=holds_per_client)
        self._settler = Settler(ledger, client, deadline=deadline)
        policy = policy or RestorePolicy({}, lambda *_: None)
        crediter = Crediter(ledger, client, patience=self._settler.patience)
        self._unwinder = Unwinder(ledger, client, self._settler, crediter, policy)
        modes = outage or dict.fromkeys(get_args(Kind), CLOSED)
        self._redeemer = Redeemer(ledger, client, self._quoter, self._settler, self._unwinder, modes)
        self._refunder = Refunder(ledger, self._settler, self._unwinder, policy)
        self._reinstater = Reinstater(ledger, self._settler, self._redeemer, client)
        deferrals = Deferrals(ledger, client, self._settler, self._redeemer)
        self._sweeper = Sweeper(
            ledger,
            self._settler,
            self._unwinder,
            deferrals,
            find_order,
            confirm_within=confirm_within,
            deadline=deadline,
        )
        repairer = Repairer(ledger, client, self._settler, self._redeemer, crediter, deferrals)
        self._reconciler = partial(Reconciler, ledger, client, self.step, repairer.repair)

    def price(self, cart: Cart, source: Source) -> Priced:
        """What a cart costs now; see ``Quoter``."""
        with self.step():
            return self._quoter.check(cart, source)

    def quote(
        self, cart: Cart, source: Source, *, hold: bool = False, client: str | None = None
    ) -> tuple[Priced, dict[str, Any]]:
        """A price that a checkout can be held to; see ``Quoter``."""
        with self.step():
            return self._quoter.quote(cart, source, hold=hold, client=client)

    def release(self, quote_id: str) -> None:
        """Let go of what a quote holds; done before is no error. Raises NotFound for a quote that is not known."""
        with self.step():
            self._quoter.release(self._quoter.find(quote_id))

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
        """Redeem a cart, once; see ``Redeemer``."""
        with self.step():
            self._sweeper.sweep_sometimes()
            return self._redeemer.redeem(
                cart, source, checkout_id=checkout_id, order_ref=order_ref, quote_id=quote_id, is_placed=is_placed
            )

    def confirm(self, row: Row, order_ref: str | None = None) -> Row:
        """The shop has the order, under this reference: from now on it can be found by it."""
        values: dict[str, Any] = {"confirmed_at": self._ledger.now()}
        if order_ref is not None:
            values["order_ref"] = order_ref
        elif row["order_ref"] is None:
            values["order_ref"] = row["id"]
        try:
            moved = self._ledger.move(row, (states.DEFERRED,), values, event="confirmed") or self._ledger.move(
                row, (states.REDEEMED,), {**values, "state": states.CONFIRMED}
            )
        except Conflict as error:
            since = (*states.STANDING, states.DEFERRED)
            self._ledger.move(row, since, {"state": states.REVIEW, "reason": str(error)}, detail=error.key)
            raise
        return moved or self._ledger.by_id(row["id"]) or row

    def checkout(
        self, cart: Cart, source: Source, order_ref: str, *, quote_id: str | None = None, is_placed: bool = False
    ) -> dict[str, Any]:
        """Redeem and confirm at once, for an order that exists."""
        row = self.redeem(cart, source, order_ref=order_ref, quote_id=quote_id, is_placed=is_placed)
        is_open = row["state"] == states.REDEEMED or (row["state"] == states.DEFERRED and not row["confirmed_at"])
        return self.report(self.confirm(row) if is_open else row)

    def unwind(
        self,
        row: Row,
        *,
        reason: str | None,
        event_id: str | None = None,
        event: str = "cancel",
        occasion: Occasion | None = None,
    ) -> Row:
        """Give everything back that the policy says, once; done before, or nothing to give, is no error."""
        with self.step():
            return self._unwinder.unwind(row, reason=reason, event_id=event_id, event=event, occasion=occasion)

    def cancel(
        self,
        order_ref: str,
        source: Source,
        *,
        event_id: str | None = None,
        reason: str | None = None,
        cause: Cause = "cancelled",
    ) -> dict[str, Any]:
        """Give back what was redeemed for an order, as the restore policy says for the ``cause``.

        Raises NotFound for an order that is not known.
        """
        row = self.get(order_ref, source)
        return self.report(self.unwind(row, reason=reason, event_id=event_id, occasion=cause))

    def reinstate(
        self, order_ref: str, source: Source, *, event_id: str | None = None, reason: str | None = None
    ) -> dict[str, Any]:
        """Claim again what was given back for an order that stands again; see ``Reinstater``."""
        with self.step():
            row = self._reinstater.reinstate(self.get(order_ref, source), event_id=event_id, reason=reason)
        return self.report(row)

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
        with self.step():
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

    def bury(
        self, order_ref: str, source: Source, *, reason: str | None, event_id: str | None, cause: Cause = "cancelled"
    ) -> dict[str, Any]:
        """Remember the cancellation of an order that is not known, so that it is not redeemed when it arrives late."""
        checkout_id = new_checkout_id()
        facts: dict[str, Any] = {"currency": "", "lines": [], "codes": [], "gift_cards": [], "customer_id": None}
        values = {
            "id": checkout_id,
            "platform": source.platform,
            "shop": source.shop,
            "order_ref": order_ref,
            "state": states.UNWOUND,
            "occasion": cause,
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

    def reconciler(self, home: Source, *, repairs: bool = False, since: str | None = None) -> Reconciler:
        """What compares the ledger with the promotions API, and puts right what it ``repairs``; see ``Reconciler``."""
        return self._reconciler(home, repairs=repairs, since=since)

    def step(self) -> AbstractContextManager[None]:
        """Everything asked for in this block ends within one deadline."""
        return within(self._deadline - min(FOR_THE_LEDGER, self._deadline * 0.1))

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
