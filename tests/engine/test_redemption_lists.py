"""The list of redemptions: newest first, rollbacks and failures among them, and filtered as the query says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine


@pytest.fixture
def shop(engine: EngineClient) -> EngineClient:
    """Ann redeemed A twice, a day apart, failed to do so again, and got the second back; somebody redeemed B."""
    fill(engine)
    return engine


def fill(engine: EngineClient) -> None:
    engine.coupon("A", amount_off=100, quantity=2)
    engine.coupon("B", amount_off=200)
    engine.redeem("A", customer={"source_id": "ann"}, order={"amount": 1000})
    engine.clock.advance(days=1)
    second = engine.redeem("A", customer={"source_id": "ann"}, order={"amount": 1000})
    engine.redeem("A", customer={"source_id": "ann"}, order={"amount": 1000}, status=400)
    engine.redeem("B", order={"amount": 1000})
    engine.roll_back(second["redemptions"][0]["id"])


Listed = tuple[str, str, str]


def listed(engine: EngineClient, query: str = "") -> list[Listed]:
    found = engine.get(f"/v1/redemptions?{query}")["redemptions"]
    return [(entry["object"], entry["status"], entry["voucher"]["code"]) for entry in found]


FIRST = ("redemption", "SUCCEEDED", "A")
SECOND = ("redemption", "ROLLED_BACK", "A")
FAILED = ("redemption", "FAILED", "A")
OTHER = ("redemption", "SUCCEEDED", "B")
ROLLBACK = ("redemption_rollback", "SUCCEEDED", "A")


def test_all_are_listed_newest_first(shop: EngineClient) -> None:
    answer = shop.get("/v1/redemptions")
    assert (answer["object"], answer["data_ref"], answer["total"]) == ("list", "redemptions", 5)
    assert listed(shop) == [ROLLBACK, OTHER, FAILED, SECOND, FIRST]


QUERIES: list[tuple[str, list[Any]]] = [
    ("result=SUCCESS", [ROLLBACK, OTHER, SECOND, FIRST]),
    ("result=failure", [FAILED]),
    ("result=FAILURE&result=Success", [ROLLBACK, OTHER, FAILED, SECOND, FIRST]),
    ("customer=ann", [ROLLBACK, FAILED, SECOND, FIRST]),
    ("customer=bob", []),
    ("campaign=Summer", []),
    ("order=created_at", [FIRST, SECOND, FAILED, OTHER, ROLLBACK]),
    ("order=voucher_code", [FIRST, SECOND, FAILED, ROLLBACK, OTHER]),
    ("order=-voucher_code", [OTHER, ROLLBACK, FAILED, SECOND, FIRST]),
    ("[created_at][after]=2030-01-03", [ROLLBACK, OTHER, FAILED, SECOND]),
    ("created_at[before]=2030-01-03T00:00:00+01:00", [FIRST]),
    ("created_at%5Bafter%5D=2030-01-03&customer=ann", [ROLLBACK, FAILED, SECOND]),
    ("filters[voucher_code][conditions][$is]=B", [OTHER]),
    ("filters%5Bvoucher_code%5D%5Bconditions%5D%5B%24is_not%5D=A", [OTHER]),
    (
        "filters[voucher_code][conditions][$in][0]=A&filters[voucher_code][conditions][$in][1]=B",
        [ROLLBACK, OTHER, FAILED, SECOND, FIRST],
    ),
    ("filters[voucher_code][conditions][$not_in][0]=A", [OTHER]),
    ("filters[object][conditions][$is]=redemption_rollback", [ROLLBACK]),
    ("filters[customer_id][conditions][$is_unknown]=", [OTHER]),
    ("filters[customer_id][conditions][$has_value]=true", [ROLLBACK, FAILED, SECOND, FIRST]),
    ("filters[user_login][conditions][$is_not]=me", [ROLLBACK, OTHER, FAILED, SECOND, FIRST]),
    ("filters[user_login][conditions][$contains]=me", []),
    ("filters[campaign_name][conditions][$is_unknown]=", [ROLLBACK, OTHER, FAILED, SECOND, FIRST]),
    ("filters[failure_code][conditions][$is]=quantity_exceeded", [FAILED]),
    (
        "filters[junction]=OR&filters[voucher_code][conditions][$is]=B"
        "&filters[object][conditions][$starts_with]=redemption_",
        [ROLLBACK, OTHER],
    ),
    ("filters[voucher_code][conditions][$is]=A&filters[object][conditions][$is]=redemption", [FAILED, SECOND, FIRST]),
    ("limit=2", [ROLLBACK, OTHER]),
    ("limit=2&page=2", [FAILED, SECOND]),
    ("limit=2&page=3", [FIRST]),
    ("limit=2&page=4", []),
]


@pytest.mark.parametrize(("query", "found"), QUERIES)
def test_a_query_finds_what_it_says(shop: EngineClient, query: str, found: list[Any]) -> None:
    assert listed(shop, query) == found


def test_every_query_finds_the_same_in_postgresql(postgres_url: str, open_engine: OpenEngine) -> None:
    with open_engine(postgres_url) as engine:
        fill(engine)
        assert [(query, listed(engine, query)) for query, _ in QUERIES] == QUERIES


def test_a_redemption_is_found_by_the_id_of_its_voucher(shop: EngineClient) -> None:
    voucher_id = shop.voucher("B")["id"]
    assert listed(shop, f"filters[related_object_id][conditions][$is]={voucher_id}") == [OTHER]


def test_the_children_of_a_stack_are_found_by_their_parent(engine: EngineClient) -> None:
    engine.coupon("A", amount_off=100)
    engine.coupon("B", amount_off=200)
    parent = engine.redeem("A", "B", order={"amount": 1000})["parent_redemption"]
    assert listed(engine, f"filters[parent_redemption_id][conditions][$is]={parent['id']}&order=created_at") == [
        FIRST,
        OTHER,
    ]


def test_pages_hold_every_redemption_once_also_among_equals(engine: EngineClient) -> None:
    for i in range(7):
        engine.coupon(f"C{i}", amount_off=1)
        engine.redeem(f"C{i}", order={"amount": 1000})
    found = [entry for page in range(1, 5) for entry in listed(engine, f"order=tracking_id&limit=2&page={page}")]
    assert sorted(code for _, _, code in found) == [f"C{i}" for i in range(7)]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=0", "limit"),
        ("page=100", "page"),
        ("order=price", "order"),
        ("result=maybe", "result"),
        ("created_at[after]=soon", "created_at"),
        ("created_at[since]=2030-01-01", "created_at"),
        ("filters[price][conditions][$is]=1", "price"),
        ("filters[created_at][conditions][$is]=1", "created_at"),
        ("filters[voucher_code][conditions][$like]=1", "$like"),
        ("filters[voucher_code][$is]=1", "filters[voucher_code][$is]"),
        ("filters[voucher_code][conditions][$in][x]=1", "filters[voucher_code][conditions][$in][x]"),
        ("filters[voucher_code][conditions][$after]=2030-01-01", "$after"),
        ("filters[voucher_code][conditions][$more_than]=many", "$more_than"),
        ("filters[junction]=xor", "junction"),
    ],
)
def test_a_query_that_says_nothing_known_is_refused_by_name(engine: EngineClient, query: str, named: str) -> None:
    refused = engine.get(f"/v1/redemptions?{quote(query, safe='=&')}", status=400)
    assert refused["key"] == "invalid_query_params"
    assert named in refused["details"]
