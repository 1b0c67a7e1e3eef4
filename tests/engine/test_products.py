"""Products and SKUs: kept, changed in part, listed, removed; and their prices where a line tells none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .conftest import about

if TYPE_CHECKING:
    from .conftest import EngineClient


@pytest.fixture
def shirt(engine: EngineClient) -> Any:
    """A product with two SKUs, one with a price of its own."""
    product = engine.post("/v1/products", {"source_id": "shirt", "name": "Shirt", "price": 900})
    engine.post("/v1/products/shirt/skus", {"source_id": "red", "sku": "Red", "price": 1100})
    engine.post("/v1/products/shirt/skus", {"source_id": "blue", "sku": "Blue"})
    return product


def test_a_product_is_answered_as_it_was_sent(engine: EngineClient) -> None:
    sent = {"source_id": "shirt", "name": "Shirt", "price": 900, "attributes": ["size"], "metadata": {"a": 1}}

    product = engine.post("/v1/products", sent)

    assert product["id"].startswith("prod_")
    assert (product["object"], product["updated_at"]) == ("product", None)
    assert {name: product[name] for name in sent} == sent
    assert engine.get("/v1/products/shirt") == engine.get(f"/v1/products/{product['id']}") == product


def test_a_sku_belongs_to_its_product(engine: EngineClient, shirt: Any) -> None:
    sku = engine.get("/v1/skus/red")

    assert sku["id"].startswith("sku_")
    assert (sku["object"], sku["product_id"], sku["sku"], sku["price"]) == ("sku", shirt["id"], "Red", 1100)
    assert engine.get(f"/v1/skus/{sku['id']}") == sku


def test_the_same_source_id_or_id_updates(engine: EngineClient, shirt: Any) -> None:
    by_source = engine.post("/v1/products", {"source_id": "shirt", "price": 950})
    by_id = engine.post("/v1/products", {"id": shirt["id"], "name": "Tee"})
    sku = engine.post("/v1/products/shirt/skus", {"source_id": "red", "price": 1200})

    assert (by_source["id"], by_source["name"], by_source["price"]) == (shirt["id"], "Shirt", 950)
    assert (by_id["name"], by_id["price"], by_id["source_id"]) == ("Tee", 950, "shirt")
    assert (sku["sku"], sku["price"]) == ("Red", 1200)
    assert engine.get("/v1/products")["total"] == 1
    assert engine.get("/v1/products/shirt/skus")["total"] == 2


def test_an_id_of_the_callers_own_is_kept(engine: EngineClient) -> None:
    assert engine.post("/v1/products", {"id": "prod_mine"})["id"] == "prod_mine"
    assert engine.post("/v1/products/prod_mine/skus", {"id": "sku_mine"})["id"] == "sku_mine"


def test_what_is_not_sent_stays(engine: EngineClient, shirt: Any) -> None:
    product = engine.put("/v1/products/shirt", {"price": 950})
    sku = engine.put("/v1/products/shirt/skus/red", {"metadata": {"a": 1}})

    assert (product["name"], product["price"], product["source_id"]) == ("Shirt", 950, "shirt")
    assert product["updated_at"]
    assert (sku["price"], sku["sku"], sku["metadata"]) == (1100, "Red", {"a": 1})
    assert engine.get("/v1/products/shirt") == product
    assert engine.get("/v1/skus/red") == sku


def test_lists_are_newest_first_and_paged(engine: EngineClient, shirt: Any) -> None:
    engine.post("/v1/products", {"source_id": "mug"})

    listed = engine.get("/v1/products")
    assert (listed["object"], listed["data_ref"], listed["total"]) == ("list", "products", 2)
    assert [one["source_id"] for one in listed["products"]] == ["mug", "shirt"]
    assert [one["source_id"] for one in engine.get("/v1/products?limit=1&page=2")["products"]] == ["shirt"]
    skus = engine.get("/v1/products/shirt/skus")
    assert (skus["data_ref"], [one["source_id"] for one in skus["skus"]]) == ("skus", ["blue", "red"])
    assert engine.get("/v1/products/mug/skus")["skus"] == []


def test_a_product_is_deleted_with_its_skus(engine: EngineClient, shirt: Any) -> None:
    engine.post("/v1/products", {"source_id": "mug"})
    engine.delete("/v1/products/shirt/skus/blue")
    engine.get("/v1/skus/blue", status=404)
    assert engine.get("/v1/products/shirt/skus")["total"] == 1

    engine.delete("/v1/products/shirt")

    for path in ("products/shirt", "products/shirt/skus", "skus/red"):
        assert engine.get(f"/v1/{path}", status=404)["key"] == "not_found"
    assert engine.get("/v1/products")["total"] == 1


@pytest.mark.parametrize(
    ("method", "path", "details"),
    [
        ("GET", "/v1/products/none", "Cannot find product with id none"),
        ("PUT", "/v1/products/none", "Cannot find product with id none"),
        ("DELETE", "/v1/products/none", "Cannot find product with id none"),
        ("POST", "/v1/products/none/skus", "Cannot find product with id none"),
        ("GET", "/v1/skus/none", "Cannot find sku with id none"),
        ("GET", "/v1/skus/shirt", "Cannot find sku with id shirt"),
        ("GET", "/v1/products/red", "Cannot find product with id red"),
        ("PUT", "/v1/products/mug/skus/red", "Cannot find sku with id red"),
        ("DELETE", "/v1/products/mug/skus/red", "Cannot find sku with id red"),
        ("DELETE", "/v1/products/none/skus/red", "Cannot find product with id none"),
    ],
)
def test_what_is_not_there_is_not_found(engine: EngineClient, shirt: Any, method: str, path: str, details: str) -> None:
    engine.post("/v1/products", {"source_id": "mug"})
    before = engine.everything()

    error = engine.ask(method, path, {} if method in ("POST", "PUT") else None, status=404)

    assert (error["key"], error["details"]) == ("not_found", details)
    assert engine.everything() == before


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"price": -1}, "Property .price must be >= 0"),
        ({"price": "9"}, "Property .price must be integer"),
        ({"name": 5}, "Property .name must be string"),
        ({"attributes": {}}, "Property .attributes must be array"),
    ],
)
def test_a_bad_property_is_named(engine: EngineClient, body: dict[str, Any], details: str) -> None:
    assert engine.post("/v1/products", body, status=400)["details"] == details
    assert engine.get("/v1/products")["total"] == 0


def test_a_line_without_a_price_has_the_catalogues(engine: EngineClient, shirt: Any) -> None:
    items = [
        {"product_id": shirt["id"], "quantity": 2},
        {"sku_id": "red", "quantity": 1},
        {"source_id": "blue", "related_object": "sku", "quantity": 1},
        {"source_id": "shirt", "quantity": 1, "price": 100},
        {"source_id": "shirt", "quantity": 1, "amount": 50},
        {"sku_id": "red", "quantity": 1, "sku": {"price": 7}},
        {"source_id": "unknown", "quantity": 1},
    ]

    order = engine.post("/v1/orders", {"source_id": "cart-1", "items": items})

    assert [item.get("amount") for item in order["items"]] == [1800, 1100, 900, 100, 50, 7, None]
    assert [item.get("price") for item in order["items"]][:3] == [900, 1100, 900]
    assert order["amount"] == 3957


def test_an_order_keeps_the_prices_of_its_day(engine: EngineClient, shirt: Any) -> None:
    engine.coupon("TENTH", percent_off=10)
    engine.post("/v1/orders", {"source_id": "cart-1", "items": [{"product_id": shirt["id"], "quantity": 1}]})
    engine.put("/v1/products/shirt", {"price": 5000})

    assert engine.redeem("TENTH", order={"source_id": "cart-1"})["order"]["total_amount"] == 810
    fresh = {"items": [{"product_id": shirt["id"], "quantity": 1}]}
    assert engine.validate("TENTH", order=fresh)["order"]["total_amount"] == 4500


def test_a_rule_on_a_product_finds_lines_by_any_of_its_names(engine: EngineClient, shirt: Any) -> None:
    engine.coupon("SHIRTS", amount_off=100)
    engine.obey("SHIRTS", applicable_to=about(shirt["id"]))
    items = [
        {"source_id": "shirt", "quantity": 1},
        {"sku_id": "red", "quantity": 1},
        {"product": {"source_id": "shirt"}, "quantity": 1, "price": 80},
        {"source_id": "mug", "quantity": 1, "price": 500},
    ]

    order = engine.validate("SHIRTS", order={"items": items})["order"]

    assert [item.get("discount_amount") for item in order["items"]] == [100, 100, 80, None]


def test_a_rule_on_a_sku_is_about_that_sku_alone(engine: EngineClient, shirt: Any) -> None:
    engine.coupon("RED", amount_off=100)
    engine.obey("RED", applicable_to={"included": [{"object": "sku", "source_id": "red"}]})
    items = [{"sku_id": name, "quantity": 1} for name in ("red", "blue")] + [{"source_id": "shirt", "quantity": 1}]

    order = engine.validate("RED", order={"items": items})["order"]

    assert [item.get("discount_amount") for item in order["items"]] == [100, None, None]
