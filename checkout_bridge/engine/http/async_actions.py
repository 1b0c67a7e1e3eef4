"""Operations on asynchronous actions: how far work is that was put off."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from checkout_bridge.contract.async_actions import AsyncActionAnswer, AsyncActionList
from checkout_bridge.contract.fields import parse_moment, timestamp
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.http.filters import date_of
from checkout_bridge.engine.http.paging import whole_number
from checkout_bridge.engine.services import async_actions
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import async_actions as store

Query = MultiDict[str, str]


def _list(unit: Unit, query: Query) -> dict[str, Any]:
    limit = whole_number(query, "limit", 10, 1, 100)
    before = timestamp(parse_moment(date_of(query, "end_date"))) if "end_date" in query else None
    rows = store.newest(unit.connection, limit=limit + 1, before=before)
    return {
        "object": "list",
        "data_ref": "async_actions",
        "async_actions": [async_actions.listed(row) for row in rows[:limit]],
        "has_more": len(rows) > limit,
    }


def _get(unit: Unit, async_action_id: str) -> dict[str, Any]:
    return async_actions.answer(async_actions.get(unit, async_action_id))


OPERATIONS = (
    Operation("GET", "/v1/async-actions", _list, "List asynchronous actions", answer=AsyncActionList, query=True),
    Operation(
        "GET",
        "/v1/async-actions/{async_action_id}",
        _get,
        "Get an asynchronous action with its result",
        answer=AsyncActionAnswer,
    ),
)
