"""What exports of customers read: also what they redeemed, ordered and hold, counted for each."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, func, literal, select

from checkout_bridge.engine.store import customers as customer_lists
from checkout_bridge.engine.store.export_queries_sales import named
from checkout_bridge.engine.store.export_queries_source import Columns, Source
from checkout_bridge.engine.store.schema import customers, orders, redemptions, vouchers

_ADDRESS = ("city", "state", "line_1", "line_2", "country", "postal_code")
_TEXTS = ("name", "description", "email", "phone", "birthday", "birthdate")


def _redeemed(object: str, *where: ColumnElement[bool]) -> ColumnElement[Any]:
    """How many redemptions or rollbacks; the parent of a stack only sums up what its children did."""
    theirs = (redemptions.c.customer_id == customers.c.id, redemptions.c.related_object_type != "redemption")
    statement = select(func.count()).select_from(redemptions).where(*theirs, redemptions.c.object == object, *where)
    return statement.correlate(customers).scalar_subquery()


def _ordered(what: ColumnElement[Any]) -> Select[Any]:
    """Something of the orders that are paid or fulfilled."""
    theirs = (orders.c.customer_id == customers.c.id, orders.c.status.in_(("PAID", "FULFILLED")))
    return select(what).select_from(orders).where(*theirs).correlate(customers)


def _last(what: ColumnElement[Any]) -> ColumnElement[Any]:
    return _ordered(what).order_by(orders.c.created_at.desc(), orders.c.number.desc()).limit(1).scalar_subquery()


_succeeded, _failed = redemptions.c.result == "SUCCESS", redemptions.c.result == "FAILURE"
_whole = cast(func.coalesce(func.sum(orders.c.total_amount), 0), BigInteger)
_many = func.count()
# Half a minor unit is rounded up.
_average = case((_many == 0, 0), else_=(2 * _whole + _many) // (2 * _many))
_points = (
    select(cast(func.coalesce(func.sum(vouchers.c.gift_balance), 0), BigInteger))
    .where(vouchers.c.holder_id == customers.c.id, vouchers.c.type == "LOYALTY_CARD", vouchers.c.deleted_at.is_(None))
    .correlate(customers)
    .scalar_subquery()
)
_REDEEMED: Columns = {
    "total_redeemed": _redeemed("redemption"),
    "total_failed": _redeemed("redemption", _failed),
    "total_succeeded": _redeemed("redemption", _succeeded),
    "total_rolled_back": _redeemed("redemption", redemptions.c.status == "ROLLED_BACK"),
    "total_rollback_failed": _redeemed("redemption_rollback", _failed),
    "total_rollback_succeeded": _redeemed("redemption_rollback", _succeeded),
}
_ORDERED: Columns = {
    "total_amount": _ordered(_whole).scalar_subquery(),
    "total_count": _ordered(_many).scalar_subquery(),
    "average_amount": _ordered(_average).scalar_subquery(),
    "last_order_amount": func.coalesce(_last(orders.c.total_amount), 0),
    "last_order_date": _last(orders.c.created_at),
}
# This engine has no referral programs.
_LOYALTY: Columns = {"points": _points, "referred_customers": literal(0, BigInteger)}
_COLUMNS: Columns = {
    **named(customers, "id", "source_id", "created_at", "updated_at"),
    **{name: customers.c.body[name].as_string() for name in _TEXTS},
    **{f"address_{name}": customers.c.body[("address", name)].as_string() for name in _ADDRESS},
    **{f"redemptions_{name}": it for name, it in _REDEEMED.items()},
    **{f"orders_{name}": it for name, it in _ORDERED.items()},
    **{f"loyalty_{name}": it for name, it in _LOYALTY.items()},
    "metadata": customers.c.body["metadata"],
}
CUSTOMERS = Source(
    customers,
    columns=_COLUMNS,
    filtered={
        **_COLUMNS,
        **customer_lists.FILTERED,
        **{f"summary.redemptions.{name}": it for name, it in _REDEEMED.items()},
        **{f"summary.orders.{name}": it for name, it in _ORDERED.items()},
        **{f"loyalty.{name}": it for name, it in _LOYALTY.items()},
    },
    orders={
        "created_at": customers.c.number,
        **{name: _COLUMNS[name] for name in ("name", "id", "email", "source_id", "updated_at")},
    },
)
