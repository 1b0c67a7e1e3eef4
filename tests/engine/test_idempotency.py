"""Idempotency keys: the same request does its work once and gets the same answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient

REDEEM = {"redeemables": [{"object": "voucher", "id": "CODE"}], "order": {"source_id": "cart-1", "amount": 1000}}


def test_the_same_key_redeems_once_and_answers_the_same(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)

    first = engine.post("/v1/redemptions", REDEEM, Idempotency_Key="k")
    after_the_first = engine.everything()
    second = engine.post("/v1/redemptions", REDEEM, Idempotency_Key="k")

    assert second == first
    assert engine.everything() == after_the_first


def test_another_key_is_another_redemption(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)

    ids = {engine.post("/v1/redemptions", REDEEM, Idempotency_Key=key)["redemptions"][0]["id"] for key in "ab"}

    assert len(ids) == 2
    assert engine.redeemed_quantity("CODE") == 2


def test_a_rollback_is_answered_again_rather_than_refused(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)
    path = f"/v1/redemptions/{engine.post('/v1/redemptions', REDEEM)['redemptions'][0]['id']}/rollback"

    first = engine.post(path, {}, Idempotency_Key="back")

    assert engine.post(path, {}, Idempotency_Key="back") == first
    assert engine.redeemed_quantity("CODE") == 0


def test_a_deletion_is_answered_again_without_a_body(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)

    for _ in range(2):
        response = engine.send("DELETE", "/v1/vouchers/CODE", Idempotency_Key="delete")
        assert (response.status_code, response.data) == (204, b"")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/redemptions", {**REDEEM, "order": {"source_id": "cart-1", "amount": 999}}),
        ("/v1/orders", REDEEM),
        ("/v1/redemptions?again", REDEEM),
    ],
)
def test_a_key_used_for_another_request_is_a_conflict(engine: EngineClient, path: str, body: object) -> None:
    engine.coupon("CODE", amount_off=100)
    engine.post("/v1/redemptions", REDEEM, Idempotency_Key="k")
    before = engine.everything()

    error = engine.post(path, body, status=409, Idempotency_Key="k")

    assert error["key"] == "idempotency_key_reused"
    assert "Idempotency-Key" in error["details"]
    assert engine.everything() == before


def test_a_validation_is_asked_anew_under_the_same_key(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)
    assert engine.post("/v1/validations", REDEEM, Idempotency_Key="k")["valid"] is True

    engine.post("/v1/vouchers/CODE/disable")

    assert engine.post("/v1/validations", REDEEM, Idempotency_Key="k")["valid"] is False


def test_a_failed_write_is_not_remembered(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)
    engine.post("/v1/vouchers/CODE/disable")
    before = engine.everything()

    assert engine.post("/v1/redemptions", REDEEM, status=400, Idempotency_Key="k")["key"] == "voucher_disabled"
    assert engine.everything() == before

    engine.post("/v1/vouchers/CODE/enable")
    assert engine.post("/v1/redemptions", REDEEM, Idempotency_Key="k")["order"]["total_amount"] == 900


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_from_1_to_255_characters(engine: EngineClient, key: str) -> None:
    before = engine.everything()

    error = engine.post("/v1/orders", {"amount": 1}, status=400, Idempotency_Key=key)

    assert "Idempotency-Key" in error["details"]
    assert engine.everything() == before
