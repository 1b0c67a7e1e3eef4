"""Rewards on PostgreSQL, where transactions overlap: a stock is never overdrawn, and a reward is assigned once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from checkout_bridge.database import writing
from checkout_bridge.engine.services import rewards
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaigns

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine

AT_ONCE = 6


@pytest.fixture
def engine(postgres_url: str, open_engine: OpenEngine) -> Iterator[EngineClient]:
    """An engine with a loyalty campaign."""
    with open_engine(postgres_url) as client:
        with writing(client.app.extensions["checkout_bridge.engine"]) as connection:
            club = {"id": "camp_club", "name": "Club", "campaign_type": "LOYALTY_PROGRAM", "active": True, "body": {}}
            campaigns.add(connection, {**club, "has_rules": False, "created_at": "2030-01-01T00:00:00.000Z"})
        yield client


@pytest.fixture
def mug(engine: EngineClient) -> str:
    """The id of a reward of which there are three."""
    return str(engine.post("/v1/rewards", {"parameters": {"product": {"id": "mug"}}, "stock": 3})["id"])


def test_no_more_are_taken_than_there_are(engine: EngineClient, mug: str) -> None:
    def take(_: int) -> bool:
        with writing(engine.app.extensions["checkout_bridge.engine"]) as connection:
            return rewards.take(Unit(connection, engine.clock(), "shop"), mug)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        taken = list(threads.map(take, range(AT_ONCE)))

    assert sorted(taken) == [False] * 3 + [True] * 3
    assert engine.get(f"/v1/rewards/{mug}")["redeemed"] == 3


def test_a_reward_is_assigned_once(engine: EngineClient, mug: str) -> None:
    sent = {"campaign": "Club", "parameters": {"loyalty": {"points": 5}}}

    def assign(_: int) -> int:
        return engine.send("POST", f"/v1/rewards/{mug}/assignments", sent).status_code

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answered = list(threads.map(assign, range(AT_ONCE)))

    assert sorted(answered) == [200] + [409] * (AT_ONCE - 1)
    assert engine.get("/v1/loyalties/Club/rewards")["total"] == 1
