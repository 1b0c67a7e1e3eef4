"""Which rows exports have, in which order, and CSV itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge.engine.work.imports import import_next

from .exporting import Exporter, running_exporter


@pytest.fixture(params=["sqlite", "postgresql"])
def exporter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Exporter]:
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/engine.db" if is_sqlite else request.getfixturevalue("postgres_url")
    with running_exporter(url, tmp_path / "files") as its:
        yield its


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"amount": {"conditions": {"$more_than": [100]}}}, ["b", "c"]),
        ({"amount": {"conditions": {"$more_than": [100], "$less_than": [300]}}}, ["b"]),
        ({"status": {"conditions": {"$in": ["PAID"]}}, "amount": {"conditions": {"$is": [300]}}}, []),
        (
            {"junction": "or", "status": {"conditions": {"$in": ["PAID"]}}, "amount": {"conditions": {"$is": [300]}}},
            ["a", "c"],
        ),
        ({"metadata.x": {"conditions": {"$has_value": []}}}, ["a"]),
        ({"metadata.x": {"conditions": {"$is_unknown": []}}, "source_id": {"conditions": {"$is_not": ["b"]}}}, ["c"]),
        ({"created_at": {"conditions": {"$after": ["2030-01-02T03:04:30Z"]}}}, ["b", "c"]),
        ({"created_at": {"conditions": {"$before": ["2030-01-02T05:05:30+02:00"]}}}, ["a", "b"]),
        ({"created_at": {"conditions": {"$is_days_ago": [0]}}}, ["a", "b", "c"]),
        ({}, ["a", "b", "c"]),
    ],
)
def test_filters(exporter: Exporter, filters: dict[str, Any], found: list[str]) -> None:
    facts: tuple[dict[str, Any], ...] = ({"status": "PAID", "metadata": {"x": 1}}, {}, {})
    for name, amount, more in zip("abc", (100, 200, 300), facts, strict=True):
        exporter.engine.post("/v1/orders", {"source_id": name, "amount": amount, **more})
        exporter.engine.clock.advance(minutes=1)

    assert exporter.column("order", "source_id", filters=filters, order="source_id") == found


def test_a_filter_speaks_of_the_time_at_which_the_export_was_asked_for(exporter: Exporter) -> None:
    exporter.engine.post("/v1/orders", {"source_id": "a"})
    asked = exporter.ask("order", filters={"created_at": {"conditions": {"$less_than_ago": [1]}}})

    exporter.engine.clock.advance(days=3)
    exporter.work()

    assert len(exporter.download(exporter.get(asked["id"])["result"]["url"]).splitlines()) == 2


def test_text_is_quoted_where_it_must_be_and_formulas_only_change_when_asked(exporter: Exporter) -> None:
    texts = ['=cmd|"x"', "+1", "-1", "@a", "\ttab", "\rcr", "two\nlines", "a,b", "plain é", "a=b"]
    for text in texts:
        exporter.engine.post("/v1/orders", {"source_id": text, "amount": 5, "metadata": {"x": text}})
    fields = ("source_id", "metadata.x", "amount")

    as_it_is = exporter.rows("order", *fields, order="created_at")
    neutral = exporter.rows("order", *fields, order="created_at", neutralise_formulas=True)

    assert as_it_is == [[text, text, "5"] for text in texts]
    assert neutral == [[f"'{text}", f"'{text}", "5"] for text in texts[:6]] + as_it_is[6:]
    quoted = exporter.text("order", fields=["source_id"], order="created_at")
    assert quoted.startswith('source_id\n"=cmd|""x"""\n+1\n')


def test_numbers_are_never_taken_for_formulas(exporter: Exporter) -> None:
    exporter.engine.gift_card("GIFT", 1000)
    exporter.engine.post("/v1/vouchers/GIFT/balance", {"amount": -400})

    assert exporter.column("voucher_transactions", "amount", neutralise_formulas=True) == ["-400"]


def test_rows_that_are_equal_come_as_they_were_made_and_text_sorts_by_its_bytes(exporter: Exporter) -> None:
    for name in ("b", "B", "a", "é", "Z"):
        exporter.engine.post("/v1/orders", {"source_id": name})

    assert exporter.column("order", "source_id", order="source_id") == ["B", "Z", "a", "b", "é"]
    assert exporter.column("order", "source_id", order="status") == ["b", "B", "a", "é", "Z"]
    assert exporter.column("order", "source_id") == ["Z", "é", "a", "B", "b"]


def test_the_same_orders_in_two_engines_make_the_same_file(exporter: Exporter, tmp_path: Path) -> None:
    """Given orders imported into two empty engines, when each exports them, then the files are equal byte by byte."""
    orders = [
        {
            "source_id": f"Ö-{number * 7 % 60}",
            "status": ("CREATED", "PAID", "CANCELED", "FULFILLED")[number % 4],
            "items": [{"product_id": "shirt", "quantity": number % 3 + 1, "price": 10 * number}],
            "discount_amount": number,
            "customer": {"source_id": f"c-{number % 5}"},
            "metadata": {"n": number / 4, "é": ["a", {"b": None}], "z": True, "a": "x,y"},
        }
        for number in range(60)
    ]
    money = ("amount", "discount_amount", "items_discount_amount", "total_discount_amount", "total_amount")
    asked = {"fields": ["source_id", "status", *money, "metadata"], "order": "source_id"}

    def exported(its: Exporter) -> str:
        its.engine.post("/v1/orders/import", orders)
        assert import_next(its.bench())
        return its.text("order", **asked)

    with running_exporter(f"sqlite:///{tmp_path}/other.db", tmp_path / "others") as other:
        other.engine.clock.advance(days=1)
        theirs = exported(other)

    assert exported(exporter) == theirs
    assert len(theirs.splitlines()) == 61
