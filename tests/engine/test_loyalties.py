"""Loyalty programs: members, their cards, and the points on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient

ANN = {"source_id": "ann", "name": "Ann"}


@pytest.fixture
def program(engine: EngineClient) -> Any:
    """A program whose cards start with 100 points."""
    voucher = {"type": "LOYALTY_CARD", "loyalty_card": {"points": 100}}
    return engine.post("/v1/loyalties", {"name": "Club", "voucher": voucher, "metadata": {"a": 1}})


@pytest.fixture
def card(engine: EngineClient, program: Any) -> Any:
    """Ann's card."""
    return engine.post("/v1/loyalties/Club/members", {"customer": ANN})


def test_a_program_is_a_campaign_behind_another_door(engine: EngineClient, program: Any) -> None:
    engine.post("/v1/campaigns", {"name": "Gifts", "voucher": {"type": "GIFT_VOUCHER", "gift": {"amount": 1}}})

    assert program["campaign_type"] == "LOYALTY_PROGRAM"
    assert program["voucher"]["loyalty_card"] == {"points": 100}
    assert program["join_once"] is True
    assert program == engine.get("/v1/loyalties/Club") == engine.get(f"/v1/campaigns/{program['id']}")
    assert [one["name"] for one in engine.get("/v1/loyalties")["campaigns"]] == ["Club"]
    engine.get("/v1/loyalties/Gifts", status=404)


def test_a_program_is_changed_and_deleted(engine: EngineClient, card: Any) -> None:
    assert engine.put("/v1/loyalties/Club", {"description": "for friends"})["description"] == "for friends"

    assert list(engine.delete("/v1/loyalties/Club", status=200)) == ["async_action_id"]

    engine.get("/v1/loyalties/Club", status=404)
    engine.get(f"/v1/loyalties/members/{card['code']}", status=404)


def test_a_member_gets_a_card_with_the_first_points(engine: EngineClient, program: Any, card: Any) -> None:
    assert (card["object"], card["type"], card["campaign"]) == ("voucher", "LOYALTY_CARD", "Club")
    assert card["loyalty_card"]["points"] == card["loyalty_card"]["balance"] == 100
    assert card["loyalty_card"]["next_expiration_date"] is None
    assert card["redemption"]["redeemed_points"] == 0
    assert card["publish"]["count"] == 1
    assert card["holder_id"].startswith("cust_")
    assert card == engine.get(f"/v1/loyalties/members/{card['code']}") == engine.voucher(card["code"])
    assert card == engine.get(f"/v1/loyalties/Club/members/{card['id']}")


def test_a_customer_is_a_member_once(engine: EngineClient, card: Any) -> None:
    again = engine.post("/v1/loyalties/Club/members", {"customer": ANN})
    other = engine.post("/v1/loyalties/Club/members", {"customer": {"source_id": "bob"}})

    assert again == card
    assert other["code"] != card["code"]
    assert engine.get("/v1/loyalties/Club")["vouchers_count"] == 2


def test_a_member_may_be_given_a_card_that_is_there(engine: EngineClient, program: Any) -> None:
    engine.post("/v1/campaigns/Club/vouchers/CARD-1", {})
    engine.coupon("COUPON", amount_off=1)

    made = engine.post("/v1/loyalties/Club/members", {"customer": ANN, "voucher": "CARD-1"})

    assert (made["code"], made["publish"]["count"]) == ("CARD-1", 1)
    bob: dict[str, Any] = {"customer": {"source_id": "bob"}}
    taken = engine.post("/v1/loyalties/Club/members", {**bob, "voucher": "CARD-1"}, status=400)
    assert taken["key"] == "voucher_already_published"
    for code in ("NONE", "COUPON"):
        engine.post("/v1/loyalties/Club/members", {**bob, "voucher": code}, status=404)


def test_members_are_listed_newest_first_and_by_customer(engine: EngineClient, card: Any) -> None:
    bob = engine.post("/v1/loyalties/Club/members", {"customer": {"source_id": "bob"}})

    listed = engine.get("/v1/loyalties/Club/members")

    assert listed == {"object": "list", "data_ref": "vouchers", "vouchers": [bob, card], "total": 2}
    assert engine.get("/v1/loyalties/Club/members?customer=ann")["vouchers"] == [card]
    assert engine.get("/v1/loyalties/Club/members?customer=nobody")["total"] == 0


@pytest.mark.parametrize("door", ["/v1/loyalties/members", "/v1/loyalties/Club/members"])
def test_points_are_added_and_removed(engine: EngineClient, card: Any, door: str) -> None:
    member = f"{door}/{card['code']}"

    added = engine.post(f"{member}/balance", {"points": 50, "expiration_type": "NON_EXPIRING", "reason": "birthday"})
    removed = engine.post(f"{member}/balance", {"points": -120})

    assert added == {
        "points": 50,
        "total": 150,
        "balance": 150,
        "type": "loyalty_card",
        "operation_type": "MANUAL",
        "object": "balance",
        "related_object": {"type": "voucher", "id": card["id"]},
    }
    assert (removed["points"], removed["total"], removed["balance"]) == (-120, 150, 30)
    now = engine.get(member)["loyalty_card"]
    assert (now["points"], now["balance"], now["subtracted_points"]) == (150, 30, 120)


def test_more_points_than_there_are_cannot_be_removed(engine: EngineClient, card: Any) -> None:
    error = engine.post(f"/v1/loyalties/members/{card['code']}/balance", {"points": -101}, status=400)

    assert error["key"] == "loyalty_card_points_exceeded"
    assert engine.voucher(card["code"])["loyalty_card"]["balance"] == 100


def test_the_same_source_moves_points_once(engine: EngineClient, card: Any) -> None:
    body = {"points": 10, "source_id": "event-1"}

    first = engine.post(f"/v1/loyalties/members/{card['code']}/balance", body)

    assert engine.post(f"/v1/loyalties/members/{card['code']}/balance", body) == first
    assert engine.voucher(card["code"])["loyalty_card"]["balance"] == 110


def test_the_door_of_vouchers_moves_points_as_amounts(engine: EngineClient, card: Any) -> None:
    moved = engine.post(f"/v1/vouchers/{card['code']}/balance", {"amount": 5})

    assert (moved["amount"], moved["balance"], moved["type"]) == (5, 105, "loyalty_card")


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({}, "Payload should have required property 'points'"),
        ({"points": 1.5}, "Property .points must be integer"),
        ({"points": 5, "expiration_type": "CUSTOM_DATE"}, "Property .expiration_type CUSTOM_DATE is not supported"),
        ({"points": 5, "expiration_date": "2031-01-01"}, "Property .expiration_date is not supported by this engine"),
        ({"points": 5, "expiration_type": "LATER"}, "Property .expiration_type must be equal to one of"),
    ],
)
def test_points_that_cannot_be_moved_are_told_by_their_property(
    engine: EngineClient, card: Any, body: dict[str, Any], details: str
) -> None:
    assert details in engine.post(f"/v1/loyalties/members/{card['code']}/balance", body, status=400)["details"]


def test_movements_are_listed_newest_first(engine: EngineClient, card: Any) -> None:
    member = f"/v1/loyalties/members/{card['code']}"
    engine.post(f"{member}/balance", {"points": 50, "reason": "birthday"})
    engine.post(f"{member}/balance", {"points": -20})

    listed = engine.get(f"{member}/transactions?order=1")

    assert [one["type"] for one in listed["data"]] == ["POINTS_REMOVAL", "POINTS_ADDITION"]
    assert [one["source"] for one in listed["data"]] == [None, None]
    assert listed["data"][1]["reason"] == "birthday"
    assert listed["data"][1]["campaign_id"] == card["campaign_id"]
    assert listed["data"][1]["details"]["balance"] == {
        "type": "loyalty_card",
        "points": 50,
        "balance": 150,
        "object": "balance",
        "related_object": {"type": "voucher", "id": card["id"]},
    }
    assert (listed["object"], listed["data_ref"], listed["has_more"]) == ("list", "data", False)
    assert engine.get(f"/v1/loyalties/Club/members/{card['code']}/transactions") == listed
    assert [one["source"] for one in engine.get(f"/v1/vouchers/{card['code']}/transactions")["data"]] == ["API", "API"]


def test_movements_go_on_after_the_last_one_seen(engine: EngineClient, card: Any) -> None:
    member = f"/v1/loyalties/members/{card['code']}"
    for points in (1, 2, 3):
        engine.post(f"{member}/balance", {"points": points})

    first = engine.get(f"{member}/transactions?limit=2")
    rest = engine.get(f"{member}/transactions?limit=2&starting_after_id={first['more_starting_after']}")

    assert [one["details"]["balance"]["points"] for one in first["data"] + rest["data"]] == [3, 2, 1]
    assert (first["has_more"], rest["has_more"]) == (True, False)


def test_only_a_card_of_the_program_is_a_member(engine: EngineClient, card: Any) -> None:
    other = {"name": "Other", "voucher": {"type": "LOYALTY_CARD", "loyalty_card": {"points": 0}}}
    engine.post("/v1/loyalties", other)
    engine.gift_card("GIFT", 100)

    engine.get(f"/v1/loyalties/Other/members/{card['code']}", status=404)
    engine.get("/v1/loyalties/members/GIFT", status=404)
    engine.post("/v1/loyalties/members/GIFT/balance", {"points": 5}, status=404)
    assert engine.balance("GIFT") == 100
