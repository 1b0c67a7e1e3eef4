"""Promotion tiers: discounts of a campaign without codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient

TEN_PERCENT = {"type": "PERCENT", "percent_off": 10}
ACTION = {"discount": TEN_PERCENT}


@pytest.fixture
def campaign(engine: EngineClient) -> Any:
    """A promotion campaign without tiers."""
    return engine.post("/v1/campaigns", {"name": "Sale", "campaign_type": "PROMOTION"})


def add(engine: EngineClient, name: str, **properties: Any) -> Any:
    return engine.post("/v1/promotions/Sale/tiers", {"name": name, "action": ACTION, **properties})


def test_a_campaign_is_made_with_its_tiers(engine: EngineClient) -> None:
    tiers = [{"name": "First", "action": ACTION}, {"name": "Second", "banner": "Now!", "action": ACTION}]

    made = engine.post("/v1/campaigns", {"name": "Sale", "promotion": {"tiers": tiers}})

    assert (made["campaign_type"], made["use_voucher_metadata_schema"]) == ("PROMOTION", False)
    assert "voucher" not in made
    listed = made["promotion"]
    assert (listed["object"], listed["data_ref"], listed["total"], listed["has_more"]) == ("list", "tiers", 2, False)
    assert [(tier["name"], tier["banner"]) for tier in listed["tiers"]] == [("First", None), ("Second", "Now!")]
    assert engine.get("/v1/promotions/Sale/tiers") == listed


def test_a_tier_is_found_as_it_was_made(engine: EngineClient, campaign: Any) -> None:
    rule = engine.obey()["id"]

    made = add(
        engine,
        "All",
        banner="Ten off",
        metadata={"a": 1},
        start_date="2030-01-01",
        validity_day_of_week=[1],
        validation_rules=[rule],
    )

    assert engine.get(f"/v1/promotions/tiers/{made['id']}") == made
    assert made["id"].startswith("promo_")
    assert (made["object"], made["active"], made["hierarchy"]) == ("promotion_tier", True, 1)
    assert (made["name"], made["banner"], made["action"], made["metadata"]) == ("All", "Ten off", ACTION, {"a": 1})
    assert (made["start_date"], made["expiration_date"]) == ("2030-01-01T00:00:00.000Z", None)
    assert made["validity_day_of_week"] == [1]
    assert (made["campaign_id"], made["campaign"]["id"]) == (campaign["id"], campaign["id"])
    assert (made["campaign"]["object"], made["campaign"]["active"]) == ("campaign", True)
    assert (made["category_id"], made["categories"]) == (None, [])
    assert [one["rule_id"] for one in made["validation_rule_assignments"]["data"]] == [rule]
    assert made["summary"] == {
        "redemptions": {"total_redeemed": 0},
        "orders": {"total_amount": 0, "total_discount_amount": 0},
    }


def test_an_action_may_come_without_its_wrapper(engine: EngineClient, campaign: Any) -> None:
    made = add(engine, "Bare", action={"type": "AMOUNT", "amount_off": 1000})

    assert made["action"] == {"discount": {"type": "AMOUNT", "amount_off": 1000}}
    changed = engine.put(f"/v1/promotions/tiers/{made['id']}", {"action": {"type": "AMOUNT", "amount_off": 5}})
    assert changed["action"]["discount"]["amount_off"] == 5


def test_a_tier_comes_after_the_others_unless_it_says_where(engine: EngineClient, campaign: Any) -> None:
    made = [add(engine, "A"), add(engine, "B", hierarchy=5), add(engine, "C"), add(engine, "D", hierarchy=2)]

    assert [tier["hierarchy"] for tier in made] == [1, 5, 6, 2]
    listed = engine.get("/v1/promotions/Sale/tiers")["tiers"]
    assert [tier["name"] for tier in listed] == ["A", "D", "B", "C"]


def test_an_update_changes_what_was_sent_and_nothing_else(engine: EngineClient, campaign: Any) -> None:
    made = add(engine, "Old", banner="stays", expiration_date="2030-02-01", metadata={"a": 1})

    body = {"name": "New", "hierarchy": 3, "expiration_date": None, "metadata": {"b": 2}}
    changed = engine.put(f"/v1/promotions/tiers/{made['id']}", body)

    assert engine.get(f"/v1/promotions/tiers/{made['id']}") == changed
    assert (changed["name"], changed["hierarchy"], changed["expiration_date"]) == ("New", 3, None)
    assert changed["metadata"] == {"a": 1, "b": 2}
    assert {name: changed[name] for name in ("banner", "action")} == {name: made[name] for name in ("banner", "action")}


def test_a_tier_is_disabled_and_enabled(engine: EngineClient, campaign: Any) -> None:
    tier = f"/v1/promotions/tiers/{add(engine, 'A')['id']}"

    assert engine.post(f"{tier}/disable")["active"] is False
    assert engine.post(f"{tier}/enable")["active"] is True


def test_a_deleted_tier_is_gone(engine: EngineClient, campaign: Any) -> None:
    made = add(engine, "A")

    engine.delete(f"/v1/promotions/tiers/{made['id']}")

    assert engine.get(f"/v1/promotions/tiers/{made['id']}", status=404)["resource_type"] == "promotion_tier"
    assert engine.get("/v1/promotions/Sale/tiers")["tiers"] == []


def test_tiers_go_with_their_campaign(engine: EngineClient, campaign: Any) -> None:
    made = add(engine, "A")

    engine.delete("/v1/campaigns/Sale", status=202)

    engine.get(f"/v1/promotions/tiers/{made['id']}", status=404)


def test_the_tiers_of_all_campaigns_are_listed_page_by_page(engine: EngineClient, campaign: Any) -> None:
    for name in ("A", "B"):
        add(engine, name)
    engine.post("/v1/campaigns", {"name": "Other", "promotion": {"tiers": [{"name": "C", "action": ACTION}]}})

    first = engine.get("/v1/promotions/tiers?limit=2&is_available=true")
    oldest_first = engine.get("/v1/promotions/tiers?order=created_at")
    engine.clock.advance(minutes=1)
    engine.put(f"/v1/promotions/tiers/{oldest_first['tiers'][1]['id']}", {"banner": "new"})

    assert [tier["name"] for tier in first["tiers"]] == ["C", "B"]
    assert (first["total"], first["has_more"], first["data_ref"]) == (3, True, "tiers")
    assert [tier["name"] for tier in oldest_first["tiers"]] == ["A", "B", "C"]
    assert engine.get("/v1/promotions/tiers?order=-updated_at")["tiers"][0]["name"] == "B"


def test_a_tier_is_no_voucher(engine: EngineClient, campaign: Any) -> None:
    made = add(engine, "A")

    engine.get(f"/v1/vouchers/{made['id']}", status=404)
    assert engine.get("/v1/vouchers")["vouchers"] == []
    assert engine.get("/v1/campaigns/Sale")["vouchers_count"] == 0
    assert engine.post("/v1/campaigns/Sale/vouchers", {}, status=400)["key"] == "invalid_campaign"


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"action": ACTION}, "Payload should have required property 'name'"),
        ({"name": "A"}, "Payload should have required property 'action'"),
        ({"name": "A", "action": {}}, "Property .action should have required property 'discount'"),
        ({"name": "A", "action": {"discount": {"type": "PERCENT"}}}, "Property .action.discount should have required"),
        (
            {"name": "A", "action": {"discount": {"type": "PERCENT", "percent_off_formula": "("}}},
            "Property .action.discount.percent_off_formula:",
        ),
        (
            {"name": "A", "action": ACTION, "validity_timeframe": {"interval": "x"}},
            "Property .validity_timeframe.interval",
        ),
    ],
)
def test_a_tier_that_cannot_be_is_told_by_its_property(
    engine: EngineClient, campaign: Any, body: dict[str, Any], details: str
) -> None:
    assert details in engine.post("/v1/promotions/Sale/tiers", body, status=400)["details"]


def test_only_promotion_campaigns_have_tiers(engine: EngineClient) -> None:
    voucher = {"type": "DISCOUNT_VOUCHER", "discount": TEN_PERCENT}
    engine.post("/v1/campaigns", {"name": "Coupons", "voucher": voucher})

    body = {"name": "A", "action": ACTION}
    for name in ("Coupons", "NONE"):
        error = engine.post(f"/v1/promotions/{name}/tiers", body, status=404)
        assert error["details"] == f"Cannot find campaign with id {name}"


def test_a_tier_tells_what_was_redeemed_of_it_and_stands(engine: EngineClient, campaign: Any) -> None:
    tier = {"object": "promotion_tier", "id": add(engine, "A")["id"]}
    for amount in (1000, 2000):
        engine.post("/v1/redemptions", {"redeemables": [tier], "order": {"amount": amount}})
    given_back = engine.post("/v1/redemptions", {"redeemables": [tier], "order": {"amount": 5000}})
    engine.roll_back(given_back["redemptions"][0]["id"])

    assert engine.get(f"/v1/promotions/tiers/{tier['id']}")["summary"] == {
        "redemptions": {"total_redeemed": 2},
        "orders": {"total_amount": 3000, "total_discount_amount": 300},
    }


def test_what_was_redeemed_of_a_deleted_tier_can_be_given_back(engine: EngineClient, campaign: Any) -> None:
    tier = {"object": "promotion_tier", "id": add(engine, "A")["id"]}
    redeemed = engine.post("/v1/redemptions", {"redeemables": [tier], "order": {"amount": 1000}})
    engine.delete("/v1/campaigns/Sale", status=202)

    assert engine.roll_back(redeemed["redemptions"][0]["id"])["order"]["total_amount"] == 1000
