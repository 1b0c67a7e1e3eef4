"""The engine's own OpenAPI description, made from its operations, and the page to browse it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response, jsonify
from flask_swagger_ui import get_swaggerui_blueprint
from marshmallow import Schema

from checkout_bridge.contract.campaigns import AsyncAction
from checkout_bridge.contract.errors import ErrorBody
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.http.doors import CLIENT, MANAGEMENT, OAUTH
from checkout_bridge.engine.http.query_parameters import idempotency_key, query_parameters

# Start of the path -> its keys, by name and header.
_KEYS = {
    "/v1/": {"app_id": "X-App-Id", "app_token": "X-App-Token"},
    CLIENT: {"client_id": "X-Client-Application-Id", "client_token": "X-Client-Token"},
    MANAGEMENT: {"management_id": "X-Management-Id", "management_token": "X-Management-Token"},
}
_BEARER = "bearer"
_ERRORS = {
    400: "The payload or what it asks for is not possible",
    401: "The keys are missing or wrong",
    403: "Browsers may not do this, nor access tokens whose scope does not reach it",
    404: "No such thing",
    409: "Taken, or an idempotency key was used for another request",
    413: "The body is over the limit",
    503: "The database is out of reach or busy for too long; nothing was done",
}


def describe(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """The OpenAPI 3 document."""
    spec = APISpec("Checkout Bridge promotions engine", version, "3.0.3", plugins=[MarshmallowPlugin()])
    spec.components.schema("Error", schema=ErrorBody)
    for name, header in (pair for keys in _KEYS.values() for pair in keys.items()):
        spec.components.security_scheme(name, {"type": "apiKey", "in": "header", "name": header})
    spec.components.security_scheme(_BEARER, {"type": "http", "scheme": "bearer"})
    for operation in operations:
        spec.path(operation.path, operations={operation.method.lower(): _described(operation)})
    return spec.to_dict()


def serve(app: Flask, operations: Sequence[Operation], version: str) -> None:
    """Serve it at ``/openapi.json``, and a page at ``/docs/``."""
    document: dict[str, Any] = {}

    def openapi() -> Response:
        if not document:
            document.update(describe(operations, version))
        return jsonify(document)

    app.add_url_rule("/openapi.json", "openapi", openapi)
    app.register_blueprint(get_swaggerui_blueprint("/docs", "/openapi.json", config={"validatorUrl": None}))


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": f"{operation.method} {operation.path}",
        "security": _security(operation.path),
        "parameters": [_path_parameter(name) for name in re.findall(r"{(\w+)}", operation.path)],
        "responses": {str(code): _error(code) for code in _ERRORS if _may_be(code, operation)},
    }
    described["parameters"] += query_parameters(operation)
    if operation.writes:
        described["parameters"].append(idempotency_key())
    if operation.body is not None:
        kinds = ("application/x-www-form-urlencoded", "application/json")[not operation.takes_form :]
        described["requestBody"] = {"content": {kind: {"schema": _of_body(operation.body)} for kind in kinds}}
    described["responses"][str(operation.status)] = _done("Done", operation.answer)
    if operation.downloads:
        described["responses"]["200"]["content"]["text/plain"] = {"schema": {"type": "string"}}
    if operation.may_be_later:
        described["responses"]["202"] = _done("Begun", AsyncAction)
    return described


def _of_body(body: Schema) -> Any:
    return {"type": "array", "items": type(body)} if body.many else type(body)


def _security(path: str) -> list[dict[str, list[str]]]:
    """The ways in: with the keys of this door, or with an access token."""
    ways: list[dict[str, list[str]]] = [
        {name: [] for name in keys} for start, keys in _KEYS.items() if path.startswith(start)
    ]
    return [*ways, {_BEARER: []}] if _takes_tokens(path) else ways


def _takes_tokens(path: str) -> bool:
    return path.startswith("/v1/") and not path.startswith(OAUTH)


def _may_be(code: int, operation: Operation) -> bool:
    """Reading conflicts with nothing, a GET has no body; managers, and who asks for tokens, may do all there is."""
    if code == 403:
        return operation.path.startswith(CLIENT) or _takes_tokens(operation.path)
    if code == 409:
        return operation.writes
    return code != 413 or operation.method != "GET"


def _done(description: str, answer: type[Schema] | None) -> dict[str, Any]:
    return {"description": description} | (_json(answer) if answer is not None else {})


def _json(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _path_parameter(name: str) -> dict[str, Any]:
    return {"in": "path", "name": name, "required": True, "schema": {"type": "string"}}


def _error(code: int) -> dict[str, Any]:
    return {"description": _ERRORS[code], **_json({"$ref": "#/components/schemas/Error"})}
