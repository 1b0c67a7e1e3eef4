"""The bell: tells workers that there is something to do. What it is they see in the database; a bell may get lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from checkout_bridge.private import make_file, make_folder

log = logging.getLogger(__name__)

# What a worker can be rung for.
WORK = ("imports", "exports")
QUEUE_FILE = "queue.db"
# How long a queue that does not answer may keep waiting whoever rings: a request of the API.
CONNECT_SECONDS = 5


def open_huey(url: str, folder: Path) -> Any:
    """The queue at ``redis://...`` or ``postgresql://...``; without a URL a file in ``folder``, its owner's alone."""
    if url.startswith("redis"):
        from huey import RedisHuey
        from redis import ConnectionPool

        pool = ConnectionPool.from_url(url, socket_timeout=CONNECT_SECONDS, socket_connect_timeout=CONNECT_SECONDS)
        return RedisHuey("checkout-bridge", connection_pool=pool, results=False)
    if url:
        from huey.contrib.sql_huey import SqlHuey
        from playhouse.db_url import connect

        database = connect(url, connect_timeout=CONNECT_SECONDS)
        return SqlHuey("checkout-bridge", database=database, results=False)
    from huey import SqliteHuey

    make_folder(folder)
    make_file(folder / QUEUE_FILE)
    return SqliteHuey("checkout-bridge", filename=str(folder / QUEUE_FILE), results=False)


def register(huey: Any, work: Mapping[str, Callable[[], None]]) -> Mapping[str, Any]:
    """The tasks by their names. Who rings and who works must register them alike."""
    return {name: huey.task(name=name)(_task(work.get(name))) for name in WORK}


def _task(work: Callable[[], None] | None) -> Callable[[], None]:
    def run() -> None:
        if work is not None:
            work()

    return run


class Bell:
    """Rings for whatever there is to do. It opens the queue when it first rings, and never fails: a worker looks by
    itself now and then.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder
        self._opened: tuple[Any, Mapping[str, Any]] | None = None
        self._lock = Lock()

    def ring(self) -> None:
        """Tell the workers."""
        try:
            huey, tasks = self._opened = self._opened or self._open()
            try:
                for task in tasks.values():
                    task()
            finally:
                # It rings seldom, and from many threads: none of them keeps a connection.
                with self._lock:
                    huey.storage.close()
        except Exception as error:
            # Whatever is wrong with the queue, the work is kept, and will be found.
            log.warning("the queue cannot be rung: %s", type(error).__name__)

    def _open(self) -> tuple[Any, Mapping[str, Any]]:
        huey = open_huey(self._url, self._folder)
        return huey, register(huey, {})
