"""A PostgreSQL server of our own, with its own defaults, so that a commit is durable."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def postgres() -> Iterator[str | None]:
    """The URL of an empty database; None where there is no server to start."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parts[-2]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        yield None
        return
    binaries = found[-1] if found else Path(str(on_path)).parent
    # A socket's path is short, and the server's user must be able to enter.
    folder = Path(tempfile.mkdtemp(prefix="cbpg-", dir="/tmp"))
    try:
        with _running(binaries, folder) as url:
            yield url
    finally:
        shutil.rmtree(folder)


@contextmanager
def _running(binaries: Path, folder: Path) -> Iterator[str]:
    as_server: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        as_server = ["runuser", "-u", "postgres", "--"]
    control = [*as_server, str(binaries / "pg_ctl"), "-D", str(folder / "data"), "-w"]
    _run(*as_server, str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "benchmarks", "-A", "trust")
    _run(*control, "-l", str(folder / "log"), "-o", f"-k {folder} -c listen_addresses=''", "start")
    try:
        yield f"postgresql://benchmarks@/postgres?host={folder}"
    finally:
        _run(*control, "-m", "immediate", "stop")


def _run(*command: str) -> None:
    # The server would keep a pipe open: its output goes nowhere.
    subprocess.run(command, check=True, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=120)
