"""How a bad payload is told: the one place that turns schema errors into the contract's words; and the error body."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields

from checkout_bridge.contract.fields import NO_TEXT, ContractSchema, Text, is_text
from checkout_bridge.errors import InvalidInput

_MISSING = "Missing data for required field."
_DEEPEST = 64
_IN_THE_CONTRACTS_WORDS = {
    "Invalid input type.": "must be object",
    "Invalid type.": "must be object",
    "Not a valid mapping type.": "must be object",
    "Not a valid list.": "must be array",
    "Not a valid string.": "must be string",
    "Field may not be null.": "must not be null",
}


class ErrorBody(ContractSchema):
    """``{code, key, message, details, request_id, resource_id?, resource_type?, error?}``; ``error.message`` is the
    merchant's own word for it.
    """

    code = fields.Integer(required=True)
    key = Text(required=True)
    message = fields.String(required=True)
    # What was sent is repeated here, however long it was.
    details = fields.String()
    request_id = Text()
    resource_id = fields.String()
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
    except _NoText:
        raise InvalidInput(f"Property {_where_no_text(payload)} {NO_TEXT}") from None
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


def refuse_too_deep(value: Any, depth: int = 1) -> None:
    """Raise InvalidInput for a payload that is nested deeper than can be kept."""
    if depth > _DEEPEST:
        raise InvalidInput(f"Payload must not be nested deeper than {_DEEPEST}")
    for item in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        refuse_too_deep(item, depth + 1)


def _without_nulls(value: Any, depth: int = 1, in_metadata: bool = False) -> Any:
    """The payload without its nulls, except in metadata, where they are the caller's own. Raises _NoText."""
    if depth > _DEEPEST:
        raise InvalidInput(f"Payload must not be nested deeper than {_DEEPEST}")
    if isinstance(value, str):
        if not is_text(value):
            raise _NoText
        return value
    if isinstance(value, Mapping):
        if not all(map(is_text, value)):
            raise _NoText
        return {
            key: _without_nulls(item, depth + 1, in_metadata or key == "metadata")
            for key, item in value.items()
            if item is not None or in_metadata
        }
    if isinstance(value, list):
        return [_without_nulls(item, depth + 1, in_metadata) for item in value]
    return value


class _NoText(Exception):
    """Somewhere in the payload is text that not every database and file can keep."""


def _where_no_text(value: Any, path: str = "") -> str | None:
    """The property at fault."""
    if isinstance(value, str):
        return None if is_text(value) else path
    if isinstance(value, Mapping):
        parts = [(path if not is_text(key) else f"{path}.{key}", key, item) for key, item in value.items()]
        return next((where for at, key, item in parts if (where := _at_fault(at, key, item)) is not None), None)
    if isinstance(value, list):
        found = (_where_no_text(item, f"{path}[{i}]") for i, item in enumerate(value))
        return next((where for where in found if where is not None), None)
    return None


def _at_fault(path: str, key: str, item: Any) -> str | None:
    return _where_no_text(item, path) if is_text(key) else path


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
