"""The bell: what rings is heard through each kind of queue, and a queue that is out of order harms nobody."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from checkout_bridge.jobs import queue
from checkout_bridge.jobs.queue import WORK, Bell, open_huey, register

PATIENCE = 30  # seconds; whoever needs longer hangs
REDIS = shutil.which("redis-server") or shutil.which("valkey-server")


def heard(url: str, folder: Path) -> list[str]:
    """What a worker hears that answers everything there is in the queue."""
    answered: list[str] = []
    huey = open_huey(url, folder)
    register(huey, {name: lambda name=name: answered.append(name) for name in WORK})
    try:
        while (task := huey.dequeue()) is not None:
            huey.execute(task)
    finally:
        huey.storage.close()
    return sorted(answered)


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """The URL of a Redis server with nothing in it."""
    if REDIS is None:
        reason = "no Redis: install redis-server or valkey-server"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [REDIS, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    try:
        give_up_at = time.monotonic() + PATIENCE
        while not listens(port):
            assert time.monotonic() < give_up_at
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(params=["", "postgres_url", "redis_url"], ids=["sqlite", "postgresql", "redis"])
def url(request: pytest.FixtureRequest) -> str:
    """A queue of each kind; the empty one is a file."""
    return str(request.getfixturevalue(request.param)) if request.param else ""


def test_what_is_rung_is_heard_once(url: str, tmp_path: Path) -> None:
    bell = Bell(url, tmp_path)

    bell.ring()

    assert heard(url, tmp_path) == sorted(WORK)
    assert heard(url, tmp_path) == []
    bell.ring()
    bell.ring()
    assert heard(url, tmp_path) == sorted(WORK * 2)


def test_many_threads_ring_one_bell(url: str, tmp_path: Path) -> None:
    """Each request of a server rings from a thread of its own, and none of them leaves a connection open."""
    bell = Bell(url, tmp_path)
    bell.ring()

    with ThreadPoolExecutor(4) as threads:
        for ringing in [threads.submit(bell.ring) for _ in range(8)]:
            ringing.result(timeout=PATIENCE)

    assert heard(url, tmp_path) == sorted(WORK * 9)


def test_the_file_is_its_owners_alone_with_all_that_lies_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"

    Bell("", folder).ring()
    register(huey := open_huey("", folder), {})
    huey.storage.enqueue(b"as long as it is open there are files beside it")

    names = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    huey.storage.close()
    assert names == {"queue.db": 0o600, "queue.db-wal": 0o600, "queue.db-shm": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("scheme", ["redis", "postgresql"])
def test_a_queue_where_nobody_listens_is_told_of_and_does_no_harm(
    scheme: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

    Bell(f"{scheme}://name:hidden@127.0.0.1:{port}/0", tmp_path).ring()

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "the queue cannot be rung" in caplog.text
    assert "hidden" not in caplog.text


@pytest.mark.parametrize("scheme", ["redis", "postgresql"])
def test_a_queue_that_does_not_answer_keeps_nobody_waiting_for_long(
    scheme: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a server that takes connections and says nothing, then whoever rings is let go after some seconds."""
    monkeypatch.setattr(queue, "CONNECT_SECONDS", 2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        bell = Bell(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/0", tmp_path)
        ringing = threading.Thread(target=bell.ring, daemon=True)
        ringing.start()
        ringing.join(timeout=PATIENCE)
        assert not ringing.is_alive()
    assert "the queue cannot be rung" in caplog.text


def test_a_file_that_cannot_be_written_does_no_harm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "taken").write_text("no folder")

    Bell("", tmp_path / "taken").ring()

    assert "the queue cannot be rung" in caplog.text


def test_a_bell_that_could_not_be_rung_can_be_later(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.write_text("no folder yet")
    bell = Bell("", folder)
    bell.ring()

    folder.unlink()
    bell.ring()

    assert heard("", folder) == sorted(WORK)
