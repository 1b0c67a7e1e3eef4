"""The values of one property of a JSON column as rows, the same in SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Numeric, String, TableValuedAlias, column, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

# One row for a scalar or an object, one for each item of a list, none for null and for what is not there.
_SQLITE = """(
SELECT 0 AS listed, m.type AS kind, m.value AS it FROM json_each({document}) AS m
 WHERE m.key = {name} AND m.type NOT IN ('array', 'null')
UNION ALL
SELECT 1, e.type, e.value FROM json_each({document}) AS m,
 json_each(CASE WHEN m.type = 'array' THEN m.value ELSE '[]' END) AS e WHERE m.key = {name})"""
_POSTGRESQL = """(
SELECT 0 AS listed, json_typeof({document} -> {name}) AS kind, {document} -> {name} AS it
 WHERE json_typeof({document} -> {name}) NOT IN ('array', 'null')
UNION ALL
SELECT 1, json_typeof(e.value), e.value FROM json_array_elements(
 CASE WHEN json_typeof({document} -> {name}) = 'array' THEN {document} -> {name} ELSE '[]' END) AS e)"""
_SQLITE_FACES = """(SELECT listed,
 CASE WHEN kind = 'text' THEN it END AS text,
 CASE WHEN kind IN ('integer', 'real') THEN it END AS number,
 CASE WHEN kind IN ('true', 'false') THEN kind = 'true' END AS truth FROM {rows} AS v)"""
_POSTGRESQL_FACES = """(SELECT listed,
 CASE WHEN kind = 'string' THEN it #>> '{{}}' END AS text,
 CASE WHEN kind = 'number' THEN (it #>> '{{}}')::numeric END AS number,
 CASE WHEN kind = 'boolean' THEN (it #>> '{{}}')::boolean END AS truth FROM {rows} AS v)"""


class _Values(FunctionElement[Any]):
    """The rows of ``values_of``; its arguments are the column and the name of the property."""

    inherit_cache = True


@compiles(_Values, "sqlite")
def _in_sqlite(element: _Values, compiler: Any, **how: Any) -> str:
    document, name = (compiler.process(clause, **how) for clause in element.clauses)
    return _SQLITE_FACES.format(rows=_SQLITE.format(document=f"({document})", name=name))


@compiles(_Values, "postgresql")
def _in_postgresql(element: _Values, compiler: Any, **how: Any) -> str:
    document, name = (compiler.process(clause, **how) for clause in element.clauses)
    return _POSTGRESQL_FACES.format(rows=_POSTGRESQL.format(document=f"({document})", name=name))


def values_of(document: ColumnElement[Any], name: str) -> TableValuedAlias:
    """Rows ``{listed, text, number, truth}``: ``listed`` is 1 for an item of a list, and of the others that one is set
    which the value is; none for an object, a list inside of the list, or a null inside of it.
    """
    return _Values(document, literal(name, String)).table_valued(
        column("listed", BigInteger), column("text", String), column("number", Numeric), column("truth", Boolean)
    )
