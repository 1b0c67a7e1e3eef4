"""What tests of several rooms need: a PostgreSQL server of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a database on a server for tests: the given one, or a private one on a socket, else skip."""
    if url := os.environ.get("CHECKOUT_BRIDGE_TEST_POSTGRES_URL"):
        yield url
        return
    binaries = _server_binaries()
    if binaries is None:
        reason = "no PostgreSQL: set CHECKOUT_BRIDGE_TEST_POSTGRES_URL or install the server"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # Not pytest's own folder: a socket's path is short, and the server's user must be able to enter.
    folder = Path(tempfile.mkdtemp(prefix="cbpg-", dir="/tmp"))
    try:
        yield from _private_server(binaries, folder)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The URL of a PostgreSQL database with nothing in it."""
    import psycopg

    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return postgres_server


def _server_binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _private_server(binaries: Path, folder: Path) -> Iterator[str]:
    as_server: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        as_server = ["runuser", "-u", "postgres", "--"]
    data, log = folder / "data", folder / "log"
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    start = [binaries / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start"]
    _run(*as_server, binaries / "initdb", "-D", data, "-U", "tests", "-A", "trust", "-N", "-E", "UTF8")
    _run(*as_server, *start)
    try:
        yield f"postgresql://tests@/postgres?host={folder}"
    finally:
        _run(*as_server, binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _run(*command: str | Path) -> None:
    # pg_ctl's server would keep a pipe open: its output goes nowhere.
    subprocess.run(command, check=True, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=120)
