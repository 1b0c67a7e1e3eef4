"""Operations on access tokens, and the question that the door asks of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from checkout_bridge.contract.oauth import TokenAnswer, TokenDetails, TokenName, TokenRequest
from checkout_bridge.database import reading
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.services import access_tokens
from checkout_bridge.engine.services.unit import Unit

Body = Mapping[str, Any]


def opener(database: Engine, clock: Callable[[], datetime]) -> Callable[[str, str], bool | None]:
    """Tells whether a token opens a path; None when it opens nothing at all."""

    def opens(token: str, path: str) -> bool | None:
        with reading(database) as connection:
            return access_tokens.opens(Unit(connection, clock(), ""), token, path)

    return opens


def _issue(unit: Unit, body: Body) -> dict[str, Any]:
    return access_tokens.issue(unit, body["scope"])


def _introspect(unit: Unit, body: Body) -> dict[str, Any]:
    return access_tokens.introspect(unit, body["access_token"])


def _revoke(unit: Unit, body: Body) -> None:
    access_tokens.revoke(unit, body["access_token"])


# No answer is remembered: it would keep a token that opens things.
OPERATIONS = (
    Operation(
        "POST",
        "/v1/oauth/token",
        _issue,
        "Get an access token for the keys",
        TokenRequest(),
        TokenAnswer,
        remembers=False,
        takes_form=True,
    ),
    Operation(
        "POST",
        "/v1/oauth/introspect",
        _introspect,
        "Tell what an access token opens",
        TokenName(),
        TokenDetails,
        remembers=False,
        takes_form=True,
    ),
    Operation(
        "POST",
        "/v1/oauth/token/revoke",
        _revoke,
        "Let an access token open nothing any more",
        TokenName(),
        status=204,
        remembers=False,
        takes_form=True,
    ),
)
