"""What a delivery says of itself: whether Spree signed it, which event it is, and what the event is about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checkout_bridge import signatures
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Delivery
from checkout_bridge.money import read_json

SIGNATURE, TIMESTAMP = "X-Spree-Webhook-Signature", "X-Spree-Webhook-Timestamp"
UNKNOWN = "unknown"
_LONGEST = 255  # what the ledger keeps of a name


@dataclass(frozen=True, slots=True)
class Told:
    """``data`` is what an event is about; an exported object stands alone and ``is_event`` is False."""

    data: Any
    is_event: bool


def is_signed(secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the signature is recent, and the hex HMAC-SHA256 of ``{timestamp}.{body}`` under one of the secrets."""
    moment, sent = signatures.sent_in(headers, TIMESTAMP), signatures.sent_in(headers, SIGNATURE)
    if not signatures.is_recent(moment):
        return False
    return signatures.is_signed(secrets, moment.encode() + b"." + body, [sent])


def identify(body: bytes, shop: str) -> Delivery:
    """The delivery of an event. What is none is known by its bytes, so that it can be kept."""
    try:
        told = read_json(body)
    except InvalidInput:
        told = None
    event_id, topic = (_text(told.get(name)) if isinstance(told, Mapping) else "" for name in ("id", "name"))
    return Delivery(shop[:_LONGEST], event_id or hashlib.sha256(body).hexdigest(), topic or UNKNOWN)


def envelope_of(body: bytes) -> Told:
    """What the body is about. Raises InvalidInput when it is not a JSON object."""
    told = read_json(body)
    if not isinstance(told, Mapping):
        raise InvalidInput("Payload must be an object")
    is_event = "data" in told and "name" in told
    return Told(told["data"] if is_event else told, is_event)


def _text(value: Any) -> str:
    return value.strip()[:_LONGEST] if isinstance(value, str) else ""
