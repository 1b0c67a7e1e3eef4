"""The list of all redemptions and rollbacks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false
from werkzeug.datastructures import MultiDict

from checkout_bridge.contract.redemption_lists import RedemptionList
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.http.filters import refused, where
from checkout_bridge.engine.http.paging import order_of, page_of
from checkout_bridge.engine.services import entries
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaigns, customers
from checkout_bridge.engine.store import redemptions as store

Query = MultiDict[str, str]
_FIELDS = tuple(name for name in store.FILTERED if name != "created_at")
_ORDERS = tuple(sign + name for name in store.ORDERED for sign in ("", "-"))
_RESULTS = ("SUCCESS", "FAILURE")


def _list(unit: Unit, query: Query) -> dict[str, Any]:
    limit, page = page_of(query)
    order = order_of(query, _ORDERS, "-created_at")
    these = [*where(unit, query, store.FILTERED, _FIELDS), *_asked(unit, query)]
    rows, total = store.page(unit.connection, these, order=order, limit=limit, page=page)
    bodies = entries.answered(unit, rows)
    return {"object": "list", "data_ref": "redemptions", "redemptions": bodies, "total": total}


def _asked(unit: Unit, query: Query) -> list[ColumnElement[bool]]:
    these: list[ColumnElement[bool]] = []
    if results := [result.upper() for result in query.getlist("result")]:
        if not set(results) <= set(_RESULTS):
            raise refused(f"Query param result must be one of: {', '.join(_RESULTS)}")
        these.append(store.FILTERED["result"].in_(results))
    if (name := query.get("campaign")) is not None:
        campaign = campaigns.find(unit.connection, name)
        these.append(store.FILTERED["related_object_parent_id"] == campaign["id"] if campaign else false())
    if (name := query.get("customer")) is not None:
        customer = customers.find(unit.connection, id=name, source_id=name)
        # A customer who was deleted is still known by id to what was redeemed.
        these.append(store.FILTERED["customer_id"] == (customer["id"] if customer else name))
    return these


OPERATIONS = (
    Operation("GET", "/v1/redemptions", _list, "List redemptions and rollbacks", answer=RedemptionList, query=True),
)
