"""Refused redemptions and rollbacks: the record that is kept of each, and that nothing else moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge.engine.http.doors import Keys

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine

ORDER = {"source_id": "cart-1", "amount": 1000}
MANAGEMENT = {"X_Management_Id": "manager", "X_Management_Token": "secret"}


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, open_engine: OpenEngine) -> Iterator[EngineClient]:
    """An engine with a coupon that is worth 1.00 and may be redeemed once, on each database."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/engine.db" if sqlite else request.getfixturevalue("postgres_url")
    with open_engine(url, management=Keys("manager", "secret")) as client:
        client.coupon("ONCE", amount_off=100, quantity=1)
        yield client


def partially(engine: EngineClient) -> None:
    """From now on what applies is redeemed though something else does not."""
    rules = {"redeemables_application_mode": "PARTIAL"}
    engine.post("/management/v1/projects/shop/stacking-rules", rules, **MANAGEMENT)


def records(engine: EngineClient, query: str = "") -> list[Any]:
    """What is kept of refusals, newest first."""
    return list(engine.get(f"/v1/redemptions?result=FAILURE{query}")["redemptions"])


def test_a_refusal_names_its_record_which_tells_why(engine: EngineClient) -> None:
    engine.redeem("ONCE", order=ORDER)
    request = {"order": ORDER, "tracking_id": "track", "metadata": {"till": 4}, "session": {"type": "LOCK", "key": "s"}}

    error = engine.redeem("ONCE", **request, status=400)

    assert (error["key"], error["message"]) == ("quantity_exceeded", "quantity exceeded")
    assert error["resource_type"] == "redemption"
    assert error["resource_id"].startswith("rf_")
    record = engine.get(f"/v1/redemptions/{error['resource_id']}")
    assert (record["object"], record["result"], record["status"]) == ("redemption", "FAILURE", "FAILED")
    assert (record["failure_code"], record["failure_message"]) == ("quantity_exceeded", "quantity exceeded")
    assert (record["order"], record["date"]) == (None, "2030-01-02T03:04:05.000Z")
    assert (record["tracking_id"], record["metadata"], record["session"]["key"]) == ("track", {"till": 4}, "s")
    assert (record["related_object_type"], record["voucher"]["code"]) == ("voucher", "ONCE")


def test_a_refusal_moves_nothing_but_its_record(engine: EngineClient) -> None:
    engine.gift_card("CARD", 500)
    engine.redeem("ONCE", order=ORDER)
    before = engine.everything()

    stranger = {"source_id": "new"}
    error = engine.redeem("CARD", "ONCE", order={"source_id": "cart-2", "amount": 300}, customer=stranger, status=400)

    assert error["key"] == "quantity_exceeded"
    assert engine.everything() == before
    engine.get("/v1/customers/new", status=404)
    assert [one["customer"] for one in records(engine)] == [None]


def test_a_record_is_in_every_list(engine: EngineClient) -> None:
    done = engine.redeem("ONCE", order=ORDER)["redemptions"][0]["id"]

    failed = engine.redeem("ONCE", order=ORDER, status=400)["resource_id"]

    assert [one["id"] for one in engine.get("/v1/redemptions")["redemptions"]] == [failed, done]
    assert [one["id"] for one in records(engine)] == [failed]
    by_code = "&filters[failure_code][conditions][$is][0]=quantity_exceeded"
    assert [one["id"] for one in records(engine, by_code)] == [failed]
    listed = engine.get("/v1/vouchers/ONCE/redemption")
    assert ([one["id"] for one in listed["redemption_entries"]], listed["total"]) == ([failed, done], 2)
    assert listed["redeemed_quantity"] == 1


def test_a_known_customer_is_named(engine: EngineClient) -> None:
    ann = engine.post("/v1/customers", {"source_id": "ann", "name": "Ann"})

    engine.redeem("NONE", customer={"source_id": "ann", "name": "Anna"}, status=404)
    engine.redeem("NONE", order={"amount": 1, "customer": {"id": ann["id"]}}, status=404)

    assert [one["customer"]["name"] for one in records(engine)] == ["Ann", "Ann"]
    assert len(records(engine, "&customer=ann")) == 2


@pytest.mark.parametrize("kind", ["voucher", "promotion_tier"])
def test_what_does_not_exist_is_recorded_as_it_was_sent(engine: EngineClient, kind: str) -> None:
    name = "N" * 200
    body = {"redeemables": [{"object": kind, "id": name}], "order": ORDER}

    error = engine.post("/v1/redemptions", body, status=404)

    assert (error["key"], error["details"]) == ("not_found", f"Cannot find {kind} with id {name}")
    record = engine.get(f"/v1/redemptions/{error['resource_id']}")
    assert (record["failure_code"], record["failure_message"]) == ("not_found", "Resource not found")
    assert (record["related_object_type"], record["related_object_id"]) == (kind, name)
    assert "voucher" not in record
    by_code = f"&filters[voucher_code][conditions][$is][0]={name}"
    assert len(records(engine, by_code)) == (kind == "voucher")


def test_a_promotion_that_is_refused_is_told_as_one(engine: EngineClient) -> None:
    action = {"discount": {"type": "AMOUNT", "amount_off": 100}}
    tiers = [{"name": "First", "action": action, "active": False}]
    made = engine.post("/v1/campaigns", {"name": "Sale", "promotion": {"tiers": tiers}})
    tier = made["promotion"]["tiers"][0]["id"]

    body = {"redeemables": [{"object": "promotion_tier", "id": tier}], "order": ORDER}
    error = engine.post("/v1/redemptions", body, status=400)

    record = engine.get(f"/v1/redemptions/{error['resource_id']}")
    assert (error["key"], record["failure_code"]) == ("promotion_inactive", "promotion_inactive")
    assert (record["promotion_tier"]["id"], record["related_object_id"]) == (tier, tier)
    assert len(records(engine, "&campaign=Sale")) == 1


def test_the_first_that_does_not_apply_gives_status_and_reason(engine: EngineClient) -> None:
    engine.redeem("ONCE", order=ORDER)

    assert engine.redeem("ONCE", "NONE", order=ORDER, status=400)["key"] == "quantity_exceeded"
    assert engine.redeem("NONE", "ONCE", order=ORDER, status=404)["key"] == "not_found"
    assert [one["related_object_id"] for one in records(engine)] == ["NONE", engine.voucher("ONCE")["id"]]


def test_in_partial_mode_only_all_of_them_make_a_refusal(engine: EngineClient) -> None:
    partially(engine)
    done = engine.redeem("NONE", "ONCE", order=ORDER)
    assert [one["voucher"]["code"] for one in done["redemptions"]] == ["ONCE"]
    assert records(engine) == []

    used_up = engine.redeem("ONCE", "NONE", order=ORDER, status=400)
    unknown = engine.redeem("NONE", "ONCE", order=ORDER, status=404)

    for error in (used_up, unknown):
        assert (error["key"], error["message"]) == ("no_applicable_redeemables", "No applicable redeemables")
        assert "ONCE: quantity exceeded" in error["details"]
        assert "NONE: Resource not found" in error["details"]
    assert [one["failure_code"] for one in records(engine)] == ["no_applicable_redeemables"] * 2
    assert [one["id"] for one in records(engine)] == [unknown["resource_id"], used_up["resource_id"]]


def test_a_request_that_makes_no_sense_is_not_recorded(engine: EngineClient) -> None:
    engine.redeem("ONCE", "ONCE", order=ORDER, status=400)
    engine.redeem("ONCE", order={"id": "ord_none"}, status=404)
    engine.post("/v1/redemptions", {}, status=400)
    engine.redeem("ONCE", order={"amount": -1}, status=400)
    engine.roll_back("r_none", status=404)

    assert records(engine) == []


def test_a_second_rollback_is_recorded(engine: EngineClient) -> None:
    ann = {"source_id": "ann"}
    redemption = engine.redeem("ONCE", order=ORDER, customer=ann)["redemptions"][0]
    engine.roll_back(redemption["id"])
    before = engine.everything()

    error = engine.roll_back(redemption["id"], {"reason": "again", "tracking_id": "t"}, status=400)

    assert (error["key"], error["message"]) == ("already_rolled_back", "Already rolled back")
    assert error["details"] == "Redemption has been already rolled back."
    assert (error["resource_type"], error["resource_id"][:4]) == ("redemption_rollback", "rrf_")
    record = engine.get(f"/v1/redemptions/{error['resource_id']}")
    assert (record["object"], record["result"], record["status"]) == ("redemption_rollback", "FAILURE", "FAILED")
    assert (record["failure_code"], record["failure_message"]) == ("already_rolled_back", "Already rolled back")
    assert (record["redemption"], record["reason"]) == (redemption["id"], "again")
    assert (record["customer"]["source_id"], record["voucher"]["code"]) == ("ann", "ONCE")
    assert engine.everything() == before
    (undone,) = engine.get(f"/v1/redemptions/{redemption['id']}")["related_redemptions"]["rollbacks"]
    assert undone["id"].startswith("rr_")


def test_a_second_rollback_of_a_stack_is_recorded_for_its_parent(engine: EngineClient) -> None:
    engine.coupon("OTHER", amount_off=100)
    done = engine.redeem("ONCE", "OTHER", order=ORDER)
    parent = done["parent_redemption"]["id"]
    engine.roll_back_stack(parent)

    error = engine.roll_back_stack(parent, status=400)

    assert engine.get(f"/v1/redemptions/{error['resource_id']}")["redemption"] == parent
    related = engine.get(f"/v1/redemptions/{parent}")["related_redemptions"]
    assert [one["id"] for one in related["redemptions"]] == [one["id"] for one in done["redemptions"]]
    assert len(related["rollbacks"]) == 1
    assert engine.redeemed_quantity("ONCE") == engine.redeemed_quantity("OTHER") == 0


def test_a_refusal_cannot_be_rolled_back(engine: EngineClient) -> None:
    refused = engine.redeem("NONE", order=ORDER, status=404)["resource_id"]

    for roll_back in (engine.roll_back, engine.roll_back_stack):
        assert roll_back(refused, status=400)["key"] == "invalid_redemption"
    assert len(records(engine)) == 1


def test_after_three_months_nothing_goes_back(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)
    engine.clock.now = engine.clock.now.replace(month=1, day=31)
    redemptions = [engine.redeem("CODE", order={"amount": 500})["redemptions"][0]["id"] for _ in range(2)]

    engine.clock.now = engine.clock.now.replace(month=4, day=30)
    engine.roll_back(redemptions[0])
    engine.clock.advance(days=1)
    error = engine.roll_back(redemptions[1], status=400)

    assert error["key"] == "rollback_window_exceeded"
    assert "3 months" in error["details"]
    assert [one["failure_code"] for one in records(engine)] == ["rollback_window_exceeded"]
    assert engine.redeemed_quantity("CODE") == 1


def test_the_window_ends_to_the_millisecond(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)
    redemptions = [engine.redeem("CODE", order={"amount": 500})["redemptions"][0]["id"] for _ in range(2)]
    engine.clock.now = engine.clock.now.replace(month=4)

    engine.roll_back(redemptions[0])
    engine.clock.now += timedelta(milliseconds=1)

    engine.roll_back(redemptions[1], status=400)


def test_a_refusal_is_not_remembered_under_an_idempotency_key(engine: EngineClient) -> None:
    body = {"redeemables": [{"object": "voucher", "id": "LATER"}], "order": ORDER}
    first = engine.post("/v1/redemptions", body, status=404, Idempotency_Key="k")
    second = engine.post("/v1/redemptions", body, status=404, Idempotency_Key="k")
    engine.coupon("LATER", amount_off=100)

    done = engine.post("/v1/redemptions", body, Idempotency_Key="k")

    assert engine.post("/v1/redemptions", body, Idempotency_Key="k") == done
    assert engine.redeemed_quantity("LATER") == 1
    assert [one["id"] for one in records(engine)] == [second["resource_id"], first["resource_id"]]


def test_a_key_of_another_request_is_refused_without_a_record(engine: EngineClient) -> None:
    body = {"redeemables": [{"object": "voucher", "id": "ONCE"}], "order": ORDER}
    engine.post("/v1/redemptions", body, Idempotency_Key="k")

    error = engine.post("/v1/redemptions", {**body, "tracking_id": "t"}, status=409, Idempotency_Key="k")

    assert error["key"] == "idempotency_key_reused"
    assert records(engine) == []
