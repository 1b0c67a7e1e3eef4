"""Operations on categories, product collections and segments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract import categories
from checkout_bridge.contract import product_collections as collections_contract
from checkout_bridge.contract import segments as segments_contract
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.http.paging import order_of, page_of
from checkout_bridge.engine.services import catalogue, customers, product_collections, resources, segments
from checkout_bridge.engine.services.resources import CATEGORY, COLLECTION, SEGMENT
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import resources as store
from checkout_bridge.errors import RequestError

Body = Mapping[str, Any]
Query = Mapping[str, str]

_ORDERS = ("created_at", "-created_at")


def _create_category(unit: Unit, body: Body) -> dict[str, Any]:
    return resources.answer(resources.create(unit, CATEGORY, body))


def _get_category(unit: Unit, category_id: str) -> dict[str, Any]:
    return resources.answer(resources.get(unit, CATEGORY, category_id))


def _update_category(unit: Unit, category_id: str, body: Body) -> dict[str, Any]:
    row = resources.get(unit, CATEGORY, category_id, for_change=True)
    return resources.answer(resources.change(unit, row, body))


def _delete_category(unit: Unit, category_id: str) -> None:
    resources.delete(unit, CATEGORY, category_id)


def _list_categories(unit: Unit) -> dict[str, Any]:
    rows = store.every(unit.connection, CATEGORY)
    return resources.listed(rows, len(rows))


def _create_collection(unit: Unit, body: Body) -> dict[str, Any]:
    return product_collections.answer(product_collections.create(unit, body))


def _get_collection(unit: Unit, collection_id: str) -> dict[str, Any]:
    return product_collections.answer(resources.get(unit, COLLECTION, collection_id))


def _update_collection(unit: Unit, collection_id: str, body: Body) -> dict[str, Any]:
    return product_collections.answer(product_collections.update(unit, collection_id, body))


def _delete_collection(unit: Unit, collection_id: str) -> None:
    resources.delete(unit, COLLECTION, collection_id)


def _list_collections(unit: Unit, query: Query) -> dict[str, Any]:
    rows, total = store.page(unit.connection, COLLECTION, **_paged(query))
    return resources.listed(rows, total, product_collections.answer)


def _list_collected(unit: Unit, collection_id: str, query: Query) -> dict[str, Any]:
    if "starting_after" in query:
        details = "Query param starting_after is not supported by this engine; use page"
        raise RequestError("Invalid query params", key="invalid_query_params", details=details)
    row = resources.get(unit, COLLECTION, collection_id)
    rows, total = product_collections.products(unit, row, **_paged(query))
    return resources.listed(rows, total, lambda one: catalogue.answer(one["kind"], one))


def _create_segment(unit: Unit, body: Body) -> dict[str, Any]:
    return segments.answer(segments.create(unit, body))


def _get_segment(unit: Unit, segment_id: str) -> dict[str, Any]:
    return segments.answer(resources.get(unit, SEGMENT, segment_id))


def _update_segment(unit: Unit, segment_id: str, body: Body) -> dict[str, Any]:
    return segments.answer(segments.update(unit, segment_id, body))


def _delete_segment(unit: Unit, segment_id: str) -> None:
    resources.delete(unit, SEGMENT, segment_id)


def _list_segments(unit: Unit, query: Query) -> dict[str, Any]:
    rows, total = store.page(unit.connection, SEGMENT, **_paged(query))
    return resources.listed(rows, total, segments.answer)


def _segments_of_customer(unit: Unit, customer_id: str) -> dict[str, Any]:
    rows = segments.each_of(unit, customers.get(unit, customer_id))
    return resources.listed(rows, len(rows), segments.simple)


def _paged(query: Query) -> dict[str, Any]:
    limit, page = page_of(query)
    return {"limit": limit, "page": page, "newest_first": order_of(query, _ORDERS, "-created_at").startswith("-")}


_CATEGORY, _COLLECTION, _SEGMENT = "/v1/categories", "/v1/product-collections", "/v1/segments"
_CATEGORY_ID, _COLLECTION_ID = f"{_CATEGORY}/{{category_id}}", f"{_COLLECTION}/{{collection_id}}"
_SEGMENT_ID = f"{_SEGMENT}/{{segment_id}}"
_Category, _Collection, _Segment = (
    categories.CategoryAnswer,
    collections_contract.CollectionAnswer,
    segments_contract.SegmentAnswer,
)

OPERATIONS = (
    Operation("POST", _CATEGORY, _create_category, "Create a category", categories.CategoryRequest(), _Category),
    Operation("GET", _CATEGORY, _list_categories, "List categories", answer=categories.CategoryList),
    Operation("GET", _CATEGORY_ID, _get_category, "Get a category", answer=_Category),
    Operation("PUT", _CATEGORY_ID, _update_category, "Update a category", categories.CategoryUpdate(), _Category),
    Operation("DELETE", _CATEGORY_ID, _delete_category, "Delete a category", status=204),
    Operation(
        "POST",
        _COLLECTION,
        _create_collection,
        "Create a product collection",
        collections_contract.CollectionRequest(),
        _Collection,
    ),
    Operation(
        "GET",
        _COLLECTION,
        _list_collections,
        "List product collections",
        answer=collections_contract.CollectionList,
        query=True,
    ),
    Operation("GET", _COLLECTION_ID, _get_collection, "Get a product collection", answer=_Collection),
    Operation(
        "PUT",
        _COLLECTION_ID,
        _update_collection,
        "Update a product collection",
        collections_contract.CollectionUpdate(),
        _Collection,
    ),
    Operation("DELETE", _COLLECTION_ID, _delete_collection, "Delete a product collection", status=204),
    Operation(
        "GET",
        f"{_COLLECTION_ID}/products",
        _list_collected,
        "List the products and SKUs of a collection",
        answer=collections_contract.CollectedList,
        query=True,
    ),
    Operation("POST", _SEGMENT, _create_segment, "Create a segment", segments_contract.SegmentRequest(), _Segment),
    Operation("GET", _SEGMENT, _list_segments, "List segments", answer=segments_contract.SegmentList, query=True),
    Operation("GET", _SEGMENT_ID, _get_segment, "Get a segment", answer=_Segment),
    Operation("PUT", _SEGMENT_ID, _update_segment, "Update a segment", segments_contract.SegmentUpdate(), _Segment),
    Operation("DELETE", _SEGMENT_ID, _delete_segment, "Delete a segment", status=204),
    Operation(
        "GET",
        "/v1/customers/{customer_id}/segments",
        _segments_of_customer,
        "List the segments that a customer is in",
        answer=segments_contract.CustomerSegments,
    ),
)
