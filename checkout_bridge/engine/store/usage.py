"""How often, by how many and for how much redemptions stand: what limits by customer, by time and budgets count."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, func, select

from checkout_bridge.engine.store.schema import redemptions

_STANDING = and_(
    redemptions.c.object == "redemption",
    redemptions.c.status == "SUCCEEDED",
    redemptions.c.related_object_type != "redemption",
)


def count(
    connection: Connection, kind: str, id: str, *, customer_id: str | None = None, since: str | None = None
) -> int:
    """How many redemptions of a ``voucher``, ``promotion_tier`` or ``campaign`` stand."""
    return _one(connection, func.count(), kind, id, customer_id, since)


def customers(connection: Connection, kind: str, id: str, *, since: str | None = None) -> int:
    """By how many customers."""
    return _one(connection, func.count(redemptions.c.customer_id.distinct()), kind, id, None, since)


def order_amount(connection: Connection, kind: str, id: str) -> int:
    """What the orders were worth on which they stand."""
    return _one(connection, func.coalesce(func.sum(redemptions.c.order_amount), 0), kind, id, None, None)


def discount_amount(connection: Connection, kind: str, id: str) -> int:
    """What they took off."""
    return _one(connection, func.coalesce(func.sum(redemptions.c.discount_amount), 0), kind, id, None, None)


def _one(
    connection: Connection,
    what: ColumnElement[int],
    kind: str,
    id: str,
    customer_id: str | None,
    since: str | None,
) -> int:
    column = redemptions.c.campaign_id if kind == "campaign" else redemptions.c.related_object_id
    these = [_STANDING, column == id]
    if customer_id is not None:
        these.append(redemptions.c.customer_id == customer_id)
    if since is not None:
        these.append(redemptions.c.date >= since)
    return int(connection.execute(select(what).where(*these)).scalar_one())
