"""The list of all orders, by pages or by a cursor."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement
from werkzeug.datastructures import MultiDict

from checkout_bridge.contract.orders import STATUSES
from checkout_bridge.engine.http.filters import refused, where
from checkout_bridge.engine.http.paging import order_by, whole_number
from checkout_bridge.engine.services import orders
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import customers
from checkout_bridge.engine.store import orders as store
from checkout_bridge.errors import RequestError

Query = MultiDict[str, str]
LAST_PAGE = 1000
_FIELDS = tuple(name for name in store.FILTERED if name != "metadata")
_LARGEST = 10**9 - 1


def list_orders(unit: Unit, query: Query) -> dict[str, Any]:
    """A page of orders as answered. Raises RequestError for a query that is not possible, NotFound for a cursor."""
    limit, page = whole_number(query, "limit", 10, 1, 100), _page_of(query)
    order = order_by(query, store.ORDERED)
    cursor = query.get("starting_after_id")
    if cursor is not None and "page" in query:
        raise refused("Query param starting_after_id goes without page")
    after = None if cursor is None else orders.get(unit, cursor)
    these = [*where(unit, query, store.FILTERED, _FIELDS, prefixes=("metadata.",), dates=store.ORDERED)]
    these += _asked(unit, query)
    # One more than asked for tells whether there are more.
    skip = (page - 1) * limit
    rows = store.page(unit.connection, these, order=order, limit=limit + 1, skip=skip, after=after)
    shown, has_more = rows[:limit], len(rows) > limit
    body: dict[str, Any] = {"object": "list", "data_ref": "orders", "orders": [orders.answer(row) for row in shown]}
    if after is None:
        body["total"] = store.count(unit.connection, these)
    body["has_more"] = has_more
    return body | ({"more_starting_after": shown[-1]["id"]} if has_more else {})


def _page_of(query: Query) -> int:
    page = whole_number(query, "page", 1, 1, _LARGEST)
    if page > LAST_PAGE:
        details = f"Query param page must be from 1 to {LAST_PAGE}; starting_after_id goes further"
        raise RequestError("Page over limit", key="page_over_limit", details=details)
    return page


def _asked(unit: Unit, query: Query) -> list[ColumnElement[bool]]:
    these: list[ColumnElement[bool]] = []
    if statuses := [status.upper() for status in query.getlist("status")]:
        if not set(statuses) <= set(STATUSES):
            raise refused(f"Query param status must be one of: {', '.join(STATUSES)}")
        these.append(store.FILTERED["status"].in_(statuses))
    if (name := query.get("customer")) is not None:
        customer = customers.find(unit.connection, id=name, source_id=name)
        # A customer who was deleted is still known by id to the orders.
        these.append(store.FILTERED["customer_id"] == (customer["id"] if customer else name))
    return these
