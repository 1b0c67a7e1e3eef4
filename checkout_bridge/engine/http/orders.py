"""Operations on orders and customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract.customers import CustomerAnswer, CustomerRequest
from checkout_bridge.contract.orders import OrderAnswer, OrderRequest
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.services import customers, orders
from checkout_bridge.engine.services.unit import Unit

Body = Mapping[str, Any]


def _create_order(unit: Unit, body: Body) -> dict[str, Any]:
    return orders.answer(orders.upsert(unit, body))


def _get_order(unit: Unit, order_id: str) -> dict[str, Any]:
    return orders.answer(orders.get(unit, order_id))


def _update_order(unit: Unit, order_id: str, body: Body) -> dict[str, Any]:
    return orders.answer(orders.update(unit, orders.get(unit, order_id, for_change=True), body))


def _create_customer(unit: Unit, body: Body) -> dict[str, Any]:
    row = customers.upsert(unit, body) or customers.create(unit, body)
    return customers.answer(row)


def _get_customer(unit: Unit, customer_id: str) -> dict[str, Any]:
    return customers.answer(customers.get(unit, customer_id))


def _update_customer(unit: Unit, customer_id: str, body: Body) -> dict[str, Any]:
    sent = {name: value for name, value in body.items() if name not in ("id", "source_id")}
    return customers.answer(customers.change(unit, customers.get(unit, customer_id), sent))


OPERATIONS = (
    Operation(
        "POST",
        "/v1/orders",
        _create_order,
        "Create an order, or update the one with this id or source_id",
        OrderRequest(),
        OrderAnswer,
    ),
    Operation("GET", "/v1/orders/{order_id}", _get_order, "Get an order", answer=OrderAnswer),
    Operation("PUT", "/v1/orders/{order_id}", _update_order, "Update an order", OrderRequest(), OrderAnswer),
    Operation(
        "POST",
        "/v1/customers",
        _create_customer,
        "Create a customer, or update the one with this id or source_id",
        CustomerRequest(),
        CustomerAnswer,
    ),
    Operation("GET", "/v1/customers/{customer_id}", _get_customer, "Get a customer", answer=CustomerAnswer),
    Operation(
        "PUT",
        "/v1/customers/{customer_id}",
        _update_customer,
        "Update a customer",
        CustomerRequest(),
        CustomerAnswer,
    ),
)
