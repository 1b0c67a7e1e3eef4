"""The composition root: puts client, ledger and plugins together as the settings say."""

from __future__ import annotations

import json
import os
import secrets
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from checkout_bridge.bridge.doors import Core, Doors
from checkout_bridge.bridge.plugins import Plugins
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
            backend=settings.api_url or "embedded",
            platform=settings.platform,
            shop=settings.shop,
            token=settings.token,
            max_body=settings.max_body,
        )

    def _open_core(self) -> Core:
        from checkout_bridge.bridge.flow import Flow
        from checkout_bridge.bridge.ledger.store import Ledger

        settings = self.settings
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        ledger = Ledger(settings.ledger_url, _now)
        flow = Flow(ledger, self.client, deadline=settings.deadline, quote_ttl=settings.quote_ttl)
        return Core(ledger, flow)

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
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _kept_keys(settings.data_dir / KEYS_FILE)

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


def _kept_keys(path: Path) -> tuple[str, str]:
    """Read the keys, or make them; of two processes that start at once the first one's stay."""
    keys = {"app_id": secrets.token_hex(12), "app_token": secrets.token_hex(24)}
    draft = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(keys))
    try:
        os.link(draft, path)
    except FileExistsError:
        keys = json.loads(path.read_text())
    finally:
        draft.unlink()
    return keys["app_id"], keys["app_token"]
