"""Many threads at once, on SQLite and on PostgreSQL: it comes out as if they had come one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import TestResponse

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine

Call = Callable[[], TestResponse]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, open_engine: OpenEngine) -> Iterator[EngineClient]:
    """An engine with nothing in it, on each database."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/engine.db" if sqlite else request.getfixturevalue("postgres_url")
    with open_engine(url) as client:
        yield client


def at_once(*calls: Call) -> list[TestResponse]:
    """Make all calls at the same moment, each in a thread; their responses in order. None of them is a 5xx."""
    start = Barrier(len(calls))

    def run(call: Call) -> TestResponse:
        start.wait(timeout=30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        responses = list(pool.map(run, calls))
    assert [response.get_data(as_text=True) for response in responses if response.status_code >= 500] == []
    return responses


def redeeming(engine: EngineClient, *codes: str, headers: dict[str, str] | None = None, **request: Any) -> Call:
    """A redemption to be made later."""
    body = {"redeemables": [{"object": "voucher", "id": code} for code in codes], **request}
    return lambda: engine.send("POST", "/v1/redemptions", body, **headers or {})


def test_a_limit_is_never_passed(engine: EngineClient) -> None:
    """More threads than uses: exactly as many succeed as there are uses."""
    engine.coupon("LIMITED", amount_off=100, quantity=5)

    responses = at_once(*(redeeming(engine, "LIMITED", order={"amount": 1000}) for _ in range(8)))

    assert Counter(response.status_code for response in responses) == {200: 5, 400: 3}
    refused = {response.get_json()["key"] for response in responses if response.status_code == 400}
    assert refused == {"quantity_exceeded"}
    assert engine.redeemed_quantity("LIMITED") == 5


def test_a_card_is_never_overdrawn_and_its_movements_say_so(engine: EngineClient) -> None:
    """Every thread wants more than its share: the movements tell a balance that never falls below 0."""
    engine.gift_card("CARD", 1000)

    responses = at_once(*(redeeming(engine, "CARD", order={"amount": 300}) for _ in range(6)))

    paid = [response.get_json()["redemptions"][0]["amount"] for response in responses if response.status_code == 200]
    assert sorted(paid) == [100, 300, 300, 300]
    assert engine.balance("CARD") == 0
    movements = engine.get("/v1/vouchers/CARD/transactions")["data"]
    assert [one["details"]["balance"]["balance"] for one in movements] == [0, 100, 400, 700]


def test_stacks_in_opposing_orders_do_not_deadlock(engine: EngineClient) -> None:
    """Stacks that name the same vouchers in opposite orders do not wait for each other forever."""
    for code in ("A", "B"):
        engine.coupon(code, amount_off=10)
    order = {"amount": 1000}

    for _ in range(5):
        stacks = (redeeming(engine, *codes, order=order) for codes in ("AB", "BA", "AB", "BA"))
        assert [response.status_code for response in at_once(*stacks)] == [200] * 4

    assert engine.redeemed_quantity("A") == engine.redeemed_quantity("B") == 20


def test_an_idempotency_key_works_once(engine: EngineClient) -> None:
    """The same request under one idempotency key: one redemption, one answer for all."""
    engine.coupon("CODE", amount_off=100)
    headers = {"Idempotency_Key": "once"}

    responses = at_once(*(redeeming(engine, "CODE", order={"amount": 1000}, headers=headers) for _ in range(4)))

    assert [response.status_code for response in responses] == [200] * 4
    assert len({response.get_json()["redemptions"][0]["id"] for response in responses}) == 1
    assert engine.redeemed_quantity("CODE") == 1


def test_a_new_order_is_kept_once_with_every_discount(engine: EngineClient) -> None:
    """Different codes on one new order: it is one order, and it has every discount."""
    codes = ("A", "B", "C", "D")
    for code in codes:
        engine.coupon(code, amount_off=100)
    order = {"source_id": "cart-1", "amount": 1000, "customer": {"source_id": "ann"}}

    responses = at_once(*(redeeming(engine, code, order=order) for code in codes))

    assert [response.status_code for response in responses] == [200] * 4
    kept = engine.get("/v1/orders/cart-1")
    assert {response.get_json()["order"]["id"] for response in responses} == {kept["id"]}
    assert kept["total_amount"] == 600
    assert len(kept["redemptions"]) == 4


def test_the_last_use_is_held_by_one_session(engine: EngineClient) -> None:
    """The last use is held by one session only, and that one can redeem it."""
    engine.coupon("LAST", amount_off=100, quantity=1)

    def holding(key: str) -> Call:
        body = {"redeemables": [{"object": "voucher", "id": "LAST"}], "session": {"type": "LOCK", "key": key}}
        return lambda: engine.send("POST", "/v1/validations", body)

    keys = [f"session-{i}" for i in range(4)]
    responses = at_once(*(holding(key) for key in keys))

    (winner,) = [key for key, response in zip(keys, responses, strict=True) if response.get_json()["valid"]]
    engine.redeem("LAST", session={"type": "LOCK", "key": winner})


def test_a_rollback_happens_once(engine: EngineClient) -> None:
    """Many want the same stack back: one gets it."""
    engine.coupon("CODE", amount_off=100)
    engine.gift_card("CARD", 500)
    parent_id = engine.redeem("CODE", "CARD", order={"source_id": "cart-1", "amount": 1000})["parent_redemption"]["id"]

    path = f"/v1/redemptions/{parent_id}/rollbacks"
    responses = at_once(*(lambda: engine.send("POST", path, {}) for _ in range(4)))

    assert Counter(response.status_code for response in responses) == {200: 1, 400: 3}
    assert engine.redeemed_quantity("CODE") == 0
    assert engine.balance("CARD") == 500


def test_redeeming_and_rolling_back_on_one_order_do_not_deadlock(engine: EngineClient) -> None:
    """A redemption and a rollback of the same order and voucher wait for each other in one order only."""
    engine.coupon("CODE", amount_off=100)
    order = {"source_id": "cart-1", "amount": 1000}
    for _ in range(5):
        redemption_id = engine.redeem("CODE", order=order)["redemptions"][0]["id"]
        path = f"/v1/redemptions/{redemption_id}/rollback"
        responses = at_once(lambda path=path: engine.send("POST", path, {}), redeeming(engine, "CODE", order=order))
        assert [response.status_code for response in responses] == [200, 200]
        engine.roll_back(responses[1].get_json()["redemptions"][0]["id"])
    assert engine.redeemed_quantity("CODE") == 0
    assert engine.get("/v1/orders/cart-1")["total_amount"] == 1000
