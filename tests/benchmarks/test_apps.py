"""The thin view that redemptions are measured against does its three writes in the engine's own tables."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from benchmarks import apps
from checkout_bridge.engine.app import create_engine_app, dispose


def test_the_thin_view_counts_the_voucher_and_keeps_order_and_redemption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given an engine's database, when the thin view redeems, then the engine finds the redemption in it."""
    path, keys = tmp_path / "engine.db", {"X-App-Id": "id", "X-App-Token": "token"}
    engine = create_engine_app(f"sqlite:///{path}", "id", "token")
    asked = engine.test_client()
    asked.post("/v1/vouchers/TEN", json={"discount": {"type": "PERCENT", "percent_off": 10}}, headers=keys)
    opened: list[sqlite3.Connection] = []
    connect = apps._connect
    monkeypatch.setattr(apps, "_connect", lambda path: opened.append(connect(path)) or opened[-1])
    monkeypatch.setenv(apps.DATABASE_VARIABLE, str(path))

    sent = {"redeemables": [{"object": "voucher", "id": "TEN"}], "order": {"source_id": "o-1", "amount": 1000}}
    answer = apps.thin_redemptions().test_client().post("/v1/redemptions", json=sent)
    opened[0].close()

    assert answer.status_code == 200
    assert asked.get("/v1/vouchers/TEN", headers=keys).get_json()["redemption"]["redeemed_quantity"] == 1
    assert asked.get("/v1/orders/o-1", headers=keys).get_json()["total_amount"] == 900
    dispose(engine)
