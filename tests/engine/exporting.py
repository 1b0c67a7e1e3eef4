"""An engine with a worker for its exports, and its files as rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from checkout_bridge.engine.app import database_of
from checkout_bridge.engine.work.exports import export_next
from checkout_bridge.engine.work.leased import Bench

from .conftest import EngineClient, running_engine


class Exporter:
    """Asks for exports, has them written, and reads the files."""

    def __init__(self, engine: EngineClient, folder: Path) -> None:
        self.engine, self.folder = engine, folder

    def bench(self) -> Bench:
        """A worker's place of work, on the engine's database and clock."""
        return Bench(database_of(self.engine.app), self.engine.clock)

    def ask(self, kind: str, **parameters: Any) -> Any:
        """Ask for an export."""
        return self.engine.post("/v1/exports", {"exported_object": kind, "parameters": parameters})

    def work(self) -> bool:
        """Write the next export; False when there is none."""
        return export_next(self.bench(), self.folder)

    def done(self, kind: str, **parameters: Any) -> Any:
        """An export whose file is there."""
        asked = self.ask(kind, **parameters)
        assert self.work()
        export = self.get(asked["id"])
        assert export["status"] == "DONE", export
        return export

    def get(self, export_id: str) -> Any:
        return self.engine.get(f"/v1/exports/{export_id}")

    def download(self, url: str, *, status: int = 200) -> str:
        """What is behind an address, asked for without keys."""
        with self.engine.app.test_client() as client, client.get(url) as response:
            assert response.status_code == status, response.get_data(as_text=True)
            return str(response.get_data(as_text=True))

    def text(self, kind: str, **parameters: Any) -> str:
        """The file of a new export."""
        return self.download(self.done(kind, **parameters)["result"]["url"])

    def rows(self, kind: str, *fields: str, **parameters: Any) -> list[list[str]]:
        """The lines below the header, in the order of ``fields``."""
        told = {"fields": list(fields)} if fields else {}
        header, *rows = csv.reader(io.StringIO(self.text(kind, **told, **parameters)))
        assert not fields or header == list(fields)
        return rows

    def column(self, kind: str, field: str, **parameters: Any) -> list[str]:
        """One field of every row."""
        return [row[0] for row in self.rows(kind, field, **parameters)]

    def files(self) -> list[str]:
        """The names of all files in the folder."""
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []


@contextmanager
def running_exporter(database_url: str, folder: Path, **options: Any) -> Iterator[Exporter]:
    """An engine over this database whose exports are written into this folder; closed at the end."""
    with running_engine(database_url, exports_folder=folder, **options) as engine:
        yield Exporter(engine, folder)
