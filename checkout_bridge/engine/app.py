"""Makes the engine: a Flask app that answers the contract from its own database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from sqlalchemy import Engine

from checkout_bridge import __version__
from checkout_bridge.database import migrate, open_database
from checkout_bridge.engine.http import (
    async_actions,
    campaigns,
    customers,
    exports,
    loyalties,
    oauth,
    openapi,
    orders,
    products,
    promotions,
    publications,
    qualifications,
    redemption_lists,
    redemptions,
    resources,
    rewards,
    stacking,
    validation_rules,
    vouchers,
)
from checkout_bridge.engine.http.api import Api
from checkout_bridge.engine.http.doors import ClientSide, Keys, guard
from checkout_bridge.web import MatchedRule, answer_errors

MAX_BODY = 10 * 1024 * 1024
_OPERATIONS = (
    *vouchers.OPERATIONS,
    *campaigns.OPERATIONS,
    *promotions.OPERATIONS,
    *loyalties.OPERATIONS,
    *publications.OPERATIONS,
    *resources.OPERATIONS,
    *rewards.OPERATIONS,
    *customers.OPERATIONS,
    *orders.OPERATIONS,
    *async_actions.OPERATIONS,
    *products.OPERATIONS,
    *validation_rules.OPERATIONS,
    *stacking.OPERATIONS,
    *redemptions.OPERATIONS,
    *redemption_lists.OPERATIONS,
    *qualifications.OPERATIONS,
    *exports.OPERATIONS,
    *oauth.OPERATIONS,
)
_CLOSED, _NOBODY = Keys(), ClientSide()
_EXPORTS = Path("checkout-bridge-data") / "exports"
MIGRATIONS = Path(__file__).parent / "store" / "migrations"


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def _silent() -> None:
    """No worker is told: it finds the work by itself."""


def create_engine_app(
    database_url: str,
    app_id: str,
    app_token: str,
    *,
    management: Keys = _CLOSED,
    client: ClientSide = _NOBODY,
    ring: Callable[[], None] = _silent,
    exports_folder: Path = _EXPORTS,
    clock: Callable[[], datetime] = now,
    max_body: int = MAX_BODY,
) -> Flask:
    """An engine over this database, which it brings to the newest form itself.

    Only requests with these keys in ``X-App-Id`` and ``X-App-Token`` are answered, or with an access token that was
    issued for them; both must be set. ``management`` are
    the keys of the management paths, ``client`` says what browsers may do; without their keys these doors are closed.
    ``ring`` is called when there is work for a worker, whose export files are in ``exports_folder``.
    Raises InvalidInput for a database URL that is not SQLite or PostgreSQL.
    """
    if not app_id or not app_token:
        raise ValueError("the engine needs an app id and an app token")
    database = open_engine_database(database_url)
    app = Flask("checkout_bridge.engine", static_folder=None)
    app.url_rule_class = MatchedRule
    app.config["MAX_CONTENT_LENGTH"] = max_body
    app.json = _AsAnswered(app)
    api = Api(database, clock, ring)
    for operation in _OPERATIONS:
        api.add(app, operation)
    openapi.serve(app, api.operations, __version__)
    answer_errors(app)
    guard(app, Keys(app_id, app_token), management, client, oauth.opener(database, clock))
    app.extensions["checkout_bridge.engine"] = database
    app.config["EXPORTS_FOLDER"] = exports_folder
    return app


def open_engine_database(url: str) -> Engine:
    """An engine's database, brought to the newest form. Raises InvalidInput for one that is no SQLite or PostgreSQL."""
    database = open_database(url)
    migrate(database, MIGRATIONS, "engine_version")
    return database


def database_of(app: Flask) -> Engine:
    """The database of an engine."""
    database: Engine = app.extensions["checkout_bridge.engine"]
    return database


class _AsAnswered(DefaultJSONProvider):
    """JSON in the order in which answers are built, without blanks."""

    sort_keys = False
    compact = True


def dispose(app: Flask) -> None:
    """Close the engine's database connections."""
    database_of(app).dispose()
