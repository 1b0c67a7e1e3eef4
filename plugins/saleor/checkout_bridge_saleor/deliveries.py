"""What a delivery says of itself: which event of which shop it is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from checkout_bridge.events import Delivery
from checkout_bridge.money import read_json
from checkout_bridge.signatures import sent_in

UNKNOWN = "unknown"
_LONGEST = 100


def identify(headers: Mapping[str, str], body: bytes) -> Delivery:
    """The delivery. Saleor gives it no id: the same bytes about the same object are the same event.

    What the body calls itself (``__typename``) goes before the header, which is not signed. Raises InvalidInput when
    the body is not JSON.
    """
    payload = read_json(body)
    named = payload.get("__typename") if isinstance(payload, Mapping) else None
    topic = _in_snake_case(named) if isinstance(named, str) else sent_in(headers, "Saleor-Event", "X-Saleor-Event")
    topic = topic.lower()[:_LONGEST] or UNKNOWN
    event_id = f"{topic}:{_object_id(payload)}:{hashlib.sha256(body).hexdigest()}"
    return Delivery(shop_of(headers), event_id, topic)


def shop_of(headers: Mapping[str, str]) -> str:
    """The shop's domain, as either header has it."""
    url = sent_in(headers, "Saleor-Api-Url")
    host = urlsplit(url).netloc if "://" in url else ""
    return (host or sent_in(headers, "Saleor-Domain", "X-Saleor-Domain") or UNKNOWN)[:_LONGEST]


def _in_snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name)


def _object_id(payload: Any) -> str:
    order = payload.get("order") if isinstance(payload, Mapping) else None
    found = order.get("id") if isinstance(order, Mapping) else None
    return found[:_LONGEST] if isinstance(found, str) else ""
