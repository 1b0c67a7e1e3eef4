"""What is set for the whole project, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from checkout_bridge.engine.store.schema import project_settings

Row = dict[str, Any]

_find = select(project_settings).where(project_settings.c.name == bindparam("setting"))


def find(connection: Connection, name: str) -> Row | None:
    """The setting with this name."""
    row = connection.execute(_find, {"setting": name}).first()
    return row._asdict() if row else None


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a setting."""
    connection.execute(insert(project_settings), [dict(values)])


def change(connection: Connection, name: str, values: Mapping[str, Any]) -> None:
    """Set columns of a setting."""
    connection.execute(update(project_settings).where(project_settings.c.name == name).values(**values))


def remove(connection: Connection, name: str) -> None:
    """Remove a setting."""
    connection.execute(delete(project_settings).where(project_settings.c.name == name))
