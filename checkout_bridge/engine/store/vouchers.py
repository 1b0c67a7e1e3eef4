"""Voucher rows: looking them up, and moving their counters and balances, each by one conditional write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from checkout_bridge.engine.store.schema import sessions, transactions, vouchers
from checkout_bridge.errors import Conflict

Row = dict[str, Any]
# The type of promotion tiers; they are no vouchers, and only the same to be counted.
TIER = "PROMOTION_TIER"

_others = and_(
    sessions.c.voucher_id == vouchers.c.id,
    sessions.c.session_key != bindparam("session_key"),
    sessions.c.expires_at > bindparam("now"),
)
_locked_quantity = select(func.coalesce(func.sum(sessions.c.quantity), 0)).where(_others).scalar_subquery()
_locked_credits = select(func.coalesce(func.sum(sessions.c.credits), 0)).where(_others).scalar_subquery()

# Said in both arms, since only there SQLite sees that the index of codes, which is partial, is of use.
_named = or_(
    and_(vouchers.c.deleted_at.is_(None), vouchers.c.code.in_(bindparam("names", expanding=True))),
    and_(vouchers.c.deleted_at.is_(None), vouchers.c.id.in_(bindparam("names", expanding=True))),
)
_lock = select(vouchers.c.id).where(_named).order_by(vouchers.c.id).with_for_update()
_find_many = select(vouchers, _locked_quantity.label("locked_quantity"), _locked_credits.label("locked_credits")).where(
    _named
)
_claim = (
    update(vouchers)
    .where(
        vouchers.c.id == bindparam("voucher_id"),
        vouchers.c.deleted_at.is_(None),
        vouchers.c.active,
        or_(
            vouchers.c.quantity.is_(None),
            vouchers.c.redeemed_quantity + _locked_quantity < vouchers.c.quantity,
        ),
        or_(
            vouchers.c.gift_balance.is_(None),
            vouchers.c.gift_balance - _locked_credits >= bindparam("credits"),
        ),
    )
    .values(
        redeemed_quantity=vouchers.c.redeemed_quantity + 1,
        redeemed_amount=vouchers.c.redeemed_amount + bindparam("credits"),
        gift_balance=vouchers.c.gift_balance - bindparam("credits"),
    )
)
_give_back = (
    update(vouchers)
    .where(vouchers.c.id == bindparam("voucher_id"), vouchers.c.redeemed_quantity > 0)
    .values(
        redeemed_quantity=vouchers.c.redeemed_quantity - 1,
        redeemed_amount=vouchers.c.redeemed_amount - bindparam("credits"),
        gift_balance=vouchers.c.gift_balance + bindparam("credits"),
    )
)


def find_many(
    connection: Connection, names: Iterable[str], *, now: str, session_key: str = "", for_change: bool = False
) -> list[Row]:
    """The vouchers with these codes or ids, each with what sessions other than ``session_key`` hold of it.

    ``for_change`` keeps others from changing them until the transaction ends; they are locked in one fixed order.
    """
    params = {"names": list(names), "now": now, "session_key": session_key}
    if for_change and connection.dialect.name == "postgresql":  # a write transaction of SQLite is alone anyway
        connection.execute(_lock, {"names": params["names"]}).all()
    return [row._asdict() for row in connection.execute(_find_many, params)]


def find(connection: Connection, name: str, *, now: str, for_change: bool = False) -> Row | None:
    """The voucher with this code or id; a code is looked at first."""
    rows = find_many(connection, [name], now=now, for_change=for_change)
    return next((row for row in rows if row["code"] == name), rows[0] if rows else None)


def by_id(connection: Connection, voucher_id: str) -> Row | None:
    """The voucher with this id, deleted or not."""
    row = connection.execute(select(vouchers).where(vouchers.c.id == voucher_id)).first()
    return row._asdict() if row else None


def by_ids(connection: Connection, ids: Iterable[str]) -> dict[str, Row]:
    """Vouchers and tiers by their ids, deleted or not."""
    statement = select(vouchers).where(vouchers.c.id.in_(list(ids)))
    return {row.id: row._asdict() for row in connection.execute(statement)}


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a voucher. Raises Conflict when the code is taken."""
    try:
        with connection.begin_nested():
            connection.execute(insert(vouchers), [dict(values)])
    except IntegrityError:
        raise Conflict(
            "Duplicated resource found",
            key="duplicate_found",
            details=f"Duplicated voucher exists with id {values['code']}",
            resource_id=str(values["code"]),
            resource_type="voucher",
        ) from None


def change(connection: Connection, voucher_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of a voucher."""
    connection.execute(update(vouchers).where(vouchers.c.id == voucher_id).values(**values))


def erase(connection: Connection, voucher_id: str) -> None:
    """Remove the row for good."""
    connection.execute(delete(vouchers).where(vouchers.c.id == voucher_id))


def claim(connection: Connection, voucher_id: str, *, credits: int, now: str, session_key: str = "") -> bool:
    """Count one redemption and take ``credits`` off, unless that would pass a limit; then nothing moves."""
    params = {"voucher_id": voucher_id, "credits": credits, "now": now, "session_key": session_key}
    return connection.execute(_claim, params).rowcount == 1


def give_back(connection: Connection, voucher_id: str, *, credits: int) -> bool:
    """The reverse of ``claim``; False when the voucher is gone for good."""
    return connection.execute(_give_back, {"voucher_id": voucher_id, "credits": credits}).rowcount == 1


def add_credits(connection: Connection, voucher_id: str, amount: int) -> bool:
    """Put ``amount`` (negative: take off) on a gift card, unless its balance would fall below 0."""
    statement = (
        update(vouchers)
        .where(vouchers.c.id == voucher_id, vouchers.c.gift_balance + amount >= 0)
        .values(gift_balance=vouchers.c.gift_balance + amount, gift_amount=vouchers.c.gift_amount + max(amount, 0))
    )
    return connection.execute(statement).rowcount == 1


def add_transactions(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record movements on gift cards."""
    if rows:
        connection.execute(insert(transactions), [dict(row) for row in rows])


def transaction_from(connection: Connection, voucher_id: str, source_id: str) -> Row | None:
    """The movement that this source made on the card, if it did."""
    statement = select(transactions).where(
        transactions.c.voucher_id == voucher_id, transactions.c.source_id == source_id
    )
    row = connection.execute(statement).first()
    return row._asdict() if row else None


def transactions_of(connection: Connection, voucher_id: str, *, limit: int, after: str | None) -> list[Row]:
    """Movements on a card, newest first, from the one after ``after`` on; one more than ``limit`` when there are."""
    statement = select(transactions).where(transactions.c.voucher_id == voucher_id)
    if after is not None:
        start = select(transactions.c.number).where(transactions.c.id == after).scalar_subquery()
        statement = statement.where(transactions.c.number < start)
    rows = connection.execute(statement.order_by(transactions.c.number.desc()).limit(limit + 1))
    return [row._asdict() for row in rows]
