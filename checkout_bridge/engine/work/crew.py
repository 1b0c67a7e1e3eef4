"""All work of one engine: the next import, the next export, and old files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from checkout_bridge.database import reading, writing
from checkout_bridge.engine.store.leases import open_count
from checkout_bridge.engine.store.schema import async_actions, exports
from checkout_bridge.engine.store.sessions import forget_expired
from checkout_bridge.engine.work.exports import export_next, sweep_files
from checkout_bridge.engine.work.imports import import_next
from checkout_bridge.engine.work.leased import Bench


@dataclass(frozen=True, slots=True)
class Crew:
    """``folder`` is that of the export files."""

    bench: Bench
    folder: Path

    def do_import(self) -> bool:
        """Do one import; False when there is none to do."""
        return import_next(self.bench)

    def do_export(self) -> bool:
        """Write one export; False when there is none to write."""
        return export_next(self.bench, self.folder)

    def is_open(self) -> bool:
        """Whether there is work that has not ended, here or elsewhere."""
        with reading(self.bench.database) as connection:
            return any(open_count(connection, table) for table in (async_actions, exports))

    def sweep(self, kept_for: timedelta) -> None:
        """Remove the files of exports that are gone, or finished longer ago than that, and sessions out of time."""
        sweep_files(self.bench, self.folder, kept_for)
        with writing(self.bench.database) as connection:
            forget_expired(connection, self.bench.now)
