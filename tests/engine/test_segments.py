"""Customer segments: who is in them, as answered and as rules see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge.database import reading
from checkout_bridge.engine.services import segments
from checkout_bridge.engine.services.customers import known
from checkout_bridge.engine.services.unit import Unit

if TYPE_CHECKING:
    from .conftest import EngineClient

SEGMENTS = "/v1/segments"
ANN = {"source_id": "ann", "name": "Ann", "email": "ann@example.com", "metadata": {"vip": True}}


@pytest.fixture(autouse=True)
def ann(engine: EngineClient) -> Any:
    """A customer, living in Graz."""
    return engine.post("/v1/customers", {**ANN, "address": {"city": "Graz"}})


Make = Callable[..., str]


@pytest.fixture
def static(engine: EngineClient) -> Make:
    """Creates a segment of customers and gives its id."""

    def make(*customers: str) -> str:
        return str(engine.post(SEGMENTS, {"name": "a", "type": "static", "customers": customers})["id"])

    return make


@pytest.fixture
def matching(engine: EngineClient) -> Make:
    """Creates a segment of whoever matches a filter and gives its id."""

    def make(type: str = "auto-update", **filter: Any) -> str:
        return str(engine.post(SEGMENTS, {"name": "a", "type": type, "filter": filter})["id"])

    return make


def of(engine: EngineClient, customer: str) -> list[str]:
    """The ids of the segments of a stored customer."""
    return [one["id"] for one in engine.get(f"/v1/customers/{customer}/segments")["data"]]


def seen(engine: EngineClient, told: Any, *ids: str) -> frozenset[str]:
    """Which of these segments a rule sees the customer of a request in."""
    with reading(engine.app.extensions["checkout_bridge.engine"]) as connection:
        unit = Unit(connection, engine.clock(), "shop")
        return segments.of_customer(unit, known(unit, told), ids)


def test_a_segment_is_answered_with_its_filter(engine: EngineClient) -> None:
    sent = {"name": "VIP", "type": "auto-update", "filter": {"metadata.vip": {"conditions": {"$is": [True]}}}}

    made = engine.post(SEGMENTS, sent)

    assert made["id"].startswith("seg_")
    assert (made["object"], made["initial_sync_status"]) == ("segment", "DONE")
    assert {name: made[name] for name in sent} == sent
    assert engine.get(f"{SEGMENTS}/{made['id']}") == made == engine.get(SEGMENTS)["data"][0]


def test_a_static_segment_is_answered_without_its_customers(engine: EngineClient, static: Make) -> None:
    made = engine.get(f"{SEGMENTS}/{static('ann')}")

    assert made["type"] == "static"
    assert "customers" not in made
    assert "filter" not in made


@pytest.mark.parametrize("word", ["customer", "customers"])
def test_customers_are_named_by_id_or_source_id(engine: EngineClient, ann: Any, word: str) -> None:
    by_source = engine.post(SEGMENTS, {"name": "a", "type": "static", word: ["ann"]})
    by_id = engine.post(SEGMENTS, {"name": "b", "type": "static", word: ["bob", ann["id"]]})
    engine.post(SEGMENTS, {"name": "c", "type": "static", word: ["bob"]})

    listed = engine.get("/v1/customers/ann/segments")

    assert (listed["object"], listed["data_ref"], listed["total"]) == ("list", "data", 2)
    assert listed["data"] == [
        {"id": by_id["id"], "name": "b", "object": "segment"},
        {"id": by_source["id"], "name": "a", "object": "segment"},
    ]
    assert engine.get(f"/v1/customers/{ann['id']}/segments") == listed


@pytest.mark.parametrize("type", ["auto-update", "passive"])
@pytest.mark.parametrize(
    ("field", "conditions", "is_in"),
    [
        ("metadata.vip", {"$is": [True]}, True),
        ("metadata.vip", {"$is": [False]}, False),
        ("metadata.age", {"$is_unknown": []}, True),
        ("address.city", {"$in": ["Wien", "Graz"]}, True),
        ("address.city", {"$is": ["Wien"]}, False),
        ("email", {"$ends_with": ["@example.com"]}, True),
        ("source_id", {"$is": ["ann"]}, True),
        ("created_at", {"$less_than_ago": [7]}, True),
        ("created_at", {"$more_than_ago": [7]}, False),
    ],
)
def test_who_matches_is_in(
    engine: EngineClient, ann: Any, matching: Make, type: str, field: str, conditions: Any, is_in: bool
) -> None:
    segment = matching(type, **{field: {"conditions": conditions}})

    assert of(engine, "ann") == ([segment] if is_in else [])
    for told in ({"source_id": "ann"}, {"id": ann["id"]}):
        assert seen(engine, told, segment) == ({segment} if is_in else frozenset())


def test_customers_enter_and_leave_as_they_and_time_change(engine: EngineClient, matching: Make) -> None:
    vip = matching(**{"metadata.vip": {"conditions": {"$is": [True]}}})
    new = matching(created_at={"conditions": {"$less_than_ago": [7]}})
    assert of(engine, "ann") == [new, vip]

    engine.put("/v1/customers/ann", {"metadata": {"vip": False}})
    engine.clock.advance(days=8)

    assert of(engine, "ann") == []


def test_a_segment_becomes_another(engine: EngineClient, static: Make) -> None:
    segment = static("bob")
    assert of(engine, "ann") == []

    assert engine.put(f"{SEGMENTS}/{segment}", {"customers": ["ann"]})["name"] == "a"
    assert of(engine, "ann") == [segment]

    named_bob = {"name": {"conditions": {"$is": ["Bob"]}}}
    changed = engine.put(f"{SEGMENTS}/{segment}", {"name": "b", "type": "passive", "filter": named_bob})
    assert (changed["name"], changed["filter"]) == ("b", named_bob)
    assert of(engine, "ann") == []


def test_a_rule_sees_what_a_request_tells_before_what_is_stored(engine: EngineClient, matching: Make) -> None:
    vip = matching(**{"metadata.vip": {"conditions": {"$is": [True]}}})

    assert seen(engine, {"source_id": "ann", "metadata": {"vip": False}}, vip) == frozenset()
    assert seen(engine, {"source_id": "ann", "metadata": {"other": 1}}, vip) == {vip}
    assert seen(engine, {"source_id": "new", "metadata": {"vip": True}}, vip) == {vip}


def test_a_rule_sees_static_segments_whichever_name_was_told(engine: EngineClient, ann: Any, static: Make) -> None:
    by_source, by_id, of_bob = static("ann"), static(ann["id"]), static("bob")

    assert seen(engine, {"id": ann["id"]}, by_source, by_id, of_bob) == {by_source, by_id}
    assert seen(engine, {"source_id": "ann"}, by_source, by_id, of_bob) == {by_source, by_id}
    assert seen(engine, {"source_id": "bob"}, by_source, by_id, of_bob) == {of_bob}


def test_nobody_is_in_no_segment_and_nobody_is_in_one_that_does_not_exist(engine: EngineClient, static: Make) -> None:
    segment = static("ann")

    assert seen(engine, None, segment) == frozenset()
    assert seen(engine, {"name": "Somebody"}, segment) == frozenset()
    assert seen(engine, {"source_id": "ann"}, "seg_none", segment) == {segment}
    assert seen(engine, {"source_id": "ann"}) == frozenset()


def test_an_unknown_customer_has_no_segments(engine: EngineClient) -> None:
    assert engine.get("/v1/customers/nobody/segments", status=404)["resource_type"] == "customer"


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"type": "static"}, "Payload should have required property 'name'"),
        ({"name": "a"}, "Payload should have required property 'type'"),
        ({"name": "a", "type": "dynamic"}, "Property .type must be equal to one of"),
        ({"name": "a", "type": "passive"}, "Payload should have required property 'filter'"),
        ({"name": "a", "type": "static", "customers": "ann"}, "Property .customers must be array"),
        ({"name": "a", "type": "static", "customers": [7]}, "Property .customers[0] must be string"),
        ({"name": "a", "type": "passive", "filter": {"loyalty.points": {"conditions": {"$is": [1]}}}}, ".filter"),
        ({"name": "a", "type": "passive", "filter": {"name": {"conditions": {"$has_value": None}}}}, ".filter.name"),
    ],
)
def test_a_segment_that_cannot_be_is_refused(engine: EngineClient, body: Any, details: str) -> None:
    before = engine.everything()

    assert details in engine.post(SEGMENTS, body, status=400)["details"]
    assert engine.everything() == before


def test_a_static_segment_has_at_most_20000_customers(tmp_path: Any, open_engine: Any) -> None:
    with open_engine(f"sqlite:///{tmp_path}/large.db") as engine:
        most = {"name": "a", "type": "static", "customers": [str(i) for i in range(20_000)]}
        engine.post(SEGMENTS, most)

        error = engine.post(SEGMENTS, {**most, "customers": [*most["customers"], "more"]}, status=400)

    assert error["details"] == "Property .customers must not have more than 20000 items"
