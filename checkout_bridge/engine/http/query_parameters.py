"""What the OpenAPI description says of query parameters: the names that each operation reads, and their schemas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from checkout_bridge.contract.orders import STATUSES
from checkout_bridge.engine.http.api import LONGEST_KEY, Operation
from checkout_bridge.engine.http.order_lists import LAST_PAGE
from checkout_bridge.engine.store import (
    campaign_vouchers,
    campaigns,
    customers,
    exports,
    orders,
    promotions,
    publications,
    redemptions,
)
from checkout_bridge.engine.store import voucher_lists as vouchers

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean", "default": False}
_DATES: Schema = {
    "type": "object",
    "properties": {bound: {"type": "string", "format": "date-time"} for bound in ("after", "before")},
}
_LIMIT: Schema = {"limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}}
_PAGED: Schema = {**_LIMIT, "page": {"type": "integer", "minimum": 1, "maximum": 99, "default": 1}}
_MOVEMENTS: Schema = {**_LIMIT, "starting_after_id": _TEXT}
_FORCED: Schema = {"force": _FLAG}
_WHY: Schema = {"reason": _TEXT, "tracking_id": _TEXT}


def _texts(*names: str) -> Schema:
    return dict.fromkeys(names, _TEXT)


def _ordered(names: Iterable[str] = ("created_at",)) -> Schema:
    """A page of a list; every order also goes backwards, with a dash before it."""
    orders = [sign + name for name in names for sign in ("", "-")]
    return {**_PAGED, "order": {"type": "string", "enum": orders, "default": "-created_at"}}


def _filtered(names: Iterable[str], *dates: str) -> Schema:
    """An ordered page of what passes the filters."""
    return {**_ordered(names), "filters": {"type": "object"}, **dict.fromkeys(dates, _DATES)}


_VOUCHERS = {
    **_filtered(vouchers.ORDERED, "created_at", "updated_at"),
    **_texts("code", "category", "category_id", "campaign_id", "campaign", "customer"),
    "ids": {"type": "array", "items": _TEXT},
}
_REDEMPTIONS = {
    **_filtered(redemptions.ORDERED, "created_at"),
    **_texts("campaign", "customer"),
    "result": {"type": "array", "items": {"type": "string", "enum": ["SUCCESS", "FAILURE"]}},
}
_CUSTOMERS = {
    **_filtered(customers.ORDERED, "created_at", "updated_at"),
    **_texts("email", "name", "city"),
    "starting_after": {"type": "string", "format": "date-time"},
}
_ORDERS = {
    **_filtered(orders.ORDERED, "created_at", "updated_at"),
    "page": {"type": "integer", "minimum": 1, "maximum": LAST_PAGE, "default": 1},
    **_texts("customer", "starting_after_id"),
    "status": {"type": "array", "items": {"type": "string", "enum": list(STATUSES)}},
}
_PROGRAM, _PRODUCT = "/v1/loyalties/{campaign_id}", "/v1/products/{product_id}"
_READ: dict[str, Schema] = {
    "GET /v1/vouchers": _VOUCHERS,
    "DELETE /v1/vouchers/{code}": _FORCED,
    "GET /v1/vouchers/{code}/transactions": _MOVEMENTS,
    "GET /v1/campaigns": {**_ordered(campaigns.ORDERED), "campaign_type": _TEXT},
    "DELETE /v1/campaigns/{campaign_id}": _FORCED,
    "POST /v1/campaigns/{campaign_id}/vouchers": {"vouchers_count": {"type": "integer", "minimum": 1, "default": 1}},
    "GET /v1/promotions/tiers": _ordered(promotions.ORDERED),
    "GET /v1/promotions/{campaign_id}/stacks": _ordered(),
    "GET /v1/promotions/stacks": _ordered(),
    "GET /v1/loyalties": _ordered(campaigns.ORDERED),
    f"DELETE {_PROGRAM}": _FORCED,
    f"GET {_PROGRAM}/members": {**_ordered(campaign_vouchers.ORDERED), "customer": _TEXT},
    "GET /v1/loyalties/members/{code}/transactions": _MOVEMENTS,
    f"GET {_PROGRAM}/members/{{code}}/transactions": _MOVEMENTS,
    "POST /v1/publications": {"join_once": _FLAG},
    "GET /v1/publications": {**_ordered(publications.ORDERED), **_texts("customer", "campaign", "source_id")},
    "GET /v1/product-collections": _ordered(),
    "GET /v1/product-collections/{collection_id}/products": _ordered(),
    "GET /v1/segments": _ordered(),
    "GET /v1/rewards": {**_PAGED, "assignment_id": _TEXT},
    "GET /v1/rewards/{reward_id}/assignments": _PAGED,
    f"GET {_PROGRAM}/rewards": {**_PAGED, "assignment_id": _TEXT},
    f"GET {_PROGRAM}/reward-assignments": {**_PAGED, "assignmentId": _TEXT},
    "GET /v1/customers": _CUSTOMERS,
    "GET /v1/products": _PAGED,
    f"DELETE {_PRODUCT}": _FORCED,
    f"GET {_PRODUCT}/skus": _PAGED,
    f"DELETE {_PRODUCT}/skus/{{sku_id}}": _FORCED,
    "GET /v1/validation-rules": _PAGED,
    "POST /v1/validation-rules/{rule_id}/assignments": _FORCED,
    "POST /v1/redemptions/{redemption_id}/rollback": _WHY,
    "POST /v1/redemptions/{redemption_id}/rollbacks": _WHY,
    "GET /v1/redemptions": _REDEMPTIONS,
    "GET /v1/orders": _ORDERS,
    "GET /v1/exports": _ordered(exports.ORDERED),
    "GET /v1/exports/{export_id}": {"token": _TEXT},
    "GET /v1/async-actions": {**_LIMIT, "end_date": {"type": "string", "format": "date-time"}},
}


def query_parameters(operation: Operation) -> list[dict[str, Any]]:
    """The OpenAPI parameters of an operation's query. Raises KeyError for one that nobody described."""
    if not operation.query:
        return []
    return [_parameter(name, schema) for name, schema in _READ[f"{operation.method} {operation.path}"].items()]


def idempotency_key() -> dict[str, Any]:
    """The header by which a write is done once."""
    return {
        "in": "header",
        "name": "Idempotency-Key",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
        "description": "The same key does the work once and answers the same.",
    }


def _parameter(name: str, schema: Schema) -> dict[str, Any]:
    in_brackets = {"style": "deepObject", "explode": True} if schema["type"] == "object" else {}
    return {"in": "query", "name": name, "required": False, "schema": schema, **in_brackets}
