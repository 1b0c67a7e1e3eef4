"""Operations on customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement
from werkzeug.datastructures import MultiDict

from checkout_bridge.contract.customers import CustomerAnswer, CustomerList, CustomerRequest, PermanentDeletion
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.http.filters import clauses, date_of, refused, where
from checkout_bridge.engine.http.paging import order_of, page_of
from checkout_bridge.engine.services import customer_answers, customers
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import customers as store

Body = Mapping[str, Any]
Query = MultiDict[str, str]
_FIELDS = tuple(name for name in store.FILTERED if name not in ("address", "metadata"))
_ORDERS = tuple(sign + name for name in store.ORDERED for sign in ("", "-"))


def _create(unit: Unit, body: Body) -> dict[str, Any]:
    return customer_answers.answer(unit, customers.upsert(unit, body) or customers.create(unit, body))


def _get(unit: Unit, customer_id: str) -> dict[str, Any]:
    return customer_answers.answer(unit, customers.get(unit, customer_id))


def _update(unit: Unit, customer_id: str, body: Body) -> dict[str, Any]:
    sent = {name: value for name, value in body.items() if name not in ("id", "source_id")}
    return customer_answers.answer(unit, customers.change(unit, customers.get(unit, customer_id), sent))


def _delete(unit: Unit, customer_id: str) -> None:
    customer_answers.delete(unit, customer_id)


def _delete_permanently(unit: Unit, customer_id: str) -> dict[str, Any]:
    return customer_answers.delete_permanently(unit, customer_id)


def _list(unit: Unit, query: Query) -> dict[str, Any]:
    limit, page = page_of(query)
    order = order_of(query, _ORDERS, "-created_at")
    if "segment_id" in query:
        raise refused("Query param segment_id is not supported by this engine")
    dates = ("created_at", "updated_at")
    these = where(unit, query, store.FILTERED, _FIELDS, prefixes=("metadata.", "address."), dates=dates)
    these += [store.FILTERED[name] == query[name] for name in ("email", "name", "city") if name in query]
    further = _after_cursor(unit, query, order)
    rows, left = store.page(unit.connection, [*these, *further], order=order, limit=limit, page=page)
    return {
        "object": "list",
        "data_ref": "customers",
        "customers": customer_answers.answers(unit, rows),
        "total": store.count(unit.connection, these) if further else left,
        "has_more": left > page * limit,
    }


def _after_cursor(unit: Unit, query: Query, order: str) -> list[ColumnElement[bool]]:
    """Those created later than ``starting_after`` where the oldest come first, else those created earlier."""
    if "starting_after" not in query:
        return []
    if order.removeprefix("-") != "created_at":
        raise refused("Query param starting_after goes with the orders created_at and -created_at only")
    operator = "$before" if order.startswith("-") else "$after"
    conditions = {operator: [date_of(query, "starting_after")]}
    return clauses([{"created_at": {"conditions": conditions}}], store.FILTERED, unit)


OPERATIONS = (
    Operation(
        "POST",
        "/v1/customers",
        _create,
        "Create a customer, or update the one with this id or source_id",
        CustomerRequest(),
        CustomerAnswer,
    ),
    Operation("GET", "/v1/customers", _list, "List customers", answer=CustomerList, query=True),
    Operation("GET", "/v1/customers/{customer_id}", _get, "Get a customer", answer=CustomerAnswer),
    Operation("PUT", "/v1/customers/{customer_id}", _update, "Update a customer", CustomerRequest(), CustomerAnswer),
    Operation("DELETE", "/v1/customers/{customer_id}", _delete, "Delete a customer", status=204),
    Operation(
        "POST",
        "/v1/customers/{customer_id}/permanent-deletion",
        _delete_permanently,
        "Delete a customer for good",
        answer=PermanentDeletion,
    ),
)
