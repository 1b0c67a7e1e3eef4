"""Filters mean the same in Python, in SQLite and in PostgreSQL, and what cannot be evaluated is refused by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, BigInteger, Boolean, Column, Engine, Integer, MetaData, String, Table, delete, select

from checkout_bridge.contract.fields import timestamp
from checkout_bridge.database import open_database
from checkout_bridge.engine.services import filters
from checkout_bridge.engine.store.filters import clause
from checkout_bridge.errors import InvalidInput

NOW = datetime(2030, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
FIELDS = ("name", "size", "active", "created_at")
things = Table(
    "things",
    MetaData(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", String(50)),
    Column("size", BigInteger),
    Column("active", Boolean),
    Column("created_at", String(30)),
    Column("metadata", JSON, nullable=False),
)
COLUMNS = {column.name: column for column in things.columns}

TEXTS = ["", "a", "A", "ab", "ba", "%", "é", 'a"b', "1", "true", "2030-01-01"]
NUMBERS = [-1, 0, 1, 0.1, 1.5, 10**12, 2**53 - 1]
SCALARS = [*TEXTS, *NUMBERS, True, False]
SHIFTS = [
    *(timedelta(days=days) for days in (-2, -1, -0.5, 0, 0.5, 1, 2)),
    *(timedelta(milliseconds=ms) for ms in (-2, -1, 1, 2)),
]
MOMENTS = [NOW + shift for shift in SHIFTS]
JSON_VALUES = [*SCALARS, None, [], [None], ["a", 1, True], ["A"], [["a"], {"a": 1}], {"a": 1}, {}]
# Every kind of value stands in some row; names that JSON or its paths could take amiss are among the properties.
ROWS: list[dict[str, Any]] = [
    {
        "name": (None, *TEXTS)[i % 12],
        "size": (None, -1, 0, 1, 2, 10**12)[i % 6],
        "active": (None, True, False)[i % 3],
        "created_at": (None, *map(timestamp, MOMENTS))[i % 12],
        "metadata": {'a".b$é': JSON_VALUES[i], "other": "a"} if i < len(JSON_VALUES) else {},
    }
    for i in range(36)
]
DAYS = [-1, 0, 0.5, 1, 2, 10**9]
ON_VALUES = ("$is", "$is_not", "$in", "$not_in", "$contains", "$not_contain", "$starts_with", "$ends_with")
ON_NUMBERS = (
    "$more_than",
    "$less_than",
    "$more_than_equal",
    "$less_than_equal",
    "$count",
    "$count_more",
    "$count_less",
)
ON_DAYS = ("$more_than_ago", "$less_than_ago", "$is_days_ago", "$more_than_future", "$less_than_future")
Condition = tuple[str, list[Any]]
CONDITIONS: list[Condition] = [
    *((name, [value]) for name in ON_VALUES for value in SCALARS),
    *((name, values) for name in ON_VALUES for values in (["a", 1], ["A", True], ["", "b"])),
    *((name, values) for name in (*ON_NUMBERS, "$from") for values in ([0], [1], [1.5], [2, 0], [10**12])),
    *((name, []) for name in ("$has_value", "$is_unknown")),
]
ON_DATES: list[Condition] = [
    *((name, values) for name in (*ON_DAYS, "$is_days_in_future") for values in (*([day] for day in DAYS), [2, 0.5])),
    *((name, [moment.isoformat()]) for name in ("$after", "$before", "$from") for moment in MOMENTS),
    *((name, ["2030-01-02", "2030-01-03T00:00:00+01:00"]) for name in ("$after", "$before", "$from")),
]


def read(row: Mapping[str, Any], field: str) -> Any:
    name, _, key = field.partition(".")
    return row[name].get(key) if key else row[name]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Engine]:
    url = "sqlite:///:memory:" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    engine = open_database(url)
    things.create(engine)
    yield engine
    engine.dispose()


def keep(database: Engine, rows: list[dict[str, Any]]) -> None:
    with database.begin() as connection:
        connection.execute(things.insert(), [{"number": number, **row} for number, row in enumerate(rows)])


def found_by_sql(database: Engine, filter: dict[str, Any]) -> list[int]:
    asked = select(things.c.number).where(clause(filter, COLUMNS, NOW)).order_by(things.c.number)
    with database.connect() as connection:
        return list(connection.execute(asked).scalars())


def found_by_python(rows: list[dict[str, Any]], filter: dict[str, Any]) -> list[int]:
    filters.check(filter, FIELDS)
    return [i for i, row in enumerate(rows) if filters.matches(filter, partial(read, row), NOW)]


@pytest.mark.parametrize("field", [*FIELDS, 'metadata.a".b$é'])
def test_every_condition_finds_in_a_database_what_it_finds_in_python(database: Engine, field: str) -> None:
    keep(database, ROWS)
    for name, values in CONDITIONS if field != "created_at" else [*CONDITIONS, *ON_DATES]:
        filter = {field: {"conditions": {name: values}}}
        assert found_by_sql(database, filter) == found_by_python(ROWS, filter), filter


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    some=st.dictionaries(
        st.sampled_from([*FIELDS, 'metadata.a".b$é']),
        st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=3).map(lambda pairs: {"conditions": dict(pairs)}),
    ),
    junction=st.sampled_from([{}, {"junction": "OR"}, {"junction": "and"}]),
)
def test_conditions_combine_alike(database: Engine, some: dict[str, Any], junction: dict[str, str]) -> None:
    with database.begin() as connection:
        connection.execute(delete(things))
    keep(database, ROWS)
    filter = {**junction, **some}
    assert found_by_sql(database, filter) == found_by_python(ROWS, filter)


ANN = {"name": "Ann", "size": 3, "active": True, "created_at": "2030-01-01T03:04:05.678Z", "metadata": {}}
NOBODY = {"name": None, "size": None, "active": None, "created_at": None, "metadata": {"tags": ["a", "b"], "points": 7}}


@pytest.mark.parametrize(
    ("field", "operator", "values", "found"),
    [
        ("name", "$is", ["Ann"], [0]),
        ("name", "$is", ["ann"], []),
        ("name", "$is_not", ["Ann"], [1]),
        ("name", "$not_in", ["Bob", "Cy"], [0, 1]),
        ("name", "$contains", ["nn"], [0]),
        ("name", "$contains", ["%"], []),
        ("name", "$not_contain", ["nn"], [1]),
        ("name", "$starts_with", ["Bo", "An"], [0]),
        ("name", "$ends_with", ["nn"], [0]),
        ("name", "$has_value", [], [0]),
        ("name", "$is_unknown", [], [1]),
        ("size", "$more_than", [2], [0]),
        ("size", "$less_than_equal", [2.5], []),
        ("active", "$is", [True], [0]),
        ("active", "$is", [1], []),
        ("created_at", "$after", ["2030-01-01"], [0]),
        ("created_at", "$before", ["2030-01-01"], []),
        ("created_at", "$is_days_ago", [1], [0]),
        ("created_at", "$less_than_ago", [2], [0]),
        ("created_at", "$more_than_future", [0], []),
        ("metadata.tags", "$is", ["b"], [1]),
        ("metadata.tags", "$is_not", ["b"], [0]),
        ("metadata.tags", "$count_more", [1], [1]),
        ("metadata.points", "$is", [7.0], [1]),
        ("metadata.points", "$is", ["7"], []),
        ("metadata.points", "$is_unknown", [], [0]),
    ],
)
def test_what_an_operator_means(
    database: Engine, field: str, operator: str, values: list[Any], found: list[int]
) -> None:
    keep(database, [ANN, NOBODY])
    filter = {field: {"conditions": {operator: values}}}
    assert found_by_sql(database, filter) == found == found_by_python([ANN, NOBODY], filter)


def test_all_fields_must_hold_unless_the_junction_is_or(database: Engine) -> None:
    keep(database, [ANN, NOBODY])
    both = {"name": {"conditions": {"$is": ["Ann"]}}, "metadata.points": {"conditions": {"$is": [7]}}}
    assert found_by_sql(database, both) == []
    assert found_by_sql(database, {"junction": "OR", **both}) == [0, 1]
    assert found_by_sql(database, {"junction": "or"}) == [0, 1]


@pytest.mark.parametrize(
    ("filter", "named"),
    [
        ([], "Property .filter must be object"),
        ({"junction": "xor"}, ".filter.junction must be"),
        ({"price": {"conditions": {"$is": [1]}}}, "the field 'price'"),
        ({"metadata.": {"conditions": {"$is": [1]}}}, "the field 'metadata.'"),
        ({"metadata.\0": {"conditions": {"$is": [1]}}}, "the field 'metadata.\\x00'"),
        ({"name": {"$is": ["a"]}}, ".filter.name.conditions must be object"),
        ({"name": {"conditions": {}}}, ".filter.name.conditions must be object"),
        ({"name": {"conditions": {"$like": ["a"]}}}, "the operator '$like'"),
        ({"name": {"conditions": {"$in_location": [{}]}}}, "$in_location is not supported"),
        ({"name": {"conditions": {"$is": "a"}}}, ".filter.name.conditions.$is must be array"),
        ({"name": {"conditions": {"$is": []}}}, ".filter.name.conditions.$is must be array"),
        ({"name": {"conditions": {"$is": [None]}}}, "$is must have values that are strings"),
        ({"name": {"conditions": {"$is": ["\ud800"]}}}, "$is must have valid Unicode"),
        ({"name": {"conditions": {"$is": [2**60]}}}, "$is must have numbers from"),
        ({"name": {"conditions": {"$in": ["a"] * 501}}}, "$in must not have more than 500 values"),
        ({"created_at": {"conditions": {"$after": ["soon"]}}}, "$after must be dates"),
        ({f"metadata.{i}": {"conditions": {"$is": [1]}} for i in range(51)}, "more than 50 properties"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_by_name(filter: Any, named: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        filters.check(filter, FIELDS)
    assert named in str(refused.value.details)


@pytest.mark.parametrize("field", ["name", "size", "metadata.x"])
def test_only_fields_that_are_dates_have_conditions_on_dates_in_a_database(field: str) -> None:
    with pytest.raises(InvalidInput, match=r"\$after is not supported on this field"):
        clause({field: {"conditions": {"$after": ["2030-01-01"]}}}, COLUMNS, NOW)


def test_the_largest_filter_there_may_be_is_still_one_a_database_takes(database: Engine) -> None:
    keep(database, [ANN])
    values = [f"value {i}" for i in range(500)]
    filter = {f"metadata.{i}": {"conditions": {"$contains": values[:20], "$in": values}} for i in range(49)}
    filter["name"] = {"conditions": {"$not_contain": values, "$not_in": values}}
    assert found_by_sql(database, {"junction": "or", **filter}) == [0]
