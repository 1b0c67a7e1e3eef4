"""Workers at imports: each order comes in once, whoever is killed, cancelled or late."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, Table, func, select, update

from checkout_bridge.database import open_database, reading
from checkout_bridge.engine.app import now
from checkout_bridge.engine.store.schema import async_actions, orders
from checkout_bridge.engine.work import control
from checkout_bridge.engine.work.imports import CHUNK, import_next
from checkout_bridge.engine.work.leased import Bench, LeaseLost, Step

from .importing import action, begin, database_of, import_all, numbered, numbers_in

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine

PATIENCE = 60  # seconds; whoever needs longer hangs
ORDERS = 12 * CHUNK
# A worker that takes its time, so that it can be killed in the middle.
SLOW_WORKER = """
import sys, time
from datetime import timedelta
from checkout_bridge.database import open_database
from checkout_bridge.engine.app import now
from checkout_bridge.engine.work.imports import import_next
from checkout_bridge.engine.work.leased import Bench

def slow():
    time.sleep(0.05)
    return now()

import_next(Bench(open_database(sys.argv[1]), slow, lease=timedelta(hours=1)))
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of either kind with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/engine.db"
    return str(request.getfixturevalue("postgres_url"))


class CancelledAfterOneChunk(Bench):
    """A bench at which somebody cancels the work between its first step and its second."""

    @contextmanager
    def step(self, table: Table, id: str) -> Iterator[Step]:
        with reading(self.database) as connection:
            done = connection.execute(select(table.c.done).where(table.c.id == id)).scalar_one()
        if done == CHUNK:
            assert control.cancel(self.database, id) == control.MOVED
        with super().step(table, id) as step:
            yield step


def test_a_cancelled_import_stops_and_goes_on_where_it_was_when_retried(engine: EngineClient) -> None:
    action_id, database = begin(engine, numbered(3 * CHUNK)), database_of(engine)

    assert import_next(CancelledAfterOneChunk(database, engine.clock))

    assert action(engine, action_id)["status"] == "FAILED"
    assert set(numbers_in(database)) == set(range(CHUNK))
    assert import_all(engine) == 0

    assert control.retry(database, action_id) == control.MOVED
    assert import_all(engine) == 1
    assert action(engine, action_id)["result"]["done_count"] == 3 * CHUNK
    assert numbers_in(database) == Counter(range(3 * CHUNK))


def test_an_import_whose_worker_is_killed_ends_once(url: str, open_engine: OpenEngine) -> None:
    with open_engine(url) as engine:
        action_id, database = begin(engine, numbered(ORDERS)), database_of(engine)
        worker = subprocess.Popen([sys.executable, "-c", SLOW_WORKER, url])
        try:
            await_progress(engine, action_id)
        finally:
            worker.kill()
            worker.wait()

        killed = action(engine, action_id)
        assert (killed["status"], killed["operation_status"], killed["result"]) == ("IN_PROGRESS", "UNKNOWN", None)
        assert import_next(Bench(database, now)) is False  # its lease has not run out
        kept = numbers_in(database)
        assert kept == Counter(range(len(kept)))
        assert (0 < len(kept) < ORDERS, len(kept) % CHUNK) == (True, 0)

        assert import_next(Bench(database, later)) is True

        ended = action(engine, action_id)
        assert (ended["status"], ended["result"]["done_count"], ended["result"]["failed"]) == ("DONE", ORDERS, [])
        assert numbers_in(database) == Counter(range(ORDERS))
        assert import_next(Bench(database, later)) is False


def await_progress(engine: EngineClient, action_id: str) -> None:
    """Wait until some chunks are imported."""
    deadline = time.monotonic() + PATIENCE
    while action(engine, action_id)["progress"] < 25:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def later() -> datetime:
    """When the lease of a slow worker has run out."""
    return now() + timedelta(hours=2)


def test_a_worker_whose_lease_another_took_leaves_nothing_behind(engine: EngineClient) -> None:
    action_id, database = begin(engine, numbered(CHUNK)), database_of(engine)
    hasty = Bench(database, engine.clock, lease=timedelta(0))
    slow = hasty.claim(async_actions, alone=True)
    assert slow is not None
    assert import_all(engine) == 1

    with pytest.raises(LeaseLost, match=action_id), hasty.step(async_actions, action_id) as step:
        step.connection.execute(update(orders).values(status="LOST"))

    assert engine.get("/v1/orders?limit=100")["orders"][0]["status"] == "CREATED"


def test_two_workers_do_each_import_once_and_one_at_a_time(url: str, open_engine: OpenEngine) -> None:
    with open_engine(url) as engine:
        rows = numbered(6 * CHUNK)
        ids = [begin(engine, rows[i * 2 * CHUNK : (i + 1) * 2 * CHUNK]) for i in range(3)]
        at_work: list[int] = []
        start = Barrier(2)

        def work() -> int:
            database = open_database(url)
            try:
                start.wait(timeout=PATIENCE)
                return until_done(engine, database, ids, at_work)
            finally:
                database.dispose()

        with ThreadPoolExecutor(2) as pool:
            did = [future.result(timeout=PATIENCE) for future in [pool.submit(work) for _ in range(2)]]

        assert sum(did) == 3
        assert max(at_work) == 1
        assert numbers_in(database_of(engine)) == Counter(range(6 * CHUNK))
        assert [action(engine, one)["result"]["done_count"] for one in ids] == [2 * CHUNK] * 3


def until_done(engine: EngineClient, database: Engine, ids: list[str], at_work: list[int]) -> int:
    """How many imports this worker did by the time that all were done; notes how many were at work at a time."""
    in_progress = select(func.count()).select_from(async_actions).where(async_actions.c.status == "IN_PROGRESS")

    def noting() -> datetime:
        with reading(database_of(engine)) as connection:
            at_work.append(connection.execute(in_progress).scalar_one())
        return now()

    bench, did = Bench(database, noting), 0
    deadline = time.monotonic() + PATIENCE
    while any(action(engine, one)["status"] != "DONE" for one in ids):
        assert time.monotonic() < deadline
        did += import_next(bench)
    return did
