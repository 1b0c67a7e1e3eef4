"""Product collections: which products and SKUs are in them, as listed and as the lines of a cart see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from checkout_bridge.database import reading, writing
from checkout_bridge.engine.services import product_collections
from checkout_bridge.engine.services.catalogue import look_up
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store.schema import catalogue

if TYPE_CHECKING:
    from .conftest import EngineClient

COLLECTIONS = "/v1/product-collections"


@pytest.fixture(autouse=True)
def ids(engine: EngineClient) -> dict[str, str]:
    """A shirt with a red and a blue SKU, and a mug: their ids by their source ids."""
    shirt = {"source_id": "shirt", "name": "Shirt", "price": 900, "attributes": ["size"], "metadata": {"kind": "wear"}}
    mug = {"source_id": "mug", "name": "Mug", "price": 400, "metadata": {"kind": "china"}}
    red = {"source_id": "red", "sku": "Red shirt", "price": 1100, "metadata": {"kind": "wear"}}
    made = [
        engine.post("/v1/products", shirt),
        engine.post("/v1/products", mug),
        engine.post("/v1/products/shirt/skus", red),
        engine.post("/v1/products/shirt/skus", {"source_id": "blue", "sku": "Blue shirt"}),
    ]
    return {one["source_id"]: one["id"] for one in made}


Make = Callable[..., str]


@pytest.fixture
def static(engine: EngineClient) -> Make:
    """Creates a collection of ``(object, id)`` and gives its id."""

    def make(*items: tuple[str, str]) -> str:
        products = [{"object": kind, "id": name} for kind, name in items]
        made = engine.post(COLLECTIONS, {"name": "a", "type": "STATIC", "products": products})
        return str(made["id"])

    return make


@pytest.fixture
def matching(engine: EngineClient) -> Make:
    """Creates a collection of what matches a filter and gives its id."""

    def make(**filter: Any) -> str:
        made = engine.post(COLLECTIONS, {"name": "a", "type": "AUTO_UPDATE", "filter": filter})
        return str(made["id"])

    return make


def listed(engine: EngineClient, collection_id: str, query: str = "") -> list[str]:
    """The source ids of what is listed."""
    return [one["source_id"] for one in engine.get(f"{COLLECTIONS}/{collection_id}/products{query}")["data"]]


def members(engine: EngineClient, *ids: str, cart: tuple[str, ...] = ()) -> Any:
    """What a cart with these SKUs or products, by source id, sees of collections."""
    items = [{"source_id": name, "related_object": "sku" if name in ("red", "blue") else "product"} for name in cart]
    with reading(engine.app.extensions["checkout_bridge.engine"]) as connection:
        unit = Unit(connection, engine.clock(), "shop")
        return product_collections.members(unit, ids, look_up(unit, items))


def test_a_static_collection_is_answered_as_it_was_sent(engine: EngineClient) -> None:
    sent = {"name": "Summer", "type": "STATIC", "products": [{"object": "sku", "id": "red", "product_id": "shirt"}]}

    made = engine.post(COLLECTIONS, sent)

    assert made["id"].startswith("pc_")
    assert (made["object"], made["updated_at"]) == ("products_collection", None)
    assert {name: made[name] for name in sent} == sent
    assert engine.get(f"{COLLECTIONS}/{made['id']}") == made == engine.get(COLLECTIONS)["data"][0]


def test_a_collection_with_a_filter_is_answered_with_it(engine: EngineClient) -> None:
    sent = {"name": "a", "type": "AUTO_UPDATE", "filter": {"junction": "and", "price": {"conditions": {"$is": [1]}}}}

    made = engine.post(COLLECTIONS, sent)

    assert {name: made[name] for name in sent} == sent
    assert "products" not in made


def test_two_collections_may_have_one_name(engine: EngineClient, static: Make) -> None:
    assert static() != static()


def test_a_collection_becomes_another(engine: EngineClient, static: Make) -> None:
    collection = static(("product", "mug"))
    filter = {"junction": "and", "name": {"conditions": {"$is": ["Shirt"]}}}

    engine.put(f"{COLLECTIONS}/{collection}", {"name": "b", "type": "AUTO_UPDATE", "filter": filter})

    assert listed(engine, collection) == ["shirt"]
    assert engine.get(f"{COLLECTIONS}/{collection}")["name"] == "b"


def test_what_a_static_collection_names_is_listed_newest_first(engine: EngineClient, static: Make) -> None:
    collection = static(("product", "shirt"), ("sku", "red"), ("product", "mug"), ("product", "unknown"))

    assert listed(engine, collection) == ["red", "mug", "shirt"]
    assert listed(engine, collection, "?limit=2&page=2") == ["shirt"]
    assert listed(engine, collection, "?order=created_at") == ["shirt", "mug", "red"]
    assert engine.get(f"{COLLECTIONS}/{collection}/products?limit=1")["total"] == 3
    assert engine.get(f"{COLLECTIONS}/{collection}/products?limit=1")["data"] == [engine.get("/v1/skus/red")]


def test_a_name_counts_for_its_own_kind_only(engine: EngineClient, static: Make) -> None:
    assert listed(engine, static(("sku", "shirt"), ("product", "red"))) == []


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"price": {"conditions": {"$more_than": [800]}}}, ["red", "shirt"]),
        ({"metadata.kind": {"conditions": {"$is": ["wear"]}}}, ["red", "shirt"]),
        ({"object": {"conditions": {"$is": ["sku"]}}}, ["blue", "red"]),
        ({"name": {"conditions": {"$ends_with": ["shirt"]}}}, ["blue", "red"]),
        ({"attributes": {"conditions": {"$contains": ["size"]}}}, ["shirt"]),
        ({"price": {"conditions": {"$is_unknown": []}}}, ["blue"]),
        ({"price": {"conditions": {"$less_than": [500]}}, "name": {"conditions": {"$is": ["Shirt"]}}}, []),
        (
            {
                "junction": "or",
                "price": {"conditions": {"$less_than": [500]}},
                "name": {"conditions": {"$is": ["Shirt"]}},
            },
            ["mug", "shirt"],
        ),
        ({"created_at": {"conditions": {"$less_than_ago": [1]}}}, ["blue", "red", "mug", "shirt"]),
    ],
)
def test_what_matches_is_listed(engine: EngineClient, matching: Make, filter: Any, found: list[str]) -> None:
    collection = matching(**{"junction": "and", **filter})

    assert listed(engine, collection) == found
    assert engine.get(f"{COLLECTIONS}/{collection}/products")["total"] == len(found)


def test_a_large_catalogue_is_paged_through(engine: EngineClient, matching: Make) -> None:
    rest = {"kind": "product", "body": {}, "created_at": engine.clock.now.isoformat()}
    with writing(engine.app.extensions["checkout_bridge.engine"]) as connection:
        connection.execute(insert(catalogue), [{**rest, "id": f"p{i}", "price": i} for i in range(1200)])
    collection = matching(
        junction="and", price={"conditions": {"$less_than": [1150]}}, id={"conditions": {"$not_contain": ["_"]}}
    )

    page = engine.get(f"{COLLECTIONS}/{collection}/products?limit=100&page=12")

    assert page["total"] == 1150
    assert [one["id"] for one in page["data"]] == [f"p{i}" for i in range(49, -1, -1)]
    oldest = engine.get(f"{COLLECTIONS}/{collection}/products?limit=100&page=11&order=created_at")["data"]
    assert [one["id"] for one in oldest] == [f"p{i}" for i in range(1000, 1100)]


def test_a_cart_sees_every_name_of_what_a_static_collection_names(
    engine: EngineClient, ids: dict[str, str], static: Make
) -> None:
    by_source, by_id, both = static(("product", "mug")), static(("product", ids["mug"])), static(("sku", "red"))

    seen = members(engine, by_source, by_id, both)

    assert seen[by_source] == seen[by_id] == {("product", "mug"), ("product", ids["mug"])}
    # The other SKUs of its product are not in it.
    assert seen[both] == {("sku", "red"), ("sku", ids["red"])}


def test_what_the_catalogue_does_not_know_is_in_by_the_name_it_was_told(engine: EngineClient, static: Make) -> None:
    collection = static(("product", "unknown"))

    assert members(engine, collection) == {collection: {("product", "unknown")}}


def test_a_cart_sees_what_of_its_own_matches(engine: EngineClient, ids: dict[str, str], matching: Make) -> None:
    wear = matching(junction="and", **{"metadata.kind": {"conditions": {"$is": ["wear"]}}})
    china = matching(junction="and", **{"metadata.kind": {"conditions": {"$is": ["china"]}}})

    seen = members(engine, wear, china, cart=("red",))

    assert seen[wear] == {("sku", "red"), ("sku", ids["red"]), ("product", "shirt"), ("product", ids["shirt"])}
    assert seen[china] == frozenset()


def test_nothing_is_in_a_collection_that_does_not_exist(engine: EngineClient) -> None:
    assert members(engine, "pc_none") == {"pc_none": frozenset()}
    assert members(engine) == {}


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"type": "STATIC"}, "Payload should have required property 'name'"),
        ({"name": "a", "type": "AUTO_UPDATE"}, "Payload should have required property 'filter'"),
        ({"name": "a", "type": "OTHER"}, "Property .type must be equal to one of"),
        ({"name": "a", "products": [{"id": "x"}]}, "Property .products[0] should have required property 'object'"),
        ({"name": "a", "products": [{"id": "x", "object": "y"}]}, "Property .products[0].object must be equal"),
        ({"name": "a", "type": "AUTO_UPDATE", "filter": {"skus": {"conditions": {"$is": ["x"]}}}}, ".filter"),
        ({"name": "a", "type": "AUTO_UPDATE", "filter": {"name": {"conditions": {"$like": ["x"]}}}}, ".filter.name"),
        ({"name": "a", "type": "AUTO_UPDATE", "filter": []}, "Property .filter must be object"),
    ],
)
def test_a_collection_that_cannot_be_is_refused(engine: EngineClient, body: Any, details: str) -> None:
    before = engine.everything()

    assert details in engine.post(COLLECTIONS, body, status=400)["details"]
    assert engine.everything() == before


def test_a_change_that_leaves_nothing_to_evaluate_is_refused(engine: EngineClient, static: Make) -> None:
    collection = static(("product", "mug"))

    error = engine.put(f"{COLLECTIONS}/{collection}", {"type": "AUTO_UPDATE"}, status=400)

    assert error["details"] == "Payload should have required property 'filter'"
    assert listed(engine, collection) == ["mug"]


@pytest.mark.parametrize("query", ["order=name", "page=0", "starting_after=2030-01-01"])
def test_a_page_that_cannot_be_is_refused(engine: EngineClient, static: Make, query: str) -> None:
    error = engine.get(f"{COLLECTIONS}/{static()}/products?{query}", status=400)

    assert error["key"] == "invalid_query_params"
