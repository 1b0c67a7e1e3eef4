"""What is posted for a platform that sends no webhooks itself: an envelope that our own scheme signs as a whole.

It is JSON, ``{id, event, shop, data}``: ``id`` is of the event and stays the same when it is sent again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields, validate

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text
from checkout_bridge.events import Delivery
from checkout_bridge.money import read_json
from checkout_bridge.signatures import HEADER, sent_in, verify

# The one event that waits for an answer: what applies to this cart.
CART = "cart"
_NAME = validate.Length(min=1, max=255, error="must be a text of 1 to 255 characters")


class _Envelope(ContractSchema):
    id = Text(required=True, validate=_NAME)
    event = Text(required=True, validate=_NAME)
    shop = Text(required=True, validate=_NAME)
    data = fields.Dict(required=True)


_ENVELOPE = _Envelope()


def is_signed(secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the secrets signed these bytes at most five minutes ago."""
    return verify(secrets, sent_in(headers, HEADER), body)


def identify(body: bytes) -> Delivery:
    """The delivery, by what was signed; no header but the signature counts. Raises InvalidInput, naming the field."""
    envelope = load(_ENVELOPE, read_json(body))
    event = envelope["event"]
    return Delivery(envelope["shop"], envelope["id"], event, asks=event == CART)


def data_in(body: bytes) -> Any:
    """What an envelope carries, or the whole body where there is none, as in an export. Raises InvalidInput."""
    return unwrapped(read_json(body))


def unwrapped(payload: Any) -> Any:
    """What an envelope carries, or the payload itself where it is none."""
    is_envelope = isinstance(payload, Mapping) and "event" in payload and "data" in payload
    return payload["data"] if is_envelope else payload
