"""Takes a customer out of the ledger: what was bought, redeemed and given back stays; who it was is told no more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, cast, func, or_, select, update

from checkout_bridge.bridge import mapping
from checkout_bridge.bridge.ledger.mentions import ERASED, Mentions
from checkout_bridge.bridge.ledger.model import checkouts, credits, deliveries, exchanges, history, quotes, refunds
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.put_aside import TOPIC as PUT_ASIDE
from checkout_bridge.database import reading, writing

Row = dict[str, Any]
PAGE = 100
# Where words stand that people or the promotions API have written.
_TEXTS = (
    (history, "detail"),
    (checkouts, "reason"),
    (refunds, "reason"),
    (credits, "reason"),
    (deliveries, "reason"),
)


class Eraser:
    """``who`` is the shop's own customer id, or an e-mail address; of one shop, or platform, if they are named."""

    def __init__(self, ledger: Ledger, who: str, *, platform: str | None = None, shop: str | None = None) -> None:
        self._ledger = ledger
        self._who = who
        self._mentions = Mentions(who)
        self._shop = {name: value for name, value in (("platform", platform), ("shop", shop)) if value}

    def erase(self) -> dict[str, int]:
        """Gives how many deliveries, texts, quotes, exchanges and orders were changed. Done again it finds none.

        An order that is being worked on right now may have to be erased by one more call.
        """
        return {
            "deliveries": self._deliveries(),
            "texts": sum(self._texts(table, name) for table, name in _TEXTS) + self._rejections(),
            "quotes": self._quotes(),
            "exchanges": self._exchanges(),
            "orders": self._orders(),
        }

    def _deliveries(self) -> int:
        """A delivery loses its whole body, and cannot be done again: all of it is about the customer. What a shop did
        at its own door, and is still to be done, loses the words alone.
        """
        done = 0
        for rows in self._pages(deliveries, deliveries.c.body != ""):
            for row in rows:
                if not self._mentions.is_in_body(row["body"]):
                    continue
                at = row["processed_at"] or self._ledger.now()
                values = {"body": "", "status": "ignored", "reason": "its customer was erased", "processed_at": at}
                if row["topic"] == PUT_ASIDE:
                    values = {"body": self._mentions.hidden(row["body"])}
                done += self._change(deliveries, row, values, deliveries.c.body == row["body"])
        return done

    def _texts(self, table: Table, name: str) -> int:
        column, done = table.c[name], 0
        for rows in self._pages(table, self._may_be_in(column)):
            for row in rows:
                hidden = self._mentions.hidden(row[name])
                if hidden != row[name]:
                    done += self._change(table, row, {name: hidden}, column == row[name])
        return done

    def _rejections(self) -> int:
        """What the promotions API said of codes that it refused."""
        done = 0
        for rows in self._pages(checkouts, self._may_be_in(cast(checkouts.c.rejected, Text))):
            for row in rows:
                hidden = [{**one, "message": self._mentions.hidden(one["message"])} for one in row["rejected"]]
                if hidden != row["rejected"]:
                    done += self._change(checkouts, row, {"rejected": hidden}, checkouts.c.attempt == row["attempt"])
        return done

    def _quotes(self) -> int:
        """A quote of the customer cannot be presented any more; what it holds ends by itself."""
        with reading(self._ledger.database) as connection:
            pairs = connection.execute(select(quotes.c.platform, quotes.c.shop).distinct()).all()
        digests = [hashlib.sha256(f"{one.platform}\n{one.shop}\n{self._who}".encode()).hexdigest() for one in pairs]
        its_orders = select(checkouts.c.quote_id).where(*self._of_shop(checkouts), self._is_its())
        with writing(self._ledger.database) as connection:
            its = or_(quotes.c.client.in_(digests), quotes.c.id.in_(its_orders))
            statement = update(quotes).where(*self._of_shop(quotes), its, quotes.c.fingerprint != "")
            return connection.execute(statement.values(client=None, fingerprint="")).rowcount

    def _exchanges(self) -> int:
        request = exchanges.c.request
        its_orders = select(checkouts.c.id).where(*self._of_shop(checkouts), self._is_its())
        its = or_(
            self._is(request[("customer", "source_id")].as_string()),
            self._is(request[("order", "customer", "source_id")].as_string()),
            exchanges.c.checkout_id.in_(its_orders),
        )
        done = 0
        for rows in self._pages(exchanges, its):
            for row in rows:
                values = {name: _without_person(row[name]) for name in ("request", "response")}
                if any(values[name] != row[name] for name in values):
                    done += self._change(exchanges, row, values)
        return done

    def _orders(self) -> int:
        done = 0
        for rows in self._pages(checkouts, self._is_its()):
            for row in rows:
                facts = {**row["cart"], "customer_id": None}
                cart = replace(mapping.whole_cart_of(facts), customer=None)
                values = {"cart": facts, "fingerprint": mapping.fingerprint(cart)}
                if row["deferral"]:
                    values["deferral"] = {**row["deferral"], "customer": None}
                as_read = (checkouts.c.attempt == row["attempt"], checkouts.c.state == row["state"])
                with writing(self._ledger.database) as connection:
                    statement = update(checkouts).where(checkouts.c.id == row["id"], *as_read)
                    if connection.execute(statement.values(**values)).rowcount:
                        self._ledger.write_history(connection, row, ERASED)
                        done += 1
        return done

    def _may_be_in(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        return func.lower(column).contains(self._who.lower(), autoescape=True)

    def _is_its(self) -> ColumnElement[bool]:
        cart, deferral = checkouts.c.cart, checkouts.c.deferral
        return or_(
            self._is(cart["customer_id"].as_string()),
            self._is(deferral[("customer", "id")].as_string()),
            self._is(deferral[("customer", "email")].as_string()),
        )

    def _is(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """Ids are exact; nobody writes an e-mail address twice in the same way."""
        return func.lower(column) == self._who.lower() if "@" in self._who else column == self._who

    def _of_shop(self, table: Table) -> list[ColumnElement[bool]]:
        if not self._shop:
            return []
        if "platform" in table.c:
            return [table.c[name] == value for name, value in self._shop.items()]
        return [table.c.checkout_id.in_(select(checkouts.c.id).where(*self._of_shop(checkouts)))]

    def _pages(self, table: Table, its: ColumnElement[bool]) -> Iterator[Sequence[Row]]:
        """Rows of the shop, so many at a time, in the order of their keys; none is read twice."""
        with reading(self._ledger.database) as connection:
            found = connection.execute(select(*table.primary_key).where(*self._of_shop(table), its))
            keys = [tuple(key) for key in found]
        for start in range(0, len(keys), PAGE):
            with reading(self._ledger.database) as connection:
                statements = [select(table).where(*_at(table, key)) for key in keys[start : start + PAGE]]
                rows = [connection.execute(statement).first() for statement in statements]
            yield [row._asdict() for row in rows if row is not None]

    def _change(self, table: Table, row: Row, values: Mapping[str, Any], *as_read: ColumnElement[bool]) -> int:
        key = tuple(row[column.name] for column in table.primary_key)
        with writing(self._ledger.database) as connection:
            return connection.execute(update(table).where(*_at(table, key), *as_read).values(**values)).rowcount


def _at(table: Table, key: Sequence[Any]) -> list[ColumnElement[bool]]:
    return [column == value for column, value in zip(table.primary_key, key, strict=True)]


def _without_person(told: Any) -> Any:
    """What was sent or answered, without whom it was about; the promotions API has ids of its own for people."""
    if isinstance(told, list):
        return [_without_person(one) for one in told]
    if not isinstance(told, dict):
        return told
    people = ("customer", "customer_id", "referrer", "referrer_id")
    return {name: _without_person(value) for name, value in told.items() if name not in people}
