"""A storm: many threads redeem and give back whatever they like. At every moment and in the end the books balance.

It lasts as many seconds as ``CHECKOUT_BRIDGE_STORM`` says, with 64 threads; without it, it is small and short.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Row, and_, func, select

from checkout_bridge.database import reading
from checkout_bridge.engine.store.schema import redemptions, vouchers

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine

LASTING = float(os.environ.get("CHECKOUT_BRIDGE_STORM", "0"))
THREADS, SECONDS, LIMIT = (64, LASTING, 100) if LASTING else (16, 3.0, 20)
PATIENCE = 120  # seconds; whoever needs longer than that hangs
GIVEN_BACK = 0.3
# So often in a second all begin to want something else, and such a part of them does.
GUSTS, TOGETHER = 5, 0.8
BUDGET, PER_CUSTOMER = 15, 2
IN_CAMPAIGN = ("SPRING-1", "SPRING-2", "SPRING-3")
CUSTOMERS = ("ann", "bob", "cleo")
HOLDER = "ann"
CREDITS, POINTS = 5000, 3000
# What may be answered to who comes too late.
REFUSALS = {
    "quantity_exceeded",
    "gift_amount_exceeded",
    "loyalty_card_points_exceeded",
    "redemption_rules_violated",
    "already_rolled_back",
    "multiple_requests",
}
STANDS = and_(redemptions.c.object == "redemption", redemptions.c.status == "SUCCEEDED")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, open_engine: OpenEngine) -> Iterator[EngineClient]:
    """An engine with everything that is counted, on each database."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/engine.db" if sqlite else request.getfixturevalue("postgres_url")
    with open_engine(url) as client:
        client.coupon("LIMITED", amount_off=10, quantity=LIMIT)
        client.coupon("ONE", amount_off=10)
        client.coupon("TWO", amount_off=10)
        client.coupon("FEW-EACH", amount_off=10)
        client.gift_card("CARD", CREDITS)
        per_customer = {"name": "redemption.count.per_customer", "conditions": at_most(PER_CUSTOMER)}
        client.obey("FEW-EACH", rules={"1": per_customer, "logic": "1"})
        yield client


def at_most(number: int) -> dict[str, list[int]]:
    return {"$less_than_or_equal": [number]}


@pytest.fixture
def campaign(engine: EngineClient) -> str:
    """The id of a campaign whose vouchers together may be used a few times only."""
    made = engine.post(
        "/v1/campaigns", {"name": "Spring", "voucher": {"discount": {"type": "AMOUNT", "amount_off": 10}}}
    )
    for code in IN_CAMPAIGN:
        engine.post(f"/v1/campaigns/Spring/vouchers/{code}", {})
    budget = {"name": "campaign.redemptions.count", "conditions": at_most(BUDGET)}
    rule = engine.post("/v1/validation-rules", {"name": "budget", "rules": {"1": budget, "logic": "1"}})
    assignment = {"related_object_type": "campaign", "related_object_id": made["id"]}
    engine.post(f"/v1/validation-rules/{rule['id']}/assignments", assignment)
    return str(made["id"])


@pytest.fixture
def loyalty_card(engine: EngineClient) -> dict[str, Any]:
    """The redeemable that pays with a loyalty card's points; how many is left to say."""
    voucher = {"type": "LOYALTY_CARD", "loyalty_card": {"points": POINTS}}
    engine.post("/v1/loyalties", {"name": "Club", "voucher": voucher})
    member = engine.post("/v1/loyalties/Club/members", {"customer": {"source_id": HOLDER}})
    coin = {"exchange_ratio": 1, "points_ratio": 1}
    reward = engine.post("/v1/rewards", {"name": "Cash", "parameters": {"coin": coin}})
    engine.post("/v1/loyalties/Club/rewards", [{"reward": reward["id"]}])
    return {"object": "voucher", "id": member["code"], "reward": {"id": reward["id"]}}


@dataclass
class Storm:
    """What the threads did: ``used`` counts what they were told to have redeemed and not given back, by code."""

    engine: EngineClient
    loyalty_card: Mapping[str, Any]
    used: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    _redeemed: dict[str, Sequence[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def rage(self, seed: int, until: float) -> None:
        """Redeem or give back at random until the time has come, on a slow machine until limits are reached."""
        random = Random(seed)
        while (now := time.monotonic()) < until or (not self.has_reached_limits and now < until + PATIENCE):
            if self.faults:
                return
            id = self._any(random) if random.random() < GIVEN_BACK else None
            if id is not None:
                self._give_back(id)
            else:
                self._redeem(random)

    @property
    def has_reached_limits(self) -> bool:
        """Whether somebody came too late for a voucher, and for what a rule allows."""
        return self.refusals["quantity_exceeded"] > 0 and self.refusals["redemption_rules_violated"] > 0

    def _any(self, random: Random) -> str | None:
        """A redemption that stands, of any voucher alike."""
        with self._lock:
            if not self._redeemed:
                return None
            code = random.choice(sorted({codes[0] for codes in self._redeemed.values()}))
            return random.choice([id for id, codes in self._redeemed.items() if codes[0] == code])

    def _redeem(self, random: Random) -> None:
        redeemables = self._some_redeemables(random)
        with_points = any("reward" in one for one in redeemables)
        customer = HOLDER if with_points else random.choice(CUSTOMERS)
        body = {"redeemables": redeemables, "order": {"amount": 10_000}, "customer": {"source_id": customer}}
        answer = self._asked("/v1/redemptions", body)
        if answer is None:
            return
        codes = [one["voucher"]["code"] for one in answer["redemptions"]]
        id = answer.get("parent_redemption", answer["redemptions"][0])["id"]
        with self._lock:
            self.used.update(codes)
            self._redeemed[id] = codes

    def _give_back(self, id: str) -> None:
        """Several may want the same back; only who is told to have got it counts it."""
        if self._asked(f"/v1/redemptions/{id}/rollbacks", {}) is not None:
            with self._lock:
                self.used.subtract(self._redeemed.pop(id))

    def _asked(self, path: str, body: Any) -> Any:
        response = self.engine.send("POST", path, body)
        answer = response.get_json()
        if response.status_code == 200:
            return answer
        with self._lock:
            self.refusals[answer["key"]] += 1
            if response.status_code != 400 or answer["key"] not in REFUSALS:
                self.faults.append(response.get_data(as_text=True))
        return None

    def _some_redeemables(self, random: Random) -> list[dict[str, Any]]:
        def coupons(*codes: str) -> list[dict[str, Any]]:
            return [{"object": "voucher", "id": code} for code in codes]

        card = {"object": "voucher", "id": "CARD", "gift": {"credits": random.randint(1, 400)}}
        points = {**self.loyalty_card, "reward": {**self.loyalty_card["reward"], "points": random.randint(1, 300)}}
        stack = [*coupons("LIMITED", "ONE", "TWO"), card, points]
        random.shuffle(stack)  # in opposing orders
        alone = [coupons("LIMITED"), coupons("FEW-EACH"), coupons(random.choice(IN_CAMPAIGN)), [card], [points]]
        kinds = [*alone, stack, stack[:2]]
        gust = kinds[int(time.monotonic() * GUSTS) % len(kinds)]
        return gust if random.random() < TOGETHER else random.choice(kinds)


def books(engine: EngineClient) -> list[Row[Any]]:
    """Every voucher beside what its redemptions add up to, all of one moment."""
    its = (redemptions.c.related_object_id == vouchers.c.id) & STANDS
    columns = [
        vouchers.c[name]
        for name in ("code", "quantity", "redeemed_quantity", "gift_amount", "gift_balance", "redeemed_amount")
    ]
    sums = (func.count(redemptions.c.id).label("uses"), func.coalesce(func.sum(redemptions.c.amount), 0).label("paid"))
    return _read(engine, select(*columns, *sums).outerjoin(redemptions, its).group_by(vouchers.c.number))


def counts(engine: EngineClient, column: Any, *where: Any) -> dict[str, int]:
    """How many redemptions stand, by something."""
    statement = select(column, func.count()).where(STANDS, *where).group_by(column)
    return {row[0]: row[1] for row in _read(engine, statement)}


def _read(engine: EngineClient, statement: Any) -> list[Row[Any]]:
    with reading(engine.app.extensions["checkout_bridge.engine"]) as connection:
        return list(connection.execute(statement))


def check_books(engine: EngineClient, campaign: str) -> None:
    """No limit is passed, and every counter says what the redemptions say."""
    for row in books(engine):
        assert row.redeemed_quantity == row.uses, row
        assert row.quantity is None or row.uses <= row.quantity, row
        if row.gift_amount is not None:
            assert row.redeemed_amount == row.paid, row
            assert row.gift_balance == row.gift_amount - row.paid, row
            assert row.gift_balance >= 0, row
    of_campaigns = counts(engine, redemptions.c.campaign_id)
    assert of_campaigns.get(campaign, 0) <= BUDGET, of_campaigns
    of_each = counts(engine, redemptions.c.customer_id, redemptions.c.voucher_code == "FEW-EACH")
    assert all(number <= PER_CUSTOMER for number in of_each.values()), of_each


def test_the_books_balance_at_every_moment(
    engine: EngineClient, campaign: str, loyalty_card: Mapping[str, Any]
) -> None:
    """Given limits of every kind, when all want everything, then none is passed, nothing is lost and nobody hangs."""
    storm = Storm(engine, loyalty_card)
    until = time.monotonic() + SECONDS

    with ThreadPoolExecutor(THREADS) as pool:
        raging = [pool.submit(storm.rage, seed, until) for seed in range(THREADS)]
        while not all(one.done() for one in raging):
            check_books(engine, campaign)
            time.sleep(0.02)
        for one in raging:
            one.result(timeout=PATIENCE)

    assert storm.faults == []
    check_books(engine, campaign)
    assert {row.code: row.uses for row in books(engine) if row.uses} == dict(+storm.used)
    assert storm.has_reached_limits
