"""Writing exports: each into a file of its own that appears whole or not at all; and removing old files."""

from __future__ import annotations

import csv
import logging
import os
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from checkout_bridge.contract.fields import parse_moment, timestamp
from checkout_bridge.database import reading, writing
from checkout_bridge.engine.services.exports import Reading, reading_of
from checkout_bridge.engine.store import exports as store
from checkout_bridge.engine.store.schema import exports
from checkout_bridge.engine.work.csv_rows import row_format
from checkout_bridge.engine.work.leased import Bench, LeaseLost
from checkout_bridge.errors import BridgeError, StorageFailed
from checkout_bridge.private import make_file, make_folder

Row = dict[str, Any]
# Rows that are in memory at a time.
CHUNK = 1000
RENEWED_EVERY = timedelta(seconds=1)
TRIED_FOR = timedelta(minutes=10)
# What nobody has written to for so long belongs to a worker that was killed.
ABANDONED_AFTER = timedelta(hours=1)
_log = logging.getLogger(__name__)


def export_next(bench: Bench, folder: Path) -> bool:
    """Write the oldest export that waits into ``folder``; False when there is nothing to do."""
    export = bench.claim(exports)
    if export is None:
        return False
    try:
        _export(bench, export, folder)
    except LeaseLost:
        pass
    except Exception as fault:
        _log.exception("export %s failed", export["id"])
        if not (isinstance(fault, StorageFailed) and _is_young(bench, export)):
            _give_up(bench, export, fault)
    return True


def _export(bench: Bench, export: Row, folder: Path) -> None:
    make_folder(folder)
    file = folder / f"{export['id']}-{secrets.token_hex(8)}.csv"
    part = file.with_suffix(".csv.part")
    for left in folder.glob(f"{export['id']}-*.part"):
        left.unlink(missing_ok=True)  # by a worker that was killed, or that will notice
    try:
        make_file(part)
        with part.open("w", encoding="utf-8", newline="") as lines:
            done = _write(bench, export, lines)
            lines.flush()
            os.fsync(lines.fileno())
        _finish(bench, export, part, file, done)
    finally:
        part.unlink(missing_ok=True)


def _finish(bench: Bench, export: Row, part: Path, file: Path, done: int) -> None:
    """Name the file and tell of it in one step: without the lease there is neither."""
    try:
        with bench.step(exports, export["id"]) as step:
            part.rename(file)
            step.values = {
                **{"status": "DONE", "file": file.name, "done": done, "total": done},
                "finished_at": bench.now,
            }
    except LeaseLost:
        # After any other failure it may have been told of; if not, it is swept.
        file.unlink(missing_ok=True)
        raise


def _is_young(bench: Bench, export: Row) -> bool:
    """Whether it may be tried again when the lease has run out: the database may only have been busy."""
    return bench.clock() - parse_moment(export["started_at"]) < TRIED_FOR


def _give_up(bench: Bench, export: Row, fault: Exception) -> None:
    try:
        with bench.step(exports, export["id"]) as step:
            step.values = {"status": "ERROR", "error": _reason(fault)[:500], "finished_at": bench.now}
    except LeaseLost:
        pass


def _reason(fault: Exception) -> str:
    if isinstance(fault, OSError):
        return f"The file cannot be written: {fault.strerror}"
    return str(fault.details or fault.message) if isinstance(fault, BridgeError) else type(fault).__name__


def _write(bench: Bench, export: Row, lines: TextIO) -> int:
    """Write header and rows, all as of one moment, and give how many rows there were."""
    writer = csv.writer(_Lines(lines))
    with reading(bench.database) as connection:
        asked = reading_of(connection, export)
        line_of = _line_of(asked, export["parameters"].get("neutralise_formulas", False))
        writer.writerow(asked.fields)
        total = connection.execute(asked.count).scalar_one()
        done, renewed = 0, bench.clock()
        with connection.execution_options(yield_per=CHUNK).execute(asked.rows) as found:
            for rows in found.partitions():
                writer.writerows(rows if line_of is None else map(line_of, rows))
                done += len(rows)
                if bench.clock() - renewed >= RENEWED_EVERY:
                    _renew(bench, export, done, total)
                    renewed = bench.clock()
        return done


def _line_of(asked: Reading, neutralise: bool) -> Callable[[Sequence[Any]], Sequence[Any]] | None:
    types = [column.type for column in asked.rows.selected_columns]
    return row_format(asked.fields, asked.names, types, neutralise=neutralise)


def _renew(bench: Bench, export: Row, done: int, total: int) -> None:
    with bench.step(exports, export["id"]) as step:
        step.values = {"done": done, "total": max(done, total)}


class _Lines:
    """Ends lines as files do; the writer must not know, or it would not quote a carriage return inside of text."""

    def __init__(self, file: TextIO) -> None:
        self._write = file.write

    def write(self, line: str) -> int:
        """Take one line with the writer's own end."""
        return self._write(line.removesuffix("\r\n") + "\n")


def sweep_files(bench: Bench, folder: Path, kept_for: timedelta) -> None:
    """Remove the files of exports that finished longer ago than that or are gone, and what killed workers left."""
    now = bench.clock()
    with writing(bench.database) as connection:
        over = store.let_go(connection, finished_before=timestamp(now - kept_for))
    for name in over:
        (folder / name).unlink(missing_ok=True)
    # Listed before the names are read: a file that gets its export meanwhile has a name then.
    old = [path for path in folder.glob("exp_*.csv*") if _is_older(path, now - ABANDONED_AFTER)]
    with reading(bench.database) as connection:
        kept = store.kept_files(connection)
    for path in old:
        if path.name not in kept:
            path.unlink(missing_ok=True)


def _is_older(path: Path, moment: datetime) -> bool:
    try:
        return path.stat().st_mtime < moment.timestamp()
    except FileNotFoundError:
        return False
