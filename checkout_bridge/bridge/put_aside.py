"""What a shop did at its own door and could not be acted upon yet: kept as a delivery, and taken up like one."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from checkout_bridge.bridge.identity import Source
from checkout_bridge.bridge.ledger import inbox
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.errors import RequestError
from checkout_bridge.events import Cancellation, Delivery, Refund, RefundLine

# No platform's delivery has it: one that says so is ignored.
TOPIC = "checkout_bridge:put_aside"

# Refusals that only say that something else is going on with the order right now.
PASSING = ("checkout_in_progress", "order_unwinding", "order_deferred", "refund_in_progress")


def is_passing(error: RequestError) -> bool:
    """Whether the same may well be possible later."""
    return error.key in PASSING


def put_aside(ledger: Ledger, source: Source, event: Cancellation | Refund, reason: str) -> None:
    """Keep it until it can be done; the same event is kept once."""
    kind = "refund" if isinstance(event, Refund) else "cancel"
    event_id = f"{kind}:{event.refund_id if isinstance(event, Refund) else event.order_ref}"[:255]
    body = json.dumps({"kind": kind, "event": asdict(event)}).encode()
    row = inbox.receive(ledger, source.platform, Delivery(source.shop, event_id, TOPIC), body)
    inbox.settle(ledger, row, None, reason, event.order_ref)


def event_in(body: bytes) -> Cancellation | Refund:
    """What was put aside."""
    told: dict[str, Any] = json.loads(body)
    event = told["event"]
    if told["kind"] == "cancel":
        return Cancellation(**event)
    lines = event["lines"] if event["lines"] is None else tuple(RefundLine(**line) for line in event["lines"])
    return Refund(**{**event, "lines": lines})
