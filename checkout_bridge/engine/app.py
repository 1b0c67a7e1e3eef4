"""Makes the engine: a Flask app that answers the contract from its own database."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, request
from flask.json.provider import DefaultJSONProvider
from sqlalchemy import Engine

from checkout_bridge import __version__
from checkout_bridge.database import migrate, open_database
from checkout_bridge.engine.http import openapi, orders, products, redemptions, validation_rules, vouchers
from checkout_bridge.engine.http.api import Api
from checkout_bridge.errors import NotFound, Unauthorized
from checkout_bridge.web import answer_errors

MAX_BODY = 10 * 1024 * 1024
_OPERATIONS = (
    *vouchers.OPERATIONS,
    *orders.OPERATIONS,
    *products.OPERATIONS,
    *validation_rules.OPERATIONS,
    *redemptions.OPERATIONS,
)
MIGRATIONS = Path(__file__).parent / "store" / "migrations"


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
    migrate(database, MIGRATIONS, "engine_version")
    app = Flask("checkout_bridge.engine", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = max_body
    app.json = _AsAnswered(app)
    api = Api(database, clock, app_id)
    for operation in _OPERATIONS:
        api.add(app, operation)
    openapi.serve(app, api.operations, __version__)
    answer_errors(app)
    app.before_request(_guard(app_id, app_token))
    app.extensions["checkout_bridge.engine"] = database
    return app


class _AsAnswered(DefaultJSONProvider):
    """JSON in the order in which answers are built, without blanks."""

    sort_keys = False
    compact = True


def dispose(app: Flask) -> None:
    """Close the engine's database connections."""
    database: Engine = app.extensions["checkout_bridge.engine"]
    database.dispose()


def _guard(app_id: str, app_token: str) -> Callable[[], None]:
    expected = f"{app_id}\n{app_token}".encode()

    def check_keys() -> None:
        if request.path.startswith("/v1/"):
            sent = f"{request.headers.get('X-App-Id')}\n{request.headers.get('X-App-Token')}".encode()
            if not hmac.compare_digest(sent, expected):
                raise Unauthorized("Unauthorized", details="Invalid or missing X-App-Id and X-App-Token")
        if "\0" in request.path or any("\0" in value for value in request.args.values()):
            raise NotFound("Resource not found", details="No identifier holds a NUL")

    return check_keys
