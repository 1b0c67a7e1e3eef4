"""Customers: listed, deleted, and answered with what they redeemed, ordered and hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine

NOTHING_REDEEMED = {
    "total_redeemed": 0,
    "total_failed": 0,
    "total_succeeded": 0,
    "total_rolled_back": 0,
    "total_rollback_failed": 0,
    "total_rollback_succeeded": 0,
    "gift": {"redeemed_amount": 0, "amount_to_go": 0},
    "loyalty_card": {"redeemed_points": 0, "points_to_go": 0},
}
NOTHING_ORDERED = {
    "total_amount": 0,
    "total_count": 0,
    "average_amount": 0,
    "last_order_amount": 0,
    "last_order_date": None,
}


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, engine: EngineClient, open_engine: OpenEngine) -> Iterator[EngineClient]:
    """An engine with nothing in it, on each kind of database."""
    if request.param == "sqlite":
        yield engine
        return
    with open_engine(request.getfixturevalue("postgres_url")) as client:
        yield client


def people(engine: EngineClient) -> None:
    """Ann, a day later Bob, and a day later Cy; then Ann moved."""
    for name, city in (("Ann", "Rome"), ("Bob", "Oslo"), ("Cy", None)):
        address = {"address": {"city": city}} if city else {"metadata": {"vip": True}}
        engine.post(
            "/v1/customers", {"source_id": name.lower(), "name": name, "email": f"{name}@example.com", **address}
        )
        engine.clock.advance(days=1)
    engine.put("/v1/customers/ann", {"address": {"city": "Oslo"}})


def listed(engine: EngineClient, query: str = "") -> list[str]:
    return [customer["name"] for customer in engine.get(f"/v1/customers?{query}")["customers"]]


QUERIES: list[tuple[str, list[Any]]] = [
    ("", ["Cy", "Bob", "Ann"]),
    ("order=created_at", ["Ann", "Bob", "Cy"]),
    ("order=source_id", ["Ann", "Bob", "Cy"]),
    ("order=-updated_at", ["Ann", "Cy", "Bob"]),
    ("email=Bob%40example.com", ["Bob"]),
    ("name=Ann", ["Ann"]),
    ("city=Oslo", ["Bob", "Ann"]),
    ("created_at[after]=2030-01-03", ["Cy", "Bob"]),
    ("[created_at][before]=2030-01-03", ["Ann"]),
    ("updated_at[after]=2030-01-01", ["Ann"]),
    ("limit=2&page=2", ["Ann"]),
    ("starting_after=2030-01-03T03:04:05.000Z", ["Ann"]),
    ("starting_after=2030-01-03T03:04:05.000Z&order=created_at", ["Cy"]),
    ("filters[name][conditions][$starts_with]=B", ["Bob"]),
    ("filters[metadata.vip][conditions][$is]=true", ["Cy"]),
    ("filters[address.city][conditions][$is_unknown]=", ["Cy"]),
]


@pytest.mark.parametrize(("query", "found"), QUERIES)
def test_a_query_finds_what_it_says(engine: EngineClient, query: str, found: list[Any]) -> None:
    people(engine)
    assert listed(engine, query) == found


def test_every_query_finds_the_same_in_postgresql(postgres_url: str, open_engine: OpenEngine) -> None:
    with open_engine(postgres_url) as engine:
        people(engine)
        assert [(query, listed(engine, query)) for query, _ in QUERIES] == QUERIES


def test_a_cursor_leads_through_all_customers(engine: EngineClient) -> None:
    people(engine)
    first = engine.get("/v1/customers?limit=2")
    cursor = quote(first["customers"][-1]["created_at"])
    last = engine.get(f"/v1/customers?limit=2&starting_after={cursor}")
    assert (first["has_more"], first["total"]) == (True, 3)
    assert (last["has_more"], last["total"]) == (False, 3)
    assert [customer["name"] for customer in (*first["customers"], *last["customers"])] == ["Cy", "Bob", "Ann"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("segment_id=seg_1", "segment_id"),
        ("starting_after=soon", "starting_after"),
        ("starting_after=2030-01-01&order=source_id", "starting_after"),
        ("order=name", "order"),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused_by_name(engine: EngineClient, query: str, named: str) -> None:
    refused = engine.get(f"/v1/customers?{query}", status=400)
    assert (refused["key"], named in refused["details"]) == ("invalid_query_params", True)


def test_a_new_customer_has_done_nothing_and_what_was_not_told_is_left_out(shop: EngineClient) -> None:
    made = shop.post("/v1/customers", {"source_id": "ann"})
    assert made["summary"] == {"redemptions": NOTHING_REDEEMED, "orders": NOTHING_ORDERED}
    assert made["loyalty"] == {"points": 0, "referred_customers": 0, "campaigns": {}}
    assert made["referrals"] == {"total": 0, "campaigns": []}
    assert not {"metadata", "name", "address", "email"} & set(made)
    assert shop.get("/v1/customers/ann") == made


def test_what_a_customer_redeemed_and_ordered_is_summed_up(shop: EngineClient) -> None:
    shop.gift_card("CARD", 1000)
    shop.coupon("TEN", amount_off=10)
    shop.coupon("GONE", amount_off=10, quantity=0)
    who = {"customer": {"source_id": "ann"}}
    shop.redeem("CARD", "TEN", order={"source_id": "o1", "amount": 400}, **who)
    shop.clock.advance(days=1)
    again = shop.redeem("CARD", order={"source_id": "o2", "amount": 333}, **who)
    shop.redeem("TEN", order={"source_id": "o3", "amount": 101}, **who)
    shop.redeem("GONE", order={"amount": 101}, status=400, **who)
    shop.redeem("TEN", order={"source_id": "o4", "amount": 500}, customer={"source_id": "bob"})
    shop.roll_back(again["redemptions"][0]["id"])

    summary = shop.get("/v1/customers/ann")["summary"]

    assert summary["redemptions"] == {
        **NOTHING_REDEEMED,
        "total_redeemed": 5,
        "total_failed": 1,
        "total_succeeded": 4,
        "total_rolled_back": 1,
        "total_rollback_succeeded": 1,
        "gift": {"redeemed_amount": 400, "amount_to_go": 0},
    }
    # The card paid for o1, o2 was cancelled by the rollback, o3 came to 91.
    assert summary["orders"]["total_count"] == 2
    assert summary["orders"]["total_amount"] == summary["orders"]["last_order_amount"] == 91
    assert summary["orders"]["average_amount"] == 46
    assert summary["orders"]["last_order_date"] == "2030-01-03T03:04:05.000Z"


def test_what_is_left_on_the_cards_a_customer_holds_is_summed_up(shop: EngineClient) -> None:
    card = {"type": "LOYALTY_CARD", "loyalty_card": {"points": 70}}
    shop.post("/v1/campaigns", {"name": "Club", "campaign_type": "LOYALTY_PROGRAM", "voucher": card})
    shop.post("/v1/loyalties/Club/members", {"customer": {"source_id": "ann"}})
    shop.gift_card("HERS", 500)
    shop.gift_card("NOBODY'S", 900)
    shop.post("/v1/publications", {"voucher": "HERS", "customer": {"source_id": "ann"}})

    ann = shop.get("/v1/customers/ann")

    assert ann["loyalty"]["points"] == ann["summary"]["redemptions"]["loyalty_card"]["points_to_go"] == 70
    assert ann["loyalty"]["campaigns"] == {"Club": {"points": 70, "referred_customers": 0}}
    assert ann["summary"]["redemptions"]["gift"] == {"redeemed_amount": 0, "amount_to_go": 500}
    held = shop.get("/v1/vouchers?customer=ann&filters[campaign][conditions][$is]=Club")["vouchers"]
    assert [voucher["type"] for voucher in held] == ["LOYALTY_CARD"]
    assert shop.get("/v1/vouchers?campaign=Club")["total"] == 1


def test_a_deleted_customer_is_gone_and_what_they_redeemed_stays(shop: EngineClient) -> None:
    shop.coupon("TEN", amount_off=10)
    redeemed = shop.redeem("TEN", order={"source_id": "o1", "amount": 400}, customer={"source_id": "ann"})
    customer_id = shop.get("/v1/customers/ann")["id"]

    shop.delete("/v1/customers/ann")

    shop.get("/v1/customers/ann", status=404)
    shop.delete("/v1/customers/ann", status=404)
    assert shop.get("/v1/orders/o1")["customer_id"] == customer_id
    assert shop.get(f"/v1/redemptions?customer={customer_id}")["total"] == 1
    shop.roll_back(redeemed["redemptions"][0]["id"])


def test_a_customer_who_is_deleted_for_good_is_named_nowhere(shop: EngineClient) -> None:
    shop.coupon("TEN", amount_off=10)
    redeemed = shop.redeem(
        "TEN", order={"source_id": "o1", "amount": 400}, customer={"id": "ann@home", "source_id": "ann"}
    )

    gone = shop.post("/v1/customers/ann/permanent-deletion")

    assert (gone["object"], gone["status"], gone["related_object_id"]) == ("pernament_deletion", "DONE", "ann@home")
    assert gone["id"].startswith("del_")
    assert gone["data_json"]["customer"] == 1
    shop.post("/v1/customers/ann/permanent-deletion", status=404)
    assert "ann" not in str({name: rows for name, rows in shop.everything().items() if name != "idempotency_keys"})
    shop.roll_back(redeemed["redemptions"][0]["id"])
    assert shop.redeemed_quantity("TEN") == 0
