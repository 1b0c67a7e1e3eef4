"""The list of orders far down and behind a cursor, beside its first page; an import beside a bare bulk insert."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from flask import Flask

from benchmarks.engine import fresh_engine
from benchmarks.rounds import Row, Size, compare
from benchmarks.samples import KEYS, ORDER
from checkout_bridge.engine.app import database_of, now
from checkout_bridge.engine.work.imports import import_next
from checkout_bridge.engine.work.leased import Bench

ORDERS = {"small": 50_000, "large": 1_000_000}
# A page far down, or one behind a cursor, may take one and a half times as long as the first.
GOAL = 1 / 1.5
IMPORTED = 100
_INSERT = """
    INSERT INTO orders (id, source_id, status, customer_id, body, redemptions,
        amount, discount_amount, items_discount_amount, total_amount, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_STATUSES = ("CREATED", "PAID", "CANCELED", "FULFILLED")


def lists(folder: Path, size: Size) -> Iterator[Row]:
    """Page 99 and the page behind the order in the middle, of 100 orders each."""
    path, count = folder / "lists.db", ORDERS[size.name]
    with fresh_engine(path) as app:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.executemany(_INSERT, _rows("list", range(count)))
        first = _page(app, "")
        for name, query in (("page 99", "&page=99"), ("behind a cursor", f"&starting_after_id=ord_list-{count // 2}")):
            yield compare(f"{count:,} orders, {name} over page 1", _page(app, query), first, size, goal=GOAL)


def imports(folder: Path, size: Size) -> Iterator[Row]:
    """Orders per second, each checked, looked for and kept; beside rows that are only inserted."""
    beside = folder / "inserts.db"
    with (
        fresh_engine(folder / "imports.db") as app,
        fresh_engine(beside),
        closing(sqlite3.connect(beside)) as connection,
    ):
        ours, theirs = _importing(app), _inserting(connection)
        yield compare("import of an order over a bare bulk insert", ours, theirs, size)


def _page(app: Flask, query: str) -> Callable[[], int]:
    client, path = app.test_client(), f"/v1/orders?limit=100{query}"

    def page() -> int:
        response = client.get(path, headers=KEYS)
        assert response.status_code == 200
        return 1

    return page


def _importing(app: Flask) -> Callable[[], int]:
    client, bench, numbers = app.test_client(), Bench(database_of(app), now), itertools.count()

    def imported() -> int:
        told = [{**ORDER, "source_id": f"import-{next(numbers)}", "status": "PAID"} for _ in range(IMPORTED)]
        response = client.post("/v1/orders/import", json=told, headers=KEYS)
        assert response.status_code == 200
        assert import_next(bench)
        return IMPORTED

    return imported


def _inserting(connection: sqlite3.Connection) -> Callable[[], int]:
    numbers = itertools.count()

    def inserted() -> int:
        with connection:
            connection.executemany(_INSERT, _rows("insert", itertools.islice(numbers, IMPORTED)))
        return IMPORTED

    return inserted


def _rows(series: str, numbers: Any) -> Iterator[tuple[Any, ...]]:
    """Order rows, a thousand in a second."""
    body, amount = json.dumps(ORDER), ORDER["amount"]
    for number in numbers:
        seconds, status = number // 1000, _STATUSES[number % len(_STATUSES)]
        at = f"2030-01-01T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{number % 1000:03}Z"
        name, customer = f"{series}-{number}", f"cust_{number % 1000}"
        yield (f"ord_{name}", name, status, customer, body, "{}", amount, 0, 0, amount, at)
