"""How a bad payload is told: the one place that turns schema errors into the contract's words; and the error body."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields

from checkout_bridge.contract.fields import ContractSchema, Text
from checkout_bridge.errors import InvalidInput

_MISSING = "Missing data for required field."
_DEEPEST = 64
_IN_THE_CONTRACTS_WORDS = {
    "Invalid input type.": "must be object",
    "Invalid type.": "must be object",
    "Not a valid mapping type.": "must be object",
    "Not a valid list.": "must be array",
    "Not a valid string.": "must be string",
}


class ErrorBody(ContractSchema):
    """``{code, key, message, details, request_id, resource_id?, resource_type?, error?}``; ``error.message`` is the
    merchant's own word for it.
    """

    code = fields.Integer(required=True)
    key = Text(required=True)
    message = Text(required=True)
    details = Text()
    request_id = Text()
    resource_id = Text()
    resource_type = Text()
    error = fields.Dict()


def load(schema: Schema, payload: Any, *, keep_nulls: Collection[str] = ()) -> dict[str, Any]:
    """Validate a request body; null stands for absent, except in the properties ``keep_nulls`` (``a`` or ``a.b``).

    Raises InvalidInput that names the first property at fault, as ``Property .items[0].quantity must be >= 1``.
    """
    if not isinstance(payload, Mapping):
        raise InvalidInput("Payload must be an object")
    try:
        loaded: dict[str, Any] = schema.load(_without_nulls(payload))
    except ValidationError as error:
        raise InvalidInput(_first_fault(error.messages)) from None
    for name in keep_nulls:
        *above, last = name.split(".")
        told, into = payload, loaded
        for part in above:
            told, into = told.get(part) or {}, into.get(part, {})
        if last in told and told[last] is None:
            into[last] = None
    return loaded


def _without_nulls(value: Any, depth: int = 1, in_metadata: bool = False) -> Any:
    """The payload without its nulls, except in metadata, where they are the caller's own."""
    if depth > _DEEPEST:
        raise InvalidInput(f"Payload must not be nested deeper than {_DEEPEST}")
    if isinstance(value, Mapping):
        return {
            key: _without_nulls(item, depth + 1, in_metadata or key == "metadata")
            for key, item in value.items()
            if item is not None or in_metadata
        }
    if isinstance(value, list):
        return [_without_nulls(item, depth + 1, in_metadata) for item in value]
    return value


def _first_fault(messages: Any, path: str = "") -> str:
    while isinstance(messages, dict):
        key, messages = next(iter(messages.items()))
        if isinstance(key, int):
            path += f"[{key}]"
        elif key != "_schema":
            path, parent = f"{path}.{key}", path
            if messages == [_MISSING]:
                where = f"Property {parent}" if parent else "Payload"
                return f"{where} should have required property '{key}'"
    message = _IN_THE_CONTRACTS_WORDS.get(messages[0], messages[0])
    return f"Property {path} {message}" if path else f"Payload {message}"
