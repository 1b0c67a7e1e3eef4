"""What tests of imports do: begin one, let a worker do it, and look what came of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, select

from checkout_bridge.database import reading
from checkout_bridge.engine.store.schema import orders
from checkout_bridge.engine.work.imports import import_next
from checkout_bridge.engine.work.leased import Bench

if TYPE_CHECKING:
    from .conftest import EngineClient


def database_of(engine: EngineClient) -> Engine:
    found: Engine = engine.app.extensions["checkout_bridge.engine"]
    return found


def import_all(engine: EngineClient) -> int:
    """Let a worker do what there is to do; how many imports it did."""
    bench = Bench(database_of(engine), engine.clock)
    count = 0
    while import_next(bench):
        count += 1
    return count


def begin(engine: EngineClient, rows: Any, **headers: str) -> str:
    return str(engine.post("/v1/orders/import", rows, **headers)["async_action_id"])


def action(engine: EngineClient, action_id: str) -> Any:
    return engine.get(f"/v1/async-actions/{action_id}")


def numbered(count: int) -> list[dict[str, Any]]:
    """Orders with a number each; every other one has no source id by which it could be found again."""
    names: list[dict[str, Any]] = [{"source_id": f"o{n}"} if n % 2 else {} for n in range(count)]
    return [{**name, "amount": 100, "metadata": {"n": n}} for n, name in enumerate(names)]


def numbers_in(database: Engine) -> Counter[int]:
    """How often each numbered order is there."""
    with reading(database) as connection:
        return Counter(body["metadata"]["n"] for body in connection.execute(select(orders.c.body)).scalars())
