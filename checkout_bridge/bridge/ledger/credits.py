"""What refunds move on cards: planned before anything is done, and each done by one who has claimed it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from checkout_bridge.bridge import states
from checkout_bridge.bridge.identity import credit_source
from checkout_bridge.bridge.ledger.model import credits, refunds
from checkout_bridge.bridge.ledger.store import Ledger, move_row
from checkout_bridge.bridge.shares import Given
from checkout_bridge.bridge.states import DONE, ENDING, KEPT, PLANNED, RELEASE, STUCK
from checkout_bridge.database import reading, writing

Row = dict[str, Any]


def add(
    connection: Connection,
    row: Row,
    parts: Sequence[Row],
    refund_id: str,
    amounts: Mapping[int, int],
    kept: Collection[int] = (),
) -> None:
    """Plan what a refund moves, by position: negative is taken off, 0 is nothing, and what is ``kept`` never moves."""
    rows = [
        {
            "checkout_id": row["id"],
            "attempt": row["attempt"],
            "refund_id": refund_id,
            "position": part["position"],
            "code": part["code"],
            "amount": amounts[part["position"]],
            "source_id": credit_source(row["source_id"], refund_id, part["position"]),
            "status": KEPT if part["position"] in kept else PLANNED,
        }
        for part in parts
        if amounts.get(part["position"])
    ]
    if rows:
        connection.execute(insert(credits), rows)


def plan_ending(
    ledger: Ledger, row: Row, parts: Sequence[Row], amounts: Mapping[int, int], state: str = states.UNWINDING
) -> None:
    """Commit what the end of an attempt moves on its cards, by position, while its order is in this state."""
    _plan(ledger, row, state, parts, ENDING, amounts)


def plan_release(ledger: Ledger, row: Row, parts: Sequence[Row]) -> None:
    """Commit that cards lose again what the rollback gave them that let go of the coupons of an order that stands."""
    amounts = {part["position"]: -part["credits"] for part in parts if part["credits"]}
    _plan(ledger, row, row["state"], parts, RELEASE, amounts)


def _plan(
    ledger: Ledger, row: Row, state: str, parts: Sequence[Row], refund_id: str, amounts: Mapping[int, int]
) -> None:
    """What is there already stays; what of it was refused is tried again, since somebody asked for it once more."""
    with writing(ledger.database) as connection:
        if move_row(connection, row, (state,), {}, ledger.now()) is None:
            return
        its = (*_of(row), credits.c.refund_id == refund_id)
        there = set(connection.execute(select(credits.c.position).where(*its)).scalars())
        add(connection, row, [part for part in parts if part["position"] not in there], refund_id, amounts)
        retried = {"status": PLANNED, "reason": None, "at": None}
        connection.execute(update(credits).where(*its, credits.c.status == STUCK).values(**retried))


def settled(ledger: Ledger, row: Row) -> Given:
    """What refunds of parts have put on each card, or kept from it, by position."""
    with reading(ledger.database) as connection:
        return sums(connection, row, (DONE, KEPT))


def sums(connection: Connection, row: Row, in_status: Sequence[str]) -> Given:
    """What refunds of parts put on each card, by position, with these states."""
    statement = (
        select(credits.c.position, func.sum(credits.c.amount))
        .where(*_of(row), credits.c.refund_id.not_in((ENDING, RELEASE)), credits.c.status.in_(in_status))
        .group_by(credits.c.position)
    )
    return {position: int(amount) for position, amount in connection.execute(statement)}


def of_order(ledger: Ledger, row: Row) -> list[Row]:
    """Everything that the row's attempt moves on cards, refund by refund, the oldest first."""
    its_refund = (
        (refunds.c.checkout_id == credits.c.checkout_id)
        & (refunds.c.attempt == credits.c.attempt)
        & (refunds.c.refund_id == credits.c.refund_id)
    )
    statement = select(credits).outerjoin(refunds, its_refund).where(*_of(row))
    return _read(ledger, statement.order_by(refunds.c.created_at, credits.c.refund_id, credits.c.position))


def of_refund(ledger: Ledger, row: Row, refund_id: str) -> list[Row]:
    """What one refund, or the end, of the row's attempt moves."""
    return _read(
        ledger, select(credits).where(*_of(row), credits.c.refund_id == refund_id).order_by(credits.c.position)
    )


def _read(ledger: Ledger, statement: Any) -> list[Row]:
    with reading(ledger.database) as connection:
        return [credit._asdict() for credit in connection.execute(statement)]


def claim(ledger: Ledger, credit: Row, patience: timedelta) -> bool:
    """Take a planned credit on, unless somebody else did so within ``patience`` and may still be at it."""
    is_free = or_(credits.c.at.is_(None), credits.c.at < ledger.ago(patience))
    return _change(ledger, credit, {"at": ledger.now()}, is_free)


def is_done(ledger: Ledger, credit: Row) -> bool:
    """Whether somebody else has done it since."""
    statement = select(credits.c.status).where(credits.c.source_id == credit["source_id"])
    with reading(ledger.database) as connection:
        return connection.execute(statement).scalar() == DONE


def let_go(ledger: Ledger, credit: Row) -> None:
    """Nothing was sent: the credit is as it was before it was claimed."""
    _change(ledger, credit, {"at": credit["at"]})


def settle(ledger: Ledger, credit: Row, status: str, reason: str | None = None) -> None:
    """Write down that a credit was done, or refused for good."""
    _change(ledger, credit, {"status": status, "reason": reason, "at": ledger.now()})


def _change(ledger: Ledger, credit: Row, values: Mapping[str, Any], *conditions: Any) -> bool:
    statement = update(credits).where(
        credits.c.source_id == credit["source_id"], credits.c.status == PLANNED, *conditions
    )
    with writing(ledger.database) as connection:
        return connection.execute(statement.values(**values)).rowcount == 1


def _of(row: Row) -> tuple[Any, Any]:
    return credits.c.checkout_id == row["id"], credits.c.attempt == row["attempt"]
