"""Operations on orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import g

from checkout_bridge.contract.async_actions import ORDERS_IMPORT
from checkout_bridge.contract.campaigns import AsyncAction
from checkout_bridge.contract.errors import refuse_too_deep
from checkout_bridge.contract.orders import MAX_IMPORTED, OrderAnswer, OrderList, OrderRequest
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.http.order_lists import list_orders
from checkout_bridge.engine.services import async_actions, orders
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.errors import InvalidInput

Body = Mapping[str, Any]


def _create_order(unit: Unit, body: Body) -> dict[str, Any]:
    return orders.answer(orders.upsert(unit, body))


def _get_order(unit: Unit, order_id: str) -> dict[str, Any]:
    return orders.answer(orders.get(unit, order_id))


def _update_order(unit: Unit, order_id: str, body: Body) -> dict[str, Any]:
    return orders.answer(orders.update(unit, orders.get(unit, order_id, for_change=True), body))


def _import_orders(unit: Unit, body: Sequence[Any]) -> dict[str, Any]:
    return {"async_action_id": async_actions.schedule(unit, ORDERS_IMPORT, body, g.request_id)}


def _check_import(payload: Any) -> None:
    """Only whether it can be kept; each order is checked when its turn comes, so that the others are imported."""
    if not isinstance(payload, list):
        raise InvalidInput("Payload must be an array of orders")
    if len(payload) > MAX_IMPORTED:
        raise InvalidInput(f"Payload must not have more than {MAX_IMPORTED} orders")
    refuse_too_deep(payload)


OPERATIONS = (
    Operation(
        "POST",
        "/v1/orders",
        _create_order,
        "Create an order, or update the one with this id or source_id",
        OrderRequest(),
        OrderAnswer,
    ),
    Operation("GET", "/v1/orders", list_orders, "List orders", answer=OrderList, query=True),
    Operation(
        "POST",
        "/v1/orders/import",
        _import_orders,
        f"Import at most {MAX_IMPORTED} orders of the past, later",
        OrderRequest(many=True),
        AsyncAction,
        checks=_check_import,
        rings=True,
    ),
    Operation("GET", "/v1/orders/{order_id}", _get_order, "Get an order", answer=OrderAnswer),
    Operation("PUT", "/v1/orders/{order_id}", _update_order, "Update an order", OrderRequest(), OrderAnswer),
)
