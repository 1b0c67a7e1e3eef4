"""Writing exports: once and whole, whoever is killed, deletes or writes at the same time; and removing old files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from checkout_bridge.database import writing
from checkout_bridge.engine.app import database_of
from checkout_bridge.engine.store import schema
from checkout_bridge.engine.work import exports
from checkout_bridge.engine.work.leased import LEASE, Bench

from .exporting import Exporter, running_exporter

CHUNK, ORDERS = 5, 20
# A worker that stops for ever after some chunks; the clock is asked after each of them.
STOPS = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from checkout_bridge.database import open_database
from checkout_bridge.engine.work import exports
from checkout_bridge.engine.work.leased import Bench

exports.CHUNK = 5
asked = 0

def clock():
    global asked
    asked += 1
    if asked == 6:
        print("stopped", flush=True)
        time.sleep(600)
    return datetime.now(UTC)

exports.export_next(Bench(open_database(sys.argv[1]), clock), Path(sys.argv[2]))
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    is_sqlite = request.param == "sqlite"
    return f"sqlite:///{tmp_path}/engine.db" if is_sqlite else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def exporter(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exporter]:
    """Twenty orders, of which few are in memory at a time."""
    monkeypatch.setattr(exports, "CHUNK", CHUNK)
    with running_exporter(url, tmp_path / "files") as its:
        for number in range(ORDERS):
            its.engine.post("/v1/orders", {"source_id": f"o-{number:02}", "metadata": {"long": "x" * 4000}})
        yield its


class Watch:
    """A clock that moves on whenever it is asked, and on the way does something, once."""

    def __init__(self, then: Callable[[], object], *, at: int) -> None:
        self.now, self.asked, self._then, self._at = datetime(2030, 1, 3, tzinfo=UTC), 0, then, at

    def __call__(self) -> datetime:
        self.asked += 1
        self.now += timedelta(seconds=2)
        if self.asked == self._at:
            self._then()
        return self.now


def watched(exporter: Exporter, then: Callable[[], object], *, at: int = 8) -> bool:
    """Write the next export with something happening meanwhile."""
    watch = Watch(then, at=at)
    found = exports.export_next(Bench(database_of(exporter.engine.app), watch), exporter.folder)
    assert watch.asked >= at, "it was over before"
    return found


def source_ids(exporter: Exporter, export_id: str) -> list[str]:
    _, *rows = exporter.download(exporter.get(export_id)["result"]["url"]).splitlines()
    return rows


EVERY = [f"o-{number:02}" for number in range(ORDERS)]
BY_NAME = {"fields": ["source_id"], "order": "source_id"}


def test_nothing_to_do(exporter: Exporter) -> None:
    assert exporter.work() is False


def test_how_far_it_is_can_be_seen(exporter: Exporter) -> None:
    export_id = exporter.ask("order")["id"]
    seen = []

    watched(exporter, lambda: seen.append(exporter.get(export_id)), at=12)

    assert (seen[0]["status"], seen[0]["result"]) == ("IN_PROGRESS", None)
    assert 0 < seen[0]["progress"] < 100
    assert exporter.get(export_id)["progress"] == 100


def test_what_comes_while_it_is_written_is_not_in_it(exporter: Exporter) -> None:
    """Given a file half written, when orders are created and changed, then it still is as of one moment."""
    export_id = exporter.ask("order", **{**BY_NAME, "fields": ["source_id", "status"]})["id"]

    def change() -> None:
        exporter.engine.post("/v1/orders", {"source_id": "z"})
        exporter.engine.put("/v1/orders/o-19", {"status": "PAID"})

    watched(exporter, change)

    assert source_ids(exporter, export_id) == [f"{name},CREATED" for name in EVERY]


@pytest.mark.parametrize("at", range(3, 20, 4))
def test_an_export_that_is_deleted_while_it_is_written_leaves_nothing(exporter: Exporter, at: int) -> None:
    export_id = exporter.ask("order")["id"]

    assert watched(exporter, lambda: exporter.engine.delete(f"/v1/exports/{export_id}"), at=at)

    assert exporter.files() == []
    exporter.engine.get(f"/v1/exports/{export_id}", status=404)
    assert exporter.work() is False


def test_a_worker_that_was_too_slow_gives_way_to_another(exporter: Exporter) -> None:
    """Given a worker whose lease ran out, when another has written the file, then there is that one file only."""
    export_id = exporter.ask("order", **BY_NAME)["id"]
    later = Bench(database_of(exporter.engine.app), lambda: datetime(2030, 1, 4, tzinfo=UTC))
    other = []

    watched(exporter, lambda: other.append(exports.export_next(later, exporter.folder)))

    assert other == [True]
    assert len(exporter.files()) == 1
    assert source_ids(exporter, export_id) == EVERY


def test_a_killed_workers_export_is_written_once_by_the_next(exporter: Exporter, url: str) -> None:
    """Given a worker killed while it wrote, when its lease is over, then another writes the whole file."""
    export_id = exporter.ask("order", fields=["source_id", "metadata"], order="source_id")["id"]
    command = [sys.executable, "-c", STOPS, url, str(exporter.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "stopped\n"
        worker.send_signal(signal.SIGKILL)
    (part,) = exporter.folder.iterdir()
    assert part.name.endswith(".part")
    assert part.stat().st_size > 0
    assert exporter.get(export_id)["status"] == "IN_PROGRESS"

    now = Bench(database_of(exporter.engine.app), lambda: datetime.now(UTC))
    later = Bench(database_of(exporter.engine.app), lambda: datetime.now(UTC) + LEASE)
    found = [exports.export_next(bench, exporter.folder) for bench in (now, later, later)]

    assert found == [False, True, False]
    assert [line.partition(",")[0] for line in source_ids(exporter, export_id)] == EVERY
    assert [name.endswith(".csv") for name in exporter.files()].count(True) == 1


def test_two_workers_write_each_export_once(exporter: Exporter) -> None:
    asked = [exporter.ask("order", **BY_NAME)["id"] for _ in range(6)]

    def work(_: int) -> int:
        done = 0
        while exporter.work():
            done += 1
        return done

    with ThreadPoolExecutor(2) as workers:
        assert sum(workers.map(work, range(2))) == len(asked)

    assert len(exporter.files()) == len(asked)
    assert [source_ids(exporter, export_id) for export_id in asked] == [EVERY] * len(asked)


def test_a_file_that_cannot_be_written_ends_in_an_error(exporter: Exporter) -> None:
    exporter.folder.write_text("no folder")
    export_id = exporter.ask("order")["id"]

    assert exporter.work()

    export = exporter.get(export_id)
    assert (export["status"], export["result"]) == ("ERROR", None)
    assert export["error"] == {"message": "The file cannot be written: Not a directory"}
    assert exporter.work() is False


def test_parameters_that_cannot_be_read_any_more_end_in_an_error(exporter: Exporter) -> None:
    export_id = exporter.ask("order")["id"]
    with writing(database_of(exporter.engine.app)) as connection:
        connection.execute(update(schema.exports).values(parameters={"fields": ["id"], "order": "gone"}))

    exporter.work()

    export = exporter.get(export_id)
    assert export["status"] == "ERROR"
    assert ".parameters.order" in export["error"]["message"]
    assert exporter.files() == []


def rename(exporter: Exporter, old: str, new: str) -> None:
    with writing(database_of(exporter.engine.app)) as connection:
        connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")


def test_a_database_that_fails_for_a_moment_is_asked_again(exporter: Exporter) -> None:
    export_id = exporter.ask("order", **BY_NAME)["id"]
    rename(exporter, "orders", "gone")
    exporter.work()
    assert exporter.get(export_id)["status"] == "IN_PROGRESS"

    rename(exporter, "gone", "orders")
    exporter.engine.clock.advance(seconds=LEASE.seconds)
    exporter.work()

    assert source_ids(exporter, export_id) == EVERY
    assert len(exporter.files()) == 1


def test_a_database_that_keeps_failing_is_given_up(exporter: Exporter) -> None:
    export_id = exporter.ask("order")["id"]
    rename(exporter, "orders", "gone")
    exporter.work()
    exporter.engine.clock.advance(minutes=10)
    exporter.work()

    assert exporter.get(export_id)["status"] == "ERROR"
    assert exporter.work() is False


def sweep(exporter: Exporter, *, kept_for: timedelta = timedelta(days=7)) -> None:
    exports.sweep_files(exporter.bench(), exporter.folder, kept_for)


def leave(exporter: Exporter, name: str, *, minutes_ago: int) -> None:
    """A file that was last written so long ago."""
    exporter.folder.mkdir(exist_ok=True)
    path = exporter.folder / name
    path.touch()
    moment = exporter.engine.clock.now.timestamp() - 60 * minutes_ago
    os.utime(path, (moment, moment))


def test_files_are_kept_for_a_time(exporter: Exporter) -> None:
    old = exporter.done("order")
    exporter.engine.clock.advance(days=6)
    new = exporter.done("order")
    exporter.engine.clock.advance(days=1, seconds=1)

    sweep(exporter)

    assert exporter.get(old["id"])["status"] == "DONE"
    assert exporter.get(old["id"])["result"] is None
    assert len(exporter.files()) == 1
    assert source_ids(exporter, new["id"])


def test_what_nobody_owns_is_removed_after_an_hour(exporter: Exporter) -> None:
    exporter.done("order")
    exporter.engine.clock.advance(hours=3)
    kept = exporter.files()
    leave(exporter, "exp_1-a.csv.part", minutes_ago=61)
    leave(exporter, "exp_1-b.csv.part", minutes_ago=59)
    leave(exporter, "exp_1-c.csv", minutes_ago=61)
    leave(exporter, "exp_1-d.csv", minutes_ago=59)
    leave(exporter, "mine.txt", minutes_ago=61)

    sweep(exporter)

    assert exporter.files() == sorted([*kept, "exp_1-b.csv.part", "exp_1-d.csv", "mine.txt"])


def test_there_need_not_be_a_folder(exporter: Exporter) -> None:
    sweep(exporter)

    assert exporter.files() == []
