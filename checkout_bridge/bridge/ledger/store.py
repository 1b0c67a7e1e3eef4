"""Reads and moves ledger rows. A change of state is one conditional update: whoever changes the row owns the work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from checkout_bridge.bridge import states
from checkout_bridge.bridge.ledger.cache import FactCache
from checkout_bridge.bridge.ledger.model import checkouts, exchanges, give_backs, history, redemptions, refunds
from checkout_bridge.bridge.mapping import Applied
from checkout_bridge.contract.fields import timestamp
from checkout_bridge.database import migrate, open_database, reading, writing
from checkout_bridge.errors import Conflict

Row = dict[str, Any]
MIGRATIONS = Path(__file__).parent / "migrations"
# What an attempt begins with.
_NOTHING_YET: Mapping[str, Any] = {
    "redemption_id": None,
    "rejected": [],
    **dict.fromkeys(("confirmed_at", "outage", "deferral", "occasion", "kept", "released_by")),
}


class Ledger:
    """The orders of all shops, over one database, which it brings to the newest form itself."""

    def __init__(self, url: str, clock: Callable[[], datetime]) -> None:
        self.database: Engine = open_database(url)
        migrate(self.database, MIGRATIONS, "ledger_version")
        self._clock = clock
        self._facts: FactCache[list[Row]] = FactCache()

    def close(self) -> None:
        """Close the database connections."""
        self.database.dispose()

    def now(self) -> str:
        """The time, in the form in which it is stored."""
        return timestamp(self._clock())

    def ago(self, patience: timedelta) -> str:
        """The time that long ago, in the form in which it is stored."""
        return timestamp(self._clock() - patience)

    def later(self, patience: timedelta) -> str:
        """The time in so long, in the form in which it is stored."""
        return timestamp(self._clock() + patience)

    def open(self, values: Mapping[str, Any], request: Mapping[str, Any]) -> Row:
        """Commit the intent of a first attempt. Raises Conflict when the order is known already."""
        now = self.now()
        row = {"reason": None, "attempt": 1, **_NOTHING_YET, **values}
        row |= {"created_at": now, "updated_at": now}
        try:
            with writing(self.database) as connection:
                connection.execute(insert(checkouts), [row])
                self._open_attempt(connection, row, request)
        except IntegrityError:
            raise _in_progress(row["order_ref"]) from None
        return row

    def reopen(self, row: Row, values: Mapping[str, Any], request: Mapping[str, Any]) -> Row:
        """Commit the intent of one more attempt on an order that does not stand. Raises Conflict if it moved."""
        with writing(self.database) as connection:
            opened = move_row(connection, row, (row["state"],), {**_NOTHING_YET, **values}, self.now())
            if opened is None:
                raise _in_progress(row["order_ref"])
            self._open_attempt(connection, opened, request)
        return opened

    def _open_attempt(self, connection: Connection, row: Row, request: Mapping[str, Any]) -> None:
        key = {"checkout_id": row["id"], "attempt": row["attempt"]}
        connection.execute(insert(exchanges), [{**key, "request": dict(request), "response": None}])
        self.write_history(connection, row, row["state"])

    def give_up(
        self,
        row: Row,
        since: Collection[str],
        values: Mapping[str, Any],
        check_at: str,
        *,
        event: str | None = None,
        event_id: str | None = None,
        detail: str | None = None,
    ) -> Row | None:
        """Change a row as ``move`` does, and remember to look later whether its attempt was redeemed after all."""
        with writing(self.database) as connection:
            moved = move_row(connection, row, since, values, self.now())
            if moved is not None:
                connection.execute(update(exchanges).where(*_attempt_of(row)).values(check_at=check_at))
                self.write_history(connection, moved, event or moved["state"], event_id, detail)
        return moved

    def given_up(self, *, limit: int) -> list[tuple[Row, int]]:
        """Attempts that were given up and are to be looked at now, with the order they are of; the oldest first."""
        statement = (
            select(checkouts, exchanges.c.attempt.label("its_attempt"))
            .join(exchanges, exchanges.c.checkout_id == checkouts.c.id)
            .where(exchanges.c.check_at <= self.now())
            .order_by(exchanges.c.check_at)
            .limit(limit)
        )
        with reading(self.database) as connection:
            rows = [found._asdict() for found in connection.execute(statement)]
        return [(row, row.pop("its_attempt")) for row in rows]

    def looked_at(self, row: Row, attempt: int) -> None:
        """An attempt that was given up needs no second look."""
        its = (exchanges.c.checkout_id == row["id"], exchanges.c.attempt == attempt)
        with writing(self.database) as connection:
            connection.execute(update(exchanges).where(*its).values(check_at=None))

    def move(
        self,
        row: Row,
        since: Collection[str],
        values: Mapping[str, Any],
        *,
        event: str | None = None,
        event_id: str | None = None,
        detail: str | None = None,
    ) -> Row | None:
        """Change a row if it is still at this attempt and in one of these states; else None, and nothing changes."""
        with writing(self.database) as connection:
            moved = move_row(connection, row, since, values, self.now())
            if moved is not None:
                self.write_history(connection, moved, event or moved["state"], event_id, detail)
        return moved

    def record_redeemed(
        self, row: Row, values: Mapping[str, Any], applied: Sequence[Applied], response: Mapping[str, Any] | None
    ) -> Row | None:
        """Freeze what was redeemed, with the change of state."""
        key = {"checkout_id": row["id"], "attempt": row["attempt"]}
        with writing(self.database) as connection:
            moved = move_row(connection, row, (states.INTENDED, states.DEFERRED), values, self.now())
            if moved is None:
                return None
            rows = [
                {
                    **key,
                    "position": position,
                    "code": one.code,
                    "type": one.type,
                    "redemption_id": one.redemption_id,
                    "amount": one.amount,
                    "allocations": dict(one.allocations),
                    "credits": one.credits,
                }
                for position, one in enumerate(applied)
            ]
            if rows:
                connection.execute(insert(redemptions), rows)
            connection.execute(update(exchanges).where(*_attempt_of(row)).values(response=response))
            self.write_history(connection, moved, moved["state"])
        return moved

    def record_ended(
        self,
        row: Row,
        values: Mapping[str, Any],
        rows: Sequence[Mapping[str, Any]],
        *,
        event_id: str | None,
        detail: str | None,
    ) -> Row | None:
        """Record what went back with the change of state, and what came of the refund that asked for it.

        ``rows`` are ``{position, rollback_id, amount}``; those that are there already stay.
        """
        now = self.now()
        key = {"checkout_id": row["id"], "attempt": row["attempt"]}
        with writing(self.database) as connection:
            moved = move_row(connection, row, ("unwinding",), values, now)
            if moved is not None:
                self._add_give_backs(connection, key, now, rows)
                asked = (refunds.c.checkout_id == row["id"], refunds.c.attempt == row["attempt"], refunds.c.is_final)
                status = "done" if moved["state"] == states.UNWOUND else "stuck"
                connection.execute(update(refunds).where(*asked).values(status=status, updated_at=now))
                self.write_history(connection, moved, moved["state"], event_id, detail)
        return moved

    def record_released(
        self,
        row: Row,
        rows: Sequence[Mapping[str, Any]],
        event_id: str | None,
        *,
        event: str = "released",
        detail: str | None = None,
    ) -> None:
        """Record what went back while the order stays as it is, as coupons that are let go of; what is there already
        stays.
        """
        now, key = self.now(), {"checkout_id": row["id"], "attempt": row["attempt"]}
        with writing(self.database) as connection:
            if move_row(connection, row, (row["state"],), {}, now) is not None:
                self._add_give_backs(connection, key, now, rows)
                self.write_history(connection, row, event, event_id, detail)

    def _add_give_backs(self, connection: Connection, key: Row, now: str, rows: Sequence[Mapping[str, Any]]) -> None:
        its = (give_backs.c.checkout_id == key["checkout_id"], give_backs.c.attempt == key["attempt"])
        there = set(connection.execute(select(give_backs.c.position).where(*its)).scalars())
        if added := [{**key, "at": now, **back} for back in rows if back["position"] not in there]:
            connection.execute(insert(give_backs), added)

    def note(self, row: Row, event: str, *, event_id: str | None = None, detail: str | None = None) -> None:
        """Write down that something happened to an order, without moving it."""
        with writing(self.database) as connection:
            self.write_history(connection, row, event, event_id, detail)

    def by_id(self, checkout_id: str) -> Row | None:
        """The order with this checkout id."""
        with reading(self.database) as connection:
            row = connection.execute(select(checkouts).where(checkouts.c.id == checkout_id)).first()
        return row._asdict() if row else None

    def find(self, order_ref: str, platform: str, shop: str) -> Row | None:
        """The order of this shop with this reference, or with this checkout id."""
        if "\0" in order_ref:
            return None  # no door lets one in, and not every database can be asked for it
        its = (checkouts.c.platform == platform, checkouts.c.shop == shop)
        for column in (checkouts.c.order_ref, checkouts.c.id):
            with reading(self.database) as connection:
                row = connection.execute(select(checkouts).where(column == order_ref, *its)).first()
            if row:
                return row._asdict()
        return None

    def shops(self) -> list[tuple[str, str]]:
        """Every (platform, shop) that has an order here for which something was redeemed."""
        its = (checkouts.c.platform, checkouts.c.shop)
        statement = select(*its).where(checkouts.c.state != states.FAILED).distinct().order_by(*its)
        with reading(self.database) as connection:
            return [(row.platform, row.shop) for row in connection.execute(statement)]

    def newest(self, *, limit: int, state: str | None = None) -> list[Row]:
        """Orders, newest first."""
        statement = select(checkouts).order_by(checkouts.c.number.desc()).limit(limit)
        if state is not None:
            statement = statement.where(checkouts.c.state == state)
        with reading(self.database) as connection:
            return [row._asdict() for row in connection.execute(statement)]

    def overdue(self, those_in: Collection[str], patience: timedelta, *, limit: int) -> list[Row]:
        """Orders that have been in one of these states for longer than that, the oldest first."""
        its = (checkouts.c.state.in_(those_in), checkouts.c.updated_at < self.ago(patience))
        statement = select(checkouts).where(*its)
        with reading(self.database) as connection:
            rows = connection.execute(statement.order_by(checkouts.c.updated_at).limit(limit))
            return [row._asdict() for row in rows]

    def redemptions_of(self, row: Row) -> list[Row]:
        """What was redeemed in the row's attempt. It never changes once it is there, so it is cached."""
        key = (row["id"], row["attempt"])
        facts = self._facts.get(key)
        if facts is None:
            facts = self._read_parts(redemptions, row)
            if facts:
                self._facts.put(key, facts)
        return facts

    def give_backs_of(self, row: Row) -> list[Row]:
        """What went back of the row's attempt; always read, never cached."""
        return self._read_parts(give_backs, row)

    def _read_parts(self, table: Any, row: Row) -> list[Row]:
        its = (table.c.checkout_id == row["id"], table.c.attempt == row["attempt"])
        with reading(self.database) as connection:
            return [part._asdict() for part in connection.execute(select(table).where(*its).order_by("position"))]

    def history_of(self, row: Row) -> list[Row]:
        """Everything that happened to an order, oldest first."""
        statement = select(history).where(history.c.checkout_id == row["id"]).order_by(history.c.number)
        with reading(self.database) as connection:
            return [entry._asdict() for entry in connection.execute(statement)]

    def redeemed_at(self, row: Row) -> str:
        """When the row's attempt was redeemed, as far as is known here."""
        its = (history.c.checkout_id == row["id"], history.c.attempt == row["attempt"], history.c.event == "redeemed")
        with reading(self.database) as connection:
            at: str | None = connection.execute(
                select(history.c.at).where(*its).order_by(history.c.number.desc())
            ).scalar()
        return at or str(row["created_at"])

    def write_history(
        self, connection: Connection, row: Row, event: str, event_id: str | None = None, detail: str | None = None
    ) -> None:
        """Write down, as part of a transaction, that something happened to an order."""
        entry = {
            "checkout_id": row["id"],
            "attempt": row["attempt"],
            "at": self.now(),
            "event": event,
            "event_id": event_id,
            "state": row["state"],
            "detail": detail,
        }
        connection.execute(insert(history), [entry])


def move_row(
    connection: Connection, row: Row, since: Collection[str], values: Mapping[str, Any], now: str
) -> Row | None:
    """Change a row, as part of a transaction, if it is still at this attempt and in one of these states; it is locked.

    Raises Conflict when its order reference is that of another.
    """
    values = {**values, "updated_at": now}
    statement = (
        update(checkouts)
        .where(checkouts.c.id == row["id"], checkouts.c.attempt == row["attempt"], checkouts.c.state.in_(since))
        .values(**values)
    )
    try:
        return {**row, **values} if connection.execute(statement).rowcount == 1 else None
    except IntegrityError:
        raise Conflict(
            "This order reference belongs to another checkout",
            key="order_ref_taken",
            details=f"Property .order_ref {values.get('order_ref')}",
        ) from None


def _attempt_of(row: Row) -> tuple[Any, Any]:
    return exchanges.c.checkout_id == row["id"], exchanges.c.attempt == row["attempt"]


def _in_progress(order_ref: str | None) -> Conflict:
    return Conflict(
        "This order is being checked out", key="checkout_in_progress", details=f"Property .order_ref {order_ref}"
    )
