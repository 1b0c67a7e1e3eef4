"""What other tables know of customers: what they redeemed, ordered and hold; and forgetting who it was."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, select, update

from checkout_bridge.engine.store.schema import campaigns, orders, redemptions, vouchers

Row = dict[str, Any]
_WHO = ("customer", "customer_id", "referrer", "referrer_id")
_COUNTED = ("PAID", "FULFILLED")
_is_points = func.coalesce(vouchers.c.type, "") == "LOYALTY_CARD"
_whose = redemptions.c.customer_id.in_(bindparam("ids", expanding=True))
# The parent of a stack only sums up what its children did.
_redeemed = (
    select(
        redemptions.c.customer_id,
        redemptions.c.object,
        redemptions.c.status,
        redemptions.c.result,
        func.count().label("count"),
        func.sum(case((_is_points, 0), else_=func.coalesce(redemptions.c.amount, 0))).label("credits"),
        func.sum(case((_is_points, func.coalesce(redemptions.c.amount, 0)), else_=0)).label("points"),
    )
    .select_from(redemptions.outerjoin(vouchers, vouchers.c.id == redemptions.c.related_object_id))
    .where(_whose, redemptions.c.related_object_type != "redemption")
    .group_by(redemptions.c.customer_id, redemptions.c.object, redemptions.c.status, redemptions.c.result)
)
_ordered = (
    select(orders.c.customer_id, orders.c.body, orders.c.change, orders.c.created_at)
    .where(orders.c.customer_id.in_(bindparam("ids", expanding=True)), orders.c.status.in_(_COUNTED))
    .order_by(orders.c.created_at, orders.c.number)
)
_held = (
    select(
        vouchers.c.holder_id.label("customer_id"),
        vouchers.c.type,
        campaigns.c.name.label("campaign"),
        func.sum(vouchers.c.gift_balance).label("balance"),
    )
    .select_from(vouchers.outerjoin(campaigns, campaigns.c.id == vouchers.c.campaign_id))
    .where(
        vouchers.c.holder_id.in_(bindparam("ids", expanding=True)),
        vouchers.c.gift_balance.is_not(None),
        vouchers.c.deleted_at.is_(None),
    )
    .group_by(vouchers.c.holder_id, vouchers.c.type, campaigns.c.name)
)


def redeemed(connection: Connection, ids: Iterable[str]) -> list[Row]:
    """``{customer_id, object, status, result, count, credits, points}`` of redemptions and rollbacks."""
    return [row._asdict() for row in connection.execute(_redeemed, {"ids": list(ids)})]


def ordered(connection: Connection, ids: Iterable[str]) -> list[Row]:
    """``{customer_id, body, change, created_at}`` of the orders that are paid or fulfilled, oldest first."""
    return [row._asdict() for row in connection.execute(_ordered, {"ids": list(ids)})]


def held(connection: Connection, ids: Iterable[str]) -> list[Row]:
    """``{customer_id, type, campaign, balance}``: what is left on the cards they hold, by kind of card and campaign."""
    return [row._asdict() for row in connection.execute(_held, {"ids": list(ids)})]


def forget(connection: Connection, customer_id: str) -> None:
    """Take the customer out of orders, redemptions and vouchers, which stay."""
    for column in (orders.c.customer_id, orders.c.referrer_id, vouchers.c.holder_id):
        connection.execute(update(column.table).where(column == customer_id).values({column: None}))
    theirs = and_(redemptions.c.customer_id == customer_id, redemptions.c.order.is_not(None))
    for row in connection.execute(select(redemptions.c.id, redemptions.c.order).where(theirs)).all():
        if row.order is not None:
            order = {name: value for name, value in row.order.items() if name not in _WHO}
            connection.execute(update(redemptions).where(redemptions.c.id == row.id).values(order=order))
    named = update(redemptions).where(redemptions.c.customer_id == customer_id)
    connection.execute(named.values(customer_id=None, tracking_id=None))
