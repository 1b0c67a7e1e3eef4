"""Webhook deliveries: verified on the raw bytes, kept, and only then read and acted upon."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from checkout_bridge.bridge import states
from checkout_bridge.bridge.flow import Flow
from checkout_bridge.bridge.identity import Source
from checkout_bridge.bridge.ledger import inbox
from checkout_bridge.contract.fields import parse_moment
from checkout_bridge.errors import (
    BackendError,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    RequestError,
    Unauthorized,
)
from checkout_bridge.events import Cancellation, Checkout, Delivery, Event, Ignored, Refund

if TYPE_CHECKING:
    from checkout_bridge.bridge.doors import Doors

# Deliveries left open that one more delivery takes up: few, so that its own answer is not late.
TAKEN_UP = 3
# How long a delivery is tried again.
OPEN_FOR = timedelta(days=7)

log = logging.getLogger(__name__)

# Refusals that only say that something else is going on with the order right now.
_PASSING = ("checkout_in_progress", "order_unwinding", "refund_in_progress")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a delivery. One that is not ``final`` stays open and is taken up later."""

    status: str
    reason: str | None = None
    order_ref: str | None = None
    report: Mapping[str, Any] | None = None
    final: bool = True

    def answer(self) -> dict[str, Any]:
        """``{status, reason?, order_ref?, state?, given_back?, warnings?}``."""
        told: dict[str, Any] = {"status": self.status, "reason": self.reason, "order_ref": self.order_ref}
        if self.report is not None:
            told |= {name: self.report[name] for name in ("checkout_id", "state", "applied", "given_back")}
            told["warnings"] = self.report["warnings"] or None
        return {name: value for name, value in told.items() if value is not None}


def receive(doors: Doors, platform: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Take one delivery. Answers for the shop's sake: whatever came of it, the platform need not send it again.

    Raises Unauthorized when the platform did not sign these bytes, and NotFound for an unknown platform.
    """
    hooks = doors.hooks(platform)
    if not hooks.verify_webhook(headers=headers, body=body):
        doors.metrics.webhooks.labels(platform, "forged").inc()
        raise Unauthorized("Unauthorized", key="invalid_signature", details="The signature is missing or wrong")
    try:
        delivery: Delivery | None = hooks.identify_webhook(headers=headers, body=body)
    except InvalidInput as error:
        return Outcome("unmappable", error.details).answer()
    if delivery is None:
        return Outcome("ignored", "nothing that has an identity").answer()
    kept = inbox.receive(doors.ledger, platform, delivery, body)
    if kept["status"] is not None:
        outcome = Outcome(kept["status"], kept["reason"], kept["order_ref"])
        return {**outcome.answer(), "duplicate": True}
    outcome = _process(doors, kept, delivery, body)
    if outcome.final:
        _take_up_open(doors)
    return outcome.answer()


def _process(doors: Doors, kept: inbox.Row, delivery: Delivery, body: bytes) -> Outcome:
    platform = kept["platform"]
    outcome = _act(doors.flow, Source(platform, delivery.shop), doors.hooks(platform), delivery, body)
    is_final = outcome.final or parse_moment(doors.ledger.now()) - parse_moment(kept["received_at"]) > OPEN_FOR
    inbox.settle(doors.ledger, kept, outcome.status if is_final else None, outcome.reason, outcome.order_ref)
    doors.metrics.webhooks.labels(platform, outcome.status).inc()
    log.info("%s delivery %s (%s): %s", platform, delivery.event_id, delivery.topic, outcome.status)
    return outcome


def _take_up_open(doors: Doors) -> None:
    """The promotions API answers: take up what an outage left open, a few at a time, the oldest first.

    The platform was answered 200 and will not send it again.
    """
    for row in inbox.open_rows(doors.ledger, doors.plugins.names, limit=TAKEN_UP):
        delivery = Delivery(row["shop"], row["event_id"], row["topic"])
        outcome = _process(doors, row, delivery, row["body"].encode())
        if not outcome.final and outcome.status == "refused":
            return


def _act(flow: Flow, source: Source, hooks: Any, delivery: Delivery, body: bytes) -> Outcome:
    try:
        event: Event | None = hooks.event_of(delivery=delivery, body=body)
    except InvalidInput as error:
        return Outcome("unmappable", error.details)
    except Exception as error:  # whatever a foreign plugin raises must not make the platform end its subscription
        log.error("delivery %s could not be read", delivery.event_id, exc_info=error)
        return Outcome("unmappable", f"the plugin failed: {type(error).__name__}", final=False)
    if event is None or isinstance(event, Ignored):
        return Outcome("ignored", event.reason if event else f"topic {delivery.topic}")
    try:
        return _apply(flow, source, event, delivery.event_id)
    except RequestError as error:
        return Outcome("refused", str(error), event.order_ref, final=error.key not in _PASSING)
    except (BackendError, OutcomeUnknown) as error:
        return Outcome("refused", f"{error.key}: {error}", event.order_ref, final=False)


def _apply(flow: Flow, source: Source, event: Checkout | Cancellation | Refund, event_id: str) -> Outcome:
    if isinstance(event, Checkout):
        return _check_out(flow, source, event)
    try:
        if isinstance(event, Cancellation):
            state = flow.cancel(event.order_ref, source, event_id=event_id, reason=event.reason)
        else:
            state = flow.refund(
                event.order_ref, source, refund_id=event.refund_id, lines=event.lines, amount=event.amount
            )
    except NotFound:
        if isinstance(event, Refund):
            # It may have overtaken its order, which would be redeemed when it arrives.
            return Outcome("ignored", "the order is not known yet", event.order_ref, final=False)
        state = flow.bury(event.order_ref, source, reason=event.reason, event_id=event_id)
        return Outcome("ignored", "the order is not known; it will not be redeemed", event.order_ref, state)
    return Outcome("processed", None, event.order_ref, state)


def _check_out(flow: Flow, source: Source, event: Checkout) -> Outcome:
    """Redeem for an order that the platform has. One that was given back before stays so: the event is older."""
    try:
        known = flow.get(event.order_ref, source)
    except NotFound:
        known = None
    if known is not None and known["state"] == states.UNWOUND:
        return Outcome("ignored", "the order was cancelled before", event.order_ref)
    return Outcome("processed", None, event.order_ref, flow.checkout(event.cart, source, event.order_ref))
