"""The list of vouchers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false
from werkzeug.datastructures import MultiDict

from checkout_bridge.engine.http.filters import indexed, where
from checkout_bridge.engine.http.paging import order_of, page_of
from checkout_bridge.engine.services import vouchers
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaigns, customers
from checkout_bridge.engine.store import voucher_lists as store

_FIELDS = tuple(name for name in store.FILTERED if name != "metadata")
_ORDERS = tuple(sign + name for name in store.ORDERED for sign in ("", "-"))


def list_vouchers(unit: Unit, query: MultiDict[str, str]) -> dict[str, Any]:
    """Answer one page of the vouchers that the query asks for, newest first unless it says otherwise."""
    limit, page = page_of(query)
    order = order_of(query, _ORDERS, "-created_at")
    dates = ("created_at", "updated_at")
    these = where(unit, query, store.FILTERED, _FIELDS, prefixes=("metadata.",), dates=dates)
    rows, total = store.page(unit.connection, [*these, *_asked(unit, query)], order=order, limit=limit, page=page)
    bodies = vouchers.answers(unit, rows)
    return {"object": "list", "data_ref": "vouchers", "vouchers": bodies, "total": total}


def _asked(unit: Unit, query: MultiDict[str, str]) -> list[ColumnElement[bool]]:
    plain = ("code", "category", "category_id", "campaign_id")
    these: list[ColumnElement[bool]] = [store.FILTERED[name] == query[name] for name in plain if name in query]
    if ids := indexed(query, "ids"):
        these.append(store.FILTERED["id"].in_(ids))
    if (name := query.get("campaign")) is not None:
        campaign = campaigns.find(unit.connection, name)
        these.append(store.FILTERED["campaign_id"] == campaign["id"] if campaign else false())
    if (name := query.get("customer")) is not None:
        customer = customers.find(unit.connection, id=name, source_id=name)
        these.append(store.FILTERED["holder_id"] == customer["id"] if customer else false())
    return these
