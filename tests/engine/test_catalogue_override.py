"""Products and SKUs inside orders: kept in the catalogue where ``override`` says so, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge.engine.work.imports import import_next
from checkout_bridge.engine.work.leased import Bench

if TYPE_CHECKING:
    from .conftest import EngineClient

SHIRT = {"source_id": "shirt", "name": "Shirt", "price": 500, "metadata": {"size": "L"}, "override": True}


def line(**told: Any) -> dict[str, Any]:
    return {"quantity": 1, **told}


def create(engine: EngineClient, order: dict[str, Any]) -> None:
    engine.post("/v1/orders", order)


def update(engine: EngineClient, order: dict[str, Any]) -> None:
    engine.post("/v1/orders", {"source_id": "o1", "amount": 1})
    engine.put("/v1/orders/o1", order)


def redeem(engine: EngineClient, order: dict[str, Any]) -> None:
    engine.coupon("CODE", amount_off=10)
    engine.redeem("CODE", order=order)


def bring_in(engine: EngineClient, order: dict[str, Any]) -> None:
    engine.post("/v1/orders/import", [order])
    assert import_next(Bench(engine.app.extensions["checkout_bridge.engine"], engine.clock))


@pytest.mark.parametrize("way", [create, update, redeem, bring_in])
def test_a_product_to_override_is_created_with_its_order(engine: EngineClient, way: Any) -> None:
    way(engine, {"items": [line(product=SHIRT)]})

    kept = engine.get("/v1/products/shirt")
    assert (kept["name"], kept["price"], kept["metadata"]) == ("Shirt", 500, {"size": "L"})
    assert "override" not in kept


@pytest.mark.parametrize("way", [create, update, redeem, bring_in])
def test_without_override_nothing_is_kept(engine: EngineClient, way: Any) -> None:
    facts = {**SHIRT, "override": False}

    way(engine, {"items": [line(product=facts), line(product={"name": "Hat", "price": 7})]})

    assert engine.get("/v1/products")["total"] == 0


def test_a_validation_keeps_nothing(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=10)
    before = engine.everything()

    engine.validate("CODE", order={"items": [line(product=SHIRT)]})

    assert engine.everything() == before


def test_an_override_changes_what_is_told_and_leaves_the_rest(engine: EngineClient) -> None:
    made = engine.post("/v1/products", {"source_id": "shirt", "name": "Shirt", "price": 400, "image_url": "u"})

    create(engine, {"items": [line(product_id=made["id"], product={"price": 500, "override": True})]})

    kept = engine.get("/v1/products/shirt")
    assert (kept["name"], kept["price"], kept["image_url"]) == ("Shirt", 500, "u")
    assert kept["updated_at"] is not None


def test_an_override_that_says_what_is_known_changes_nothing(engine: EngineClient) -> None:
    create(engine, {"items": [line(product=SHIRT)]})
    before = engine.get("/v1/products/shirt")
    engine.clock.advance(hours=1)

    create(engine, {"items": [line(product=SHIRT)]})

    assert engine.get("/v1/products/shirt") == before


def test_the_last_of_several_lines_counts(engine: EngineClient) -> None:
    engine.post("/v1/products", {"source_id": "shirt", "price": 500})
    lines = [line(product={**SHIRT, "price": 600}), line(product=SHIRT)]

    create(engine, {"items": lines})

    assert engine.get("/v1/products/shirt")["price"] == 500
    assert engine.get("/v1/products")["total"] == 1


def test_the_price_that_is_kept_is_the_price_of_later_orders(engine: EngineClient) -> None:
    create(engine, {"items": [line(product=SHIRT)]})

    later = engine.post("/v1/orders", {"items": [{"product_id": "shirt", "quantity": 3}]})

    assert later["amount"] == 1500


def test_what_was_sent_is_answered(engine: EngineClient) -> None:
    made = engine.post("/v1/orders", {"items": [line(product=SHIRT)]})

    assert made["items"][0]["product"] == SHIRT
    assert made["items"][0]["object"] == "order_item"


@pytest.mark.parametrize(
    "told",
    [
        {"sku": {"source_id": "red", "sku": "Red", "price": 600, "override": True}, "product": SHIRT},
        {"sku": {"source_id": "red", "sku": "Red", "price": 600, "override": True}, "product_id": "hat"},
        {
            "source_id": "red",
            "related_object": "sku",
            "sku": {"sku": "Red", "price": 600, "override": True},
            "product": {"source_id": "hat"},
        },
    ],
)
def test_a_sku_is_kept_with_its_product(engine: EngineClient, told: dict[str, Any]) -> None:
    engine.post("/v1/products", {"source_id": "hat", "price": 100})

    create(engine, {"items": [line(**told)]})

    product = "shirt" if told.get("product") == SHIRT else "hat"
    kept = engine.get("/v1/skus/red")
    assert (kept["sku"], kept["price"], kept["source_id"]) == ("Red", 600, "red")
    assert kept["product_id"] == engine.get(f"/v1/products/{product}")["id"]
    assert engine.post("/v1/orders", {"items": [{"sku_id": "red", "quantity": 2}]})["amount"] == 1200


def test_a_known_sku_needs_no_word_of_its_product(engine: EngineClient) -> None:
    engine.post("/v1/products", {"source_id": "hat"})
    engine.post("/v1/products/hat/skus", {"source_id": "red", "sku": "Red", "price": 600})

    create(engine, {"items": [line(sku={"source_id": "red", "price": 700, "override": True})]})

    kept = engine.get("/v1/skus/red")
    assert (kept["sku"], kept["price"]) == ("Red", 700)


def test_a_new_sku_of_no_product_is_refused_and_nothing_is_kept(engine: EngineClient) -> None:
    before = engine.everything()
    lines = [line(product=SHIRT), line(sku={"source_id": "red", "override": True}, product={"source_id": "hat"})]

    error = engine.post("/v1/orders", {"items": lines}, status=400)

    assert error["key"] == "invalid_payload"
    assert "Property .items[1].sku.override needs a product" in error["details"]
    assert engine.everything() == before


def test_what_has_no_name_to_be_found_by_is_used_and_not_kept(engine: EngineClient) -> None:
    made = engine.post("/v1/orders", {"items": [line(product={"name": "Gift wrap", "price": 3, "override": True})]})

    assert made["amount"] == 3
    assert engine.get("/v1/products")["total"] == 0


def test_override_must_be_a_boolean(engine: EngineClient) -> None:
    error = engine.post("/v1/orders", {"items": [line(product={**SHIRT, "override": "yes"})]}, status=400)

    assert error["details"] == "Property .items[0].product.override must be boolean"
