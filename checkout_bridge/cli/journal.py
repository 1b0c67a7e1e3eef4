"""Which orders of the past were sent to which promotions API, so that none is sent twice; digests alone, no content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Index, MetaData, String, Table, delete, insert, select, update

from checkout_bridge.database import open_database, reading, writing
from checkout_bridge.settings import Settings

FILE = "history.db"
_metadata = MetaData()
_orders = Table(
    "orders",
    _metadata,
    Column("target", String(40), primary_key=True),
    Column("source", String(40), primary_key=True),
    Column("content", String(40), nullable=False),
    # The import that it was sent with, for as long as nobody knows how that ended.
    Column("action_id", String(80)),
    Index("orders_under_way", "action_id"),
)


class Journal:
    """The orders sent to one promotions API, by source id. It is a file in the data folder; without it all are sent."""

    def __init__(self, settings: Settings) -> None:
        self._target = _digest(settings.api_url or settings.engine_database_url, settings.api_app_id)
        self._database = open_database(f"sqlite:///{Path(settings.data_dir) / FILE}")
        with writing(self._database) as connection:
            _metadata.create_all(connection)

    def close(self) -> None:
        """Close the file."""
        self._database.dispose()

    def there(self, orders: Collection[Mapping[str, Any]]) -> set[str]:
        """The source ids of those orders that are there by now, with the very same content."""
        sources = {_digest(order["source_id"]): order for order in orders}
        its = (_orders.c.target == self._target, _orders.c.source.in_(sources), _orders.c.action_id.is_(None))
        with reading(self._database) as connection:
            rows = connection.execute(select(_orders.c.source, _orders.c.content).where(*its)).all()
        return {sources[row.source]["source_id"] for row in rows if row.content == _content(sources[row.source])}

    def sent(self, action_id: str, orders: Sequence[Mapping[str, Any]]) -> None:
        """Write down that these orders are under way."""
        rows = [
            {
                "target": self._target,
                "source": _digest(order["source_id"]),
                "content": _content(order),
                "action_id": action_id,
            }
            for order in orders
        ]
        with writing(self._database) as connection:
            connection.execute(insert(_orders).prefix_with("OR REPLACE"), rows)

    def under_way(self) -> list[str]:
        """The imports of which nobody knows how they ended."""
        its = (_orders.c.target == self._target, _orders.c.action_id.is_not(None))
        with reading(self._database) as connection:
            return list(connection.execute(select(_orders.c.action_id).where(*its).distinct()).scalars())

    def arrived(self, action_id: str, refused: Iterable[str]) -> None:
        """Write down that an import is through; ``refused`` are the source ids of what was not taken."""
        with writing(self._database) as connection:
            for source_id in refused:
                connection.execute(delete(_orders).where(*self._its(source_id)))
            connection.execute(update(_orders).where(*self._of(action_id)).values(action_id=None))

    def lost(self, action_id: str) -> None:
        """Forget an import that is not through: its orders are sent again."""
        with writing(self._database) as connection:
            connection.execute(delete(_orders).where(*self._of(action_id)))

    def forget(self) -> None:
        """Forget everything: the promotions API does not have these orders any more."""
        with writing(self._database) as connection:
            connection.execute(delete(_orders).where(_orders.c.target == self._target))

    def _its(self, source_id: str) -> tuple[Any, ...]:
        return _orders.c.target == self._target, _orders.c.source == _digest(source_id)

    def _of(self, action_id: str) -> tuple[Any, ...]:
        return _orders.c.target == self._target, _orders.c.action_id == action_id


def _content(order: Mapping[str, Any]) -> str:
    return _digest(json.dumps(order, sort_keys=True))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]
