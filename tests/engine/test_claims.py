"""A claim on a voucher is one conditional write: it holds by itself, whatever was read before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection

from checkout_bridge.database import writing
from checkout_bridge.engine.store import vouchers as store

if TYPE_CHECKING:
    from .conftest import EngineClient

NOW = "2030-01-02T03:04:05.000Z"


@pytest.fixture
def connection(engine: EngineClient) -> Iterator[Connection]:
    """A coupon with two uses, one of them held by a session; a card with 500, of which a session holds 200."""
    engine.coupon("TWICE", amount_off=100, quantity=2)
    engine.gift_card("CARD", 500)
    redeemables = [{"object": "voucher", "id": "TWICE"}, {"object": "voucher", "id": "CARD", "gift": {"credits": 200}}]
    session = {"type": "LOCK", "key": "mine"}
    engine.post("/v1/validations", {"redeemables": redeemables, "session": session})
    with writing(engine.app.extensions["checkout_bridge.engine"]) as connection:
        yield connection


def claim(connection: Connection, code: str, *, credits: int = 0, session_key: str = "") -> bool:
    """Claim the voucher with this code."""
    row = store.find(connection, code, now=NOW)
    assert row is not None
    return store.claim(connection, row["id"], credits=credits, now=NOW, session_key=session_key)


def test_no_more_uses_are_claimed_than_there_are_and_are_not_held(connection: Connection) -> None:
    assert claim(connection, "TWICE") is True
    assert claim(connection, "TWICE") is False
    assert claim(connection, "TWICE", session_key="mine") is True
    assert claim(connection, "TWICE", session_key="mine") is False


def test_no_more_credits_are_claimed_than_there_are_and_are_not_held(connection: Connection) -> None:
    assert claim(connection, "CARD", credits=301) is False
    assert claim(connection, "CARD", credits=300) is True
    assert claim(connection, "CARD", credits=201, session_key="mine") is False
    assert claim(connection, "CARD", credits=200, session_key="mine") is True


def test_a_voucher_that_was_switched_off_is_not_claimed(connection: Connection) -> None:
    row = store.find(connection, "TWICE", now=NOW)
    assert row is not None
    store.change(connection, row["id"], {"active": False})

    assert claim(connection, "TWICE") is False


def test_what_was_claimed_goes_back_once(connection: Connection) -> None:
    row = store.find(connection, "CARD", now=NOW)
    assert row is not None
    claim(connection, "CARD", credits=300)

    assert store.give_back(connection, row["id"], credits=300) is True
    assert store.give_back(connection, row["id"], credits=300) is False
    assert store.find(connection, "CARD", now=NOW) == row
