"""The engine's own OpenAPI description, made from its operations, and the page to browse it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response, jsonify
from flask_swagger_ui import get_swaggerui_blueprint

from checkout_bridge.contract.errors import ErrorBody
from checkout_bridge.engine.http.api import Operation

_KEYS = {"app_id": "X-App-Id", "app_token": "X-App-Token"}
_ERRORS = {
    400: "The payload or what it asks for is not possible",
    401: "The keys are missing or wrong",
    404: "No such thing",
    409: "Taken, or an idempotency key was used for another request",
    413: "The body is over the limit",
}


def describe(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """The OpenAPI 3 document."""
    spec = APISpec("Checkout Bridge promotions engine", version, "3.0.3", plugins=[MarshmallowPlugin()])
    spec.components.schema("Error", schema=ErrorBody)
    for name, header in _KEYS.items():
        spec.components.security_scheme(name, {"type": "apiKey", "in": "header", "name": header})
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
        "security": [{name: [] for name in _KEYS}],
        "parameters": [_path_parameter(name) for name in re.findall(r"{(\w+)}", operation.path)],
        "responses": {str(code): _error(code) for code in _ERRORS},
    }
    if operation.writes:
        described["parameters"].append(
            {
                "in": "header",
                "name": "Idempotency-Key",
                "required": False,
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
                "description": "The same key does the work once and answers the same.",
            }
        )
    if operation.body is not None:
        described["requestBody"] = {"content": {"application/json": {"schema": type(operation.body)}}}
    success: dict[str, Any] = {"description": "Done"}
    if operation.answer is not None:
        success["content"] = {"application/json": {"schema": operation.answer}}
    described["responses"][str(operation.status)] = success
    return described


def _path_parameter(name: str) -> dict[str, Any]:
    return {"in": "path", "name": name, "required": True, "schema": {"type": "string"}}


def _error(code: int) -> dict[str, Any]:
    return {
        "description": _ERRORS[code],
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
