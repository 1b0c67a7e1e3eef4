"""``jobs``: imports and exports are listed, done again, and cancelled."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import update

from checkout_bridge.cli.background import working
from checkout_bridge.database import writing
from checkout_bridge.engine.app import database_of
from checkout_bridge.engine.store.schema import async_actions, exports
from checkout_bridge.engine.work.leased import LeaseLost
from checkout_bridge.jobs.queue import open_huey
from checkout_bridge.runtime import Runtime
from checkout_bridge.settings import read_settings

Command = Callable[..., Result]
COLUMNS = ["id", "what", "status", "done", "total", "created_at", "finished_at", "problem"]


@contextmanager
def opened() -> Iterator[Runtime]:
    """The bridge of the test's own settings."""
    runtime = Runtime(read_settings())
    try:
        yield runtime
    finally:
        runtime.close()


@pytest.fixture
def shop() -> Iterator[Runtime]:
    """An engine in this process, with no worker."""
    with opened() as runtime:
        yield runtime


def begin_import(shop: Runtime, count: int = 3) -> str:
    orders = [{"source_id": f"o{number}"} for number in range(count)]
    return str(shop.client.orders.import_orders(orders)["async_action_id"])


def begin_export(shop: Runtime, what: str = "order") -> str:
    return str(shop.client.exports.create_export({"exported_object": what, "parameters": {}})["id"])


def listed(command: Command) -> dict[str, Any]:
    """The jobs by their ids."""
    result = command("jobs", "list", "--json")
    assert result.exit_code == 0, result.output
    return {job["id"]: job for job in json.loads(result.stdout)}


def told(result: Result) -> str:
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout


def status_of(shop: Runtime, job_id: str) -> str:
    if job_id.startswith("exp_"):
        return str(shop.client.exports.get_export(job_id)["status"])
    return str(shop.client.async_actions.get_async_action(job_id)["status"])


def end(shop: Runtime, job_id: str) -> str:
    """Let a worker do what there is to do, and tell how a job ended."""
    with opened() as other, working(other):
        if job_id.startswith("exp_"):
            return str(shop.client.exports.wait_for_export(job_id, timeout=30, every=0.02)["status"])
        return str(shop.client.async_actions.wait_for_async_action(job_id, timeout=30, every=0.02)["status"])


def bells(data_dir: Path) -> int:
    """How often workers have been rung for."""
    huey = open_huey("", data_dir)
    try:
        return int(huey.pending_count())
    finally:
        huey.storage.close()


def test_nothing_was_asked_for_yet(command: Command) -> None:
    assert listed(command) == {}
    assert told(command("jobs", "list")).split() == COLUMNS


def test_jobs_are_listed_newest_first_with_how_far_they_are(command: Command, shop: Runtime) -> None:
    first = begin_import(shop)
    assert end(shop, first) == "DONE"
    second = begin_export(shop, "voucher")

    rows = listed(command)
    assert list(rows) == [second, first]
    done = rows[first]
    assert (done["what"], done["status"], done["done"], done["total"]) == ("ORDERS.IMPORT", "DONE", 3, 3)
    assert done["created_at"] <= done["finished_at"]
    waiting = rows[second]
    assert (waiting["what"], waiting["status"], waiting["finished_at"]) == ("export of voucher", "SCHEDULED", None)
    (newest,) = json.loads(told(command("jobs", "list", "--limit", 1, "--json")))
    assert newest == waiting

    heading, *table = told(command("jobs", "list", "--limit", 1)).splitlines()
    assert heading.split() == COLUMNS
    assert [line.split()[0] for line in table] == [second]


@pytest.mark.parametrize("begin", [begin_import, begin_export])
def test_one_that_waits_is_cancelled_and_can_be_done_again(
    begin: Callable[[Runtime], str], command: Command, shop: Runtime, data_dir: Path
) -> None:
    job_id = begin(shop)

    assert told(command("jobs", "cancel", job_id)) == f"{job_id}: cancelled\n"

    cancelled = listed(command)[job_id]
    assert cancelled["status"] in ("FAILED", "ERROR")
    assert cancelled["problem"].startswith("cancelled")
    assert cancelled["finished_at"] is not None
    assert "cancelled" in told(command("jobs", "list"))
    crew = shop.open_crew()
    assert (crew.do_import(), crew.do_export(), crew.is_open()) == (False, False, False)

    rung = bells(data_dir)
    assert told(command("jobs", "retry", job_id)) == f"{job_id}: waits for a worker\n"
    assert bells(data_dir) > rung
    again = listed(command)[job_id]
    assert (again["status"], again["finished_at"]) in (("ENQUEUED", None), ("SCHEDULED", None))
    assert end(shop, job_id) == "DONE"
    assert listed(command)[job_id]["problem"] is None


@pytest.mark.parametrize(("begin", "table"), [(begin_import, async_actions), (begin_export, exports)])
def test_one_that_is_being_done_is_taken_away_from_its_worker(
    begin: Callable[[Runtime], str], table: Any, command: Command, shop: Runtime
) -> None:
    job_id = begin(shop)
    bench = shop.open_crew().bench
    assert bench.claim(table)["id"] == job_id
    assert status_of(shop, job_id) == "IN_PROGRESS"
    assert told(command("jobs", "retry", job_id)) == f"{job_id}: is IN_PROGRESS, nothing to do\n"

    assert told(command("jobs", "cancel", job_id)) == f"{job_id}: cancelled\n"

    with pytest.raises(LeaseLost), bench.step(table, job_id) as step:
        step.values = {"status": "DONE"}
    assert listed(command)[job_id]["problem"].startswith("cancelled")


def test_an_export_that_failed_is_done_again(command: Command, shop: Runtime, data_dir: Path) -> None:
    """Given a folder of exports that is none, then the job says so; put right, it is done when asked to."""
    export_id = begin_export(shop)
    (data_dir / "exports").write_text("no folder")
    assert end(shop, export_id) == "ERROR"
    failed = listed(command)[export_id]
    assert (failed["status"], failed["problem"]) == ("ERROR", "The file cannot be written: Not a directory")

    (data_dir / "exports").unlink()
    told(command("jobs", "retry", export_id))

    assert end(shop, export_id) == "DONE"
    assert listed(command)[export_id]["problem"] is None
    assert len(list((data_dir / "exports").iterdir())) == 1


@pytest.mark.parametrize("what", ["retry", "cancel"])
@pytest.mark.parametrize("begin", [begin_import, begin_export])
def test_one_that_is_done_stays_as_it_is(
    begin: Callable[[Runtime], str], what: str, command: Command, shop: Runtime
) -> None:
    job_id = begin(shop)
    assert end(shop, job_id) == "DONE"
    before = listed(command)

    assert told(command("jobs", what, job_id)) == f"{job_id}: is DONE, nothing to do\n"

    assert listed(command) == before


def test_one_that_waits_needs_no_retry(command: Command, shop: Runtime) -> None:
    job_id = begin_import(shop)

    assert told(command("jobs", "retry", job_id)) == f"{job_id}: is ENQUEUED, nothing to do\n"


def test_an_import_that_failed_half_way_goes_on_where_it_was(command: Command, shop: Runtime) -> None:
    """Given an import that stopped after two of four orders, then a retry brings the other two."""
    action_id = begin_import(shop, 4)
    half = {"status": "FAILED", "operation_status": "FAILED", "done": 2, "result": {"failed": [], "message": "broken"}}
    with writing(database_of(shop.engine)) as connection:
        connection.execute(update(async_actions).values(**half))
    job = listed(command)[action_id]
    assert (job["done"], job["total"], job["problem"]) == (2, 4, "broken")

    told(command("jobs", "retry", action_id))

    assert end(shop, action_id) == "DONE"
    assert sorted(one["source_id"] for one in shop.client.orders.iter_orders()) == ["o2", "o3"]


@pytest.mark.parametrize("what", ["retry", "cancel"])
def test_a_job_that_is_not_there_is_told_in_one_line(what: str, command: Command) -> None:
    result = command("jobs", what, "aa_0123456789abcdef01")

    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "aa_0123456789abcdef01" in result.stderr
