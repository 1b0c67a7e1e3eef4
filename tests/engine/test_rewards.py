"""Rewards: what points buy, and in which loyalty campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge.database import reading, writing
from checkout_bridge.engine.services import rewards
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaigns
from checkout_bridge.errors import NotFound

if TYPE_CHECKING:
    from .conftest import EngineClient

REWARDS = "/v1/rewards"
COIN = {"name": "Cash", "parameters": {"coin": {"exchange_ratio": 0.5, "points_ratio": 10}}}
MUG = {"name": "A mug", "parameters": {"product": {"id": "mug"}}}
PRICE = {"parameters": {"loyalty": {"points": 200}}}
CLUB, COUPONS = "camp_club", "camp_coupons"


@pytest.fixture(autouse=True)
def programs(engine: EngineClient) -> None:
    """A loyalty campaign named Club, another named Circle, and one of coupons."""
    kinds = {"Club": "LOYALTY_PROGRAM", "Circle": "LOYALTY_PROGRAM", "Coupons": "DISCOUNT_COUPONS"}
    with writing(engine.app.extensions["checkout_bridge.engine"]) as connection:
        for name, kind in kinds.items():
            row = {"id": f"camp_{name.lower()}", "name": name, "campaign_type": kind, "active": True, "body": {}}
            campaigns.add(connection, {**row, "has_rules": False, "created_at": "2030-01-01T00:00:00.000Z"})


@pytest.fixture
def coin(engine: EngineClient) -> str:
    """The id of a reward that pays."""
    return str(engine.post(REWARDS, COIN)["id"])


@pytest.fixture
def mug(engine: EngineClient) -> str:
    """The id of a reward that is a thing."""
    return str(engine.post(REWARDS, MUG)["id"])


def unit_of(engine: EngineClient, connection: Any) -> Unit:
    return Unit(connection, engine.clock(), "shop")


def for_card(engine: EngineClient, reward_id: str, campaign_id: str = CLUB) -> rewards.OfferedReward:
    """What the cards of a campaign have of a reward."""
    with reading(engine.app.extensions["checkout_bridge.engine"]) as connection:
        return rewards.for_card(unit_of(engine, connection), reward_id, campaign_id)


def take(engine: EngineClient, reward_id: str) -> bool:
    with writing(engine.app.extensions["checkout_bridge.engine"]) as connection:
        return rewards.take(unit_of(engine, connection), reward_id)


def give_back(engine: EngineClient, reward_id: str) -> None:
    with writing(engine.app.extensions["checkout_bridge.engine"]) as connection:
        rewards.give_back(unit_of(engine, connection), reward_id)


def test_points_pay_by_their_ratio(engine: EngineClient) -> None:
    made = engine.post(REWARDS, {**COIN, "metadata": {"a": 1}})

    assert made["id"].startswith("rew_")
    assert {**made, "id": ""} == {
        "id": "",
        "name": "Cash",
        "type": "COIN",
        "parameters": {"coin": {"exchange_ratio": 0.5, "points_ratio": 10}},
        "stock": None,
        "redeemed": 0,
        "metadata": {"a": 1},
        "created_at": "2030-01-02T03:04:05.000Z",
        "updated_at": None,
        "object": "reward",
    }
    assert engine.get(f"{REWARDS}/{made['id']}") == made == engine.get(REWARDS)["data"][0]


@pytest.mark.parametrize(
    ("coin", "kept"),
    [
        ({"exchange_ratio": 2}, {"exchange_ratio": 2, "points_ratio": 1}),
        ({"exchange_ratio": "0.25", "points_ratio": "4"}, {"exchange_ratio": 0.25, "points_ratio": 4}),
        ({"exchange_ratio": "3", "points_ratio": 1.0}, {"exchange_ratio": 3, "points_ratio": 1}),
    ],
)
def test_a_ratio_may_be_text_and_a_point_counts_once_unless_told(
    engine: EngineClient, coin: Any, kept: dict[str, Any]
) -> None:
    made = engine.post(REWARDS, {"parameters": {"coin": coin}})

    assert made["parameters"]["coin"] == kept
    assert [type(value) for value in made["parameters"]["coin"].values()] == [type(value) for value in kept.values()]


def test_a_thing_has_a_stock(engine: EngineClient) -> None:
    sent = {
        **MUG,
        "parameters": {"product": {"id": "mug", "sku_id": "blue"}},
        "stock": 3,
        "attributes": {"image_url": "https://example.com/mug.png", "description": "Blue"},
    }

    made = engine.post(REWARDS, sent)

    assert {name: made[name] for name in sent} == sent
    assert made["type"] == "MATERIAL"


def test_what_is_not_sent_stays(engine: EngineClient, mug: str) -> None:
    before = engine.get(f"{REWARDS}/{mug}")
    engine.clock.advance(seconds=1)

    after = engine.put(f"{REWARDS}/{mug}", {"stock": 5, "metadata": {"a": 1}})

    assert after == {**before, "stock": 5, "metadata": {"a": 1}, "updated_at": "2030-01-02T03:04:06.000Z"}
    assert engine.put(f"{REWARDS}/{mug}", {"parameters": {"product": {"id": "cup"}}})["stock"] == 5


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({}, "Payload should have required property 'parameters'"),
        ({"parameters": {}}, "Property .parameters must have one of the properties: coin, product"),
        ({"parameters": {**COIN["parameters"], **MUG["parameters"]}}, "must have one of the properties"),
        ({"parameters": {"coin": {}}}, "Property .parameters.coin should have required property 'exchange_ratio'"),
        ({"parameters": {"coin": {"exchange_ratio": 0}}}, "Property .parameters.coin.exchange_ratio must be number"),
        ({"parameters": {"coin": {"exchange_ratio": True}}}, "Property .parameters.coin.exchange_ratio must be"),
        ({"parameters": {"coin": {"exchange_ratio": "nan"}}}, "Property .parameters.coin.exchange_ratio must be"),
        ({"parameters": {"coin": {"exchange_ratio": "x"}}}, "Property .parameters.coin.exchange_ratio must be"),
        ({"parameters": {"coin": {"exchange_ratio": 10**10}}}, "Property .parameters.coin.exchange_ratio must be"),
        ({"parameters": {"coin": {"exchange_ratio": 1, "points_ratio": 0}}}, ".parameters.coin.points_ratio must be"),
        ({"parameters": {"product": {}}}, "Property .parameters.product should have required property 'id'"),
        ({**MUG, "stock": -1}, "Property .stock must be >= 0"),
        ({**COIN, "stock": 1}, "Property .stock is for MATERIAL rewards only"),
        ({**COIN, "type": "MATERIAL"}, "Property .type must be COIN"),
        ({"parameters": {"campaign": {"id": "camp_1"}}}, "Property .type CAMPAIGN is not supported by this engine"),
        ({**COIN, "type": "CAMPAIGN"}, "Property .type CAMPAIGN is not supported by this engine"),
    ],
)
def test_a_reward_that_cannot_be_is_refused(engine: EngineClient, body: Any, details: str) -> None:
    before = engine.everything()

    assert details in engine.post(REWARDS, body, status=400)["details"]
    assert engine.everything() == before


def test_a_reward_keeps_its_type(engine: EngineClient, mug: str) -> None:
    error = engine.put(f"{REWARDS}/{mug}", {"parameters": COIN["parameters"]}, status=400)

    assert error["details"] == "Property .parameters must be those of a MATERIAL reward"


@pytest.mark.parametrize("campaign", ["Club", CLUB])
def test_a_reward_is_assigned_to_a_campaign_by_id_or_name(engine: EngineClient, mug: str, campaign: str) -> None:
    made = engine.post(f"{REWARDS}/{mug}/assignments", {"campaign": campaign, **PRICE})

    assert made["id"].startswith("rewa_")
    assert {**made, "id": ""} == {
        "id": "",
        "reward_id": mug,
        "related_object_id": CLUB,
        "related_object_type": "campaign",
        "parameters": {"loyalty": {"points": 200}},
        "created_at": "2030-01-02T03:04:05.000Z",
        "updated_at": None,
        "object": "reward_assignment",
    }
    for path in (f"{REWARDS}/{mug}/assignments", f"/v1/loyalties/{campaign}/rewards"):
        assert engine.get(path) == {"object": "list", "data_ref": "data", "data": [made], "total": 1}
        assert engine.get(f"{path}/{made['id']}") == made


def test_a_campaign_is_given_several_rewards_at_once(engine: EngineClient, coin: str, mug: str) -> None:
    made = engine.post("/v1/loyalties/Club/rewards", [{"reward": coin}, {"reward": mug, **PRICE}])

    assert [one["reward_id"] for one in made] == [coin, mug]
    assert "parameters" not in made[0]
    for path in ("rewards", "reward-assignments"):
        assert engine.get(f"/v1/loyalties/Club/{path}")["data"] == made[::-1]
        assert engine.get(f"/v1/loyalties/Club/{path}?limit=1&page=2")["data"] == made[:1]
        assert engine.get(f"/v1/loyalties/Club/{path}?assignment_id={made[0]['id']}")["data"] == made[:1]
        assert engine.get(f"/v1/loyalties/Circle/{path}")["data"] == []
        assert engine.get(f"/v1/loyalties/Club/{path}/{made[1]['id']}") == made[1]
    reward = engine.get(f"/v1/loyalties/Club/reward-assignments/{made[0]['id']}/reward")
    assert reward == engine.get(f"{REWARDS}/{coin}")
    assert engine.get(f"{REWARDS}?assignment_id={made[0]['id']}")["data"] == [reward]
    assert engine.get(f"{REWARDS}?assignment_id=rewa_none")["data"] == []


def test_all_of_several_rewards_are_assigned_or_none(engine: EngineClient, coin: str, mug: str) -> None:
    before = engine.everything()

    engine.post("/v1/loyalties/Club/rewards", [{"reward": coin}, {"reward": mug}], status=400)
    engine.post("/v1/loyalties/Club/rewards", [{"reward": coin}, {"reward": "rew_none"}], status=404)

    assert engine.everything() == before


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"reward": "x"}, "Payload must be array with at least one item"),
        ([], "Payload must be array with at least one item"),
        ([7], "Payload must be an object"),
        ([{}], "Payload should have required property 'reward'"),
    ],
)
def test_what_is_no_array_of_rewards_is_refused(engine: EngineClient, body: Any, details: str) -> None:
    assert engine.post("/v1/loyalties/Club/rewards", body, status=400)["details"] == details


def test_a_reward_is_assigned_to_a_campaign_once(engine: EngineClient, mug: str) -> None:
    engine.post(f"{REWARDS}/{mug}/assignments", {"campaign": "Club", **PRICE})
    engine.post(f"{REWARDS}/{mug}/assignments", {"campaign": "Circle", **PRICE})

    error = engine.post(f"{REWARDS}/{mug}/assignments", {"campaign": CLUB, **PRICE}, status=409)

    assert error["key"] == "duplicate_found"
    assert error["details"] == f"Duplicated reward assignment exists for reward {mug} and campaign {CLUB}"


@pytest.mark.parametrize(
    ("body", "details"),
    [
        (PRICE, "Payload should have required property 'campaign'"),
        ({"campaign": "Club"}, "Property .parameters.loyalty should have required property 'points'"),
        ({"campaign": "Club", "parameters": {}}, "Property .parameters should have required property 'loyalty'"),
        ({"campaign": "Club", "parameters": {"loyalty": {"points": 0}}}, ".parameters.loyalty.points must be >= 1"),
        (
            {"campaign": "Club", "parameters": {"loyalty": {"points": 1, "auto_redeem": True}}},
            "Property .parameters.loyalty.auto_redeem is not supported by this engine",
        ),
        ({"campaign": "Club", **PRICE, "validation_rules": ["val_1"]}, "Property .validation_rules is not supported"),
    ],
)
def test_an_assignment_that_cannot_be_is_refused(engine: EngineClient, mug: str, body: Any, details: str) -> None:
    assert details in engine.post(f"{REWARDS}/{mug}/assignments", body, status=400)["details"]
    assert engine.get(f"{REWARDS}/{mug}/assignments")["total"] == 0


def test_only_loyalty_campaigns_have_rewards(engine: EngineClient, mug: str) -> None:
    for name in ("Coupons", "Nothing"):
        error = engine.post(f"{REWARDS}/{mug}/assignments", {"campaign": name, **PRICE}, status=404)
        assert (error["resource_type"], error["resource_id"]) == ("campaign", name)
        engine.post(f"/v1/loyalties/{name}/rewards", [{"reward": mug, **PRICE}], status=404)
        engine.get(f"/v1/loyalties/{name}/rewards", status=404)


@pytest.mark.parametrize("door", ["rewards", "loyalties"])
def test_the_price_of_a_reward_changes(engine: EngineClient, mug: str, door: str) -> None:
    made = engine.post(f"{REWARDS}/{mug}/assignments", {"campaign": "Club", **PRICE})
    path = f"{REWARDS}/{mug}/assignments" if door == "rewards" else "/v1/loyalties/Club/rewards"
    engine.clock.advance(seconds=1)

    changed = engine.put(f"{path}/{made['id']}", {"parameters": {"loyalty": {"points": 300}}})
    same = engine.put(f"{path}/{made['id']}", {})

    assert changed["parameters"] == same["parameters"] == {"loyalty": {"points": 300}}
    assert changed["updated_at"] == "2030-01-02T03:04:06.000Z"
    assert engine.get(f"{path}/{made['id']}") == same


@pytest.mark.parametrize("door", ["rewards", "loyalties"])
def test_an_assignment_is_taken_away(engine: EngineClient, mug: str, door: str) -> None:
    made = engine.post(f"{REWARDS}/{mug}/assignments", {"campaign": "Club", **PRICE})
    path = f"{REWARDS}/{mug}/assignments" if door == "rewards" else "/v1/loyalties/Club/rewards"

    engine.delete(f"{path}/{made['id']}")

    assert engine.get(path)["total"] == 0
    engine.delete(f"{path}/{made['id']}", status=404)
    assert engine.get(f"{REWARDS}/{mug}")["id"] == mug


def test_an_assignment_is_found_where_it_belongs_only(engine: EngineClient, coin: str, mug: str) -> None:
    made = engine.post(f"{REWARDS}/{mug}/assignments", {"campaign": "Club", **PRICE})

    for path in (f"{REWARDS}/{coin}/assignments", "/v1/loyalties/Circle/rewards"):
        engine.get(f"{path}/{made['id']}", status=404)
        engine.put(f"{path}/{made['id']}", PRICE, status=404)
        engine.delete(f"{path}/{made['id']}", status=404)


def test_a_reward_is_deleted_with_its_assignments(engine: EngineClient, coin: str, mug: str) -> None:
    made = engine.post("/v1/loyalties/Club/rewards", [{"reward": coin}, {"reward": mug, **PRICE}])

    engine.delete(f"{REWARDS}/{mug}")

    assert engine.get("/v1/loyalties/Club/rewards")["data"] == made[:1]


def test_a_card_has_the_rewards_of_its_campaign(engine: EngineClient, coin: str, mug: str) -> None:
    _, made = engine.post("/v1/loyalties/Club/rewards", [{"reward": coin}, {"reward": mug, **PRICE}])

    offered = for_card(engine, mug)

    assert (offered.reward["id"], offered.reward["body"]["type"]) == (mug, "MATERIAL")
    assert (offered.assignment["id"], offered.assignment["body"]["parameters"]) == (made["id"], PRICE["parameters"])
    assert for_card(engine, coin).reward["body"]["parameters"] == COIN["parameters"]
    for reward_id, campaign_id in ((mug, "camp_circle"), ("rew_none", CLUB)):
        with pytest.raises(NotFound, match="Resource not found") as caught:
            for_card(engine, reward_id, campaign_id)
        assert (caught.value.resource_type, caught.value.resource_id) == ("reward", reward_id)


def test_a_stock_is_counted_down_and_given_back(engine: EngineClient, mug: str) -> None:
    engine.put(f"{REWARDS}/{mug}", {"stock": 2})

    assert [take(engine, mug) for _ in range(3)] == [True, True, False]
    assert engine.get(f"{REWARDS}/{mug}")["redeemed"] == 2
    give_back(engine, mug)
    assert engine.get(f"{REWARDS}/{mug}")["redeemed"] == 1
    assert take(engine, mug)


def test_without_a_stock_there_is_no_end(engine: EngineClient, coin: str) -> None:
    assert all(take(engine, coin) for _ in range(3))
    assert engine.get(f"{REWARDS}/{coin}")["redeemed"] == 3


def test_giving_back_never_counts_below_nothing(engine: EngineClient, mug: str) -> None:
    give_back(engine, mug)
    assert engine.get(f"{REWARDS}/{mug}")["redeemed"] == 0
    engine.delete(f"{REWARDS}/{mug}")
    give_back(engine, mug)


def test_the_same_request_assigns_once(engine: EngineClient, coin: str) -> None:
    sent = [{"reward": coin}]

    first = engine.post("/v1/loyalties/Club/rewards", sent, Idempotency_Key="once")

    assert engine.post("/v1/loyalties/Club/rewards", sent, Idempotency_Key="once") == first
    engine.post("/v1/loyalties/Club/rewards", sent, Idempotency_Key="again", status=409)
