"""Lists of vouchers: what they may be filtered and ordered by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, select

from checkout_bridge.engine.store import listing
from checkout_bridge.engine.store.schema import campaigns, vouchers
from checkout_bridge.engine.store.vouchers import TIER, Row

_campaign_name = select(campaigns.c.name).where(campaigns.c.id == vouchers.c.campaign_id).scalar_subquery()


def _balance_of(kind: str) -> ColumnElement[Any]:
    return case((vouchers.c.type == kind, vouchers.c.gift_balance))


# What filters may speak of, in the words of the contract.
FILTERED: Mapping[str, ColumnElement[Any]] = {
    **{
        name: vouchers.c[name]
        for name in (
            *("id", "code", "type", "campaign_id", "category", "category_id", "holder_id", "additional_info"),
            *("active", "start_date", "expiration_date", "created_at", "updated_at", "metadata"),
        )
    },
    "campaign": _campaign_name,
    "voucher_type": vouchers.c.type,
    "discount_type": vouchers.c.discount["type"].as_string(),
    "gift_balance": _balance_of("GIFT_VOUCHER"),
    "loyalty_balance": _balance_of("LOYALTY_CARD"),
    "redemption_quantity": vouchers.c.quantity,
    "redemption_count": vouchers.c.redeemed_quantity,
    "customer_id": vouchers.c.holder_id,
}
# Vouchers are numbered as they are made, which orders them by that time.
ORDERED: Mapping[str, ColumnElement[Any]] = {
    "created_at": vouchers.c.number,
    "campaign": _campaign_name,
    **{name: vouchers.c[name] for name in ("updated_at", "type", "code", "category", "additional_info")},
}


def page(
    connection: Connection, where: Sequence[ColumnElement[bool]], *, order: str, limit: int, page: int
) -> tuple[list[Row], int]:
    """One page of the vouchers that are not in the bin, and how many there are in all."""
    there = (vouchers.c.deleted_at.is_(None), vouchers.c.type != TIER, *where)
    return listing.page(connection, vouchers, there, order=order, keys=ORDERED, limit=limit, page=page)
