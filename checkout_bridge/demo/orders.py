"""The shop's orders in its own SQLite file: made once, then moved from status to status by conditional updates."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from checkout_bridge.demo.cart import CartLine
from checkout_bridge.demo.catalogue import BY_SKU
from checkout_bridge.demo.promotions import Applied

FIRST_NUMBER = 10001
SCHEMA = """
    CREATE TABLE IF NOT EXISTS orders (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        status TEXT NOT NULL,
        total INTEGER NOT NULL,
        currency TEXT NOT NULL,
        lines TEXT NOT NULL,
        applied TEXT NOT NULL,
        placed_at TEXT NOT NULL
    )
"""
BUSY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class OrderLine:
    """What was bought, as it was called and priced then. ``unit_price`` is in cents."""

    sku: str
    name: str
    unit_price: int
    quantity: int

    @property
    def amount(self) -> int:
        return self.unit_price * self.quantity

    @property
    def picture(self) -> str | None:
        """The file of its picture; None for what the shop no longer sells."""
        product = BY_SKU.get(self.sku)
        return product.picture if product else None


@dataclass(frozen=True, slots=True)
class Order:
    """One order. ``total`` is what was paid, in cents, after discounts and gift cards; ``placed_at`` is ISO 8601."""

    ref: str
    status: str
    total: int
    currency: str
    lines: tuple[OrderLine, ...]
    applied: tuple[Applied, ...]
    placed_at: str

    @property
    def subtotal(self) -> int:
        return sum(line.amount for line in self.lines)


class OrderBook:
    """All orders of the shop. Safe to share between threads and processes: every call opens its own connection."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._transaction() as database:
            database.execute(SCHEMA)
            database.execute(
                "INSERT INTO sqlite_sequence (name, seq) SELECT 'orders', ?"
                " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'orders')",
                (FIRST_NUMBER - 1,),
            )

    def place(self, lines: Sequence[CartLine], applied: Sequence[Applied], total: int, currency: str) -> str:
        """Store a paid order and return its reference."""
        bought = [OrderLine(line.product.sku, line.product.name, line.product.price, line.quantity) for line in lines]
        with self._transaction() as database:
            cursor = database.execute(
                "INSERT INTO orders (status, total, currency, lines, applied, placed_at)"
                " VALUES ('paid', ?, ?, ?, ?, ?)",
                (total, currency, _as_json(bought), _as_json(applied), datetime.now(UTC).isoformat(timespec="seconds")),
            )
            return str(cursor.lastrowid)

    def find(self, ref: str) -> Order | None:
        """The order with exactly this reference."""
        with self._transaction() as database:
            row = database.execute("SELECT * FROM orders WHERE number = ?", (_number(ref),)).fetchone()
        return _order(row) if row else None

    def recent(self, limit: int = 50) -> list[Order]:
        """The latest orders, newest first."""
        with self._transaction() as database:
            rows = database.execute("SELECT * FROM orders ORDER BY number DESC LIMIT ?", (limit,)).fetchall()
        return [_order(row) for row in rows]

    def move(self, ref: str, sources: Sequence[str], target: str) -> bool:
        """Set the status to ``target`` if it is one of ``sources``; False when it was not."""
        with self._transaction() as database:
            cursor = database.execute(
                "UPDATE orders SET status = ? WHERE number = ? AND status IN (SELECT value FROM json_each(?))",
                (target, _number(ref), json.dumps(sources)),
            )
            return cursor.rowcount == 1

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS)) as database, database:
            database.row_factory = sqlite3.Row
            yield database


def _number(ref: str) -> int | None:
    """One spelling per order: 010001 is not 10001, for whoever else keeps books by the reference."""
    return int(ref) if re.fullmatch(r"[1-9][0-9]{0,17}", ref) else None


def _as_json(entries: Sequence[OrderLine] | Sequence[Applied]) -> str:
    return json.dumps([asdict(entry) for entry in entries])


def _order(row: sqlite3.Row) -> Order:
    return Order(
        ref=str(row["number"]),
        status=row["status"],
        total=row["total"],
        currency=row["currency"],
        lines=tuple(OrderLine(**line) for line in json.loads(row["lines"])),
        applied=tuple(Applied(**entry) for entry in json.loads(row["applied"])),
        placed_at=row["placed_at"],
    )
