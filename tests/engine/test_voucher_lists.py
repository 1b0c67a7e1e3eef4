"""The list of vouchers: by code, category, time, metadata; in the order asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine


@pytest.fixture
def shop(engine: EngineClient) -> EngineClient:
    """A coupon B and, a day later, a gift card A, changed since."""
    fill(engine)
    return engine


def fill(engine: EngineClient) -> None:
    discount = {"type": "PERCENT", "percent_off": 10}
    engine.post("/v1/vouchers/B", {"discount": discount, "category": "autumn", "metadata": {"tier": 5, "tags": ["x"]}})
    engine.clock.advance(days=1)
    engine.gift_card("A", 700)
    engine.clock.advance(days=1)
    engine.put("/v1/vouchers/A", {"active": False})


def listed(engine: EngineClient, query: str = "") -> list[str]:
    return [voucher["code"] for voucher in engine.get(f"/v1/vouchers?{query}")["vouchers"]]


QUERIES: list[tuple[str, list[Any]]] = [
    ("", ["A", "B"]),
    ("order=created_at", ["B", "A"]),
    ("order=code", ["A", "B"]),
    ("order=-code", ["B", "A"]),
    ("order=updated_at", ["A", "B"]),
    ("order=-updated_at", ["A", "B"]),
    ("order=type", ["B", "A"]),
    ("order=-campaign", ["A", "B"]),
    ("order=category", ["B", "A"]),
    ("order=additional_info", ["B", "A"]),
    ("code=B", ["B"]),
    ("category=autumn", ["B"]),
    ("campaign=Summer", []),
    ("campaign_id=camp_none", []),
    ("customer=ann", []),
    ("created_at[after]=2030-01-03", ["A"]),
    ("[created_at][before]=2030-01-03", ["B"]),
    ("updated_at[after]=2030-01-04", ["A"]),
    ("filters[metadata.tier][conditions][$is]=5", ["B"]),
    ("filters[metadata.tier][conditions][$is_not]=5", ["A"]),
    ("filters[metadata.tier][conditions][$more_than]=4.5", ["B"]),
    ("filters[metadata.tags][conditions][$contains]=x", ["B"]),
    ("filters[active][conditions][$is]=true", ["B"]),
    ("filters[gift_balance][conditions][$more_than_equal]=700", ["A"]),
    ("filters[loyalty_balance][conditions][$has_value]=", []),
    ("filters[discount_type][conditions][$is]=PERCENT", ["B"]),
    ("filters[discount_type][conditions][$is_unknown]=", ["A"]),
    ("filters[created_at][conditions][$is_days_ago]=1", ["A"]),
]


@pytest.mark.parametrize(("query", "found"), QUERIES)
def test_a_query_finds_what_it_says(shop: EngineClient, query: str, found: list[Any]) -> None:
    assert listed(shop, query) == found


def test_every_query_finds_the_same_in_postgresql(postgres_url: str, open_engine: OpenEngine) -> None:
    with open_engine(postgres_url) as engine:
        fill(engine)
        assert [(query, listed(engine, query)) for query, _ in QUERIES] == QUERIES


@pytest.mark.parametrize("form", ["ids={}", "ids[]={}", "ids[0]={}"])
def test_vouchers_are_found_by_their_ids(engine: EngineClient, form: str) -> None:
    engine.coupon("A", amount_off=1)
    engine.coupon("B", amount_off=1)
    assert listed(engine, form.format(engine.voucher("B")["id"])) == ["B"]


def test_the_total_is_of_what_was_asked_for_and_not_of_the_page(shop: EngineClient) -> None:
    assert shop.get("/v1/vouchers?limit=1")["total"] == 2
    assert shop.get("/v1/vouchers?limit=1&code=A")["total"] == 1


def test_what_is_in_the_bin_is_not_listed(shop: EngineClient) -> None:
    shop.delete("/v1/vouchers/A")
    assert listed(shop) == ["B"]


@pytest.mark.parametrize("query", ["order=price", "filters[nothing][conditions][$is]=1", "updated_at[after]=soon"])
def test_a_query_that_says_nothing_known_is_refused(engine: EngineClient, query: str) -> None:
    assert engine.get(f"/v1/vouchers?{query}", status=400)["key"] == "invalid_query_params"
