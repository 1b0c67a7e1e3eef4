"""Operations on products and SKUs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract import products as contract
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.http.paging import page_of
from checkout_bridge.engine.services import catalogue
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import catalogue as store

Body = Mapping[str, Any]


def _create_product(unit: Unit, body: Body) -> dict[str, Any]:
    return catalogue.answer("product", catalogue.upsert(unit, "product", body))


def _get_product(unit: Unit, product_id: str) -> dict[str, Any]:
    return catalogue.answer("product", catalogue.get(unit, "product", product_id))


def _update_product(unit: Unit, product_id: str, body: Body) -> dict[str, Any]:
    row = catalogue.update(unit, catalogue.get(unit, "product", product_id), body)
    return catalogue.answer("product", row)


def _delete_product(unit: Unit, product_id: str, query: Body) -> None:
    catalogue.delete(unit, catalogue.get(unit, "product", product_id))


def _list_products(unit: Unit, query: Mapping[str, str]) -> dict[str, Any]:
    limit, page = page_of(query)
    return _listed("product", *store.page(unit.connection, "product", limit=limit, page=page))


def _create_sku(unit: Unit, product_id: str, body: Body) -> dict[str, Any]:
    product = catalogue.get(unit, "product", product_id)
    return catalogue.answer("sku", catalogue.upsert(unit, "sku", body, product["id"]))


def _list_skus(unit: Unit, product_id: str, query: Mapping[str, str]) -> dict[str, Any]:
    limit, page = page_of(query)
    product = catalogue.get(unit, "product", product_id)
    return _listed("sku", *store.page(unit.connection, "sku", limit=limit, page=page, product_id=product["id"]))


def _get_sku(unit: Unit, sku_id: str) -> dict[str, Any]:
    return catalogue.answer("sku", catalogue.get(unit, "sku", sku_id))


def _update_sku(unit: Unit, product_id: str, sku_id: str, body: Body) -> dict[str, Any]:
    return catalogue.answer("sku", catalogue.update(unit, catalogue.sku_of(unit, product_id, sku_id), body))


def _delete_sku(unit: Unit, product_id: str, sku_id: str, query: Body) -> None:
    catalogue.delete(unit, catalogue.sku_of(unit, product_id, sku_id))


def _listed(kind: str, rows: list[dict[str, Any]], total: int) -> dict[str, Any]:
    key = f"{kind}s"
    return {"object": "list", "data_ref": key, key: [catalogue.answer(kind, row) for row in rows], "total": total}


_PRODUCT, _SKU = contract.ProductRequest(), contract.SkuRequest()

OPERATIONS = (
    Operation(
        "POST",
        "/v1/products",
        _create_product,
        "Create a product, or update the one with this id or source_id",
        _PRODUCT,
        contract.ProductAnswer,
    ),
    Operation("GET", "/v1/products", _list_products, "List products", answer=contract.ProductList, query=True),
    Operation("GET", "/v1/products/{product_id}", _get_product, "Get a product", answer=contract.ProductAnswer),
    Operation(
        "PUT", "/v1/products/{product_id}", _update_product, "Update a product", _PRODUCT, contract.ProductAnswer
    ),
    Operation("DELETE", "/v1/products/{product_id}", _delete_product, "Delete a product", status=204, query=True),
    Operation(
        "POST",
        "/v1/products/{product_id}/skus",
        _create_sku,
        "Create a SKU of a product, or update the one with this id or source_id",
        _SKU,
        contract.SkuAnswer,
    ),
    Operation(
        "GET",
        "/v1/products/{product_id}/skus",
        _list_skus,
        "List a product's SKUs",
        answer=contract.SkuList,
        query=True,
    ),
    Operation("GET", "/v1/skus/{sku_id}", _get_sku, "Get a SKU", answer=contract.SkuAnswer),
    Operation("PUT", "/v1/products/{product_id}/skus/{sku_id}", _update_sku, "Update a SKU", _SKU, contract.SkuAnswer),
    Operation("DELETE", "/v1/products/{product_id}/skus/{sku_id}", _delete_sku, "Delete a SKU", status=204, query=True),
)
