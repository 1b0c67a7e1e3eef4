"""The engine's redemptions over HTTP, beside a thin view that does the same three writes and checks nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from benchmarks import serving, wire
from benchmarks.apps import DATABASE_VARIABLE
from benchmarks.rounds import Row, Size, compare
from benchmarks.samples import CODE, KEYS, VOUCHER, redemption
from checkout_bridge.client import Client
from checkout_bridge.engine.app import create_engine_app, dispose

GOAL = 0.5
PATH = "/v1/redemptions"
CONNECTIONS = (1, 4)


@contextmanager
def fresh_engine(database: Path) -> Iterator[Flask]:
    """An engine in this process with one voucher in a database of its own; closed at the end."""
    app = create_engine_app(f"sqlite:///{database}", *KEYS.values())
    try:
        with Client.in_process(app, *KEYS.values()) as client:
            client.vouchers.create_voucher(CODE, VOUCHER)
        yield app
    finally:
        dispose(app)


def redemptions(folder: Path, size: Size) -> Iterator[Row]:
    """One connection, several at once, and with an idempotency key, which is a fourth write."""
    ours, theirs = folder / "engine.db", folder / "thin.db"
    for database in (ours, theirs):
        with fresh_engine(database):
            pass
    environment = {
        "CHECKOUT_BRIDGE_ENGINE_DATABASE_URL": f"sqlite:///{ours}",
        "CHECKOUT_BRIDGE_ENGINE_APP_ID": KEYS["X-App-Id"],
        "CHECKOUT_BRIDGE_ENGINE_APP_TOKEN": KEYS["X-App-Token"],
    }
    with (
        serving.granian("checkout_bridge.factory:create_engine_server", environment) as engine,
        serving.granian("benchmarks.apps:thin_redemptions", {DATABASE_VARIABLE: str(theirs)}) as thin,
    ):
        for count in CONNECTIONS:
            name = f"redemption, served, {count} connection{'s' if count > 1 else ''}"
            yield _compared(name, engine, thin, count, size, keyed=False)
        yield _compared("redemption with an idempotency key", engine, thin, 1, size, keyed=True)


def _compared(name: str, engine: int, thin: int, count: int, size: Size, *, keyed: bool) -> Row:
    goal = GOAL if count == 1 and not keyed else None
    requests = _requests(f"{count}-{keyed}", keyed=keyed)
    with wire.connected(engine, count) as to_engine, wire.connected(thin, count) as to_thin:
        return compare(name, lambda: to_engine.exchange(requests), lambda: to_thin.exchange(requests), size, goal=goal)


def _requests(series: str, *, keyed: bool) -> Iterator[bytes]:
    for number in itertools.count():
        source_id = f"{series}-{number}"
        key = {"Idempotency-Key": source_id} if keyed else {}
        yield wire.post(PATH, redemption(source_id), {**KEYS, **key})
