"""Who sent a delivery, and which it is: signed as Standard Webhooks are, with ids alone in its body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Delivery
from checkout_bridge.money import read_json
from checkout_bridge.signatures import is_recent, is_signed, sent_in

UNKNOWN = "unknown"
_LONGEST = 255  # what the ledger keeps of a name


class _Envelope(ContractSchema):
    scope = Text(load_default=UNKNOWN, longest=_LONGEST)
    producer = Text(longest=_LONGEST)
    store_id = fields.Raw()


_ENVELOPE = _Envelope()


def is_accepted(secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the ``v1`` signatures is that of ``id.timestamp.body``, and its moment at most 5 minutes away."""
    event_id, moment = sent_in(headers, "webhook-id"), sent_in(headers, "webhook-timestamp")
    sent = [one.removeprefix("v1,") for one in sent_in(headers, "webhook-signature").split() if one.startswith("v1,")]
    signed = f"{event_id}.{moment}.".encode() + body
    return bool(event_id) and is_recent(moment) and is_signed(secrets, signed, sent, "base64")


def identify(headers: Mapping[str, str], body: bytes) -> Delivery:
    """The delivery of a store, which is known by its hash. Raises InvalidInput, naming the field.

    A store or a scope that is not named is ``unknown``. The body's own ``hash`` is the same for two events with the
    same ids, so it says nothing.
    """
    told = load(_ENVELOPE, read_json(body))
    event_id = sent_in(headers, "webhook-id")
    if len(event_id) > _LONGEST:
        raise InvalidInput(f"Header webhook-id must not be longer than {_LONGEST}")
    store = told.get("producer", "").removeprefix("stores/") or str(told.get("store_id", ""))[:_LONGEST]
    return Delivery(store or UNKNOWN, event_id, told["scope"])
