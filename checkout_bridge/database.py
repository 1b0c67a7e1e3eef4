"""Opens and migrates a database: SQLite with WAL and immediate write transactions, or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError

from checkout_bridge.errors import InvalidInput

BUSY_TIMEOUT_MS = 10_000
# Taken while migrating, so that of several starting processes one migrates and the others wait.
_MIGRATION_LOCK = 0x43484B42
_LONGEST_MIGRATION_MS = 10 * 60 * 1000


def open_database(url: str) -> Engine:
    """An SQLAlchemy engine for ``sqlite:///path`` or ``postgresql://...``.

    On SQLite every transaction takes the write lock when it begins (so that it never fails half way), except on
    connections with the execution option ``reads_only``. Commits are durable: ``synchronous`` is FULL.
    Raises InvalidInput for a URL that is neither.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InvalidInput("the database URL must look like sqlite:///file.db or postgresql://host/name") from None
    if parsed.drivername in ("postgresql", "postgres"):
        return create_engine(parsed.set(drivername="postgresql+psycopg"))
    if parsed.get_backend_name() != "sqlite":
        raise InvalidInput(f"the database {parsed.get_backend_name()!r} is not one of sqlite, postgresql")
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).expanduser().parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def reading(engine: Engine) -> Connection:
    """A connection for reading only: it takes no write lock."""
    return engine.connect().execution_options(reads_only=True)


@contextmanager
def writing(engine: Engine, *, wait_ms: int = BUSY_TIMEOUT_MS) -> Iterator[Connection]:
    """One transaction for writing: committed when left, rolled back when left by an exception.

    Waits at most ``wait_ms`` for another's lock, and then raises OperationalError.
    """
    with engine.connect().execution_options(wait_ms=max(1, wait_ms)) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, wait_ms)}")
        yield connection


def migrate(engine: Engine, migrations: Path) -> None:
    """Bring the database to the newest of the given Alembic migrations, under a lock. Does nothing when it is there."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    head = ScriptDirectory.from_config(config).get_current_head()
    with writing(engine, wait_ms=_LONGEST_MIGRATION_MS) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        if _revision(connection) != head:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {options.get('wait_ms', BUSY_TIMEOUT_MS)}")
    connection.exec_driver_sql("BEGIN" if options.get("reads_only") else "BEGIN IMMEDIATE")
