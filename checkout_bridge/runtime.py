"""The composition root: puts client, ledger and plugins together as the settings say."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, get_args

from checkout_bridge.bridge.doors import Core, Doors
from checkout_bridge.bridge.plugins import Plugins
from checkout_bridge.errors import InvalidInput, PluginFailed, StorageFailed
from checkout_bridge.events import Kind, Occasion, Restoring
from checkout_bridge.jobs.queue import Bell
from checkout_bridge.private import keep_once, make_folder
from checkout_bridge.settings import Settings

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Engine

    from checkout_bridge.client import Client
    from checkout_bridge.client.management import Management
    from checkout_bridge.engine.http.doors import ClientSide
    from checkout_bridge.engine.work.crew import Crew
    from checkout_bridge.jobs.worker import Worker

KEYS_FILE, MANAGEMENT_KEYS_FILE = "engine-keys.json", "engine-management-keys.json"


class Runtime:
    """One bridge. Nothing is opened before it is needed; ``close`` closes what was."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = RLock()
        self._client: Client | None = None
        self._engine: Flask | None = None
        self._work_database: Engine | None = None
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
        from checkout_bridge.bridge.restore import RestorePolicy

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
            holds_per_client=settings.holds_per_client,
            outage=settings.outage,
            policy=RestorePolicy(settings.restore_policy, self._restore_policy),
        )
        return Core(ledger, flow)

    def _restore_policy(self, platform: str, order_ref: str, occasion: Occasion, kind: Kind) -> Restoring | None:
        """Ask the platform's plugin, if it is still there."""
        if platform not in self.doors.plugins.names:
            return None
        hooks = self.doors.hooks(platform)
        try:
            said: Restoring | None = hooks.restore_policy(order_ref=order_ref, occasion=occasion, kind=kind)
        except Exception as error:  # whatever a foreign plugin raises: nothing is given back on a guess
            raise PluginFailed(f"restore_policy of {platform} failed", details=type(error).__name__) from error
        if said is not None and said not in get_args(Restoring):
            raise PluginFailed(f"restore_policy of {platform} said {said!r}")
        return said

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
        from checkout_bridge.bridge.breaker import GuardedSession
        from checkout_bridge.client import Client

        settings = self.settings
        session = GuardedSession(failures=settings.breaker_failures, reset=settings.breaker_reset)
        self.doors.is_backend_left_alone = lambda: session.is_open
        if settings.api_url:
            keys = (settings.api_app_id, settings.api_app_token)
            return Client(settings.api_url, *keys, deadline=settings.deadline, session=session, owns_session=True)
        return Client.in_process(self.engine, *self.engine_keys, deadline=settings.deadline, session=session)

    @cached_property
    def bell(self) -> Bell:
        """What tells workers that there is something to do."""
        return Bell(self.settings.queue_url, self.settings.data_dir)

    def open_worker(self, *, engine_only: bool = False) -> Worker:
        """A worker on the databases of the settings; ``engine_only`` leaves the ledger alone."""
        from checkout_bridge.bridge import webhooks
        from checkout_bridge.bridge.ledger import workers
        from checkout_bridge.jobs.worker import Duties, open_worker

        settings, name = self.settings, secrets.token_hex(8)
        crew = None if settings.api_url else self.open_crew(name)

        def sweep() -> None:
            if crew is not None:
                crew.sweep(timedelta(seconds=settings.exports_kept_for))
            if not engine_only:
                self.doors.flow.sweep()
                webhooks.take_up_open(self.doors, limit=100)

        def beat() -> None:
            if not engine_only:
                workers.beat(self.doors.ledger.database, name, _now())

        return open_worker(
            settings.queue_url,
            settings.data_dir,
            Duties(
                imports=crew.do_import if crew else lambda: False,
                exports=crew.do_export if crew else lambda: False,
                is_open=crew.is_open if crew else lambda: False,
                sweep=sweep,
                beat=beat,
            ),
        )

    def open_crew(self, worker: str | None = None) -> Crew:
        """Who does the embedded engine's work, on its database; ``worker`` is their name."""
        from checkout_bridge.engine.app import open_engine_database
        from checkout_bridge.engine.work.crew import Crew
        from checkout_bridge.engine.work.leased import Bench

        self._work_database = open_engine_database(self.settings.engine_database_url)
        return Crew(Bench(self._work_database, _now, worker or secrets.token_hex(8)), self.settings.exports_dir)

    def open_management(self, project: str) -> Management:
        """A client of the management paths: of the engine at ``API_URL``, else of the embedded one; close it."""
        from checkout_bridge.client.management import Management

        settings = self.settings
        if not settings.api_url:
            return Management.in_process(self.engine, *self.management_keys, project=project)
        id, token = settings.engine_management_id, settings.engine_management_token
        if not (id and token):
            raise InvalidInput(
                "set CHECKOUT_BRIDGE_ENGINE_MANAGEMENT_ID and CHECKOUT_BRIDGE_ENGINE_MANAGEMENT_TOKEN",
                message="the API needs management keys",
                key="missing_keys",
            )
        return Management(settings.api_url, id, token, project=project, deadline=settings.deadline)

    @property
    def engine(self) -> Flask:
        """The embedded engine."""
        from checkout_bridge.engine.app import create_engine_app
        from checkout_bridge.engine.http.doors import Keys

        with self._lock:
            if self._engine is None:
                self._engine = create_engine_app(
                    self.settings.engine_database_url,
                    *self.engine_keys,
                    management=Keys(*self.management_keys),
                    client=client_side(self.settings),
                    ring=self.bell.ring,
                    exports_folder=self.settings.exports_dir,
                )
            return self._engine

    @cached_property
    def engine_keys(self) -> tuple[str, str]:
        """The engine's app id and token: as set, else made once and kept in the data folder."""
        settings = self.settings
        if settings.engine_app_id and settings.engine_app_token:
            return settings.engine_app_id, settings.engine_app_token
        return self._kept(KEYS_FILE, "app_id", "app_token")

    @cached_property
    def management_keys(self) -> tuple[str, str]:
        """The engine's management id and token: as set, else made once and kept in the data folder."""
        settings = self.settings
        if settings.engine_management_id and settings.engine_management_token:
            return settings.engine_management_id, settings.engine_management_token
        return self._kept(MANAGEMENT_KEYS_FILE, "management_id", "management_token")

    def _kept(self, file: str, id: str, token: str) -> tuple[str, str]:
        """A pair of keys that is made when it is first asked for."""
        folder, made = self.settings.data_dir, {id: secrets.token_hex(12), token: secrets.token_hex(24)}
        try:
            make_folder(folder)
            keys = json.loads(keep_once(folder / file, json.dumps(made)))
            return keys[id], keys[token]
        except OSError as error:
            raise StorageFailed("The engine's keys cannot be kept", details=f"{file}: {error.strerror}") from error
        except (ValueError, KeyError, TypeError):
            raise StorageFailed("The engine's keys cannot be read", details=f"{file} is damaged") from None

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
            if self._work_database is not None:
                self._work_database.dispose()
                self._work_database = None


def client_side(settings: Settings) -> ClientSide:
    """What browsers may do at the engine."""
    from checkout_bridge.engine.http.doors import ClientSide, Keys

    keys = Keys(settings.engine_client_id, settings.engine_client_token)
    return ClientSide(keys, settings.engine_client_origins, settings.engine_client_redemptions)


def _now() -> datetime:
    return datetime.now(UTC)
