"""Promotion tiers: rows among the vouchers, and what was redeemed of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select

from checkout_bridge.engine.store import listing
from checkout_bridge.engine.store.schema import redemptions, vouchers
from checkout_bridge.engine.store.vouchers import TIER

Row = dict[str, Any]

_tiers = (vouchers.c.type == TIER, vouchers.c.deleted_at.is_(None))


def find(connection: Connection, tier_id: str) -> Row | None:
    """The tier with this id."""
    row = connection.execute(select(vouchers).where(*_tiers, vouchers.c.id == tier_id)).first()
    return None if row is None else row._asdict()


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a tier."""
    connection.execute(insert(vouchers), [dict(values)])


def of_campaigns(connection: Connection, campaign_ids: Iterable[str]) -> list[Row]:
    """The tiers of these campaigns, by their hierarchy."""
    statement = select(vouchers).where(*_tiers, vouchers.c.campaign_id.in_(list(campaign_ids)))
    rows = [row._asdict() for row in connection.execute(statement.order_by(vouchers.c.number))]
    return sorted(rows, key=lambda row: row["tier"]["hierarchy"])


ORDERED: Mapping[str, ColumnElement[Any]] = {"created_at": vouchers.c.number, "updated_at": vouchers.c.updated_at}


def page(connection: Connection, *, order: str, limit: int, page: int) -> tuple[list[Row], int]:
    """One page of all tiers, and how many there are in all."""
    return listing.page(connection, vouchers, _tiers, order=order, keys=ORDERED, limit=limit, page=page)


def redeemed(connection: Connection, tier_ids: Iterable[str]) -> dict[str, tuple[int, int, int]]:
    """By tier: redemptions that stand, what their orders were worth, what they took off; none is left out."""
    tier_id = redemptions.c.related_object_id
    statement = select(
        tier_id,
        func.count(),
        func.coalesce(func.sum(redemptions.c.order_amount), 0),
        func.coalesce(func.sum(redemptions.c.discount_amount), 0),
    ).where(
        tier_id.in_(list(tier_ids)),
        redemptions.c.object == "redemption",
        redemptions.c.status == "SUCCEEDED",
    )
    rows = connection.execute(statement.group_by(tier_id))
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in rows}
