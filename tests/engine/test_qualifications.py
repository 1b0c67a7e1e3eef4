"""Qualifications: which redeemables would apply to a customer's order, each looked at alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge.engine.http.doors import ClientSide, Keys

from .conftest import about
from .qualifying import ANN, campaign, ids, only, promotion, promotion_stack, publish, qualify, rule

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine


def test_all_that_applies_is_told_newest_first(engine: EngineClient) -> None:
    engine.coupon("TEN", percent_off=10)
    engine.clock.advance(seconds=1)
    tiers = promotion(engine, "Sale", 100)
    engine.clock.advance(seconds=1)
    stack = promotion_stack(engine, "Sale", tiers)
    engine.clock.advance(seconds=1)
    spring = campaign(engine, "Spring", vouchers_count=2)

    answer = qualify(engine, customer=ANN, tracking_id="track_me")

    listed = answer["redeemables"]
    assert [(one["object"], one["id"]) for one in listed["data"]] == [
        ("campaign", spring),
        ("promotion_stack", stack),
        ("promotion_tier", tiers[0]),
        ("voucher", "TEN"),
    ]
    assert (listed["object"], listed["data_ref"], listed["total"], listed["has_more"]) == ("list", "data", 4, False)
    assert "more_starting_after" not in listed
    assert (answer["order"]["amount"], answer["order"]["total_amount"]) == (10_000, 10_000)
    assert answer["tracking_id"] == "track_me"
    assert answer["stacking_rules"]["redeemables_limit"] == 30


def test_each_is_tried_alone_on_the_order_as_it_is(engine: EngineClient) -> None:
    engine.coupon("TEN", percent_off=10)
    engine.gift_card("GIFT", 4_000)

    gift, ten = qualify(engine)["redeemables"]["data"]

    assert ten["result"] == {"discount": {**ten["result"]["discount"], "type": "PERCENT", "effect": "APPLY_TO_ORDER"}}
    assert (ten["order"]["total_applied_discount_amount"], ten["order"]["total_amount"]) == (1_000, 9_000)
    assert (gift["order"]["total_applied_discount_amount"], gift["order"]["total_amount"]) == (4_000, 6_000)
    assert (
        ten["applicable_to"] == ten["inapplicable_to"] == {"object": "list", "data_ref": "data", "data": [], "total": 0}
    )
    assert "status" not in ten


def test_nothing_is_written_nor_locked(engine: EngineClient) -> None:
    engine.coupon("TEN", percent_off=10, quantity=1)
    campaign(engine, "Spring", vouchers_count=1)
    before = engine.everything()

    order = {"source_id": "cart-1", "items": [{"source_id": "shirt", "price": 500, "quantity": 1}]}
    qualify(engine, customer={"source_id": "new"}, order=order, session={"type": "LOCK"})

    assert engine.everything() == before


def test_what_cannot_be_used_is_left_out(engine: EngineClient) -> None:
    engine.coupon("USED", percent_off=10, quantity=1)
    engine.redeem("USED")
    engine.coupon("HELD", percent_off=10, quantity=1)
    engine.validate("HELD", session={"type": "LOCK"})
    engine.coupon("OFF", percent_off=10)
    engine.post("/v1/vouchers/OFF/disable")
    engine.coupon("GONE", percent_off=10)
    engine.delete("/v1/vouchers/GONE")
    discount = {"discount": {"type": "AMOUNT", "amount_off": 1}}
    engine.post("/v1/vouchers/PAST", {**discount, "expiration_date": "2029-01-01"})
    engine.post("/v1/vouchers/FUTURE", {**discount, "start_date": "2031-01-01"})
    engine.post("/v1/vouchers/SUNDAYS", {**discount, "validity_day_of_week": [0]})
    engine.coupon("MINIMUM", percent_off=10)
    engine.obey("MINIMUM", rules=rule("order.amount", more_than=[10_000]))
    promotion(engine, "Paused", 100)
    campaign(engine, "Stopped")
    campaign(engine, "Over", expiration_date="2029-01-01")
    for name in ("Paused", "Stopped"):
        engine.post(f"/v1/campaigns/{name}/disable")

    assert ids(engine) == []
    assert ids(engine, order={"amount": 10_001}) == ["MINIMUM"]


def test_vouchers_that_somebody_holds_are_told_to_nobody_else(engine: EngineClient) -> None:
    campaign(engine, "Spring", vouchers_count=0)
    engine.post("/v1/campaigns/Spring/vouchers/OURS", {})
    engine.coupon("MINE", percent_off=10)
    for code in ("MINE", "OURS"):
        publish(engine, code, source_id="ann")
    engine.coupon("ANYBODYS", percent_off=10)
    vouchers = {"resource_type": {"conditions": {"$is": ["voucher"]}}}

    def shown(**request: Any) -> set[str]:
        return set(ids(engine, options={"filters": vouchers}, **request))

    assert shown(customer=ANN) == {"ANYBODYS", "MINE", "OURS"}
    assert shown(customer={"source_id": "bob"}) == shown() == {"ANYBODYS"}
    assert shown(customer=ANN, scenario="CUSTOMER_WALLET") == {"MINE", "OURS"}
    assert shown(scenario="CUSTOMER_WALLET") == set()


def test_the_order_says_who_asks_where_nobody_else_does(engine: EngineClient) -> None:
    engine.coupon("MINE", percent_off=10)
    publish(engine, "MINE", source_id="ann")
    stored = engine.post("/v1/orders", {"amount": 500, "customer": ANN})

    assert ids(engine, order={"amount": 1, "customer": ANN}, scenario="CUSTOMER_WALLET") == ["MINE"]
    assert ids(engine, order={"id": stored["id"]}, scenario="CUSTOMER_WALLET") == ["MINE"]
    assert qualify(engine, order={"id": "ord_none"}, status=404)["key"] == "not_found"


def test_cards_say_what_can_be_used_of_them(engine: EngineClient) -> None:
    engine.gift_card("GIFT", 700)
    gift = {"object": "voucher", "id": "GIFT", "gift": {"credits": 200}}
    engine.post("/v1/validations", {"redeemables": [gift], "order": {"amount": 200}, "session": {"type": "LOCK"}})
    card = {"type": "LOYALTY_CARD", "loyalty_card": {"points": 100}}
    club = campaign(engine, "Club", voucher=card)
    code = engine.post("/v1/loyalties/Club/members", {"customer": ANN})["code"]
    engine.post(f"/v1/loyalties/members/{code}/balance", {"points": -40})

    def results(**request: Any) -> dict[str, Any]:
        return {one["id"]: one["result"] for one in qualify(engine, customer=ANN, **request)["redeemables"]["data"]}

    told = results(session={"type": "LOCK"})
    assert told["GIFT"] == {"gift": {"credits": 500, "locked_credits": 200}}
    assert told[code] == {"loyalty_card": {"points": 100, "balance": 60}}
    assert told[club] == {"loyalty_card": {"points": 100, "balance": 100}}
    assert results()["GIFT"] == {"gift": {"credits": 500}}
    assert results(order=None) == results()


def test_a_stack_applies_when_all_of_its_tiers_do(engine: EngineClient) -> None:
    first, second = promotion(engine, "Sale", 100, 250)
    stack = promotion_stack(engine, "Sale", [first, second])
    asked: dict[str, Any] = {"scenario": "PROMOTION_STACKS", "options": {"expand": ["redeemable"]}}

    one = only(engine, **asked)

    assert (one["id"], one["object"], one["name"], one["campaign_name"]) == (stack, "promotion_stack", "Both", "Sale")
    assert one["order"]["total_applied_discount_amount"] == 350
    assert [tier["order"]["total_amount"] for tier in one["redeemables"]] == [9_900, 9_650]
    assert [tier["id"] for tier in one["redeemables"]] == [first, second]

    engine.post(f"/v1/promotions/tiers/{second}/disable")
    assert ids(engine, **asked) == []
    assert ids(engine) == [first]


def test_the_category_of_a_stack_counts_for_its_tiers(open_engine: OpenEngine, tmp_path: Path) -> None:
    with open_engine(f"sqlite:///{tmp_path}/engine.db", management=Keys("boss", "hush")) as engine:
        category = engine.post("/v1/categories", {"name": "One", "hierarchy": 1})["id"]
        tiers = promotion(engine, "Sale", 100, 250)
        stacks = {
            promotion_stack(engine, "Sale", tiers): None,
            promotion_stack(engine, "Sale", tiers, category_id=category): 1,
        }
        rules = {"applicable_redeemables_category_limits": {category: 1}}
        keys = {"X_Management_Id": "boss", "X_Management_Token": "hush"}

        assert set(ids(engine, scenario="PROMOTION_STACKS")) == set(stacks)
        engine.post("/management/v1/projects/p/stacking-rules", rules, **keys)

        assert ids(engine, scenario="PROMOTION_STACKS") == [id for id, limited in stacks.items() if not limited]


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("redemption.count.per_customer", {"less_than_or_equal": [1]}),
        ("redemption.count.per_customer.daily", {"less_than_or_equal": [1]}),
        ("campaign.redemptions.count", {"less_than_or_equal": [1]}),
        ("campaign.orders.amount_discounted", {"less_than_or_equal": [1]}),
        ("campaign.orders.amount", {"less_than_or_equal": [1]}),
    ],
)
def test_budgets_are_not_looked_at(engine: EngineClient, name: str, condition: dict[str, Any]) -> None:
    campaign(engine, "Spring")
    engine.post("/v1/campaigns/Spring/vouchers/ONE", {})
    publish(engine, "ONE", source_id="ann")
    made = engine.obey("ONE", rules=rule(name, **condition))
    engine.post(
        f"/v1/validation-rules/{made['id']}/assignments",
        {"related_object_type": "campaign", "related_object_id": "Spring"},
    )
    engine.redeem("ONE", order={"amount": 1}, customer=ANN)
    order = {"amount": 10_000}

    assert engine.validate("ONE", order=order, customer=ANN)["valid"] is False
    assert "ONE" in ids(engine, order=order, customer=ANN)
    assert len(ids(engine, order=order)) == 1  # the campaign, also to nobody in particular


def test_other_limits_are(engine: EngineClient) -> None:
    engine.coupon("ONCE", percent_off=10)
    engine.obey("ONCE", rules=rule("redemption.count", less_than_or_equal=[1]))

    assert ids(engine) == ["ONCE"]
    engine.redeem("ONCE")

    assert ids(engine) == []


def test_an_audience_is_asked_for_by_customer_rules_alone(engine: EngineClient) -> None:
    engine.coupon("VIP", percent_off=10)
    vip = {"1": {"name": "customer.metadata", "property": "vip", "conditions": {"$is": [True]}}}
    engine.obey("VIP", rules=vip)
    engine.coupon("BIG", percent_off=10)
    engine.obey("BIG", rules=rule("order.amount", more_than=[10**6]))

    def shown(scenario: str, **customer: Any) -> list[str]:
        return ids(engine, scenario=scenario, customer={**ANN, "metadata": customer})

    assert shown("AUDIENCE_ONLY", vip=True) == ["BIG", "VIP"]
    assert shown("AUDIENCE_ONLY") == ["BIG"]
    assert shown("ALL", vip=True) == ["VIP"]
    assert ids(engine, scenario="AUDIENCE_ONLY") == ["BIG"]


def test_products_ask_for_what_is_about_them(engine: EngineClient) -> None:
    for code in ("ORDER", "SHIRT", "SHOE", "NEEDED", "CARD", "VIP"):
        engine.coupon(code, percent_off=10)
    engine.coupon("FREE", type="UNIT", unit_off=1, unit_type="shirt", effect="ADD_NEW_ITEMS")
    engine.coupon("WHOLE", percent_off=10, effect="APPLY_TO_ORDER")
    engine.obey("SHIRT", applicable_to=about("shirt"))
    engine.obey("WHOLE", applicable_to=about("shirt"))
    engine.obey("SHOE", applicable_to=about("shoe"))
    engine.obey("NEEDED", rules=rule("order.items.any", **{"is": ["shirt"]}))
    vip = {"1": {"name": "customer.metadata", "property": "vip", "conditions": {"$is": [True]}}}
    engine.obey("VIP", rules=vip, applicable_to=about("shirt"))
    order = {"items": [{"product_id": "shirt", "quantity": 1, "price": 500}]}

    def shown(scenario: str, **customer: Any) -> set[str]:
        return set(ids(engine, scenario=scenario, order=order, **customer))

    vips = {"customer": {**ANN, "metadata": {"vip": True}}}
    assert shown("PRODUCTS") == {"SHIRT", "WHOLE", "FREE", "NEEDED", "VIP"}
    assert shown("PRODUCTS_DISCOUNT") == {"SHIRT", "FREE", "VIP"}
    assert shown("PRODUCTS_BY_CUSTOMER") == {"SHIRT", "WHOLE", "FREE", "NEEDED"}
    assert shown("PRODUCTS_DISCOUNT_BY_CUSTOMER", customer=ANN) == {"SHIRT", "FREE"}
    assert shown("PRODUCTS_DISCOUNT_BY_CUSTOMER", **vips) == {"SHIRT", "FREE", "VIP"}
    assert ids(engine, scenario="PRODUCTS") == []


def test_an_item_discount_without_its_item_is_still_told(engine: EngineClient) -> None:
    engine.coupon("SHOE", percent_off=10)
    engine.obey("SHOE", applicable_to=about("shoe"))

    one = only(engine, order={"items": [{"product_id": "shirt", "quantity": 1, "price": 500}]})

    assert one["order"]["total_amount"] == 500
    assert one["applicable_to"]["data"][0]["id"] == "shoe"


def test_a_browser_is_not_told_the_codes_of_loose_gift_cards(open_engine: OpenEngine, tmp_path: Path) -> None:
    client = ClientSide(Keys("page", "public"), frozenset({"https://shop.example"}))
    with open_engine(f"sqlite:///{tmp_path}/engine.db", client=client) as engine:
        engine.gift_card("LOOSE", 500)
        engine.gift_card("MINE", 500)
        publish(engine, "MINE", source_id="ann")
        engine.coupon("TEN", percent_off=10)
        gifts = campaign(engine, "Gifts", voucher={"type": "GIFT_VOUCHER", "gift": {"amount": 100}})

        assert set(ids(engine, customer=ANN)) == {"LOOSE", "MINE", "TEN", gifts}
        assert set(ids(engine, customer=ANN, door="/client/v1")) == {"MINE", "TEN", gifts}


def test_postgresql_finds_the_same(open_engine: OpenEngine, postgres_url: str) -> None:
    with open_engine(postgres_url) as engine:
        engine.coupon("TEN", percent_off=10)
        tiers = promotion(engine, "Sale", 100)
        stack = promotion_stack(engine, "Sale", tiers)
        spring = campaign(engine, "Spring")
        engine.post("/v1/campaigns/Spring/vouchers/OURS", {})
        publish(engine, "OURS", source_id="ann")
        held = {"holder_role": {"conditions": {"$is": ["OWNER"]}}}

        assert ids(engine, customer=ANN) == [stack, spring, *tiers, "OURS", "TEN"]
        assert ids(engine, customer=ANN, options={"filters": held}) == ["OURS"]
        assert ids(engine) == [stack, spring, *tiers, "TEN"]
