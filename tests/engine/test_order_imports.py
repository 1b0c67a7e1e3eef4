"""Importing orders: all that are right, as history; what is wrong with the others is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from checkout_bridge.database import reading, writing
from checkout_bridge.engine.store.schema import async_actions
from checkout_bridge.engine.work.leased import LEASE, Bench

from .importing import action, begin, database_of, import_all

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine


def imported(engine: EngineClient, rows: Any) -> Any:
    """The action of an import that was done."""
    action_id = begin(engine, rows)
    assert import_all(engine) == 1
    return action(engine, action_id)


def test_orders_are_imported_by_a_worker_and_as_of_now(engine: EngineClient) -> None:
    rows = [{"source_id": "o1", "status": "PAID", "created_at": "2019-05-06", "items": [{"quantity": 2, "price": 50}]}]
    action_id = begin(engine, rows)
    engine.get("/v1/orders/o1", status=404)
    engine.clock.advance(hours=1)

    assert import_all(engine) == 1

    order = engine.get("/v1/orders/o1")
    assert (order["status"], order["total_amount"], order["updated_at"]) == ("PAID", 100, None)
    assert order["created_at"] == "2030-01-02T04:04:05.000Z"
    told = action(engine, action_id)
    assert (told["status"], told["operation_status"], told["progress"]) == ("DONE", "SUCCESS", 100)
    assert told["result"] == {
        "message": "1 of 1 orders were imported",
        "failed": [],
        "done_count": 1,
        "failed_count": 0,
    }


def test_an_order_that_exists_is_updated(engine: EngineClient) -> None:
    made = engine.post("/v1/orders", {"source_id": "o1", "amount": 100, "metadata": {"a": 1}})

    imported(engine, [{"source_id": "o1", "status": "FULFILLED"}, {"id": made["id"], "amount": 200}])

    order = engine.get("/v1/orders/o1")
    assert (order["id"], order["status"], order["amount"]) == (made["id"], "FULFILLED", 200)
    assert (order["metadata"], order["created_at"]) == ({"a": 1}, made["created_at"])


def test_customers_and_referrers_come_with_their_orders(engine: EngineClient) -> None:
    person = {"source_id": "ann", "name": "Ann"}

    imported(engine, [{"source_id": "o1", "amount": 1, "customer": person, "referrer": {"source_id": "bob"}}])

    order = engine.get("/v1/orders/o1")
    assert order["customer"] == {"id": engine.get("/v1/customers/ann")["id"], "object": "customer"}
    assert order["referrer_id"] == engine.get("/v1/customers/bob")["id"]


def test_what_is_wrong_with_an_order_is_told_and_the_others_are_imported(engine: EngineClient) -> None:
    rows = [
        {"source_id": "right", "amount": 1},
        {"source_id": "wrong", "items": [{"quantity": -1}]},
        {"source_id": 7, "amount": 1},
        {"source_id": "lost", "status": "LOST"},
        "no order",
        None,
        {"source_id": "\ud800"},
        {"source_id": "sku", "items": [{"sku": {"source_id": "red", "override": True}}]},
        {"amount": 2},
    ]

    told = imported(engine, rows)

    assert (told["status"], told["operation_status"]) == ("DONE", "SUCCESS")
    result = told["result"]
    assert (result["done_count"], result["failed_count"]) == (2, 7)
    assert [(one["index"], one["source_id"]) for one in result["failed"]] == [
        *((1, "wrong"), (2, None), (3, "lost"), (4, None), (5, None), (6, None), (7, "sku"))
    ]
    reasons = [one["reason"] for one in result["failed"]]
    assert reasons[0] == "Property .items[0].quantity must be from 0 to 1000000000"
    for reason, named in zip(
        reasons[1:], (".source_id", ".status", "object", "object", ".source_id", ".sku"), strict=True
    ):
        assert named in reason
    assert engine.get("/v1/orders")["total"] == 2


def test_an_import_of_which_nothing_is_right_has_failed(engine: EngineClient) -> None:
    told = imported(engine, [{"status": "LOST"}] * 3)

    assert (told["status"], told["operation_status"], told["result"]["failed_count"]) == ("DONE", "FAILED", 3)


def test_an_empty_import_is_done(engine: EngineClient) -> None:
    told = imported(engine, [])

    assert (told["operation_status"], told["progress"], told["result"]["done_count"]) == ("SUCCESS", 100, 0)


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        ([{}] * 2001, "2000"),
        ({"orders": []}, "array"),
        ({}, "array"),
        (b"", "array"),
        (b"[", "JSON"),
        (b"[" * 70 + b"]" * 70, "nested"),
    ],
)
def test_what_is_no_array_of_at_most_2000_orders_is_refused(engine: EngineClient, payload: Any, named: str) -> None:
    before = engine.everything()

    error = engine.post("/v1/orders/import", payload, status=400)

    assert error["key"] == "invalid_payload"
    assert named in error["details"]
    assert engine.everything() == before


def test_2000_orders_are_taken(engine: EngineClient) -> None:
    action_id = begin(engine, [{}] * 2000)

    assert action(engine, action_id)["status"] == "ENQUEUED"


def test_the_bell_rings_after_the_import_is_there_to_be_found(tmp_path: Path, open_engine: OpenEngine) -> None:
    found: list[int] = []
    with open_engine(f"sqlite:///{tmp_path}/engine.db", ring=lambda: found.append(import_all(engine))) as engine:
        engine.post("/v1/orders/import", {}, status=400)
        assert found == []

        action_id = begin(engine, [{"amount": 1}])

        assert found == [1]
        assert action(engine, action_id)["status"] == "DONE"


def test_a_bell_that_is_broken_is_told_to_the_log_alone(
    tmp_path: Path, open_engine: OpenEngine, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ConnectionError("no queue")

    with open_engine(f"sqlite:///{tmp_path}/engine.db", ring=broken) as engine:
        action_id = begin(engine, [{"amount": 1}])

        assert "no queue" in caplog.text
        assert import_all(engine) == 1
        assert action(engine, action_id)["status"] == "DONE"


def test_an_idempotency_key_makes_one_import(engine: EngineClient) -> None:
    ids = {begin(engine, [{"amount": 1}], Idempotency_Key="k") for _ in range(2)}

    assert len(ids) == 1
    assert import_all(engine) == 1
    assert engine.get("/v1/orders")["total"] == 1


def test_imports_wait_for_each_other_in_the_order_they_came(engine: EngineClient) -> None:
    first, second = (begin(engine, [{"source_id": "o1", "amount": amount}]) for amount in (1, 2))
    database = database_of(engine)
    assert Bench(database, engine.clock).claim(async_actions, alone=True) is not None

    assert import_all(engine) == 0
    assert [action(engine, one)["status"] for one in (first, second)] == ["IN_PROGRESS", "ENQUEUED"]

    engine.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert import_all(engine) == 2
    assert engine.get("/v1/orders/o1")["amount"] == 2


def test_an_import_keeps_nothing_of_what_was_sent_but_the_orders(engine: EngineClient) -> None:
    imported(engine, [{"source_id": "o1", "amount": 1, "customer": {"email": "ann@example.com"}}])

    with reading(database_of(engine)) as connection:
        assert connection.execute(select(async_actions.c.payload)).scalars().all() == [None]


def test_what_no_import_should_hold_fails_and_keeps_no_other_waiting(
    engine: EngineClient, caplog: pytest.LogCaptureFixture
) -> None:
    broken, right = begin(engine, [{"amount": 1}]), begin(engine, [{"amount": 2}])
    with writing(database_of(engine)) as connection:
        connection.execute(update(async_actions).where(async_actions.c.id == broken).values(payload=5))

    assert import_all(engine) == 2

    told = action(engine, broken)
    assert (told["status"], told["operation_status"], told["progress"]) == ("FAILED", "FAILED", 0)
    assert "log" in told["result"]["message"]
    assert broken in caplog.text
    assert action(engine, right)["operation_status"] == "SUCCESS"


def test_the_same_orders_come_out_the_same_in_two_engines(
    engine: EngineClient, tmp_path: Path, open_engine: OpenEngine
) -> None:
    statuses = ("CREATED", "PAID", "CANCELED", "FULFILLED")
    rows = [
        {
            "source_id": f"o{n % 130}",
            "status": statuses[n % 4],
            "items": [{"source_id": f"p{n % 7}", "quantity": n, "price": 10, "discount_amount": n % 3}],
            "discount_amount": n,
            "metadata": {"n": n, "nested": {"b": [n], "a": None}},
        }
        for n in range(150)
    ]
    with open_engine(f"sqlite:///{tmp_path}/other.db") as other:
        other.clock.advance(days=3)
        told = [comparable(one, imported(one, rows)) for one in (engine, other)]

    assert len(told[0]) == 130
    assert told[0] == told[1]


def comparable(engine: EngineClient, told: Any) -> list[dict[str, Any]]:
    """What must be the same everywhere: all but ids and dates."""
    assert told["result"]["failed_count"] == 0
    pages = [engine.get(f"/v1/orders?limit=100&page={page}")["orders"] for page in (1, 2)]
    own = ("id", "created_at", "updated_at", "items")
    return [{name: value for name, value in order.items() if name not in own} for page in pages for order in page]
