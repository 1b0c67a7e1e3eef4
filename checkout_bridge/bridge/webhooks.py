"""Webhook deliveries: verified on the raw bytes, kept, and only then read and acted upon."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from checkout_bridge.bridge import states
from checkout_bridge.bridge.flow import Flow
from checkout_bridge.bridge.identity import Source
from checkout_bridge.bridge.ledger import inbox
from checkout_bridge.bridge.outage import OUTAGE
from checkout_bridge.bridge.payloads import LONGEST
from checkout_bridge.bridge.put_aside import TOPIC, event_in, is_passing
from checkout_bridge.contract.fields import parse_moment
from checkout_bridge.errors import (
    BackendError,
    Conflict,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    PluginFailed,
    RequestError,
    Unauthorized,
)
from checkout_bridge.events import (
    Cancellation,
    CartUpdate,
    Checkout,
    Delivery,
    Effects,
    Event,
    Happening,
    Ignored,
    Reinstatement,
    Rejected,
    WebhookAnswer,
    WriteBack,
)

if TYPE_CHECKING:
    from checkout_bridge.bridge.doors import Doors

# Deliveries left open that one more delivery takes up: few, so that its own answer is not late.
TAKEN_UP = 3
# How long a delivery is tried again.
OPEN_FOR = timedelta(days=7)

log = logging.getLogger(__name__)

# Of several events in one delivery the worst outcome is told.
_GRAVITY = {"ignored": 0, "processed": 1, "unmappable": 2, "refused": 3}
# A shopper whose payment failed may pay with another card: the order may still come.
MAY_BE_PAID_YET = ("payment_failed",)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a delivery. One that is not ``final`` stays open and is taken up later.

    ``asked`` is what a platform that waits for an answer gets instead of the outcome.
    """

    status: str
    reason: str | None = None
    order_ref: str | None = None
    report: Mapping[str, Any] | None = None
    final: bool = True
    is_outage: bool = False
    asked: Any = None

    def answer(self) -> dict[str, Any]:
        """``{status, reason?, order_ref?, state?, given_back?, warnings?}``."""
        told: dict[str, Any] = {"status": self.status, "reason": self.reason, "order_ref": self.order_ref}
        if self.report is not None:
            told |= {name: self.report[name] for name in ("checkout_id", "state", "applied", "given_back")}
            told["warnings"] = self.report["warnings"] or None
        return {name: value for name, value in told.items() if value is not None}


def receive(doors: Doors, platform: str, headers: Mapping[str, str], body: bytes) -> WebhookAnswer:
    """Take one delivery. Answers for the shop's sake: whatever came of it, the platform need not send it again.

    The answer is JSON: the outcome, or what the platform asked for. Raises Unauthorized when the platform did not sign
    these bytes, and NotFound for an unknown platform.
    """
    hooks = doors.hooks(platform)
    ping: WebhookAnswer | None = hooks.answer_ping(headers=headers, body=body)
    if ping is not None:
        doors.metrics.webhooks.labels(platform, "ping").inc()
        return ping
    if not hooks.verify_webhook(headers=headers, body=body):
        doors.metrics.webhooks.labels(platform, "forged").inc()
        raise Unauthorized("Unauthorized", key="invalid_signature", details="The signature is missing or wrong")
    try:
        delivery: Delivery | None = hooks.identify_webhook(headers=headers, body=body)
    except InvalidInput as error:
        return _json(Outcome("unmappable", error.details).answer())
    if delivery is None or delivery.topic == TOPIC:
        return _json(Outcome("ignored", "nothing that has an identity").answer())
    shop, event_id, topic = map(_storable, (delivery.shop, delivery.event_id, delivery.topic))
    delivery = replace(delivery, shop=shop, event_id=event_id, topic=topic, headers=headers)
    if delivery.asks:
        return _json(_reply(doors, platform, delivery, body))
    kept = inbox.receive(doors.ledger, platform, delivery, body)
    if kept["status"] is not None:
        outcome = Outcome(kept["status"], kept["reason"], kept["order_ref"])
        return _json({**outcome.answer(), "duplicate": True})
    outcome = _process(doors, kept, delivery, body)
    if outcome.final:
        take_up_open(doors, limit=TAKEN_UP, is_in_hurry=True)
    return _json(outcome.answer())


def _storable(text: str) -> str:
    """A name from a body as every database can keep it."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")[:LONGEST]


def _json(told: Any) -> WebhookAnswer:
    return WebhookAnswer(json.dumps(told).encode(), content_type="application/json")


def _reply(doors: Doors, platform: str, delivery: Delivery, body: bytes) -> Any:
    """What the platform asked for, in its own terms; without the promotions API nothing applies to its cart."""
    hooks, source = doors.hooks(platform), Source(platform, delivery.shop)
    events = _read(doors.flow, hooks, delivery, body)
    if isinstance(events, Outcome):
        if events.status == "unmappable":
            kept = inbox.receive(doors.ledger, platform, delivery, body)
            inbox.settle(doors.ledger, kept, events.status, events.reason, None)
        doors.metrics.webhooks.labels(platform, events.status).inc()
        return events.answer() if events.asked is None else events.asked
    event = events[0]
    if not isinstance(event, CartUpdate):
        return Outcome("ignored", f"topic {delivery.topic} asks for nothing").answer()
    try:
        effects = doors.flow.price(event.cart, source).effects()
    except (RequestError, BackendError, OutcomeUnknown) as error:
        log.warning("cart of %s not priced: %s", platform, error.key)
        effects = Effects(event.cart, (), (Rejected(None, error.key, error.message),), event.cart.total)
    written: WriteBack | None = hooks.write_back(effects=effects)
    doors.metrics.webhooks.labels(platform, "answered").inc()
    if written is None:
        return Outcome("ignored", "the plugin puts nothing into this platform's terms").answer()
    for warning in written.warnings:
        log.warning("%s cannot carry %s of %s", platform, warning.name, warning.code)
    return written.body


def _process(doors: Doors, kept: inbox.Row, delivery: Delivery, body: bytes) -> Outcome:
    platform = kept["platform"]
    outcome = _act(doors.flow, Source(platform, delivery.shop), doors.hooks(platform), delivery, body)
    is_final = outcome.final or parse_moment(doors.ledger.now()) - parse_moment(kept["received_at"]) > OPEN_FOR
    inbox.settle(doors.ledger, kept, outcome.status if is_final else None, outcome.reason, outcome.order_ref)
    doors.metrics.webhooks.labels(platform, outcome.status).inc()
    doors.metrics.inbox.labels(platform, outcome.status if is_final else "open").inc()
    # A topic that is of no use comes with everything the shop does: once is enough.
    is_unused = outcome.status == "ignored" and f"topic {delivery.topic}" in (outcome.reason or "")
    if is_unused and doors.metrics.is_first(platform, delivery.topic):
        log.warning("%s deliveries of topic %s are ignored: no need to subscribe to it", platform, delivery.topic)
    elif not is_unused:
        log.info("%s delivery %s (%s): %s", platform, delivery.event_id, delivery.topic, outcome.status)
    return outcome


def replay(doors: Doors, kept: inbox.Row) -> Outcome:
    """Read a delivery again that was kept, and act upon it as if it had just come; what was done before stays done.

    Raises Conflict when its body is not kept any more, and NotFound when its platform's plugin is not there.
    """
    if not kept["body"]:
        raise Conflict(
            "This delivery cannot be replayed",
            key="body_cleared",
            details=f"the body of {kept['event_id']} was cleared when it was {kept['status'] or 'dealt with'}",
        )
    delivery = Delivery(kept["shop"], kept["event_id"], kept["topic"])
    return _process(doors, kept, delivery, kept["body"].encode())


def take_up_open(doors: Doors, *, limit: int, is_in_hurry: bool = False) -> None:
    """Take up what was left open, so many at a time, the oldest first; all of them, unless the promotions API is out of
    reach. Whoever ``is_in_hurry`` leaves it at the first that cannot be done.

    The platform was answered 200 and will not send it again.
    """
    for row in inbox.open_rows(doors.ledger, doors.plugins.names, limit=limit):
        delivery = Delivery(row["shop"], row["event_id"], row["topic"])
        outcome = _process(doors, row, delivery, row["body"].encode())
        if outcome.is_outage or (is_in_hurry and not outcome.final and outcome.status == "refused"):
            return


def _read(flow: Flow, hooks: Any, delivery: Delivery, body: bytes) -> tuple[Happening | CartUpdate, ...] | Outcome:
    """The events in a delivery, or what came of it when there is none that could be acted upon."""
    try:
        with flow.step():
            own = event_in(body) if delivery.topic == TOPIC else None
            found: Event | tuple[Event, ...] | None = own or hooks.event_of(delivery=delivery, body=body)
    except InvalidInput as error:
        return Outcome("unmappable", error.details)
    except (BackendError, OutcomeUnknown) as error:
        # The plugin reads the rest from its platform, which may answer later, or not know the thing yet.
        return Outcome("refused", f"{error.key}: {error}", final=False)
    except Exception as error:  # whatever a foreign plugin raises must not make the platform end its subscription
        log.error("delivery %s could not be read", delivery.event_id, exc_info=error)
        return Outcome("unmappable", f"the plugin failed: {type(error).__name__}", final=False)
    if found is None:
        return Outcome("ignored", f"topic {delivery.topic}")
    told = found if isinstance(found, tuple) else (found,)
    events = tuple(event for event in told if not isinstance(event, Ignored))
    ignored = [event for event in told if isinstance(event, Ignored)]
    if events or not ignored:
        return events or Outcome("ignored", f"topic {delivery.topic}")
    return Outcome("ignored", "; ".join(event.reason for event in ignored), asked=ignored[0].answer)


def _act(flow: Flow, source: Source, hooks: Any, delivery: Delivery, body: bytes) -> Outcome:
    """Act upon each event of a delivery, in turn; each tells when it was done before, so all may be tried again."""
    events = _read(flow, hooks, delivery, body)
    if isinstance(events, Outcome):
        return events
    outcomes = [_tried(flow, source, event, delivery.event_id) for event in events]
    worst = max(outcomes, key=lambda outcome: (not outcome.final, _GRAVITY[outcome.status]))
    reasons = dict.fromkeys(outcome.reason for outcome in outcomes if outcome.reason)
    return replace(worst, reason="; ".join(reasons) or None, report=outcomes[-1].report)


def _tried(flow: Flow, source: Source, event: Happening | CartUpdate, event_id: str) -> Outcome:
    if isinstance(event, CartUpdate):
        return Outcome("ignored", "a cart by itself changes nothing")
    try:
        return _apply(flow, source, event, event_id)
    except RequestError as error:
        return Outcome("refused", str(error), event.order_ref, final=not is_passing(error))
    except (BackendError, OutcomeUnknown, PluginFailed) as error:
        is_outage = isinstance(error, OUTAGE)
        return Outcome("refused", f"{error.key}: {error}", event.order_ref, final=False, is_outage=is_outage)


def _apply(flow: Flow, source: Source, event: Happening, event_id: str) -> Outcome:
    if isinstance(event, Checkout):
        return _check_out(flow, source, event)
    its = Source(event.platform or source.platform, event.shop or source.shop)
    try:
        if isinstance(event, Reinstatement):
            state = flow.reinstate(event.order_ref, its, event_id=event_id, reason=event.reason)
        elif isinstance(event, Cancellation):
            state = flow.cancel(event.order_ref, its, event_id=event_id, reason=event.reason, cause=event.cause)
        else:
            state = flow.refund(event.order_ref, its, refund_id=event.refund_id, lines=event.lines, amount=event.amount)
    except NotFound:
        if not isinstance(event, Cancellation):
            # It may have overtaken its order, which would be redeemed when it arrives.
            return Outcome("ignored", "the order is not known yet", event.order_ref, final=False)
        if event.cause in MAY_BE_PAID_YET:
            return Outcome("ignored", "the order is not known; nothing was redeemed for it", event.order_ref)
        state = flow.bury(event.order_ref, its, reason=event.reason, event_id=event_id, cause=event.cause)
        return Outcome("ignored", "the order is not known; it will not be redeemed", event.order_ref, state)
    return Outcome("processed", None, event.order_ref, state)


def _check_out(flow: Flow, source: Source, event: Checkout) -> Outcome:
    """Redeem for an order that the platform has. One that was given back before stays so: the event is older."""
    try:
        known = flow.get(event.order_ref, source)
    except NotFound:
        known = None
    if known is not None and known["state"] == states.UNWOUND and known["occasion"] not in MAY_BE_PAID_YET:
        return Outcome("ignored", "the order was cancelled before", event.order_ref)
    state = flow.checkout(event.cart, source, event.order_ref, is_placed=True)
    return Outcome("processed", None, event.order_ref, state)
