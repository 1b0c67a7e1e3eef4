"""Servers as processes of their own on free ports of 127.0.0.1, always stopped at the end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException

_PATIENCE = 30.0  # seconds for a server to start or to stop
THREADS = 8


@contextmanager
def granian(factory: str, environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """``module:factory`` under the server and the options of ``checkout-bridge serve``; gives its port."""
    port = _free_port()
    with _running([sys.executable, "-m", "benchmarks.serve", factory, str(port)], port, environment):
        yield port


@contextmanager
def gunicorn(factory: str) -> Iterator[int]:
    """The same under gunicorn, with as many threads in one worker; gives its port."""
    port = _free_port()
    options = ["--worker-class", "gthread", "--threads", str(THREADS), "--keep-alive", "60"]
    quiet = ["--log-level", "error", "--no-control-socket"]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *options, *quiet, f"{factory}()"]
    with _running(command, port, None):
        yield port


@contextmanager
def stub() -> Iterator[int]:
    """A server that answers every request with the same order; gives its port."""
    port = _free_port()
    with _running([sys.executable, "-m", "benchmarks.stub", str(port)], port, None):
        yield port


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextmanager
def _running(command: Sequence[str], port: int, environment: Mapping[str, str] | None) -> Iterator[None]:
    # A session of its own: its workers can be stopped with it, and an interrupt reaches only us.
    process = subprocess.Popen(
        command, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait_until_it_answers(process, command, port)
        yield
    finally:
        _stop(process)


def _wait_until_it_answers(process: subprocess.Popen[bytes], command: Sequence[str], port: int) -> None:
    give_up = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < give_up:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        except (OSError, HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()
    raise RuntimeError(f"the server did not start (exit code {process.poll()}): {' '.join(command[1:])}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
