"""What a delivery is: whether it comes from where it should, and which message of which project it is."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge.contract.fields import is_text
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Delivery
from checkout_bridge.money import read_json
from checkout_bridge.signatures import sent_in

ORDER = "Order"  # an order as the API gives it
UNKNOWN = "unknown"
_HEADERS = ("Authorization", "x-functions-key")
_LONGEST = 255  # what the ledger keeps of a name


def is_known(secrets: Sequence[bytes], headers: Mapping[str, str]) -> bool:
    """Whether either header is exactly one of the secrets, compared in constant time. No secrets: never."""
    sent = [sent_in(headers, name).encode() for name in _HEADERS]
    return any(hmac.compare_digest(value, secret) for value in sent for secret in secrets)


def content(body: bytes) -> dict[str, Any]:
    """The payload; of a CloudEvent what is in its ``data``. Raises InvalidInput when it is no JSON object."""
    payload = read_json(body)
    if isinstance(payload, dict) and "specversion" in payload:
        payload = payload.get("data")
    if not isinstance(payload, dict):
        raise InvalidInput("Payload must be an object")
    return payload


def identify(body: bytes, project: str) -> Delivery:
    """The delivery; ``project`` is the shop of one that does not name its project. Raises InvalidInput."""
    payload = content(body)
    shop = _text(payload, "projectKey") or _text(_inner(payload, "data"), "projectKey") or project or UNKNOWN
    event_id, topic, asks = _identity(payload)
    return Delivery(shop, event_id or hashlib.sha256(body).hexdigest(), topic or UNKNOWN, asks=asks)


def _identity(payload: Mapping[str, Any]) -> tuple[str, str, bool]:
    """Its id (empty: its bytes are), its topic, and whether it waits for an answer."""
    resource, kind = _inner(payload, "resource"), _text(payload, "type")
    if _text(payload, "action") and resource:
        return "", f"{_text(resource, 'typeId')}/{_text(payload, 'action')}", True
    if kind == "Cart":
        return "", "cart/Show", True
    version = payload.get("version")
    if kind == ORDER:
        return f"{_text(payload, 'id')}@{version}", ORDER, False
    topic = _text(payload, "notificationType")
    if topic.startswith("Resource"):  # a change, which has no id of its own
        return f"{topic}/{_text(resource, 'typeId')}/{_text(resource, 'id')}@{version}", topic, False
    return _text(payload, "id"), _text(_inner(payload, "payloadNotIncluded"), "payloadType") or kind, False


def _inner(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = payload.get(name)
    return value if isinstance(value, dict) else {}


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    return value[:_LONGEST] if isinstance(value, str) and is_text(value) else ""
