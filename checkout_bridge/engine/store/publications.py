"""Publications: rows among the small things, whose name is the caller's own id of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from checkout_bridge.engine.store import listing
from checkout_bridge.engine.store.schema import customers, resources

Row = dict[str, Any]

KIND = "publication"
_customer_id = resources.c.body["customer_id"].as_string()
_campaign_id = resources.c.body["campaign_id"].as_string()


def find_by_source(connection: Connection, source_id: str) -> Row | None:
    """The publication with this source id."""
    row = connection.execute(select(resources).where(resources.c.kind == KIND, resources.c.name == source_id)).first()
    return None if row is None else row._asdict()


def latest_of(connection: Connection, customer_id: str, campaign_id: str) -> Row | None:
    """The newest publication of a campaign to a customer."""
    its = (resources.c.kind == KIND, _customer_id == customer_id, _campaign_id == campaign_id)
    row = connection.execute(select(resources).where(*its).order_by(resources.c.number.desc())).first()
    return None if row is None else row._asdict()


def customers_in(connection: Connection, publications: Iterable[Row]) -> dict[str, Row]:
    """The customers of publications, by id."""
    ids = {row["body"]["customer_id"] for row in publications}
    statement = select(customers).where(customers.c.id.in_(ids))
    return {row.id: row._asdict() for row in connection.execute(statement)}


# Publications are numbered as they are made, which orders them by that time.
ORDERED: Mapping[str, ColumnElement[Any]] = {
    "created_at": resources.c.number,
    "id": resources.c.id,
    "customer_id": _customer_id,
    "channel": resources.c.body["channel"].as_string(),
}


def page(
    connection: Connection,
    *,
    order: str,
    limit: int,
    page: int,
    customer_id: str | None = None,
    campaign_id: str | None = None,
    source_id: str | None = None,
) -> tuple[list[Row], int]:
    """One page of publications, and how many there are in all: to this customer, of this campaign, of this source."""
    told = ((_customer_id, customer_id), (_campaign_id, campaign_id), (resources.c.name, source_id))
    these: list[ColumnElement[bool]] = [resources.c.kind == KIND]
    these += [column == value for column, value in told if value is not None]
    return listing.page(connection, resources, these, order=order, keys=ORDERED, limit=limit, page=page)
