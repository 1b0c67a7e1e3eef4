"""Orders with everything that each of their attempts redeemed and gave back, read in pages: any number will do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, select, update

from checkout_bridge.bridge import states
from checkout_bridge.bridge.ledger.model import checkouts, credits, exchanges, give_backs, redemptions
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.states import DONE, ENDING, KEPT, PLANNED, RELEASE
from checkout_bridge.database import reading, writing

Row = dict[str, Any]
PAGE = 100


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of an order: what it redeemed, what went back of it, and what refunds moved on its cards."""

    number: int
    parts: Sequence[Row]
    backs: Sequence[Row]
    moved: Sequence[Row]

    @property
    def discounts(self) -> list[Row]:
        """What it redeemed that is no card."""
        return [part for part in self.parts if part["credits"] is None]

    def was_rolled_back(self, row: Row) -> bool:
        """Whether the end of the attempt has rolled its stack back, or should have; else its cards got back through
        their balance what was to be given back, if anything was.
        """
        back = {one["position"] for one in self.backs}
        if any(one["rollback_id"] for one in self.backs) or any(part["position"] in back for part in self.discounts):
            return True  # coupons go back in no other way
        if self.is_unaccounted_for(row):
            return True
        by_refunds = [one for one in self.moved if one["refund_id"] != RELEASE and one["status"] in (DONE, KEPT)]
        return not (by_refunds or len(back) < len(self.parts))

    def is_unaccounted_for(self, row: Row) -> bool:
        """Whether the ledger does not tell what became of a part: of earlier attempts, what is not told was kept."""
        told = {one["position"] for one in self.backs}.union(row["kept"] or ())
        return self.number == row["attempt"] and any(part["position"] not in told for part in self.parts)


def is_under_way(row: Row, attempts: Sequence[Attempt]) -> bool:
    """Whether the order, or a refund of a part of it, has not come to its end yet."""
    if row["state"] in (states.INTENDED, states.UNWINDING, states.DEFERRED):
        return True
    now = attempts[-1]
    if any(one["status"] == PLANNED and one["refund_id"] != ENDING for one in now.moved):
        return True
    let_go = {back["position"] for back in now.backs}
    is_letting_go = row["state"] in states.STANDING and row["released_by"]
    return bool(is_letting_go) and any(part["position"] not in let_go for part in now.discounts)


def count(ledger: Ledger, since: str | None) -> int:
    """How many orders changed at or after this time; all of them without it."""
    statement = select(func.count()).select_from(checkouts).where(*_changed(since))
    with reading(ledger.database) as connection:
        return int(connection.execute(statement).scalar_one())


def each(ledger: Ledger, since: str | None) -> Iterator[tuple[Row, list[Attempt]]]:
    """Every order that changed at or after this time with its attempts, the first that came first."""
    number = 0
    while True:
        statement = select(checkouts).where(checkouts.c.number > number, *_changed(since))
        with reading(ledger.database) as connection:
            found = connection.execute(statement.order_by(checkouts.c.number).limit(PAGE))
            rows = [row._asdict() for row in found]
            attempts = _attempts(connection, rows)
        if not rows:
            return
        yield from ((row, attempts[row["id"]]) for row in rows)
        number = rows[-1]["number"]


def now_of(ledger: Ledger, row: Row) -> tuple[Row, list[Attempt]]:
    """The order as it is now, with its attempts."""
    with reading(ledger.database) as connection:
        row = connection.execute(select(checkouts).where(checkouts.c.id == row["id"])).one()._asdict()
        return row, _attempts(connection, [row])[row["id"]]


def known(ledger: Ledger, checkout_ids: Collection[str]) -> dict[str, Row]:
    """Those of these orders that the ledger has, by their checkout id."""
    with reading(ledger.database) as connection:
        rows = connection.execute(select(checkouts).where(checkouts.c.id.in_(checkout_ids)))
        return {row.id: row._asdict() for row in rows}


def parts_with(ledger: Ledger, redemption_ids: Collection[str]) -> dict[str, Row]:
    """What the ledger froze of these redemptions, by their id."""
    with reading(ledger.database) as connection:
        rows = connection.execute(select(redemptions).where(redemptions.c.redemption_id.in_(redemption_ids)))
        return {row.redemption_id: row._asdict() for row in rows}


def look_again(ledger: Ledger, row: Row, attempt: int) -> None:
    """Have the sweep look whether an attempt stands upstream, should nobody else get to the end of it."""
    its = (exchanges.c.checkout_id == row["id"], exchanges.c.attempt == attempt)
    with writing(ledger.database) as connection:
        connection.execute(update(exchanges).where(*its).values(check_at=ledger.now()))


def _changed(since: str | None) -> list[Any]:
    return [] if since is None else [checkouts.c.updated_at >= since]


def _attempts(connection: Connection, rows: Sequence[Row]) -> dict[str, list[Attempt]]:
    ids = [row["id"] for row in rows]
    parts, backs, moved = (_by_attempt(connection, table, ids) for table in (redemptions, give_backs, credits))
    return {
        row["id"]: [
            Attempt(number, parts[row["id"], number], backs[row["id"], number], moved[row["id"], number])
            for number in range(1, row["attempt"] + 1)
        ]
        for row in rows
    }


def _by_attempt(connection: Connection, table: Table, ids: Sequence[str]) -> defaultdict[tuple[str, int], list[Row]]:
    found: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
    statement = select(table).where(table.c.checkout_id.in_(ids)).order_by(table.c.position)
    for one in connection.execute(statement):
        found[one.checkout_id, one.attempt].append(one._asdict())
    return found
