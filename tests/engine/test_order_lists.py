"""The list of orders: newest first, by pages or behind an order, and filtered as the query says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from sqlalchemy import event

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine

ORDERS = ("created_at", "-created_at", "updated_at", "-updated_at")
# What a query chooses among seven orders, the newest first.
CHOSEN = (
    ("status=PAID", "2"),
    ("status=PAID&status=FULFILLED", "52"),
    ("filters[status][conditions][$in][0]=PAID&filters[status][conditions][$in][1]=FULFILLED", "52"),
    ("filters[status][conditions][$is_not]=CREATED", "52"),
    ("customer=ann", "3"),
    ("customer=nobody", ""),
    ("filters[customer_id][conditions][$has_value]=true", "3"),
    ("filters[source_id][conditions][$is]=o4", "4"),
    ("filters[amount][conditions][$more_than]=500", "76"),
    ("filters[total_amount][conditions][$less_than]=300", "21"),
    ("filters[total_discount_amount][conditions][$more_than]=0", ""),
    ("filters[metadata.n][conditions][$is]=6", "6"),
    ("filters[metadata.channel][conditions][$is]=web", "3"),
    ("filters[junction]=OR&filters[status][conditions][$is]=PAID&filters[metadata.n][conditions][$is]=6", "62"),
    ("[created_at][after]=2030-01-06T03:04:05Z", "76"),
    ("[created_at][before]=2030-01-04T00:00:00Z", "21"),
    ("created_at[after]=2030-01-03T00:00:00Z&created_at[before]=2030-01-05T00:00:00Z", "32"),
    ("[updated_at][after]=2030-01-10", "5"),
    ("filters[updated_at][conditions][$is_unknown]=true", "76431"),
    ("filters[created_at][conditions][$after]=2030-01-07", "76"),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path, open_engine: OpenEngine) -> Iterator[EngineClient]:
    """Seven orders of seven days, on each database. Two and five were updated, in this order; three is Ann's."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/engine.db" if sqlite else request.getfixturevalue("postgres_url")
    with open_engine(url) as engine:
        fill(engine)
        yield engine


def fill(engine: EngineClient) -> None:
    for number in range(1, 8):
        order: dict[str, Any] = {"source_id": f"o{number}", "amount": number * 100, "metadata": {"n": number}}
        if number == 3:
            order |= {"customer": {"source_id": "ann"}, "metadata": {"n": 3, "channel": "web"}}
        engine.post("/v1/orders", order)
        engine.clock.advance(days=1)
    for name, status in (("o2", "PAID"), ("o5", "FULFILLED")):
        engine.put(f"/v1/orders/{name}", {"status": status})
        engine.clock.advance(days=1)


def names(listed: Any) -> list[str]:
    return [order["source_id"] for order in listed["orders"]]


def asked(engine: EngineClient, query: str) -> list[str]:
    """The numbers of the orders that a query gives, the newest first."""
    listed = engine.get(f"/v1/orders?{query}")
    assert listed["total"] == len(listed["orders"])
    return [name.removeprefix("o") for name in names(listed)]


def test_a_list_is_a_page_of_whole_orders_newest_first(shop: EngineClient) -> None:
    listed = shop.get("/v1/orders?limit=2")

    assert (listed["object"], listed["data_ref"], listed["total"]) == ("list", "orders", 7)
    assert names(listed) == ["o7", "o6"]
    assert listed["orders"] == [shop.get("/v1/orders/o7"), shop.get("/v1/orders/o6")]
    assert names(shop.get("/v1/orders?limit=2&page=4")) == ["o1"]
    assert names(shop.get("/v1/orders?limit=2&page=5")) == []


def test_orders_are_ordered_by_their_dates(shop: EngineClient) -> None:
    found = {order: "".join(asked(shop, f"order={order}")) for order in ORDERS}

    # Those that were never updated come last.
    assert found == {
        "created_at": "1234567",
        "-created_at": "7654321",
        "updated_at": "2513467",
        "-updated_at": "5276431",
    }


def test_pages_and_cursor_give_every_order_once(shop: EngineClient, subtests: pytest.Subtests) -> None:
    for order in ORDERS:
        with subtests.test(order):
            gives_every_order_once(shop, order)


def gives_every_order_once(shop: EngineClient, order: str) -> None:
    everything = names(shop.get(f"/v1/orders?order={order}"))
    pages = [names(shop.get(f"/v1/orders?order={order}&limit=2&page={page}")) for page in (1, 2, 3, 4)]
    assert [name for page in pages for name in page] == everything

    found: list[str] = []
    cursor = ""
    while len(found) <= len(everything):
        listed = shop.get(f"/v1/orders?order={order}&limit=2{cursor}")
        found += names(listed)
        assert listed["has_more"] == ("more_starting_after" in listed)
        if not listed["has_more"]:
            break
        cursor = f"&starting_after_id={listed['more_starting_after']}"
    assert found == everything


def test_orders_of_the_same_moment_are_on_one_page_each(engine: EngineClient) -> None:
    for number in range(5):
        engine.post("/v1/orders", {"source_id": f"o{number}", "amount": 1})

    pages = [names(engine.get(f"/v1/orders?limit=2&page={page}")) for page in (1, 2, 3)]

    assert pages == [["o4", "o3"], ["o2", "o1"], ["o0"]]


def test_the_cursor_is_the_last_order_by_either_of_its_ids_and_leaves_out_the_total(shop: EngineClient) -> None:
    first = shop.get("/v1/orders?limit=2")

    second = shop.get(f"/v1/orders?limit=2&starting_after_id={first['more_starting_after']}")

    assert first["more_starting_after"] == first["orders"][-1]["id"]
    assert second == shop.get("/v1/orders?limit=2&starting_after_id=o6")
    assert names(second) == ["o5", "o4"]
    assert "total" not in second


def test_the_cursor_goes_with_filters(shop: EngineClient) -> None:
    assert names(shop.get("/v1/orders?status=CREATED&limit=2&starting_after_id=o6")) == ["o4", "o3"]


def test_filters_and_parameters_choose_orders(shop: EngineClient, subtests: pytest.Subtests) -> None:
    for query, expected in CHOSEN:
        with subtests.test(query):
            assert "".join(asked(shop, query)) == expected
            # Real clients also send the dollar signs and brackets encoded.
            assert "".join(asked(shop, quote(query, safe="=&"))) == expected


def test_a_discount_counts_for_filters_until_it_is_rolled_back(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)
    redemption = engine.redeem("CODE", order={"source_id": "o1", "amount": 1000})["redemptions"][0]
    query = "/v1/orders?filters[total_discount_amount][conditions][$is]=100"
    assert names(engine.get(query)) == ["o1"]

    engine.roll_back(redemption["id"])

    assert names(engine.get(query)) == []
    assert names(engine.get("/v1/orders?filters[total_amount][conditions][$is]=1000&status=CANCELED")) == ["o1"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("page=0", "page"),
        ("page=x", "page"),
        ("order=amount", "order"),
        ("status=LOST", "status"),
        ("created_at[after]=yesterday", "created_at"),
        ("filters[colour][conditions][$is]=red", "colour"),
        ("filters[metadata][conditions][$is]=red", "metadata"),
        ("filters[status][conditions][$like]=P", "$like"),
        ("page=2&starting_after_id=o1", "starting_after_id"),
    ],
)
def test_a_query_that_is_not_possible_is_refused_by_name(engine: EngineClient, query: str, named: str) -> None:
    engine.post("/v1/orders", {"source_id": "o1", "amount": 1})

    error = engine.get(f"/v1/orders?{query}", status=400)

    assert error["key"] == "invalid_query_params"
    assert named in error["details"]


def test_pages_end_at_a_thousand(engine: EngineClient) -> None:
    assert engine.get("/v1/orders?page=1000")["orders"] == []
    error = engine.get("/v1/orders?page=1001", status=400)

    assert (error["key"], "starting_after_id" in error["details"]) == ("page_over_limit", True)


def test_a_cursor_that_is_no_order_is_not_found(engine: EngineClient) -> None:
    assert engine.get("/v1/orders?starting_after_id=none", status=404)["resource_type"] == "order"


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("way", ["page=3", "starting_after_id=o3"])
def test_a_page_takes_a_few_statements_that_walk_along_an_index(engine: EngineClient, order: str, way: str) -> None:
    """Neither one for each order, nor one that sorts all orders or reads them from the first on."""
    fill(engine)
    ran: list[tuple[str, Any]] = []
    database = engine.app.extensions["checkout_bridge.engine"]
    plans = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            ran.append((statement, parameters))

    event.listen(database, "before_cursor_execute", note)
    try:
        assert engine.get(f"/v1/orders?order={order}&limit=2&{way}")["orders"]
    finally:
        event.remove(database, "before_cursor_execute", note)
    with database.connect().execution_options(reads_only=True) as connection:
        for statement, parameters in ran:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            plans += [row.detail for row in rows]

    assert len(ran) <= 4
    assert [plan for plan in plans if plan.startswith("SCAN orders") and "COVERING INDEX" not in plan] == []
    its_index = f"orders_{order.removeprefix('-').removesuffix('_at')}"
    assert any(its_index in plan for plan in plans)
    # What is sorted is at most the two stretches of an index that were read already.
    sorts = [plan for plan in plans if "TEMP B-TREE" in plan]
    assert not sorts or "updated" in order
