"""What the headers of a delivery say: whether the shop signed it, and which event of which shop it is."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Delivery, WebhookAnswer
from checkout_bridge.money import read_json
from checkout_bridge.signatures import is_signed, secrets_of, sent_in

UNKNOWN = "unknown"
_LONGEST = 100  # so that the parts of an event id fit into what the ledger keeps of it
_PING = re.compile(rb"webhook_id=[0-9]{1,20}")
# What WordPress decodes in a secret before it signs, and, by number, the comma and the blank, which separate secrets.
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#0*(?:32|34|38|39|44|60|62)|#x0*(?:22|26|27|3c|3e));", re.IGNORECASE)


def signing_keys(option: str) -> tuple[bytes, ...]:
    """The keys behind the secrets of a setting, as the shop uses them."""
    decoded = (_ENTITY.sub(lambda found: html.unescape(found[0]), one.decode()) for one in secrets_of(option))
    return tuple(secret.encode() for secret in decoded)


def is_accepted(keys: Sequence[bytes], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the signature is the base64 HMAC-SHA256 of the raw bytes, which are sent without blanks around them."""
    return is_signed(keys, body, [sent_in(headers, "X-WC-Webhook-Signature")], "base64")


def identify(headers: Mapping[str, str], body: bytes) -> Delivery:
    """The delivery. Its id is of the second in which it was sent, so the order and the body are part of it.

    A shop or topic that is not named is ``unknown``.
    """
    topic = sent_in(headers, "X-WC-Webhook-Topic")[:_LONGEST] or UNKNOWN
    sent = sent_in(headers, "X-WC-Webhook-Delivery-ID")[:_LONGEST]
    content = hashlib.sha256(topic.encode() + b"\0" + body).hexdigest()
    return Delivery(_shop(sent_in(headers, "X-WC-Webhook-Source")), f"{sent}:{_order_id(body)}:{content}", topic)


def answer_ping(headers: Mapping[str, str], body: bytes) -> WebhookAnswer | None:
    """200 for ``webhook_id=<number>``, which is sent unsigned when a webhook is saved; it tells nothing."""
    is_ping = _PING.fullmatch(body) and not sent_in(headers, "X-WC-Webhook-Signature")
    return WebhookAnswer(b"pong") if is_ping else None


def _shop(source: str) -> str:
    """The shop's address without its scheme, which changes, and without the slash at its end."""
    parts = urlsplit(source) if "://" in source else urlsplit(f"//{source}")
    return f"{parts.netloc}{parts.path}".rstrip("/")[: 2 * _LONGEST] or UNKNOWN


def _order_id(body: bytes) -> str:
    try:
        payload = read_json(body)
    except InvalidInput:
        return ""
    return str(payload.get("id", ""))[:20] if isinstance(payload, dict) else ""
