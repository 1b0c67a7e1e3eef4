"""Reading Stripe's JSON: the event around an object, ids that may be expanded, and metadata."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from checkout_bridge.contract.fields import ContractSchema, Text
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Delivery
from checkout_bridge.money import read_json

UNKNOWN = "unknown"
_LONGEST = 255  # what the ledger keeps of a name


class Id(Text):
    """An id, or the object of that id where Stripe was asked to expand it."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(longest=_LONGEST, required=required)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value.get("id") if isinstance(value, Mapping) else value, attr, data, **kwargs)
        if not text:
            raise ValidationError("must not be empty")
        return text


class Currency(Text):
    """A currency; Stripe writes it small."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(longest=3, required=required)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return super()._deserialize(value, attr, data, **kwargs).upper()


class Payment(ContractSchema):
    """What every object has that says whose payment it is of."""

    id = Id(required=True)
    metadata = fields.Dict()
    payment_intent = Id()


def envelope_of(body: bytes) -> Mapping[str, Any]:
    """The parsed body. Raises InvalidInput when it is not a JSON object."""
    told = read_json(body)
    if not isinstance(told, Mapping):
        raise InvalidInput("Payload must be an object")
    return told


def object_in(told: Mapping[str, Any]) -> Any:
    """What the event is about; an exported object stands alone. Raises InvalidInput."""
    if told.get("object") != "event":
        return told
    data = told.get("data")
    if not isinstance(data, Mapping) or not isinstance(data.get("object"), Mapping):
        raise InvalidInput("Property .data should have required property 'object'")
    return data["object"]


def account_of(told: Mapping[str, Any]) -> str | None:
    """The connected account that the event is of."""
    account = told.get("account")
    return account if told.get("object") == "event" and isinstance(account, str) and account else None


def identity_of(body: bytes, shop: str) -> Delivery:
    """The delivery of an event. What is none is known by its bytes, so that it can be kept."""
    try:
        told = envelope_of(body)
    except InvalidInput:
        told = {}
    event_id, topic = (_text(told.get(name)) for name in ("id", "type"))
    digest = hashlib.sha256(body).hexdigest()
    return Delivery((account_of(told) or shop)[:_LONGEST], event_id or digest, topic or UNKNOWN)


def _text(value: Any) -> str:
    return value.strip()[:_LONGEST] if isinstance(value, str) else ""
