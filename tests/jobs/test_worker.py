"""A worker as a process of its own: it does what was asked for over HTTP, once, whoever is killed meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, update

from checkout_bridge.bridge.ledger.model import workers
from checkout_bridge.client import Client
from checkout_bridge.contract.fields import timestamp
from checkout_bridge.database import reading, writing
from checkout_bridge.engine.app import database_of
from checkout_bridge.engine.store.schema import async_actions, exports, orders
from checkout_bridge.engine.work.imports import CHUNK
from checkout_bridge.errors import StorageFailed
from checkout_bridge.extension import NAME
from checkout_bridge.factory import create_app
from checkout_bridge.jobs.worker import Duties, Worker
from checkout_bridge.runtime import Runtime

PATIENCE = 60  # seconds; whoever needs longer hangs
MANY = 2000  # orders of one import
# Orders of which writing the file takes long enough to be interrupted.
VERY_MANY = 60_000
BY_NAME = {"fields": ["source_id", "metadata"], "order": "source_id"}
Process = subprocess.Popen[str]
StartWorker = Callable[..., Process]


class Shop:
    """A server in this process, with no worker of its own."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.runtime: Runtime = app.extensions[NAME]
        self.database = database_of(self.runtime.engine)

    @property
    def client(self) -> Client:
        return self.runtime.client

    def health(self) -> Any:
        with self.app.test_client() as client:
            return client.get("/bridge/health").get_json()

    def begin_import(self, numbers: range) -> str:
        """Ask for an import of orders with a number each; every other one has nothing else to be found again by."""
        rows = [{"amount": 100, "metadata": {"n": n}, **({"source_id": f"o{n}"} if n % 2 else {})} for n in numbers]
        return str(self.client.orders.import_orders(rows)["async_action_id"])

    def begin_export(self) -> str:
        return str(self.client.exports.create_export({"exported_object": "order", "parameters": BY_NAME})["id"])

    def imported(self, action_id: str) -> Any:
        return self.client.async_actions.wait_for_async_action(action_id, timeout=PATIENCE, every=0.05)

    def exported(self, export_id: str) -> Any:
        return self.client.exports.wait_for_export(export_id, timeout=PATIENCE, every=0.05)

    def lines(self, export_id: str, into: Path) -> list[str]:
        """The lines of an export's file below the header."""
        self.client.exports.download_export(self.exported(export_id), to=into)
        return into.read_text().splitlines()[1:]

    def numbers(self) -> Counter[int]:
        """How often each numbered order is there."""
        with reading(self.database) as connection:
            return Counter(body["metadata"]["n"] for body in connection.execute(select(orders.c.body)).scalars())

    def fill(self, count: int) -> None:
        """Put copies of an order beside it, until there are so many."""
        self.client.orders.create_order({"source_id": "first", "metadata": {"note": "y" * 200}})
        with writing(self.database) as connection:
            row = connection.execute(select(orders)).one()._asdict()
            del row["number"]
            copies = ({**row, "id": f"ord_{n}", "source_id": f"o{n}"} for n in range(1, count))
            while some := list(islice(copies, 10_000)):
                connection.execute(insert(orders), some)

    def let_leases_run_out(self) -> None:
        """As if so much time had passed since the worker was killed."""
        with writing(self.database) as connection:
            for table in (async_actions, exports):
                connection.execute(update(table).values(lease_until="2000-01-01T00:00:00.000Z"))

    def files(self) -> list[str]:
        return sorted(path.name for path in self.runtime.settings.exports_dir.iterdir())


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def shop(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    for name in [name for name in os.environ if name.startswith("CHECKOUT_BRIDGE_")]:
        monkeypatch.delenv(name)
    its = Shop(create_app(data_dir=data_dir))
    yield its
    its.runtime.close()


@pytest.fixture
def start_worker(shop: Shop, data_dir: Path) -> Iterator[StartWorker]:
    """Starts ``checkout-bridge worker`` on the shop's folder; it is killed when the test ends."""
    environment = {**os.environ, "CHECKOUT_BRIDGE_DATA_DIR": str(data_dir)}
    with ExitStack() as running:

        def start(*arguments: str) -> Process:
            command = [sys.executable, "-m", "checkout_bridge.cli", "worker", *arguments]
            process = running.enter_context(
                subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
            )
            running.callback(process.kill)
            return process

        yield start


def until(is_so: Callable[[], Any], *, every: float = 0.005) -> None:
    """Wait until something is so."""
    give_up_at = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < give_up_at, "it never came to that"
        time.sleep(every)


def stop(process: Process, by: signal.Signals = signal.SIGTERM) -> str:
    """Ask it to stop, and give what it complained of."""
    process.send_signal(by)
    return process.communicate(timeout=PATIENCE)[1]


def test_a_worker_does_what_was_asked_for_before_it_came_and_after(
    shop: Shop, start_worker: StartWorker, tmp_path: Path
) -> None:
    before = shop.begin_import(range(30))
    worker = start_worker()
    assert shop.imported(before)["result"]["done_count"] == 30

    after = shop.begin_import(range(30, 40))
    assert shop.imported(after)["result"]["done_count"] == 10
    lines = shop.lines(shop.begin_export(), tmp_path / "orders.csv")

    assert len(lines) == 40
    assert shop.numbers() == Counter(range(40))
    assert stop(worker) == ""
    assert worker.returncode == 0


def test_health_warns_when_no_worker_was_seen_for_a_minute(shop: Shop, start_worker: StartWorker) -> None:
    alone = shop.health()
    assert (alone["status"], alone["worker"]) == ("ok", None)
    assert "checkout-bridge worker" in alone["warnings"][0]

    worker = start_worker()
    until(lambda: shop.health()["warnings"] == [], every=0.05)
    seen = shop.health()["worker"]
    assert seen <= timestamp(datetime.now(UTC))

    worker.kill()
    worker.wait(timeout=PATIENCE)
    assert shop.health()["warnings"] == []
    a_minute_ago = timestamp(datetime.now(UTC) - timedelta(seconds=61))
    with writing(shop.runtime.doors.ledger.database) as connection:
        connection.execute(update(workers).values(seen_at=a_minute_ago))
    late = shop.health()
    assert (late["status"], late["worker"], late["warnings"]) == ("ok", a_minute_ago, alone["warnings"])


def test_one_worker_of_several_is_enough_for_health(shop: Shop) -> None:
    now = datetime.now(UTC)
    rows = [("late", now - timedelta(hours=2)), ("there", now)]
    with writing(shop.runtime.doors.ledger.database) as connection:
        connection.execute(insert(workers), [{"worker": name, "seen_at": timestamp(seen)} for name, seen in rows])

    assert (shop.health()["warnings"], shop.health()["worker"]) == ([], timestamp(now))


def test_an_engines_own_worker_leaves_the_ledger_alone(shop: Shop, start_worker: StartWorker, data_dir: Path) -> None:
    worker = start_worker("--engine-only")

    assert shop.imported(shop.begin_import(range(5)))["result"]["done_count"] == 5

    assert stop(worker) == ""
    assert not (data_dir / "ledger.db").exists()


def test_an_import_whose_worker_is_killed_ends_once(shop: Shop, start_worker: StartWorker) -> None:
    action_id = shop.begin_import(range(MANY))
    worker = start_worker()
    until(lambda: shop.client.async_actions.get_async_action(action_id)["progress"] >= 5)
    stop(worker, signal.SIGKILL)

    assert shop.client.async_actions.get_async_action(action_id)["status"] == "IN_PROGRESS"
    kept = shop.numbers()
    assert kept == Counter(range(len(kept)))
    assert (0 < len(kept) < MANY, len(kept) % CHUNK) == (True, 0)

    shop.let_leases_run_out()
    start_worker()

    ended = shop.imported(action_id)
    assert (ended["status"], ended["operation_status"]) == ("DONE", "SUCCESS")
    assert (ended["result"]["done_count"], ended["result"]["failed"]) == (MANY, [])
    assert shop.numbers() == Counter(range(MANY))


def test_an_export_whose_worker_is_killed_ends_once(
    shop: Shop, start_worker: StartWorker, data_dir: Path, tmp_path: Path
) -> None:
    shop.fill(VERY_MANY)
    export_id = shop.begin_export()
    worker = start_worker()
    until(lambda: any(part.stat().st_size for part in data_dir.glob("exports/*.part")), every=0.001)
    stop(worker, signal.SIGKILL)

    half = shop.client.exports.get_export(export_id)
    assert (half["status"], half["result"]) == ("IN_PROGRESS", None)
    assert not list(data_dir.glob("exports/*.csv"))

    shop.let_leases_run_out()
    start_worker()

    lines = shop.lines(export_id, tmp_path / "orders.csv")
    names = [line.partition(",")[0] for line in lines]
    assert (len(names), names) == (VERY_MANY, sorted(set(names)))
    assert len(list(data_dir.glob("exports/*.csv"))) == 1


def test_a_worker_that_is_told_to_stop_leaves_the_rest_to_the_next(
    shop: Shop, start_worker: StartWorker, tmp_path: Path
) -> None:
    actions = [shop.begin_import(range(start, start + MANY // 2)) for start in (0, MANY // 2)]
    export_id = shop.begin_export()
    worker = start_worker()
    until(lambda: shop.client.async_actions.get_async_action(actions[0])["progress"] >= 5)

    assert stop(worker) == ""
    assert worker.returncode == 0

    shop.let_leases_run_out()
    start_worker()
    assert [shop.imported(action_id)["result"]["done_count"] for action_id in actions] == [MANY // 2] * 2
    assert shop.numbers() == Counter(range(MANY))
    lines = shop.lines(export_id, tmp_path / "orders.csv")
    assert len(lines) == len(set(lines))
    assert len(shop.files()) == 1


def test_two_workers_share_the_work_and_do_nothing_twice(shop: Shop, start_worker: StartWorker, tmp_path: Path) -> None:
    shop.fill(VERY_MANY // 3)
    start_worker()
    start_worker()
    until(lambda: count_of_workers(shop) == 2, every=0.05)

    asked = [shop.begin_export() for _ in range(8)]
    actions = [shop.begin_import(range(n * 200, n * 200 + 200)) for n in range(4)]

    assert [shop.imported(action_id)["result"]["done_count"] for action_id in actions] == [200] * 4
    sizes = {len(shop.lines(export_id, tmp_path / "orders.csv")) for export_id in asked}
    assert min(sizes) >= VERY_MANY // 3
    assert len(shop.files()) == len(asked)
    with reading(shop.database) as connection:
        assert len(set(connection.execute(select(exports.c.worker)).scalars())) == 2
        new = connection.execute(select(func.count()).where(orders.c.amount == 100)).scalar_one()
    assert new == 800


def count_of_workers(shop: Shop) -> int:
    with reading(shop.runtime.doors.ledger.database) as connection:
        return int(connection.execute(select(func.count()).select_from(workers)).scalar_one())


def test_every_minute_a_worker_sweeps_also_after_a_sweep_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    from huey import MemoryHuey

    swept = []

    def sweep() -> None:
        swept.append(len(swept))
        if len(swept) == 1:
            raise StorageFailed("The database cannot be reached")

    huey = MemoryHuey("of-a-test", results=False)
    Worker(huey, Duties(lambda: False, lambda: False, lambda: False, sweep, lambda: None))
    for minute in range(3):
        for task in huey.read_periodic(datetime(2030, 1, 2, 3, minute, tzinfo=UTC)):
            huey.execute(task)

    assert swept == [0, 1, 2]
    assert "the sweep stopped: storage_failed" in caplog.text
