"""The commands that serve, as real processes on free ports."""

from __future__ import annotations

import json
import signal
import socket
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
PATIENCE = 30  # seconds; a server that takes longer is broken


def _ready(process: subprocess.Popen[str]) -> str:
    """The first line it prints."""
    assert process.stdout is not None
    assert select([process.stdout], [], [], PATIENCE)[0], "it never became ready"
    line = process.stdout.readline()
    assert line, process.stderr and process.stderr.read()
    return line


def _stop(process: subprocess.Popen[str], by: signal.Signals) -> str:
    """Ask it to stop, and give what else it printed."""
    process.send_signal(by)
    return process.communicate(timeout=PATIENCE)[0]


def _get(url: str, **headers: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()}, timeout=10)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_the_engine_says_when_it_is_ready_answers_and_stops(
    by: signal.Signals, start: Start, free_port: int, tmp_path: Path
) -> None:
    process = start("engine", "serve", "--port", free_port, "--database", "sqlite:///own.db", **KEYS)
    assert f"http://127.0.0.1:{free_port}/v1/" in _ready(process)
    base = f"http://127.0.0.1:{free_port}"
    assert _get(f"{base}/v1/vouchers", X_App_Id="shop", X_App_Token="secret").json()["total"] == 0
    assert _get(f"{base}/v1/vouchers").status_code == 401
    assert _get(f"{base}/openapi.json").json()["openapi"].startswith("3.")
    assert _stop(process, by) == ""
    assert process.returncode is not None
    assert (tmp_path / "own.db").exists()
    # Of the data folder only the worker's queue is needed, if it came as far as that: no ledger, no keys.
    assert {path.name.partition("-")[0] for path in (tmp_path / "data").glob("*")} <= {"queue.db"}


def test_keys_may_be_options(start: Start, free_port: int) -> None:
    process = start("engine", "serve", "--port", free_port, "--app-id", "a", "--app-token", "b")
    _ready(process)
    answer = _get(f"http://127.0.0.1:{free_port}/v1/vouchers", X_App_Id="a", X_App_Token="b")
    assert answer.status_code == 200
    _stop(process, signal.SIGTERM)


def test_the_bridge_serves_its_door_and_its_engine_with_the_keys_it_made(
    start: Start, free_port: int, data_dir: Path
) -> None:
    process = start("serve", "--port", free_port, CHECKOUT_BRIDGE_TOKEN="let-me-in")
    assert f"http://127.0.0.1:{free_port}/bridge/health" in _ready(process)
    base = f"http://127.0.0.1:{free_port}"
    assert _get(f"{base}/bridge/health").json()["status"] == "ok"
    keys: dict[str, Any] = json.loads((data_dir / "engine-keys.json").read_text())
    listed = _get(f"{base}/v1/vouchers", X_App_Id=keys["app_id"], X_App_Token=keys["app_token"])
    assert listed.json()["vouchers"] == []
    assert _get(f"{base}/bridge/orders/1", Authorization="Bearer let-me-in").status_code == 404
    assert _get(f"{base}/docs/").status_code == 200
    assert _stop(process, signal.SIGTERM) == ""


@pytest.mark.parametrize("command", [("serve",), ("demo",), ("engine", "serve")])
def test_a_port_that_is_taken_is_told_in_one_line(command: tuple[str, ...], start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start(*command, "--port", port, **KEYS)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err.count("\n")) == (2, "", 1)
    assert f"127.0.0.1:{port}" in err
    assert "--port" in err


def test_when_the_server_is_killed_its_worker_ends_and_the_port_is_free(start: Start, free_port: int) -> None:
    process = start("engine", "serve", "--port", free_port, **KEYS)
    _ready(process)
    process.kill()
    process.wait(timeout=PATIENCE)
    free = False
    give_up_at = time.monotonic() + PATIENCE
    while not free and time.monotonic() < give_up_at:
        time.sleep(0.1)
        free = not _listens(free_port)
    assert free, "its worker still listens"
    again = start("engine", "serve", "--port", free_port, **KEYS)
    assert str(free_port) in _ready(again)
    _stop(again, signal.SIGTERM)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
