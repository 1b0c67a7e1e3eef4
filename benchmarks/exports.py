"""Exporting redemptions, beside a bare ``csv.writer`` over a cursor of the same query; and the memory that it takes."""

from __future__ import annotations

import csv
import secrets
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from benchmarks.rounds import Row, Size, absolute, compare
from checkout_bridge.database import migrate, open_database, writing
from checkout_bridge.engine.app import MIGRATIONS, now
from checkout_bridge.engine.services import exports
from checkout_bridge.engine.services.entries import EMPTY
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store.schema import redemptions
from checkout_bridge.engine.work.exports import export_next
from checkout_bridge.engine.work.leased import Bench

GOAL, MEGABYTES = 0.3, 60
ROWS = {"small": 50_000, "large": 1_000_000}
ROUNDS = 3
PLAIN = ["id", "object", "voucher_code", "customer_id", "date", "result"]
WITH_METADATA = [*PLAIN, "order_amount", "metadata.shop", "metadata"]
_BARE = "SELECT {} FROM redemptions ORDER BY number DESC"
_AT_ONCE = 10_000


def redemption_exports(folder: Path, size: Size) -> Iterator[Row]:
    """Plain columns, columns with metadata, and the peak of memory above that of a worker that does nothing."""
    count = ROWS[size.name]
    database = folder / "exports.db"
    few = replace(size, rounds=ROUNDS)
    with _bench(database) as bench:
        _fill(bench, count)
        for what, fields, goal in (("plain fields", PLAIN, GOAL), ("metadata", WITH_METADATA, None)):
            columns = ["metadata" if name.startswith("metadata.") else name for name in fields]
            yield compare(
                f"export of {count:,} redemptions, {what}, rows",
                lambda fields=fields: _export(bench, folder, fields, count),
                lambda columns=columns: _write_bare(database, folder, columns),
                few,
                goal=goal,
            )
    measured = [_megabytes_of_a_worker(database, folder) for _ in range(2)]
    yield absolute(f"memory of an export of {count:,}", "MB above idle", measured, goal=MEGABYTES, at_most=True)


@contextmanager
def _bench(database: Path) -> Iterator[Bench]:
    opened = open_database(f"sqlite:///{database}")
    try:
        migrate(opened, MIGRATIONS, "engine_version")
        yield Bench(opened, now)
    finally:
        opened.dispose()


def _fill(bench: Bench, count: int) -> None:
    """Redemptions of a shop that is long in business."""
    facts = {**EMPTY, "object": "redemption", "related_object_type": "voucher", "date": bench.now}
    for start in range(0, count, _AT_ONCE):
        rows = [
            {
                **facts,
                "id": f"r_{secrets.token_hex(9)}",
                "related_object_id": f"v_{number % 1000:032x}",
                "voucher_code": f"CODE-{number % 1000}",
                "customer_id": f"cust_{number % 5000:024x}",
                "order_id": f"ord_{number:018x}",
                "order_amount": number % 100_000,
                "metadata": {"shop": f"shop, {number % 7}", "number": number},
            }
            for number in range(start, min(start + _AT_ONCE, count))
        ]
        with writing(bench.database) as connection:
            connection.execute(insert(redemptions), rows)


def _export(bench: Bench, folder: Path, fields: list[str], count: int) -> int:
    with writing(bench.database) as connection:
        unit = Unit(connection, datetime.now(UTC), "benchmark")
        exports.create(unit, "redemption", {"field_names": fields})
    export_next(bench, folder)
    (written,) = folder.glob("exp_*.csv")
    written.unlink()
    return count


def _write_bare(database: Path, folder: Path, columns: list[str]) -> int:
    with (
        closing(sqlite3.connect(database)) as connection,
        tempfile.TemporaryFile("w", dir=folder, newline="") as file,
    ):
        cursor = connection.execute(_BARE.format(", ".join(columns)))
        csv.writer(file, lineterminator="\n").writerows(cursor)
        (count,) = connection.execute("SELECT count(*) FROM redemptions").fetchone()
        return int(count)


def _megabytes_of_a_worker(database: Path, folder: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.exports", str(database), str(folder)]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=600).stdout)


def _measure_memory(database: Path, folder: Path) -> float:
    """Peak of this process while it exports everything, above what it had after an export of nothing."""
    with _bench(database) as bench:
        with writing(bench.database) as connection:
            exports.create(Unit(connection, datetime.now(UTC), "benchmark"), "points_expiration", {})
        export_next(bench, folder)
        before = _memory("VmRSS")
        for left in folder.glob("exp_*.csv"):
            left.unlink()
        _export(bench, folder, WITH_METADATA, 0)
        return _memory("VmHWM") - before


def _memory(what: str) -> float:
    """Megabytes of this process: ``VmRSS`` is what it has, ``VmHWM`` the most that it had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{what}:"))


if __name__ == "__main__":
    print(_measure_memory(Path(sys.argv[1]), Path(sys.argv[2])))
