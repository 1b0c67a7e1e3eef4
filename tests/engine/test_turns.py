"""Writers of one SQLite database take turns, and none waits longer than it has time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine

from checkout_bridge.database import open_database, reading, writing
from checkout_bridge.errors import StorageFailed

from .conftest import KEYS

if TYPE_CHECKING:
    from .conftest import EngineClient

PATIENCE = 30  # seconds; whoever needs longer hangs


@pytest.fixture
def database(engine: EngineClient) -> Engine:
    """The engine's database, in which there is the coupon CODE."""
    engine.coupon("CODE", amount_off=100)
    found: Engine = engine.app.extensions["checkout_bridge.engine"]
    return found


def _while_another_writes(database: Engine, call: Callable[[], Any]) -> Any:
    """Call while a thread holds the write transaction, which ends only afterwards."""
    begun, may_end = Event(), Event()

    def hold() -> None:
        with writing(database):
            begun.set()
            assert may_end.wait(PATIENCE)

    with ThreadPoolExecutor(1) as threads:
        holding: Future[None] = threads.submit(hold)
        try:
            assert begun.wait(PATIENCE)
            return call()
        finally:
            may_end.set()
            holding.result(PATIENCE)


def _disable(engine: EngineClient, *, deadline_ms: int) -> Any:
    """Write through the engine, as a call that has so much time left."""
    environ = {"checkout_bridge.deadline_ms": deadline_ms}
    with engine.app.test_client() as client:
        return client.post("/v1/vouchers/CODE/disable", headers=KEYS, environ_overrides=environ)


def test_a_writer_whose_time_is_up_before_its_turn_is_told_and_has_written_nothing(
    engine: EngineClient, database: Engine
) -> None:
    answer = _while_another_writes(database, lambda: _disable(engine, deadline_ms=50))
    assert (answer.status_code, answer.get_json()["key"]) == (503, "storage_failed")
    assert engine.voucher("CODE")["active"] is True
    assert _disable(engine, deadline_ms=PATIENCE * 1000).status_code == 200


def test_a_writer_waits_for_its_turn(engine: EngineClient, database: Engine) -> None:
    with ThreadPoolExecutor(1) as threads:
        asked: list[Future[Any]] = []
        _while_another_writes(
            database, lambda: asked.append(threads.submit(_disable, engine, deadline_ms=PATIENCE * 1000))
        )
        assert asked[0].result(PATIENCE).status_code == 200
    assert engine.voucher("CODE")["active"] is False


def test_readers_do_not_wait(engine: EngineClient, database: Engine) -> None:
    assert _while_another_writes(database, lambda: engine.voucher("CODE"))["active"] is True


def test_a_turn_is_handed_on_after_a_failure(database: Engine) -> None:
    with pytest.raises(RuntimeError), writing(database):
        raise RuntimeError("in the middle")
    with writing(database, wait_ms=50), reading(database):
        pass


def test_a_writer_of_another_database_does_not_wait(database: Engine, tmp_path: Path) -> None:
    other = open_database(f"sqlite:///{tmp_path}/other.db")

    def write() -> str:
        with writing(other, wait_ms=50):
            return "written"

    assert _while_another_writes(database, write) == "written"
    with pytest.raises(StorageFailed):
        _while_another_writes(other, write)
    other.dispose()
