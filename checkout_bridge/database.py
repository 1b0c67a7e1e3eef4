"""Opens and migrates a database: SQLite with WAL and immediate write transactions, or PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from checkout_bridge.errors import InvalidInput, StorageFailed
from checkout_bridge.private import make_file, make_folder

BUSY_TIMEOUT_MS = 10_000
# Taken while migrating, so that of several starting processes one migrates and the others wait.
_MIGRATION_LOCK = 0x43484B42
# How SQLite commits what must outlive a loss of power.
_DURABLE = "FULL"
_turns: WeakKeyDictionary[Engine, _Line] = WeakKeyDictionary()
_LONGEST_MIGRATION_MS = 10 * 60 * 1000


def open_database(url: str) -> Engine:
    """An SQLAlchemy engine for ``sqlite:///path`` or ``postgresql://...``.

    On SQLite every transaction takes the write lock when it begins (so that it never fails half way), except on
    connections with the execution option ``reads_only``. Commits are durable: ``synchronous`` is FULL.
    A new SQLite file may be read by its owner only. Raises InvalidInput for a URL that is neither, StorageFailed for a
    file that cannot be opened.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise InvalidInput("the database URL must look like sqlite:///file.db or postgresql://host/name") from None
    if parsed.get_backend_name() in ("postgresql", "postgres"):
        return create_engine(parsed.set(drivername="postgresql+psycopg"))
    if parsed.get_backend_name() != "sqlite":
        raise InvalidInput(f"the database {parsed.get_backend_name()!r} is not one of sqlite, postgresql")
    if parsed.database and parsed.database != ":memory:":
        _make_private(Path(parsed.database))
    engine = create_engine(parsed, connect_args={"check_same_thread": False})
    _turns[engine] = _Line()
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for reading only: it takes no write lock. Raises StorageFailed."""
    with _told_in_our_words(), engine.connect().execution_options(reads_only=True) as connection:
        yield connection


@contextmanager
def writing(engine: Engine, *, wait_ms: int = BUSY_TIMEOUT_MS, durable: bool = True) -> Iterator[Connection]:
    """One transaction for writing: committed when left, rolled back when left by an exception.

    One that is not ``durable`` may be lost when the machine loses power, though never when the process ends; for what
    would be done again. Waits at most ``wait_ms`` for another's lock. Raises StorageFailed; IntegrityError is the
    caller's own to know.
    """
    wait_ms = max(1, wait_ms)
    with (
        _told_in_our_words(),
        _turn(engine, wait_ms),
        engine.connect().execution_options(wait_ms=wait_ms, durable=durable) as connection,
        connection.begin(),
    ):
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {wait_ms}")
            if not durable:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
        yield connection


def _make_private(path: Path) -> None:
    try:
        make_folder(path.parent)
        make_file(path)
    except OSError as error:
        raise StorageFailed("The database cannot be opened", details=f"{path.name}: {error.strerror}") from error


@contextmanager
def _told_in_our_words() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StorageFailed("The database cannot be reached", details=type(error).__name__) from error


class _Line:
    """A lock that goes to whoever has waited longest: a plain one leaves some waiting while many others come and go.

    The first in line has it; everybody else waits for a lock of their own to be opened.
    """

    def __init__(self) -> None:
        self._guard, self._waiting = Lock(), deque[Lock]()

    def acquire(self, timeout: float) -> bool:
        mine = Lock()
        with self._guard:
            if self._waiting:
                mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=timeout):
            return True
        with self._guard:
            if self._waiting[0] is mine:  # it came at the last moment
                return True
            self._waiting.remove(mine)
            return False

    def release(self) -> None:
        with self._guard:
            self._waiting.popleft()
            if self._waiting:
                self._waiting[0].release()


@contextmanager
def _turn(engine: Engine, wait_ms: int) -> Iterator[None]:
    """Writers of one SQLite database take turns in this process: its own busy handler sleeps, and is unfair."""
    lock = _turns.get(engine)
    if lock is None:
        yield
        return
    if not lock.acquire(timeout=wait_ms / 1000):
        raise StorageFailed("The database is busy", details=f"waited {wait_ms} ms")
    try:
        yield
    finally:
        lock.release()


def migrate(engine: Engine, migrations: Path, version_table: str) -> None:
    """Bring the database to the newest of the given Alembic migrations, under a lock. Does nothing when it is there.

    ``version_table`` is theirs alone, so that several sets can share a database.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    head = ScriptDirectory.from_config(config).get_current_head()
    with writing(engine, wait_ms=_LONGEST_MIGRATION_MS) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        if _revision(connection, version_table) != head:
            config.attributes.update(connection=connection, version_table=version_table)
            command.upgrade(config, "head")


def run_migrations(tables: MetaData) -> None:
    """What a set's ``env.py`` does: run on the connection that ``migrate`` opened."""
    from alembic import context

    given = context.config.attributes
    context.configure(
        connection=given["connection"],
        version_table=given["version_table"],
        target_metadata=tables,
        transactional_ddl=False,
    )
    context.run_migrations()


def _revision(connection: Connection, version_table: str) -> str | None:
    from alembic.migration import MigrationContext

    options = {"version_table": version_table}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in ("journal_mode = WAL", f"synchronous = {_DURABLE}", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    wait_ms = options.get("wait_ms", BUSY_TIMEOUT_MS)
    driver: Any = connection.connection.driver_connection
    if connection.info.get("wait_ms") != wait_ms:
        driver.execute(f"PRAGMA busy_timeout = {wait_ms}")
        connection.info["wait_ms"] = wait_ms
    synchronous = _DURABLE if options.get("durable", True) else "NORMAL"
    if connection.info.get("synchronous", _DURABLE) != synchronous:
        driver.execute(f"PRAGMA synchronous = {synchronous}")
        connection.info["synchronous"] = synchronous
    driver.execute("BEGIN" if options.get("reads_only") else "BEGIN IMMEDIATE")
