"""Looks after orders that a crash or a lost answer left open: settles, confirms or gives them back; and refunds."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Lock
from typing import Any

from checkout_bridge.bridge import states
from checkout_bridge.bridge.deferred import Deferrals
from checkout_bridge.bridge.ledger import refunds
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.settle import Settler
from checkout_bridge.bridge.unwind import Unwinder
from checkout_bridge.deadline import within
from checkout_bridge.errors import BackendRefused, BridgeError, Conflict, OutcomeUnknown

Row = dict[str, Any]
FindOrder = Callable[[str, str], bool | None]

# How often checkouts look after those before them, how many they take on, and for how many seconds in all, or for what
# share of the deadline: few, so that none is late.
EVERY_SECONDS = 60
AT_ONCE = 3
NO_LONGER_THAN, SHARE = 1.0, 0.25
# How many orders the promotions API may fail at before a sweep leaves it alone.
FAILURES = 5

log = logging.getLogger(__name__)


class Sweeper:
    """``find_order(platform, order_ref)`` says whether the shop has an order; None when nobody can tell."""

    def __init__(
        self,
        ledger: Ledger,
        settler: Settler,
        unwinder: Unwinder,
        deferrals: Deferrals,
        find_order: FindOrder,
        *,
        confirm_within: float,
        deadline: float,
    ) -> None:
        self._ledger = ledger
        self._settler = settler
        self._unwinder = unwinder
        self._deferrals = deferrals
        self._find_order = find_order
        self._confirm_within = timedelta(seconds=confirm_within)
        self._no_longer_than = min(NO_LONGER_THAN, deadline * SHARE)
        self._swept_at: float | None = None
        self._failures = 0
        self._lock = Lock()

    def sweep_sometimes(self) -> None:
        """Take on a few, if this process has not done so for a while; what fails is left for the next time."""
        with self._lock:
            now = time.monotonic()
            if self._swept_at is not None and now - self._swept_at < EVERY_SECONDS:
                return
            self._swept_at = now
        try:
            with within(self._no_longer_than):
                self.sweep(limit=AT_ONCE)
        except BridgeError as error:
            log.warning("sweep stopped: %s", error.key)

    def sweep(self, *, limit: int) -> list[Row]:
        """Take on the orders that are overdue, the oldest first; gives them as they are now.

        One that the promotions API refuses is left as it is, or ``stuck``, and the others go on. Raises
        BackendUnreachable when it cannot be asked at all, OutcomeUnknown when it fails again and again.
        """
        self._failures = 0
        patience = self._settler.patience
        open_rows = self._ledger.overdue((states.INTENDED, states.UNWINDING), patience, limit=limit)
        deferred = self._ledger.overdue((states.DEFERRED,), patience, limit=limit)
        given_up = self._ledger.given_up(limit=limit)
        unconfirmed = self._ledger.overdue((states.REDEEMED,), self._confirm_within, limit=limit)
        owed = refunds.overdue(self._ledger, patience, limit=limit)
        return [
            *(self._tried(row, partial(self._take_on, row)) for row in open_rows),
            *(self._tried(row, partial(self._deferrals.look_at, row, attempt)) for row, attempt in given_up),
            *(self._tried(row, partial(self._deferrals.carry_out, row)) for row in deferred),
            *(self._tried(row, partial(self._take_on, row)) for row in unconfirmed),
            *(self._tried(row, partial(self._credit, row, refund_id)) for row, refund_id in owed),
        ]

    def _tried(self, row: Row, take_on: Callable[[], Row]) -> Row:
        try:
            return take_on()
        except (BackendRefused, Conflict) as error:
            log.warning("checkout %s stays as it is: %s", row["id"], error.key)
        except OutcomeUnknown as error:
            # One order that the API fails at must not keep the others from being looked after.
            self._failures += 1
            if self._failures >= FAILURES:
                raise
            log.warning("checkout %s not settled: %s", row["id"], error.key)
        return self._ledger.by_id(row["id"]) or row

    def _take_on(self, row: Row) -> Row:
        if row["state"] == states.INTENDED:
            row = self._settler.settle(row)
            if row["state"] != states.REDEEMED or row["order_ref"] is not None:
                return row
            # The shop never learnt of it, so no order of the shop can stand on it.
        if row["state"] == states.REDEEMED and row["confirmed_at"] is not None:
            return self._settler.as_confirmed(row)  # its shop had said so before it was redeemed
        if row["state"] == states.REDEEMED:
            try:
                is_there = self._is_there(row)
            except Exception as error:  # whatever a foreign plugin raises: nothing is given back on a guess
                log.error("order %s could not be looked for", row["order_ref"], exc_info=error)
                return row
            if is_there:
                return self._ledger.move(row, (states.REDEEMED,), {"state": states.CONFIRMED}) or row
        reason = row["reason"] if row["state"] == states.UNWINDING else "nobody confirmed the order"
        since = (row["state"],)
        return self._unwinder.unwind(row, reason=reason, event_id=None, event="unconfirmed", since=since)

    def _credit(self, row: Row, refund_id: str) -> Row:
        """Carry on the refund of a part."""
        self._unwinder.carry_on(row, refund_id)
        return row

    def _is_there(self, row: Row) -> bool:
        ref = row["order_ref"]
        return ref is not None and bool(self._find_order(row["platform"], ref))
