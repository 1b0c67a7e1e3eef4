"""Pages of qualifications: how many, in what order, which of them, and in what detail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .qualifying import ANN, campaign, ids, promotion, promotion_stack, publish, qualify, rule

if TYPE_CHECKING:
    from .conftest import EngineClient


@pytest.mark.parametrize("sorting", ["DEFAULT", "BEST_DEAL", "LEAST_DEAL"])
@pytest.mark.parametrize("cursor", ["more_starting_after", "created_at"])
def test_pages_lose_nothing_though_much_was_made_at_the_same_time(
    engine: EngineClient, sorting: str, cursor: str
) -> None:
    promotion(engine, "Sale", 100, 300, 200, 300)
    engine.clock.advance(seconds=1)
    promotion(engine, "More", 300, 50, 50)
    options = {"sorting_rule": sorting}
    whole = ids(engine, options=options)

    pages: list[Any] = []
    after: dict[str, Any] = {}
    while not pages or pages[-1]["has_more"]:
        pages.append(qualify(engine, options={"limit": 2, **options, **after})["redeemables"])
        after = {"starting_after": (pages[-1]["data"][-1] if cursor == "created_at" else pages[-1]).get(cursor)}

    assert [one["id"] for page in pages for one in page["data"]] == whole
    assert [page["total"] for page in pages] == [2, 2, 2, 1]
    assert len(set(whole)) == 7


def test_deals_are_sorted_by_what_they_take_off(engine: EngineClient) -> None:
    for code, amount in (("MIDDLE", 300), ("LEAST", 5), ("BEST", 900), ("AS_MUCH", 300)):
        engine.coupon(code, amount_off=amount)

    assert ids(engine, options={"sorting_rule": "BEST_DEAL"}) == ["BEST", "AS_MUCH", "MIDDLE", "LEAST"]
    assert ids(engine, options={"sorting_rule": "LEAST_DEAL"}) == ["LEAST", "AS_MUCH", "MIDDLE", "BEST"]
    stranger = {"sorting_rule": "BEST_DEAL", "starting_after": "2029-01-01T00:00:00Z"}
    assert "starting_after" in qualify(engine, options=stranger, status=400)["details"]


def test_five_are_told_where_nothing_else_was_asked(engine: EngineClient) -> None:
    for number in range(6):
        engine.coupon(f"C{number}", percent_off=1)

    listed = engine.post("/v1/qualifications", {})["redeemables"]

    assert (listed["total"], listed["has_more"]) == (5, True)
    assert "order" not in listed["data"][0]


def test_a_request_looks_at_so_many_and_says_where_to_go_on(
    engine: EngineClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checkout_bridge.engine.services.qualifications.MOST_TRIED", 3)
    engine.coupon("FITS", percent_off=1)
    for number in range(3):
        engine.coupon(f"C{number}", percent_off=1)
        engine.obey(f"C{number}", rules=rule("order.amount", more_than=[10**6]))

    first = qualify(engine)["redeemables"]
    second = qualify(engine, options={"starting_after": first["more_starting_after"]})["redeemables"]

    assert (first["data"], first["has_more"]) == ([], True)
    assert ([one["id"] for one in second["data"]], second["has_more"]) == (["FITS"], False)


def test_many_are_looked_at_in_batches(engine: EngineClient) -> None:
    campaign(engine, "Spring")
    for tier in range(3):
        promotion(engine, f"S{tier}", *range(1, 81))
    engine.coupon("TEN", percent_off=10)

    best = qualify(engine, options={"limit": 2, "sorting_rule": "BEST_DEAL"})["redeemables"]["data"]
    last = qualify(engine, options={"filters": {"campaign_type": {"conditions": {"$is": ["DISCOUNT_COUPONS"]}}}})

    assert [one["order"]["total_applied_discount_amount"] for one in best] == [1_000, 500]
    assert last["redeemables"]["total"] == 1


@pytest.fixture
def several(engine: EngineClient) -> dict[str, str]:
    """One of each kind, with their ids; Ann holds OURS."""
    category = engine.post("/v1/categories", {"name": "C", "hierarchy": 1})["id"]
    engine.coupon("LOOSE", percent_off=1)
    spring = campaign(engine, "Spring", category_id=category)
    engine.post("/v1/campaigns/Spring/vouchers/OURS", {})
    publish(engine, "OURS", source_id="ann")
    (tier,) = promotion(engine, "Sale", 1)
    stack = promotion_stack(engine, "Sale", [tier])
    sale = engine.get("/v1/campaigns/Sale")["id"]
    return {"category": category, "spring": spring, "sale": sale, "tier": tier, "stack": stack}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"resource_type": {"$is": ["promotion_tier"]}}, {"tier"}),
        ({"resource_type": {"$not_in": ["voucher", "campaign"]}}, {"tier", "stack"}),
        ({"resource_id": {"$in": ["{stack}", "{tier}"]}}, {"tier", "stack"}),
        ({"campaign_id": {"$is": ["{spring}"]}}, {"spring", "OURS"}),
        ({"campaign_id": {"$is_not": ["{spring}"]}}, {"LOOSE", "tier", "stack"}),
        ({"campaign_type": {"$is": ["PROMOTION"]}}, {"tier", "stack"}),
        ({"category_id": {"$is": ["{category}"]}}, {"spring", "OURS"}),
        ({"voucher_type": {"$is": ["DISCOUNT_VOUCHER"]}}, {"LOOSE", "OURS", "spring"}),
        ({"code": {"$is": ["LOOSE"]}, "resource_id": {"$is": ["{tier}"]}, "junction": "OR"}, {"LOOSE", "tier"}),
        ({"code": {"$is": ["LOOSE"]}, "resource_id": {"$is": ["{tier}"]}}, set()),
        ({"code": {"$is_unknown": []}}, {"spring", "tier", "stack"}),
        ({"holder_role": {"$is": ["OWNER"]}}, {"OURS"}),
        ({"holder_role": {"$is": ["REFERRER"]}}, set()),
        ({}, {"LOOSE", "OURS", "spring", "tier", "stack"}),
    ],
)
def test_filters_narrow_down(
    engine: EngineClient, several: dict[str, str], filters: dict[str, Any], expected: set[str]
) -> None:
    told = {
        field: conditions
        if field == "junction"
        else {"conditions": {op: [value.format(**several) for value in values] for op, values in conditions.items()}}
        for field, conditions in filters.items()
    }

    shown = set(ids(engine, customer=ANN, options={"filters": told}))

    assert shown == {several.get(name, name) for name in expected}


def test_details_are_told_where_they_are_asked_for(engine: EngineClient, several: dict[str, str]) -> None:
    engine.obey("LOOSE", rules=rule("order.amount", more_than=[1]))
    plain = {one["id"]: one for one in qualify(engine, customer=ANN)["redeemables"]["data"]}
    expand = {"expand": ["redeemable", "category", "validation_rules"]}
    whole = {one["id"]: one for one in qualify(engine, customer=ANN, options=expand)["redeemables"]["data"]}
    tier, spring, ours = whole[several["tier"]], whole[several["spring"]], whole["OURS"]

    assert (tier["name"], tier["banner"], tier["campaign_name"]) == ("T1", "Now", "Sale")
    assert (spring["name"], "campaign_id" in spring) == ("Spring", False)
    assert (ours["campaign_name"], ours["campaign_id"]) == ("Spring", several["spring"])
    assert [one["id"] for one in ours["categories"]] == [several["category"]]
    assert whole["LOOSE"]["validation_rules_assignments"]["total"] == 1
    assert (ours["validation_rules_assignments"]["total"], whole["LOOSE"]["categories"]) == (0, [])
    extra = {"name", "banner", "campaign_id", "campaign_name", "validation_rules_assignments"}
    assert not extra & {key for one in plain.values() for key in one}


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        ({"scenario": "SOME"}, ".scenario"),
        ({"options": {"limit": 51}}, ".options.limit"),
        ({"options": {"limit": 0}}, ".options.limit"),
        ({"options": {"sorting_rule": "WORST"}}, ".options.sorting_rule"),
        ({"options": {"starting_after": "soon"}}, ".options.starting_after"),
        ({"options": {"expand": ["order"]}}, ".options.expand[0]"),
        ({"options": {"filters": {"colour": {"conditions": {"$is": ["a"]}}}}}, ".options.filters"),
        ({"options": {"filters": {"code": {"conditions": {"$is": "a"}}}}}, ".options.filters.code.conditions.$is"),
        ({"options": {"filters": {"code": {"conditions": {"$after": ["2030-01-01"]}}}}}, ".filters.code"),
        ({"session": {"type": "KEY"}}, ".session.type"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_name(
    engine: EngineClient, request_: dict[str, Any], named: str
) -> None:
    error = qualify(engine, status=400, **request_)

    assert (error["key"], named in error["details"]) == ("invalid_payload", True)
