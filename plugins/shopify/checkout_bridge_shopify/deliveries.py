"""What the headers of a delivery say: whether Shopify signed it, and which event of which shop it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from checkout_bridge import signatures
from checkout_bridge.events import Delivery

UNKNOWN = "unknown"
_LONGEST = 255  # what the ledger keeps of a name


def is_signed(secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the signature is the base64 HMAC-SHA256 of the raw bytes under one of the secrets."""
    return signatures.is_signed(secrets, body, [_header(headers, "Hmac-Sha256")], "base64")


def identify(headers: Mapping[str, str], body: bytes) -> Delivery:
    """The delivery. One without an id is known by its content; a shop or topic not named is ``unknown``."""
    topic = _header(headers, "Topic") or UNKNOWN
    event_id = _header(headers, "Webhook-Id") or hashlib.sha256(b"\0".join((topic.encode(), body))).hexdigest()
    return Delivery(_header(headers, "Shop-Domain") or UNKNOWN, event_id, topic)


def _header(headers: Mapping[str, str], name: str) -> str:
    """A header under its older name, with ``X-``, or its newer one."""
    return signatures.sent_in(headers, f"X-Shopify-{name}", f"Shopify-{name}")[:_LONGEST]
