"""Access tokens: issued for the keys, open to what their scope names, and dead after a quarter of an hour."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from math import floor
from typing import Any

from checkout_bridge.contract.fields import parse_moment, timestamp
from checkout_bridge.contract.oauth import EVERYTHING
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import access_tokens as store
from checkout_bridge.errors import NotFound, RequestError

LIFETIME = timedelta(seconds=900)
# Tokens that live at once, give or take those that are asked for at the same moment.
MOST = 1000


def issue(unit: Unit, scope: str) -> dict[str, Any]:
    """A new token; only its hash is kept, so it is told once. Raises RequestError when too many live already."""
    store.forget_expired(unit.connection, now=unit.now)
    if store.count(unit.connection) >= MOST:
        raise RequestError(
            "Too many access tokens",
            key="too_many_access_tokens",
            details=f"{MOST} access tokens are live; use one for as long as it lives, or revoke what is not needed",
        )
    token = secrets.token_hex(32)
    expires_at = timestamp(unit.moment + LIFETIME)
    store.keep(unit.connection, hash=_hash(token), scope=scope, expires_at=expires_at)
    return _told(unit, token, scope, expires_at)


def introspect(unit: Unit, token: str) -> dict[str, Any]:
    """What a token opens and for how long; of one that opens nothing, only that."""
    row = store.find(unit.connection, _hash(token), now=unit.now)
    if row is None:
        return {**_told(unit, token, "", unit.now), "expires_at": 0, "active": False}
    return {**_told(unit, token, row["scope"], row["expires_at"]), "active": True}


def revoke(unit: Unit, token: str) -> None:
    """Let a token open nothing any more. Raises NotFound."""
    if store.find(unit.connection, _hash(token), now=unit.now) is None:
        raise NotFound("Resource not found", details="Cannot find this access token")
    store.forget(unit.connection, _hash(token))


def opens(unit: Unit, token: str, path: str) -> bool | None:
    """Whether a token opens a path such as ``/v1/orders/o1``; None when it opens nothing at all."""
    row = store.find(unit.connection, _hash(token), now=unit.now)
    if row is None:
        return None
    scopes = row["scope"].split()
    return EVERYTHING in scopes or any(f"{path}/".startswith(f"/v1/{scope}/") for scope in scopes)


def _told(unit: Unit, token: str, scope: str, expires_at: str) -> dict[str, Any]:
    until = parse_moment(expires_at)
    return {
        "access_token": token,
        "client_id": unit.app_id,
        # Rounded down, so that nobody trusts it for too long.
        "expires_at": floor(until.timestamp()),
        "expires_in": floor((until - unit.moment).total_seconds()),
        "scope": scope,
        "token_type": "Bearer",
    }


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
