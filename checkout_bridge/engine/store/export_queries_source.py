"""What an export reads: rows of one kind, and the columns behind the names that the contract gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, ColumnElement, FromClause, Select, String, Table, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from checkout_bridge.engine.store.filters import DATES

Columns = Mapping[str, ColumnElement[Any]]
METADATA = "metadata"
_DATES = DATES | {"created_date", "expires_at", "orders_last_order_date", "summary.orders.last_order_date"}


@dataclass(frozen=True)
class Source:
    """Rows of ``table`` (or of ``joined``, which is it and more) that meet ``where``.

    ``columns`` are what can be written, ``filtered`` what filters may speak of, ``orders`` what rows are sorted by.
    """

    table: Table
    columns: Columns
    filtered: Columns
    orders: Columns
    where: tuple[ColumnElement[bool], ...] = ()
    joined: FromClause | None = None

    @property
    def filter_fields(self) -> list[str]:
        """The fields of filters that are one value."""
        return [name for name, column in self.filtered.items() if not isinstance(column.type, JSON)]

    @property
    def filter_prefixes(self) -> tuple[str, ...]:
        """What the fields of filters begin with that are properties of JSON."""
        return tuple(f"{name}." for name, column in self.filtered.items() if isinstance(column.type, JSON))

    @property
    def dates(self) -> frozenset[str]:
        """The fields of filters that are times."""
        return _DATES

    def rows(self, names: Iterable[str], where: Sequence[ColumnElement[bool]], order: str) -> Select[Any]:
        """The rows that meet ``where``, with the columns of these names.

        ``order`` is one of ``orders``, after a dash for descending; rows without it come last, and the number of the
        row decides among equals, so that the same rows come in the same order from every database.
        """
        falling = order.startswith("-")
        key, number = self.orders[order.removeprefix("-")], self.table.c.number
        by: list[ColumnElement[Any]] = [number.desc() if falling else number.asc()]
        if key is not number:
            sorted_key = _Bytewise(key) if isinstance(key.type, String) else key
            told = sorted_key.desc() if falling else sorted_key.asc()
            # Said of a column that is never null, it would keep SQLite from its index.
            by.insert(0, told if getattr(key, "nullable", True) is False else told.nulls_last())
        columns = [self.columns[name].label(f"column_{i}") for i, name in enumerate(names)]
        return self._from(select(*columns)).where(*self.where, *where).order_by(*by)

    def count(self, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
        """How many rows meet ``where``."""
        return self._from(select(func.count())).where(*self.where, *where)

    def _from(self, statement: Select[Any]) -> Select[Any]:
        return statement.select_from(self.table if self.joined is None else self.joined)


class _Bytewise(FunctionElement[str]):
    """Text that sorts by its bytes, as it does in SQLite anyway."""

    type = String()
    inherit_cache = True


@compiles(_Bytewise)
def _as_it_is(element: _Bytewise, compiler: Any, **how: Any) -> str:
    (text,) = element.clauses
    return str(compiler.process(text, **how))


@compiles(_Bytewise, "postgresql")
def _in_postgresql(element: _Bytewise, compiler: Any, **how: Any) -> str:
    return f'({_as_it_is(element, compiler, **how)}) COLLATE "C"'
