"""Campaigns: made with their vouchers, found by id or name, changed, switched off, and deleted with what is in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient

TEN_PERCENT = {"type": "PERCENT", "percent_off": 10}
COUPONS = {"type": "DISCOUNT_VOUCHER", "discount": TEN_PERCENT}


def make(engine: EngineClient, name: str = "Spring", **properties: Any) -> Any:
    return engine.post("/v1/campaigns", {"name": name, "voucher": COUPONS, **properties})


def codes(engine: EngineClient, campaign: str) -> list[str]:
    listed = engine.get(f"/v1/vouchers?campaign={campaign}&limit=100")
    return [voucher["code"] for voucher in listed["vouchers"]]


def test_a_campaign_is_found_by_its_id_and_by_its_name(engine: EngineClient) -> None:
    made = make(engine, description="for all", metadata={"team": "web"})

    assert made == engine.get(f"/v1/campaigns/{made['id']}") == engine.get("/v1/campaigns/Spring")
    assert made["object"] == "campaign"
    assert (made["campaign_type"], made["type"], made["active"]) == ("DISCOUNT_COUPONS", "STATIC", True)
    assert (made["creation_status"], made["vouchers_generation_status"]) == ("DONE", "DONE")
    assert (made["vouchers_count"], made["protected"], made["auto_join"], made["join_once"]) == (0, False, False, False)
    assert (made["categories"], made["metadata"], made["description"]) == ([], {"team": "web"}, "for all")
    assert made["voucher"]["discount"] == TEN_PERCENT
    assert made["voucher"]["redemption"] == {"quantity": None}
    assert made["voucher"]["is_referral_code"] is False
    assert made["voucher"]["code_config"]["length"] == 8
    assert made["voucher"]["code_config"]["pattern"] == "########"
    assert made["validation_rules_assignments"]["data"] == []


def test_what_was_never_given_is_left_out(engine: EngineClient) -> None:
    assert "metadata" not in make(engine)


@pytest.mark.parametrize(
    ("voucher", "campaign_type"),
    [
        (COUPONS, "DISCOUNT_COUPONS"),
        ({"type": "GIFT_VOUCHER", "gift": {"amount": 500}}, "GIFT_VOUCHERS"),
        ({"type": "LOYALTY_CARD", "loyalty_card": {"points": 0}}, "LOYALTY_PROGRAM"),
    ],
)
def test_the_type_of_a_campaign_follows_from_its_vouchers(
    engine: EngineClient, voucher: dict[str, Any], campaign_type: str
) -> None:
    assert make(engine, voucher=voucher)["campaign_type"] == campaign_type


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"voucher": COUPONS}, "Payload should have required property 'name'"),
        ({"name": "A"}, "Payload should have required property 'voucher'"),
        ({"name": "A", "voucher": {}}, "Property .voucher should have required property 'type'"),
        ({"name": "A", "voucher": {"type": "GIFT_VOUCHER"}}, "Property .voucher should have required property 'gift'"),
        ({"name": "A", "voucher": COUPONS, "campaign_type": "GIFT_VOUCHERS"}, "Property .voucher.type"),
        (
            {"name": "A", "campaign_type": "REFERRAL_PROGRAM"},
            "Property .campaign_type REFERRAL_PROGRAM is not supported",
        ),
        ({"name": "A", "voucher": {**COUPONS, "is_referral_code": True}}, "Property .voucher.is_referral_code is not"),
        (
            {"name": "A", "voucher": COUPONS, "vouchers_count": 10_001},
            "Property .vouchers_count must be from 0 to 10000",
        ),
        ({"name": "A", "voucher": COUPONS, "validity_day_of_week": [7]}, "Property .validity_day_of_week[0]"),
        (
            {"name": "A", "voucher": COUPONS, "activity_duration_after_publishing": "soon"},
            "Property .activity_duration_after_publishing must be a valid ISO 8601 duration",
        ),
        (
            {"name": "A", "voucher": {"loyalty_card": {"points": 1, "expiration_rules": {"period_type": "MONTH"}}}},
            "Property .voucher.loyalty_card.expiration_rules is not supported by this engine",
        ),
    ],
)
def test_a_campaign_that_cannot_be_is_told_by_its_property(
    engine: EngineClient, body: dict[str, Any], details: str
) -> None:
    before = engine.everything()

    error = engine.post("/v1/campaigns", body, status=400)

    assert details in error["details"]
    assert engine.everything() == before


def test_names_are_unique_until_the_campaign_is_deleted(engine: EngineClient) -> None:
    make(engine)
    assert engine.post("/v1/campaigns", {"name": "Spring", "voucher": COUPONS}, status=409)["key"] == "duplicate_found"

    engine.delete("/v1/campaigns/Spring", status=202)

    assert make(engine)["name"] == "Spring"


def test_a_new_campaign_makes_its_vouchers_at_once(engine: EngineClient) -> None:
    voucher = {**COUPONS, "code_config": {"prefix": "SP-", "pattern": "###"}, "redemption": {"quantity": 2}}

    made = make(engine, vouchers_count=25, voucher=voucher)

    found = codes(engine, "Spring")
    assert made["vouchers_count"] == 25 == len(set(found))
    assert all(re.fullmatch("SP-[0-9a-zA-Z]{3}", code) for code in found)
    one = engine.voucher(found[0])
    assert (one["campaign"], one["campaign_id"]) == ("Spring", made["id"])
    assert (one["discount"], one["redemption"]["quantity"]) == (TEN_PERCENT, 2)


def test_codes_that_are_taken_are_drawn_anew(engine: EngineClient) -> None:
    voucher = {**COUPONS, "code_config": {"length": 1, "charset": "ABCD"}}
    engine.coupon("A", amount_off=1)

    make(engine, vouchers_count=3, voucher=voucher)

    assert sorted(codes(engine, "Spring")) == ["B", "C", "D"]
    error = engine.post("/v1/campaigns", {"name": "More", "voucher": voucher, "vouchers_count": 1}, status=400)
    assert error["key"] == "invalid_code_config"


def test_a_voucher_inherits_from_its_campaign_and_may_differ(engine: EngineClient) -> None:
    make(
        engine,
        start_date="2030-01-01",
        expiration_date="2030-12-31",
        validity_day_of_week=[1, 2],
        metadata={"team": "web", "season": "spring"},
        voucher={**COUPONS, "redemption": {"quantity": 1}},
    )

    plain = engine.post("/v1/campaigns/Spring/vouchers/PLAIN", {})
    body = {"expiration_date": "2031-01-01", "metadata": {"season": "any"}, "redemption": {"quantity": None}}
    other = engine.post("/v1/campaigns/Spring/vouchers/OTHER", body)

    assert (plain["start_date"], plain["expiration_date"]) == ("2030-01-01T00:00:00.000Z", "2030-12-31T00:00:00.000Z")
    assert plain["validity_day_of_week"] == other["validity_day_of_week"] == [1, 2]
    assert plain["metadata"] == {"team": "web", "season": "spring"}
    assert other["metadata"] == {"team": "web", "season": "any"}
    assert other["expiration_date"] == "2031-01-01T00:00:00.000Z"
    assert (plain["redemption"]["quantity"], other["redemption"]["quantity"]) == (1, None)
    assert engine.post("/v1/campaigns/Spring/vouchers/PLAIN", {}, status=409)["key"] == "duplicate_found"


def test_a_voucher_shows_the_rules_of_its_campaign_beside_its_own(engine: EngineClient) -> None:
    rules = [engine.obey()["id"] for _ in range(2)]
    made = make(engine, validation_rules=rules[:1])

    voucher = engine.post("/v1/vouchers/CODE", {"campaign": "Spring", "validation_rules": rules[1:]})

    assert [one["rule_id"] for one in made["validation_rules_assignments"]["data"]] == rules[:1]
    assert {one["rule_id"] for one in voucher["validation_rules_assignments"]["data"]} == set(rules)
    assert engine.voucher("CODE") == voucher


def test_one_voucher_is_answered_and_several_are_an_asynchronous_action(engine: EngineClient) -> None:
    make(engine)

    one = engine.post("/v1/campaigns/Spring/vouchers")
    counted = engine.post("/v1/campaigns/Spring/vouchers?vouchers_count=1", {"code": "MINE"})
    several = engine.post("/v1/campaigns/Spring/vouchers?vouchers_count=3", {"metadata": {"a": 1}}, status=202)

    assert (one["object"], counted["code"]) == ("voucher", "MINE")
    assert list(several) == ["async_action_id"]
    assert len(codes(engine, "Spring")) == engine.get("/v1/campaigns/Spring")["vouchers_count"] == 5


def test_a_bare_number_as_body_says_nothing(engine: EngineClient) -> None:
    make(engine)

    assert engine.post("/v1/campaigns/Spring/vouchers", 3)["campaign"] == "Spring"
    assert len(codes(engine, "Spring")) == 1


def test_a_standalone_campaign_has_no_codes_generated(engine: EngineClient) -> None:
    make(engine, type="STANDALONE")

    assert engine.post("/v1/campaigns/Spring/vouchers", {}, status=400)["key"] == "invalid_campaign"
    assert engine.post("/v1/campaigns/Spring/vouchers/CODE", {})["code"] == "CODE"


def test_an_update_changes_the_campaign_and_its_vouchers(engine: EngineClient) -> None:
    make(engine, expiration_date="2030-06-01", metadata={"a": 1, "b": 2})
    engine.post("/v1/campaigns/Spring/vouchers/LIKE", {})
    engine.post("/v1/campaigns/Spring/vouchers/OWN", {"expiration_date": "2030-05-01"})

    body = {
        "expiration_date": "2030-07-01",
        "metadata": {"c": 3},
        "unset_metadata_fields": ["a"],
        "discount": {"percent_off": 20},
    }
    changed = engine.put("/v1/campaigns/Spring", body)

    assert changed == engine.get("/v1/campaigns/Spring")
    assert changed["expiration_date"] == "2030-07-01T00:00:00.000Z"
    assert changed["metadata"] == {"b": 2, "c": 3}
    assert changed["voucher"]["discount"]["percent_off"] == 20
    assert engine.voucher("LIKE")["expiration_date"] == "2030-07-01T00:00:00.000Z"
    assert engine.voucher("OWN")["expiration_date"] == "2030-05-01T00:00:00.000Z"
    assert engine.voucher("LIKE")["discount"]["percent_off"] == 20


def test_null_clears_a_date_of_the_campaign_and_of_its_vouchers(engine: EngineClient) -> None:
    make(engine, expiration_date="2030-06-01", validity_day_of_week=[1])
    engine.post("/v1/campaigns/Spring/vouchers/LIKE", {})

    changed = engine.put("/v1/campaigns/Spring", {"expiration_date": None, "validity_day_of_week": None})

    assert changed["expiration_date"] is None
    assert "expiration_date" not in engine.voucher("LIKE")
    assert "validity_day_of_week" not in changed
    assert "validity_day_of_week" not in engine.voucher("LIKE")


def test_the_type_of_a_campaigns_discount_cannot_change(engine: EngineClient) -> None:
    make(engine)

    error = engine.put("/v1/campaigns/Spring", {"discount": {"type": "AMOUNT", "amount_off": 5}}, status=400)

    assert error["key"] == "invalid_voucher"


def test_a_campaign_is_disabled_and_enabled(engine: EngineClient) -> None:
    make(engine)

    engine.post("/v1/campaigns/Spring/disable")
    assert engine.get("/v1/campaigns/Spring")["active"] is False
    engine.post("/v1/campaigns/Spring/enable")

    assert engine.get("/v1/campaigns/Spring")["active"] is True


@pytest.mark.parametrize("query", ["", "?force=true"])
def test_a_deleted_campaign_takes_its_vouchers_with_it(engine: EngineClient, query: str) -> None:
    rule = engine.obey()["id"]
    make(engine, validation_rules=[rule])
    engine.post("/v1/campaigns/Spring/vouchers/CODE", {})
    engine.coupon("OTHER", amount_off=1)

    assert list(engine.delete(f"/v1/campaigns/Spring{query}", status=202)) == ["async_action_id"]

    engine.get("/v1/campaigns/Spring", status=404)
    engine.get("/v1/vouchers/CODE", status=404)
    assert engine.voucher("OTHER")["code"] == "OTHER"
    assert engine.get(f"/v1/validation-rules/{rule}")["assignments_count"] == 0
    assert len(engine.everything()["vouchers"]) == (1 if query else 2)


def test_what_was_redeemed_of_a_deleted_campaign_can_be_given_back(engine: EngineClient) -> None:
    make(engine)
    engine.post("/v1/campaigns/Spring/vouchers/CODE", {})
    redeemed = engine.redeem("CODE", order={"amount": 1000})
    engine.delete("/v1/campaigns/Spring", status=202)

    assert engine.roll_back(redeemed["redemptions"][0]["id"])["order"]["total_amount"] == 1000


def test_campaigns_are_listed_newest_first_page_by_page_and_by_type(engine: EngineClient) -> None:
    for name in ("A", "B"):
        make(engine, name)
    make(engine, "C", voucher={"type": "GIFT_VOUCHER", "gift": {"amount": 1}})

    def names(query: str) -> list[str]:
        return [campaign["name"] for campaign in engine.get(f"/v1/campaigns?{query}")["campaigns"]]

    assert (names(""), names("order=created_at")) == (["C", "B", "A"], ["A", "B", "C"])
    assert (names("limit=2"), names("limit=2&page=2")) == (["C", "B"], ["A"])
    assert (names("campaign_type=GIFT_VOUCHERS"), names("campaign_type=REFERRAL_PROGRAM")) == (["C"], [])
    assert engine.get("/v1/campaigns?limit=1")["total"] == 3


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/enable"), ("POST", "/vouchers"), ("POST", "/vouchers/CODE")],
)
def test_a_campaign_that_does_not_exist_is_not_found(engine: EngineClient, method: str, path: str) -> None:
    error = engine.ask(method, f"/v1/campaigns/NONE{path}", {} if method != "GET" else None, status=404)

    assert error["details"] == "Cannot find campaign with id NONE"


def test_ten_thousand_vouchers_are_made_in_one_go(engine: EngineClient) -> None:
    assert make(engine, vouchers_count=10_000)["vouchers_count"] == 10_000
