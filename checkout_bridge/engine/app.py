"""Makes the engine: a Flask app that answers the contract from its own database."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, Response, g, jsonify, request
from sqlalchemy import Engine
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from checkout_bridge import __version__
from checkout_bridge.contract.ids import new_id
from checkout_bridge.database import migrate, open_database
from checkout_bridge.engine.http import openapi, orders, redemptions, vouchers
from checkout_bridge.engine.http.api import Api
from checkout_bridge.errors import BridgeError, NotFound, PayloadTooLarge, RequestError, Unauthorized

MAX_BODY = 10 * 1024 * 1024
MIGRATIONS = Path(__file__).parent / "store" / "migrations"

log = logging.getLogger(__name__)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def create_engine_app(
    database_url: str,
    app_id: str,
    app_token: str,
    *,
    clock: Callable[[], datetime] = now,
    max_body: int = MAX_BODY,
) -> Flask:
    """An engine over this database, which it brings to the newest form itself.

    Only requests with these keys in ``X-App-Id`` and ``X-App-Token`` are answered; both must be set.
    Raises InvalidInput for a database URL that is not SQLite or PostgreSQL.
    """
    if not app_id or not app_token:
        raise ValueError("the engine needs an app id and an app token")
    database = open_database(database_url)
    migrate(database, MIGRATIONS)
    app = Flask("checkout_bridge.engine", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = max_body
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.compact = True  # type: ignore[attr-defined]
    api = Api(database, clock, app_id)
    for operation in (*vouchers.OPERATIONS, *orders.OPERATIONS, *redemptions.OPERATIONS):
        api.add(app, operation)
    openapi.serve(app, api.operations, __version__)
    app.before_request(_guard(app_id, app_token))
    app.register_error_handler(BridgeError, _refuse)
    app.register_error_handler(HTTPException, _refuse_http)
    app.register_error_handler(Exception, _fail)
    app.extensions["checkout_bridge.engine"] = database
    return app


def dispose(app: Flask) -> None:
    """Close the engine's database connections."""
    database: Engine = app.extensions["checkout_bridge.engine"]
    database.dispose()


def _guard(app_id: str, app_token: str) -> Callable[[], None]:
    expected = f"{app_id}\n{app_token}".encode()

    def check_keys() -> None:
        g.request_id = new_id("v-")
        if request.path.startswith("/v1/"):
            sent = f"{request.headers.get('X-App-Id')}\n{request.headers.get('X-App-Token')}".encode()
            if not hmac.compare_digest(sent, expected):
                raise Unauthorized("Unauthorized", details="Invalid or missing X-App-Id and X-App-Token")
        if "\0" in request.path or any("\0" in value for value in request.args.values()):
            raise NotFound("Resource not found", details="No identifier holds a NUL")

    return check_keys


def _refuse(error: BridgeError) -> Response:
    response = jsonify(error.to_dict(g.request_id))
    response.status_code = error.status
    return response


def _refuse_http(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        return _refuse(PayloadTooLarge("Payload too large", details="The body is over the limit"))
    if error.code == 404:
        return _refuse(NotFound("Resource not found", details=f"Cannot find {request.method} {request.path}"))
    key = str(error.name or "error").lower().replace(" ", "_")
    response = _refuse(RequestError(str(error.name), key=key, status=error.code or 400, details=error.description))
    if error.code == 405 and hasattr(error, "valid_methods"):
        response.headers["Allow"] = ", ".join(error.valid_methods or ())
    return response


def _fail(error: Exception) -> Response:
    log.error("request %s failed", g.request_id, exc_info=error)
    return _refuse(BridgeError("Internal error", details="The engine failed; its log says why"))
