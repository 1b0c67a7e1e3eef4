"""The worker beside a server: started with it, started again when it ends, and ended with it, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from select import select
from typing import Any

import pytest
import requests

Start = Callable[..., subprocess.Popen[str]]
KEYS = {"CHECKOUT_BRIDGE_ENGINE_APP_ID": "shop", "CHECKOUT_BRIDGE_ENGINE_APP_TOKEN": "secret"}
PATIENCE = 60  # seconds; a server that takes longer is broken
PROC = Path("/proc")

pytestmark = pytest.mark.skipif(not (PROC / "self" / "stat").exists(), reason="processes are found in /proc")


def workers_of(server: subprocess.Popen[str]) -> list[int]:
    """The process ids of the workers that a server started."""
    found = []
    for folder in PROC.glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_text().split("\0")
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        if parent == server.pid and "worker" in arguments:
            found.append(int(folder.name))
    return found


def is_there(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody asked about does not."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(found: Callable[[], Any]) -> Any:
    """Wait until there is something."""
    give_up_at = time.monotonic() + PATIENCE
    while not (it := found()):
        assert time.monotonic() < give_up_at, "it never came to that"
        time.sleep(0.05)
    return it


def ready(server: subprocess.Popen[str]) -> None:
    """Wait until it says that it answers."""
    assert server.stdout is not None
    assert select([server.stdout], [], [], PATIENCE)[0], "it never became ready"
    assert "http://" in server.stdout.readline()


def health(port: int) -> Any:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(f"http://127.0.0.1:{port}/bridge/health", timeout=10).json()


@pytest.mark.parametrize(
    ("arguments", "has_ledger", "by"),
    [
        pytest.param(("serve",), True, signal.SIGTERM, id="serve, told to stop"),
        pytest.param(("demo",), True, signal.SIGINT, id="demo, interrupted"),
        pytest.param(("engine", "serve"), False, signal.SIGKILL, id="engine serve, killed"),
    ],
)
def test_a_server_has_one_worker_that_is_started_again_and_ends_with_it(
    arguments: tuple[str, ...], has_ledger: bool, by: signal.Signals, start: Start, free_port: int, tmp_path: Path
) -> None:
    ledger = f"sqlite:///{tmp_path}/of-the-bridge.db"  # the demo has its own all the same, and so has its worker
    server = start(*arguments, "--port", free_port, **KEYS, CHECKOUT_BRIDGE_LEDGER_URL=ledger)
    ready(server)
    (first,) = until(lambda: workers_of(server))
    if has_ledger:
        until(lambda: health(free_port)["warnings"] == [])

    os.kill(first, signal.SIGKILL)
    (second,) = until(lambda: [pid for pid in workers_of(server) if pid != first])
    assert not is_there(first)

    server.send_signal(by)
    assert server.communicate(timeout=PATIENCE)[0] == ""
    until(lambda: not is_there(second))


@pytest.mark.parametrize("arguments", [("serve",), ("demo",), ("engine", "serve")], ids=" ".join)
def test_without_a_worker_there_is_none(arguments: tuple[str, ...], start: Start, free_port: int) -> None:
    server = start(*arguments, "--port", free_port, "--no-worker", **KEYS)
    ready(server)

    assert workers_of(server) == []
    server.terminate()
    server.communicate(timeout=PATIENCE)
