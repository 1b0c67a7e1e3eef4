"""Categories: kept, answered and listed; and what all small resources have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient

CATEGORIES = "/v1/categories"
# A path and something that may be created there.
KINDS = [
    (CATEGORIES, {"name": "a"}),
    ("/v1/product-collections", {"name": "a", "type": "STATIC", "products": []}),
    ("/v1/segments", {"name": "a", "type": "static", "customers": []}),
    ("/v1/rewards", {"name": "a", "parameters": {"coin": {"exchange_ratio": 1}}}),
]
each_kind = pytest.mark.parametrize(("path", "sent"), KINDS, ids=[path for path, _ in KINDS])


def test_a_category_is_answered_as_it_was_sent(engine: EngineClient) -> None:
    category = engine.post(CATEGORIES, {"name": "Summer", "hierarchy": 3})

    assert category["id"].startswith("cat_")
    assert {**category, "id": ""} == {
        "id": "",
        "name": "Summer",
        "hierarchy": 3,
        "created_at": "2030-01-02T03:04:05.000Z",
        "updated_at": None,
        "object": "category",
    }
    assert engine.get(f"{CATEGORIES}/{category['id']}") == category


def test_a_category_has_hierarchy_1_unless_told(engine: EngineClient) -> None:
    assert engine.post(CATEGORIES, {"name": "a"})["hierarchy"] == 1
    assert engine.post(CATEGORIES, {"name": "b", "hierarchy": 0})["hierarchy"] == 0


def test_what_is_not_sent_of_a_category_stays(engine: EngineClient) -> None:
    category = engine.post(CATEGORIES, {"name": "a", "hierarchy": 3})
    engine.clock.advance(seconds=1)

    renamed = engine.put(f"{CATEGORIES}/{category['id']}", {"name": "b"})
    moved = engine.put(f"{CATEGORIES}/{category['id']}", {"hierarchy": 0})

    assert renamed == {**category, "name": "b", "updated_at": "2030-01-02T03:04:06.000Z"}
    assert moved == {**renamed, "hierarchy": 0} == engine.get(f"{CATEGORIES}/{category['id']}")


def test_all_categories_are_listed_newest_first(engine: EngineClient) -> None:
    names = [engine.post(CATEGORIES, {"name": str(i)})["name"] for i in range(12)]

    listed = engine.get(CATEGORIES)

    assert (listed["object"], listed["data_ref"], listed["total"]) == ("list", "data", 12)
    assert [one["name"] for one in listed["data"]] == names[::-1]


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({}, "Payload should have required property 'name'"),
        ({"name": 7}, "Property .name must be string"),
        ({"name": "a", "hierarchy": -1}, "Property .hierarchy must be >= 0"),
        ({"name": "a", "hierarchy": 1.5}, "Property .hierarchy must be integer"),
    ],
)
def test_a_category_that_cannot_be_is_refused(engine: EngineClient, body: Any, details: str) -> None:
    before = engine.everything()

    assert engine.post(CATEGORIES, body, status=400)["details"] == details
    assert engine.everything() == before


@each_kind
def test_what_is_deleted_is_gone(engine: EngineClient, path: str, sent: Any) -> None:
    gone, kept = engine.post(path, sent), engine.post(path, sent)

    engine.delete(f"{path}/{gone['id']}")

    engine.get(f"{path}/{gone['id']}", status=404)
    engine.put(f"{path}/{gone['id']}", {"name": "b"}, status=404)
    engine.delete(f"{path}/{gone['id']}", status=404)
    assert engine.get(path)["data"] == [kept]


@each_kind
def test_an_id_is_of_one_kind_only(engine: EngineClient, path: str, sent: Any) -> None:
    made = engine.post(path, sent)

    for other, _ in KINDS:
        error = engine.get(f"{other}/{made['id']}", status=200 if other == path else 404)
        assert (error.get("key") == "not_found") == (other != path)


@pytest.mark.parametrize(("path", "sent"), KINDS[1:], ids=[path for path, _ in KINDS[1:]])
def test_lists_are_newest_first_and_paged(engine: EngineClient, path: str, sent: Any) -> None:
    ids = [engine.post(path, sent)["id"] for _ in range(3)]

    first, second = engine.get(f"{path}?limit=2"), engine.get(f"{path}?limit=2&page=2")

    assert [one["id"] for one in first["data"] + second["data"]] == ids[::-1]
    assert first["total"] == second["total"] == 3
    assert engine.get(f"{path}?limit=0", status=400)["key"] == "invalid_query_params"
