"""Refunds by the platform's own ids: planned, with the credits they put on cards, before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from checkout_bridge.bridge import states
from checkout_bridge.bridge.ledger import credits
from checkout_bridge.bridge.ledger.model import checkouts, refunds
from checkout_bridge.bridge.ledger.store import Ledger, move_row
from checkout_bridge.bridge.shares import Given, Refunded
from checkout_bridge.bridge.states import DONE, KEPT, PLANNED, STUCK
from checkout_bridge.database import reading, writing

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a refund does: it ends the order, or puts ``shares`` (by position) on its cards. ``detail`` is its story.

    Of what is ``kept`` (positions) nobody gets anything back; one that ``releases`` lets go of the order's coupons.
    """

    is_final: bool
    shares: Mapping[int, int]
    detail: str
    kept: Collection[int] = ()
    releases: bool = False


# Given the order's row, the refunds of parts before this one and what they give back.
Decide = Callable[[Row, Sequence[Refunded], Given], Plan]


def find(ledger: Ledger, row: Row, refund_id: str) -> Row | None:
    """The refund with this id, also one of an earlier attempt of the order."""
    with reading(ledger.database) as connection:
        return _find(connection, row, refund_id)


def _find(connection: Connection, row: Row, refund_id: str) -> Row | None:
    statement = select(refunds).where(refunds.c.checkout_id == row["id"], refunds.c.refund_id == refund_id)
    found = connection.execute(statement.order_by(refunds.c.attempt.desc())).first()
    return found._asdict() if found else None


def plan(ledger: Ledger, row: Row, parts: Sequence[Row], refund_id: str, now: Refunded, decide: Decide) -> Row | None:
    """Commit the intent of a refund, decided upon those before it; None when the order has moved meanwhile.

    The order's row is locked first, so that two refunds at once never give back the same piece. One that ends the
    order moves it to ``unwinding``. Gives the refund that is there already if there is one.
    """
    with writing(ledger.database) as connection:
        held = move_row(connection, row, states.MAY_UNWIND, {}, ledger.now())
        known = _find(connection, row, refund_id)
        if known is not None or held is None:
            return known
        fresh = connection.execute(select(checkouts).where(checkouts.c.id == row["id"])).one()._asdict()
        planned = decide(fresh, *_before(connection, fresh))
        refund = _intent(fresh, refund_id, now, planned)
        connection.execute(insert(refunds), [refund])
        credits.add(connection, fresh, parts, refund_id, planned.shares, planned.kept)
        values: dict[str, Any] = {}
        if planned.is_final:
            values = {"state": states.UNWINDING, "reason": planned.detail, "occasion": "full_refund"}
            values["kept"] = list(planned.kept)
        elif planned.releases:
            values = {"released_by": refund_id}
        fresh = move_row(connection, fresh, states.MAY_UNWIND, values, ledger.now()) or fresh
        ledger.write_history(connection, fresh, "refund", refund_id, planned.detail)
    return refund


def _intent(row: Row, refund_id: str, now: Refunded, plan: Plan) -> Row:
    return {
        "checkout_id": row["id"],
        "attempt": row["attempt"],
        "refund_id": refund_id,
        "lines": None if now.pieces is None else dict(now.pieces),
        "amount": now.amount,
        "is_final": plan.is_final,
        "status": PLANNED if plan.is_final or plan.releases or set(plan.shares) - set(plan.kept) else DONE,
        "reason": None,
        "created_at": row["updated_at"],
        "updated_at": row["updated_at"],
    }


def before(ledger: Ledger, row: Row) -> tuple[list[Refunded], Given]:
    """The refunds of parts so far, and what they give back to each card by position, done or planned."""
    with reading(ledger.database) as connection:
        return _before(connection, row)


def _before(connection: Connection, row: Row) -> tuple[list[Refunded], Given]:
    told = connection.execute(select(refunds).where(*_of(row), refunds.c.is_final.is_(False)))
    return [Refunded(one.lines, one.amount) for one in told], credits.sums(connection, row, (PLANNED, DONE, KEPT))


def of_order(ledger: Ledger, row: Row) -> list[Row]:
    """The refunds of the row's attempt, the oldest first."""
    statement = select(refunds).where(*_of(row)).order_by(refunds.c.created_at, refunds.c.refund_id)
    with reading(ledger.database) as connection:
        return [refund._asdict() for refund in connection.execute(statement)]


def overdue(ledger: Ledger, patience: timedelta, *, limit: int) -> list[tuple[Row, str]]:
    """Refunds of parts that have been planned for longer than that, the oldest first: their order and their id."""
    statement = (
        select(checkouts, refunds.c.refund_id)
        .join(refunds, (refunds.c.checkout_id == checkouts.c.id) & (refunds.c.attempt == checkouts.c.attempt))
        .where(
            refunds.c.status == PLANNED,
            refunds.c.is_final.is_(False),
            refunds.c.updated_at < ledger.ago(patience),
            checkouts.c.state != states.UNWINDING,  # which carries them on itself
        )
        .order_by(refunds.c.updated_at)
        .limit(limit)
    )
    with reading(ledger.database) as connection:
        rows = [found._asdict() for found in connection.execute(statement)]
    return [(row, row.pop("refund_id")) for row in rows]


def blame(ledger: Ledger, row: Row, refund_id: str, reason: str) -> None:
    """Write down what the refund of a part cannot do, before the rest of it is done."""
    its = (*_of(row), refunds.c.refund_id == refund_id, refunds.c.status == PLANNED)
    with writing(ledger.database) as connection:
        connection.execute(update(refunds).where(*its).values(reason=reason))


def close(ledger: Ledger, row: Row, refund_id: str) -> None:
    """Write down that a refund of a part was done, or what of it is stuck, once none of its credits is planned."""
    moved = credits.of_refund(ledger, row, refund_id)
    if any(credit["status"] == PLANNED for credit in moved):
        return
    its = (*_of(row), refunds.c.refund_id == refund_id, refunds.c.status == PLANNED, refunds.c.is_final.is_(False))
    with writing(ledger.database) as connection:
        blamed = connection.execute(select(refunds.c.reason).where(*its)).scalar()
        reasons = [blamed, *(credit["reason"] for credit in moved if credit["status"] == STUCK)]
        reason = "; ".join(filter(None, reasons)) or None
        values = {"status": STUCK if reason else DONE, "reason": reason, "updated_at": ledger.now()}
        if connection.execute(update(refunds).where(*its).values(**values)).rowcount and reason:
            ledger.write_history(connection, row, "refund_stuck", refund_id, reason)


def _of(row: Row) -> tuple[Any, Any]:
    return refunds.c.checkout_id == row["id"], refunds.c.attempt == row["attempt"]
