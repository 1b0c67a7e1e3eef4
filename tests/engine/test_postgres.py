"""The core flow on PostgreSQL, where more is checked than on SQLite. Races there: see test_concurrency."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine


@pytest.fixture
def engine(postgres_url: str, open_engine: OpenEngine) -> Iterator[EngineClient]:
    """An engine with nothing in it."""
    with open_engine(postgres_url) as client:
        yield client


def test_a_stack_is_validated_redeemed_and_rolled_back(engine: EngineClient) -> None:
    engine.gift_card("GIFT", 100)
    engine.coupon("TWENTY", percent_off=20, quantity=1)
    order = {"source_id": "cart-1", "amount": 200_000, "customer": {"source_id": "ann"}}
    session = {"type": "LOCK", "key": "mine"}

    validated = engine.validate("GIFT", "TWENTY", order=order, session=session)
    assert validated["order"]["total_amount"] == 159_920
    assert engine.validate("TWENTY", order=order)["valid"] is False

    redeemed = engine.redeem("GIFT", "TWENTY", order=order, session=session)
    assert redeemed["order"]["total_amount"] == 159_920
    assert engine.balance("GIFT") == 0
    assert engine.redeemed_quantity("TWENTY") == 1
    assert engine.redeem("TWENTY", order=order, status=400)["key"] == "quantity_exceeded"

    parent_id = redeemed["parent_redemption"]["id"]
    assert engine.roll_back_stack(parent_id)["order"]["total_amount"] == 200_000
    assert engine.roll_back_stack(parent_id, status=400)["key"] == "already_rolled_back"
    assert engine.balance("GIFT") == 100
    assert engine.redeemed_quantity("TWENTY") == 0
    assert engine.get("/v1/orders/cart-1")["status"] == "CANCELED"


def test_balances_lists_and_deletions_work(engine: EngineClient) -> None:
    engine.gift_card("GIFT", 1000)
    engine.coupon("CODE", amount_off=10)
    for _ in range(2):
        moved = engine.post("/v1/vouchers/GIFT/balance", {"amount": -300, "source_id": "till-4"}, Idempotency_Key="k")
        assert moved["balance"] == 700

    assert [voucher["code"] for voucher in engine.get("/v1/vouchers")["vouchers"]] == ["CODE", "GIFT"]
    assert len(engine.get("/v1/vouchers/GIFT/transactions")["data"]) == 1
    engine.delete("/v1/vouchers/CODE")
    assert engine.coupon("CODE", amount_off=20)["discount"]["amount_off"] == 20
    assert engine.coupon("CODE", amount_off=30, status=409)["key"] == "duplicate_found"


def test_text_that_the_database_cannot_keep_is_refused_before_it(engine: EngineClient) -> None:
    before = engine.everything()

    for text in ("A\0B", "\ud800", "x" * 501):
        engine.post("/v1/orders", {"source_id": text, "amount": 1}, status=400)
    engine.post(f"/v1/vouchers/{'C' * 201}", {"discount": {"type": "AMOUNT", "amount_off": 1}}, status=400)
    engine.post("/v1/orders", b'{"amount": 1, "metadata": {"a": 1e999}}', status=400)
    engine.get("/v1/vouchers/A%00B", status=404)
    engine.get("/v1/vouchers/GIFT/transactions?starting_after_id=%00", status=404)

    assert engine.everything() == before


def test_a_second_engine_finds_what_the_first_kept(
    engine: EngineClient, postgres_url: str, open_engine: OpenEngine
) -> None:
    engine.coupon("CODE", amount_off=100)

    with open_engine(postgres_url) as second:
        assert second.redeem("CODE", order={"amount": 1000})["order"]["total_amount"] == 900

    assert engine.redeemed_quantity("CODE") == 1
