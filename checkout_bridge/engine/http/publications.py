"""Operations on publications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract import publications as contract
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.http.paging import flag, order_by, page_of
from checkout_bridge.engine.services import publications
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaigns as campaign_store
from checkout_bridge.engine.store import customers as customer_store
from checkout_bridge.engine.store import publications as store


def _publish(unit: Unit, body: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    row = publications.publish(unit, body, join_once=flag(query, "join_once"))
    return publications.answers(unit, [row])[0]


def _list(unit: Unit, query: Mapping[str, str]) -> dict[str, Any]:
    limit, page = page_of(query)
    customer, campaign = query.get("customer"), query.get("campaign")
    rows, total = store.page(
        unit.connection,
        order=order_by(query, store.ORDERED),
        limit=limit,
        page=page,
        customer_id=customer and _id(customer_store.find(unit.connection, id=customer, source_id=customer)),
        campaign_id=campaign and _id(campaign_store.find(unit.connection, campaign)),
        source_id=query.get("source_id"),
    )
    answered = publications.answers(unit, rows)
    return {"object": "list", "data_ref": "publications", "publications": answered, "total": total}


def _id(row: Mapping[str, Any] | None) -> str:
    """The id of what was named; of what does not exist, one that nothing has."""
    return "" if row is None else str(row["id"])


_PUBLICATIONS = "/v1/publications"

OPERATIONS = (
    Operation(
        "POST",
        _PUBLICATIONS,
        _publish,
        "Give a voucher, or vouchers of a campaign, to a customer",
        contract.PublicationRequest(),
        contract.PublicationAnswer,
        query=True,
    ),
    Operation("GET", _PUBLICATIONS, _list, "List publications", answer=contract.PublicationList, query=True),
)
