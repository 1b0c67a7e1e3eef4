"""Addresses of export files: they hold a token that cannot be guessed, is for one export, and expires."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection

from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import settings
from checkout_bridge.errors import Unauthorized

LIFETIME = timedelta(hours=1)
_SETTING = "export_links"


def make_secret(unit: Unit) -> None:
    """Keep what tokens are signed with, unless it is there."""
    if settings.find(unit.connection, _SETTING) is None:
        body = {"secret": secrets.token_hex(32)}
        settings.add(unit.connection, {"name": _SETTING, "body": body, "created_at": unit.now})


def token_for(unit: Unit, export_id: str) -> str:
    """A token with which the file of this export can be read for an hour."""
    expires = int((unit.moment + LIFETIME).timestamp())
    return f"{expires}.{_signature(unit.connection, export_id, expires)}"


def check(connection: Connection, export_id: str, token: str, now: datetime) -> None:
    """Raise Unauthorized unless this is a token for this export that has not expired."""
    told, _, signature = token.partition(".")
    expires = int(told) if told.isascii() and told.isdecimal() and len(told) <= 12 else 0
    is_ours = hmac.compare_digest(_signature(connection, export_id, expires).encode(), signature.encode())
    if not is_ours or now.timestamp() >= expires:
        raise Unauthorized("Unauthorized", details="The token is wrong or has expired; get the export for another one")


def _signature(connection: Connection, export_id: str, expires: int) -> str:
    setting = settings.find(connection, _SETTING)
    # Without a secret there is no export, and nothing that would be right.
    secret = setting["body"]["secret"] if setting else secrets.token_hex(32)
    return hmac.new(secret.encode(), f"{export_id}\n{expires}".encode(), hashlib.sha256).hexdigest()
