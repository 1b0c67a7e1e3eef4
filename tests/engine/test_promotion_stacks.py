"""Promotion stacks: tiers of one campaign that are redeemed together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient

STACKS = "/v1/promotions/Sale/stacks"


def make_campaign(engine: EngineClient, name: str, tiers: int = 2) -> list[str]:
    """A promotion campaign; gives the ids of its tiers."""
    action = {"discount": {"type": "AMOUNT", "amount_off": 100}}
    body = {"name": name, "promotion": {"tiers": [{"name": f"T{i}", "action": action} for i in range(tiers)]}}
    return [tier["id"] for tier in engine.post("/v1/campaigns", body)["promotion"]["tiers"]]


@pytest.fixture
def tiers(engine: EngineClient) -> list[str]:
    """The ids of the two tiers of the campaign ``Sale``."""
    return make_campaign(engine, "Sale")


def make(engine: EngineClient, tiers: list[str], **properties: Any) -> Any:
    return engine.post(STACKS, {"name": "Both", "tiers": {"ids": tiers}, **properties})


def test_a_stack_is_found_as_it_was_made(engine: EngineClient, tiers: list[str]) -> None:
    made = make(engine, tiers[::-1])

    assert engine.get(f"{STACKS}/{made['id']}") == made
    assert made["id"].startswith("stack_")
    assert (made["object"], made["name"]) == ("promotion_stack", "Both")
    assert made["tiers"] == {"ids": tiers[::-1], "hierarchy_mode": "MANUAL"}
    assert made["campaign_id"] == engine.get("/v1/campaigns/Sale")["id"]
    assert (made["category_id"], made["categories"], made["updated_at"]) == (None, [], None)


def test_a_stack_in_a_category_shows_it_whole(engine: EngineClient, tiers: list[str]) -> None:
    category = engine.post("/v1/categories", {"name": "Sale", "hierarchy": 1})

    made = make(engine, tiers, category_id=category["id"])

    assert (made["category_id"], made["categories"]) == (category["id"], [category])


def test_an_update_changes_what_was_sent_and_nothing_else(engine: EngineClient, tiers: list[str]) -> None:
    made = make(engine, tiers)

    renamed = engine.put(f"{STACKS}/{made['id']}", {"name": "New"})
    shortened = engine.put(f"{STACKS}/{made['id']}", {"tiers": {"ids": tiers[:1]}})

    assert (renamed["name"], renamed["tiers"]["ids"]) == ("New", tiers)
    assert (shortened["name"], shortened["tiers"]["ids"]) == ("New", tiers[:1])
    assert engine.get(f"{STACKS}/{made['id']}") == shortened


def test_a_stack_has_tiers_of_its_campaign_and_each_once(engine: EngineClient, tiers: list[str]) -> None:
    (foreign,) = make_campaign(engine, "Other", tiers=1)

    error = engine.post(STACKS, {"name": "A", "tiers": {"ids": [tiers[0], foreign]}}, status=400)
    twice = engine.post(STACKS, {"name": "A", "tiers": {"ids": tiers[:1] * 2}}, status=400)

    assert error["details"] == f"Property .tiers.ids[1] must be a tier of the campaign, {foreign} is none"
    assert twice["details"] == "Property .tiers.ids must not have the same tier twice"
    assert engine.get(STACKS)["data"] == []


@pytest.mark.parametrize("count", [0, 31])
def test_a_stack_has_from_one_to_thirty_tiers(engine: EngineClient, tiers: list[str], count: int) -> None:
    error = engine.post(STACKS, {"name": "A", "tiers": {"ids": ["promo_x"] * count}}, status=400)

    assert error["details"] == "Property .tiers.ids must have from 1 to 30 items"


def test_stacks_are_listed_by_campaign_and_all_together(engine: EngineClient, tiers: list[str]) -> None:
    others = make_campaign(engine, "Other")
    make(engine, tiers)
    engine.post("/v1/promotions/Other/stacks", {"name": "Else", "tiers": {"ids": others}})

    of_one, of_all = engine.get(STACKS), engine.get("/v1/promotions/stacks?limit=1")

    assert ([stack["name"] for stack in of_one["data"]], of_one["total"]) == (["Both"], 1)
    assert ([stack["name"] for stack in of_all["data"]], of_all["total"]) == (["Else"], 2)
    assert (of_all["object"], of_all["data_ref"]) == ("list", "data")


def test_a_deleted_stack_is_gone_and_its_tiers_stay(engine: EngineClient, tiers: list[str]) -> None:
    made = make(engine, tiers)

    engine.delete(f"{STACKS}/{made['id']}")

    engine.get(f"{STACKS}/{made['id']}", status=404)
    assert engine.get("/v1/promotions/Sale/tiers")["total"] == 2


def test_stacks_go_with_their_campaign(engine: EngineClient, tiers: list[str]) -> None:
    make(engine, tiers)

    engine.delete("/v1/campaigns/Sale", status=202)

    assert engine.get("/v1/promotions/stacks")["total"] == 0


def test_a_stack_is_found_in_its_own_campaign_only(engine: EngineClient, tiers: list[str]) -> None:
    make_campaign(engine, "Other")
    made = make(engine, tiers)

    for method in ("GET", "PUT", "DELETE"):
        body = {} if method == "PUT" else None
        error = engine.ask(method, f"/v1/promotions/Other/stacks/{made['id']}", body, status=404)
        assert error["resource_type"] == "promotion_stack"
