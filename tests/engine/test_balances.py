"""Gift card balances moved by hand, each source once, and the list of movements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient


def move(engine: EngineClient, amount: int, *, status: int = 200, **more: str) -> Any:
    """Change the balance of the card GIFT."""
    return engine.post("/v1/vouchers/GIFT/balance", {"amount": amount, **more}, status=status)


@pytest.fixture(autouse=True)
def card(engine: EngineClient) -> Any:
    """A card with 1000 on it."""
    return engine.gift_card("GIFT", 1000)


def test_credits_are_added(engine: EngineClient, card: Any) -> None:
    assert move(engine, 500) == {
        "amount": 500,
        "total": 1500,
        "balance": 1500,
        "type": "gift_voucher",
        "operation_type": "MANUAL",
        "object": "balance",
        "related_object": {"type": "voucher", "id": card["id"]},
    }
    assert engine.balance("GIFT") == 1500


def test_a_negative_amount_removes_and_the_cards_amount_stays(engine: EngineClient) -> None:
    assert move(engine, -400)["balance"] == 600

    gift = engine.voucher("GIFT")["gift"]
    assert (gift["amount"], gift["subtracted_amount"], gift["balance"]) == (1000, 400, 600)


def test_no_more_can_be_removed_than_there_is(engine: EngineClient) -> None:
    before = engine.everything()

    assert move(engine, -1001, status=400)["key"] == "gift_amount_exceeded"
    assert engine.everything() == before


def test_a_source_moves_the_balance_once(engine: EngineClient) -> None:
    first = move(engine, 500, source_id="refund-1", reason="goodwill")
    second = move(engine, 500, source_id="refund-1")

    assert second == first
    assert engine.balance("GIFT") == 1500
    assert move(engine, 501, source_id="refund-1", status=400)["key"] == "duplicate_source_id"
    assert engine.balance("GIFT") == 1500


def test_a_source_is_remembered_for_each_card_on_its_own(engine: EngineClient) -> None:
    engine.gift_card("OTHER", 0)
    move(engine, 500, source_id="refund-1")

    assert engine.post("/v1/vouchers/OTHER/balance", {"amount": 70, "source_id": "refund-1"})["balance"] == 70


def test_a_coupon_has_no_balance(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)

    assert engine.post("/v1/vouchers/CODE/balance", {"amount": 1}, status=400)["key"] == "invalid_voucher"


def test_movements_are_listed_newest_first_from_a_cursor_on(engine: EngineClient) -> None:
    move(engine, 500, source_id="refund-1", reason="goodwill")
    move(engine, -200)
    engine.redeem("GIFT", order={"amount": 100})

    page = engine.get("/v1/vouchers/GIFT/transactions?limit=2")
    rest = engine.get(f"/v1/vouchers/GIFT/transactions?limit=2&starting_after_id={page['more_starting_after']}")

    assert (page["object"], page["data_ref"], page["has_more"]) == ("list", "data", True)
    assert [one["type"] for one in page["data"]] == ["CREDITS_REDEMPTION", "CREDITS_REMOVAL"]
    assert [one["details"]["balance"]["balance"] for one in page["data"]] == [1200, 1300]
    (first,) = rest["data"]
    assert (first["type"], first["source_id"], first["reason"]) == ("CREDITS_ADDITION", "refund-1", "goodwill")
    assert first["source"] == "API"
    assert rest["has_more"] is False
    assert "more_starting_after" not in rest
