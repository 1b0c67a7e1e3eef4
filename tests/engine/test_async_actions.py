"""Asynchronous actions: what became of work that was put off, and of work that was done at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient

TEN = {"discount": {"type": "PERCENT", "percent_off": 10}}
POINTS = {"type": "LOYALTY_CARD", "loyalty_card": {"points": 1}}


def waiting(engine: EngineClient, count: int = 1) -> str:
    """An import of so many orders that nobody works on."""
    begun = engine.post("/v1/orders/import", [{"amount": 1}] * count)
    assert list(begun) == ["async_action_id"]
    return str(begun["async_action_id"])


def action(engine: EngineClient, action_id: str) -> Any:
    return engine.get(f"/v1/async-actions/{action_id}")


def test_work_that_waits_has_no_result_yet(engine: EngineClient) -> None:
    action_id = waiting(engine)

    told = action(engine, action_id)

    assert told.pop("request_id").startswith("v-")
    assert told == {
        "id": action_id,
        "type": "ORDERS.IMPORT",
        "status": "ENQUEUED",
        "operation_status": "UNKNOWN",
        "progress": 0,
        "processing_time": 0,
        "created_at": "2030-01-02T03:04:05.000Z",
        "updated_at": None,
        "object": "async_action",
        "result": None,
    }


def test_vouchers_that_were_added_at_once_can_be_asked_for(engine: EngineClient) -> None:
    engine.post("/v1/campaigns", {"name": "Spring", "voucher": TEN})

    begun = engine.post("/v1/campaigns/Spring/vouchers?vouchers_count=3", {}, status=202)

    told = action(engine, begun["async_action_id"])
    assert (told["type"], told["status"], told["operation_status"]) == ("CAMPAIGN.VOUCHERS_GENERATE", "DONE", "SUCCESS")
    assert (told["progress"], told["result"]["done_count"]) == (100, 3)


@pytest.mark.parametrize("query", ["", "?force=true"])
@pytest.mark.parametrize(("path", "voucher", "status"), [("/v1/campaigns", TEN, 202), ("/v1/loyalties", POINTS, 200)])
def test_a_campaign_that_was_deleted_at_once_can_be_asked_for(
    engine: EngineClient, path: str, voucher: dict[str, Any], status: int, query: str
) -> None:
    engine.post(path, {"name": "Spring", "voucher": voucher})

    begun = engine.delete(f"{path}/Spring{query}", status=status)

    told = action(engine, begun["async_action_id"])
    assert (told["type"], told["status"], told["operation_status"]) == ("CAMPAIGN.VOUCHERS_DELETE", "DONE", "SUCCESS")
    assert "Spring" in told["result"]["message"]


def test_a_refused_deletion_leaves_no_action(engine: EngineClient) -> None:
    engine.delete("/v1/campaigns/none", status=404)

    assert engine.get("/v1/async-actions")["async_actions"] == []


def test_the_list_has_the_newest_first_and_no_results(engine: EngineClient) -> None:
    ids = []
    for _ in range(3):
        ids.append(waiting(engine))
        engine.clock.advance(hours=1)

    listed = engine.get("/v1/async-actions?limit=2")

    assert (listed["object"], listed["data_ref"], listed["has_more"]) == ("list", "async_actions", True)
    assert [one["id"] for one in listed["async_actions"]] == [ids[2], ids[1]]
    without_result = {name: value for name, value in action(engine, ids[2]).items() if name != "result"}
    assert listed["async_actions"][0] == without_result
    before = engine.get(f"/v1/async-actions?end_date={listed['async_actions'][-1]['created_at']}")
    assert [one["id"] for one in before["async_actions"]] == [ids[0]]
    assert before["has_more"] is False


@pytest.mark.parametrize("end_date", ["2030-01-02T04:04:05+01:00", "2030-01-02T03:04:05", "2030-01-02"])
def test_an_end_date_is_any_iso_date_and_leaves_itself_out(engine: EngineClient, end_date: str) -> None:
    waiting(engine)

    assert engine.get(f"/v1/async-actions?end_date={end_date}")["async_actions"] == []
    assert len(engine.get("/v1/async-actions?end_date=2030-01-03")["async_actions"]) == 1


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "end_date=soon"])
def test_a_query_that_is_not_possible_is_refused_by_name(engine: EngineClient, query: str) -> None:
    error = engine.get(f"/v1/async-actions?{query}", status=400)

    assert error["key"] == "invalid_query_params"
    assert query.partition("=")[0] in error["details"]


def test_an_unknown_action_is_not_found(engine: EngineClient) -> None:
    error = engine.get("/v1/async-actions/aa_none", status=404)

    assert (error["key"], error["resource_type"]) == ("not_found", "async_action")
