"""The composition root: puts client, ledger and plugins together as the settings say."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING

from checkout_bridge.bridge.doors import Core, Doors
from checkout_bridge.bridge.plugins import Plugins
from checkout_bridge.errors import StorageFailed
from checkout_bridge.private import keep_once, make_folder
from checkout_bridge.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

    from checkout_bridge.client import Client

KEYS_FILE = "engine-keys.json"


class Runtime:
    """One bridge. Nothing is opened before it is needed; ``close`` closes what was."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = RLock()
        self._client: Client | None = None
        self._engine: Flask | None = None
        self.doors = Doors(
            Plugins(settings.options_of),
            self._open_core,
            backend="remote" if settings.api_url else "embedded",
            platform=settings.platform,
            shop=settings.shop,
            token=settings.token,
            max_body=settings.max_body,
        )

    def _open_core(self) -> Core:
        from checkout_bridge.bridge.flow import Flow
        from checkout_bridge.bridge.ledger.store import Ledger

        settings = self.settings
        ledger = Ledger(settings.ledger_url, _now)
        try:
            client = self.client
        except BaseException:
            ledger.close()
            raise
        flow = Flow(
            ledger,
            client,
            self._find_order,
            deadline=settings.deadline,
            quote_ttl=settings.quote_ttl,
            confirm_within=settings.confirm_within,
        )
        return Core(ledger, flow)

    def _find_order(self, platform: str, order_ref: str) -> bool | None:
        """Ask the platform's plugin, if it is still there."""
        if platform not in self.doors.plugins.names:
            return None
        found: bool | None = self.doors.hooks(platform).find_order(order_ref=order_ref)
        return found

    @property
    def client(self) -> Client:
        """A client of the promotions API: of the one at ``API_URL``, else of the embedded engine."""
        with self._lock:
            if self._client is None:
                self._client = self._open_client()
            return self._client

    def _open_client(self) -> Client:
        from checkout_bridge.client import Client

        settings = self.settings
        if settings.api_url:
            return Client(settings.api_url, settings.api_app_id, settings.api_app_token, deadline=settings.deadline)
        return Client.in_process(self.engine, *self.engine_keys, deadline=settings.deadline)

    @property
    def engine(self) -> Flask:
        """The embedded engine."""
        from checkout_bridge.engine.app import create_engine_app

        with self._lock:
            if self._engine is None:
                self._engine = create_engine_app(self.settings.engine_database_url, *self.engine_keys)
            return self._engine

    @cached_property
    def engine_keys(self) -> tuple[str, str]:
        """The engine's app id and token: as set, else made once and kept in the data folder."""
        settings = self.settings
        if settings.engine_app_id and settings.engine_app_token:
            return settings.engine_app_id, settings.engine_app_token
        made = {"app_id": secrets.token_hex(12), "app_token": secrets.token_hex(24)}
        try:
            make_folder(settings.data_dir)
            keys = json.loads(keep_once(settings.data_dir / KEYS_FILE, json.dumps(made)))
            return keys["app_id"], keys["app_token"]
        except OSError as error:
            raise StorageFailed("The engine's keys cannot be kept", details=f"{KEYS_FILE}: {error.strerror}") from error
        except (ValueError, KeyError, TypeError):
            raise StorageFailed("The engine's keys cannot be read", details=f"{KEYS_FILE} is damaged") from None

    def close(self) -> None:
        """Close databases and connections."""
        self.doors.close()
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None
            if self._engine is not None:
                from checkout_bridge.engine.app import dispose

                dispose(self._engine)
                self._engine = None


def _now() -> datetime:
    return datetime.now(UTC)
