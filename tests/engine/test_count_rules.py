"""Limits by customer, time and budget: a redemption takes a place, a rollback frees it, none is given twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine

ANN, BOB = {"source_id": "ann"}, {"source_id": "bob"}
ORDER = {"amount": 1000}
AT_ONCE = 8


def limit(name: str, most: int) -> dict[str, Any]:
    return {"rules": {"1": {"name": name, "conditions": {"$less_than_or_equal": [most]}}}}


def campaign(engine: EngineClient, *codes: str, **voucher: Any) -> str:
    """The campaign ``Spring`` of coupons over 1.00; gives its id."""
    kind = voucher or {"type": "DISCOUNT_VOUCHER", "discount": {"type": "AMOUNT", "amount_off": 100}}
    made = engine.post("/v1/campaigns", {"name": "Spring", "voucher": kind})
    for code in codes:
        engine.post(f"/v1/campaigns/Spring/vouchers/{code}", {})
    return str(made["id"])


def restrict(engine: EngineClient, kind: str, id: str, name: str, most: int) -> None:
    """Assign a limit to a campaign, voucher or promotion tier."""
    rule = engine.post("/v1/validation-rules", {"name": "a limit", **limit(name, most)})
    assignment = {"related_object_type": kind, "related_object_id": id}
    engine.post(f"/v1/validation-rules/{rule['id']}/assignments", assignment)


def refused(engine: EngineClient, code: str, **request: Any) -> Any:
    """The error of a code that both doors refuse."""
    request = {"order": ORDER, **request}
    assert engine.validate(code, **request)["valid"] is False
    error = engine.redeem(code, **request, status=400)
    assert error["key"] == "redemption_rules_violated"
    return error


def test_one_at_most_means_once(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)
    engine.obey("CODE", **limit("redemption.count.per_customer", 1))

    engine.redeem("CODE", customer=ANN, order=ORDER)

    assert refused(engine, "CODE", customer=ANN)["reason"] == "needs at most 1, customer would have 2"
    engine.redeem("CODE", customer=BOB, order=ORDER)
    assert engine.redeemed_quantity("CODE") == 2


def test_a_rollback_frees_the_place(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)
    engine.obey("CODE", **limit("redemption.count.per_customer", 1))
    done = engine.redeem("CODE", customer=ANN, order=ORDER)
    refused(engine, "CODE", customer=ANN)

    engine.roll_back(done["redemptions"][0]["id"])

    engine.redeem("CODE", customer=ANN, order=ORDER)
    refused(engine, "CODE", customer=ANN)


def test_a_rolled_back_stack_frees_the_place_of_its_parts(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)
    engine.coupon("OTHER", amount_off=1)
    engine.obey("CODE", **limit("redemption.count", 1))
    done = engine.redeem("CODE", "OTHER", order=ORDER)
    refused(engine, "CODE")

    engine.roll_back_stack(done["parent_redemption"]["id"])

    assert engine.validate("CODE", order=ORDER)["valid"] is True


def test_a_refusal_takes_no_place(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)
    engine.obey("CODE", **limit("redemption.count", 1))

    engine.redeem("CODE", "NONE", order=ORDER, status=404)

    engine.redeem("CODE", order=ORDER)
    refused(engine, "CODE")


def test_a_limit_by_customer_needs_one(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)
    engine.obey("CODE", **limit("redemption.count.per_customer", 1))

    assert engine.redeem("CODE", order=ORDER, status=400)["key"] == "missing_customer"
    (one,) = engine.validate("CODE", order=ORDER)["inapplicable_redeemables"]
    assert one["result"]["error"]["key"] == "missing_customer"


@pytest.mark.parametrize("named", ["by order", "by id", "of the stored order", "inside the order"])
def test_a_customer_counts_however_they_are_named(engine: EngineClient, named: str) -> None:
    engine.coupon("CODE", amount_off=1)
    engine.obey("CODE", **limit("redemption.count.per_customer", 1))
    ann = engine.post("/v1/customers", ANN)["id"]
    engine.post("/v1/orders", {"source_id": "cart-1", "amount": 1000, "customer": ANN})
    request: dict[str, Any] = {
        "by order": {"order": {**ORDER, "customer_id": ann}},
        "by id": {"customer": {"id": ann}, "order": ORDER},
        "of the stored order": {"order": {"source_id": "cart-1"}},
        "inside the order": {"order": {**ORDER, "customer": ANN}},
    }[named]

    done = engine.redeem("CODE", **request)

    assert done["redemptions"][0]["customer_id"] == ann
    refused(engine, "CODE", customer=ANN)
    refused(engine, "CODE", **request)


@pytest.mark.parametrize(
    ("period", "last", "next"),
    [
        ("daily", "2030-01-02T23:59:59.999", "2030-01-03T00:00:00"),
        # The 6th of January 2030 is a Sunday.
        ("weekly", "2030-01-06T23:59:59.999", "2030-01-07T00:00:00"),
        ("monthly", "2030-01-31T23:59:59.999", "2030-02-01T00:00:00"),
    ],
)
@pytest.mark.parametrize("name", ["redemption.count", "redemption.count.per_customer", "campaign.redemptions.count"])
def test_a_period_ends_at_midnight(engine: EngineClient, name: str, period: str, last: str, next: str) -> None:
    campaign(engine, "CODE")
    restrict(engine, "campaign", "Spring", f"{name}.{period}", 2)
    engine.redeem("CODE", customer=ANN, order=ORDER)

    engine.clock.now = datetime.fromisoformat(last).replace(tzinfo=UTC)
    engine.redeem("CODE", customer=ANN, order=ORDER)
    refused(engine, "CODE", customer=ANN)
    engine.clock.now = datetime.fromisoformat(next).replace(tzinfo=UTC)
    for _ in range(2):
        engine.redeem("CODE", customer=ANN, order=ORDER)

    refused(engine, "CODE", customer=ANN)


def test_a_voucher_counts_for_itself_and_a_campaign_for_all_its_vouchers(engine: EngineClient) -> None:
    campaign(engine, "A", "B", "C")
    restrict(engine, "campaign", "Spring", "redemption.count", 2)
    restrict(engine, "voucher", "A", "redemption.count", 1)
    engine.redeem("A", order=ORDER)

    assert refused(engine, "A")["reason"] == "needs at most 1, redemptions would have 2"
    engine.redeem("B", order=ORDER)

    assert refused(engine, "C")["reason"] == "needs at most 2, redemptions would have 3"


def test_a_rule_of_a_voucher_may_count_over_its_campaign(engine: EngineClient) -> None:
    campaign(engine, "A", "B")
    restrict(engine, "voucher", "B", "campaign.redemptions.count", 1)

    engine.redeem("A", order=ORDER)

    assert refused(engine, "B")["reason"] == "needs at most 1, redemptions would have 2"
    engine.redeem("A", order=ORDER)


def test_customers_are_counted_once_each(engine: EngineClient) -> None:
    campaign(engine, "CODE")
    restrict(engine, "campaign", "Spring", "campaign.redemptions.customers_count", 1)

    for _ in range(2):
        engine.redeem("CODE", customer=ANN, order=ORDER)

    refused(engine, "CODE", customer=BOB)


@pytest.mark.parametrize(
    ("name", "most", "reason"),
    [
        ("campaign.orders.amount", 2500, "needs at most 25.00, campaign would have 30.00"),
        ("campaign.orders.amount_discounted", 250, "needs at most 2.50, campaign would have 3.00"),
    ],
)
def test_a_budget_is_used_up_and_freed(engine: EngineClient, name: str, most: int, reason: str) -> None:
    campaign(engine, "A", "B", "C")
    restrict(engine, "campaign", "Spring", name, most)
    done = [engine.redeem(code, order=ORDER)["redemptions"][0]["id"] for code in "AB"]

    assert refused(engine, "C")["reason"] == reason
    # What is smaller fits: an order of 0.50, of which 0.50 is taken.
    assert engine.validate("C", order={"amount": 50})["valid"] is True
    engine.roll_back(done[0])

    engine.redeem("C", order=ORDER)


def test_a_budget_counts_what_gift_cards_paid(engine: EngineClient) -> None:
    campaign(engine, "A", "B", type="GIFT_VOUCHER", gift={"amount": 800})
    restrict(engine, "campaign", "Spring", "campaign.orders.amount_discounted", 1000)
    engine.redeem("A", order=ORDER)

    refused(engine, "B")

    body = {"redeemables": [{"object": "voucher", "id": "B", "gift": {"credits": 200}}], "order": ORDER}
    engine.post("/v1/redemptions", body)


def test_a_tier_has_limits_of_its_own_and_of_its_campaign(engine: EngineClient) -> None:
    action = {"discount": {"type": "AMOUNT", "amount_off": 100}}
    tiers = [{"name": name, "action": action} for name in ("First", "Second")]
    made = engine.post("/v1/campaigns", {"name": "Sale", "promotion": {"tiers": tiers}})
    first, second = [tier["id"] for tier in made["promotion"]["tiers"]]
    restrict(engine, "promotion_tier", first, "redemption.count.per_customer", 1)
    restrict(engine, "campaign", "Sale", "campaign.orders.amount_discounted", 200)

    def redeem(tier: str, status: int = 200) -> Any:
        body = {"redeemables": [{"object": "promotion_tier", "id": tier}], "order": ORDER, "customer": ANN}
        return engine.post("/v1/redemptions", body, status=status)

    redeem(first)
    error = redeem(first, status=400)
    assert (error["key"], error["reason"]) == ("redemption_rules_violated", "needs at most 1, customer would have 2")
    redeem(second)
    assert redeem(second, status=400)["reason"] == "needs at most 2.00, campaign would have 3.00"


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("redemption.count", 1),
        ("redemption.count.per_customer", 1),
        ("campaign.redemptions.count.daily", 1),
        ("campaign.orders.amount", 1500),
        ("campaign.orders.amount_discounted", 150),
    ],
)
def test_what_is_redeemed_together_counts_together(engine: EngineClient, name: str, most: int) -> None:
    campaign(engine, "A", "B")
    engine.coupon("OTHER", amount_off=100)
    restrict(engine, "campaign", "Spring", name, most)
    before = engine.everything()

    validated = engine.validate("A", "B", order=ORDER, customer={"metadata": {"new": True}})
    error = engine.redeem("A", "B", order=ORDER, customer=ANN, status=400)

    assert [one["status"] for one in validated["redeemables"]] == ["APPLICABLE", "INAPPLICABLE"]
    assert error["key"] == "redemption_rules_violated"
    assert engine.everything() == before
    engine.redeem("A", "OTHER", order=ORDER, customer=ANN)


def test_together_one_customer_is_one(engine: EngineClient) -> None:
    campaign(engine, "A", "B")
    restrict(engine, "campaign", "Spring", "campaign.redemptions.customers_count", 1)
    restrict(engine, "voucher", "B", "redemption.count", 1)

    engine.redeem("A", "B", order=ORDER, customer=ANN)

    refused(engine, "A", customer=BOB)


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path, open_engine: OpenEngine) -> Iterator[EngineClient]:
    """An engine with nothing in it, on each database."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/either.db" if sqlite else request.getfixturevalue("postgres_url")
    with open_engine(url) as client:
        yield client


def redeem_at_once(engine: EngineClient, codes: list[str], **request: Any) -> Counter[int]:
    """Redeem all codes at the same moment, each in a thread; how often there was which status."""
    start = Barrier(len(codes))

    def redeem(code: str) -> int:
        start.wait(timeout=30)
        body = {"redeemables": [{"object": "voucher", "id": code}], "order": ORDER, **request}
        return engine.send("POST", "/v1/redemptions", body).status_code

    with ThreadPoolExecutor(len(codes)) as threads:
        return Counter(threads.map(redeem, codes))


def test_a_new_customer_is_never_let_in_twice(either: EngineClient) -> None:
    either.coupon("CODE", amount_off=1)
    either.obey("CODE", **limit("redemption.count.per_customer", 2))

    assert redeem_at_once(either, ["CODE"] * AT_ONCE, customer=ANN) == {200: 2, 400: AT_ONCE - 2}
    assert either.redeemed_quantity("CODE") == 2


@pytest.mark.parametrize("of", ["campaign", "voucher"])
@pytest.mark.parametrize(
    ("name", "most"),
    [("campaign.redemptions.count", 3), ("campaign.orders.amount", 3999), ("campaign.orders.amount_discounted", 350)],
)
def test_a_campaigns_limit_is_never_passed_by_different_codes(
    either: EngineClient, of: str, name: str, most: int
) -> None:
    codes = [f"CODE-{i}" for i in range(AT_ONCE)]
    campaign(either, *codes)
    for id in ["Spring"] if of == "campaign" else codes:
        restrict(either, of, id, name, most)

    assert redeem_at_once(either, codes) == {200: 3, 400: AT_ONCE - 3}
    assert sum(map(either.redeemed_quantity, codes)) == 3
