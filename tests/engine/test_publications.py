"""Publications: a customer is given vouchers, and holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient

ANN, BOB = {"source_id": "ann", "name": "Ann"}, {"source_id": "bob"}
COUPONS = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "PERCENT", "percent_off": 10}}


def make_campaign(engine: EngineClient, *codes: str, **properties: Any) -> Any:
    made = engine.post("/v1/campaigns", {"name": "Spring", "voucher": COUPONS, **properties})
    for code in codes:
        engine.post(f"/v1/campaigns/Spring/vouchers/{code}", {})
    return made


def publish(engine: EngineClient, *, query: str = "", status: int = 200, **body: Any) -> Any:
    return engine.post(f"/v1/publications{query}", {"customer": ANN, **body}, status=status)


def test_the_oldest_voucher_that_nobody_holds_is_published(engine: EngineClient) -> None:
    make_campaign(engine, "A", "B")

    first = publish(engine, campaign={"name": "Spring"}, metadata={"mail": 7}, source_id="mail-7", channel="mail")
    second = publish(engine, campaign={"name": "Spring"}, customer=BOB)

    assert (first["voucher"]["code"], second["voucher"]["code"]) == ("A", "B")
    assert (first["object"], first["result"], first["channel"]) == ("publication", "SUCCESS", "mail")
    assert (first["metadata"], first["source_id"]) == ({"mail": 7}, "mail-7")
    assert (second["metadata"], second["source_id"], second["channel"]) == ({}, None, "API")
    assert first["vouchers_id"] == [first["voucher"]["id"]]
    assert first["customer_id"] == first["customer"]["id"] == engine.voucher("A")["holder_id"]
    assert first["tracking_id"].startswith("track_")
    assert engine.voucher("A")["publish"]["count"] == 1


def test_a_campaign_may_be_named_by_its_id(engine: EngineClient) -> None:
    made = make_campaign(engine, "A")

    assert publish(engine, campaign={"name": made["id"]})["voucher"]["code"] == "A"


def test_several_vouchers_are_published_together(engine: EngineClient) -> None:
    make_campaign(engine, "A", "B", "C")

    made = publish(engine, campaign={"name": "Spring", "count": 2})

    assert made["vouchers"] == ["A", "B"]
    assert "voucher" not in made
    assert len(made["vouchers_id"]) == 2
    assert engine.voucher("C")["holder_id"] is None


def test_a_voucher_is_published_by_its_code_and_only_once(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)

    made = publish(engine, voucher="CODE")

    assert made["voucher"] == engine.voucher("CODE")
    assert publish(engine, voucher="CODE", customer=BOB, status=400)["key"] == "voucher_already_published"
    assert engine.voucher("CODE")["holder_id"] == made["customer_id"]


def test_a_campaign_that_may_grow_makes_a_voucher_when_none_is_left(engine: EngineClient) -> None:
    make_campaign(engine, "A", type="AUTO_UPDATE")

    published = [publish(engine, campaign={"name": "Spring"})["voucher"]["code"] for _ in range(2)]

    assert published[0] == "A"
    assert engine.voucher(published[1])["campaign"] == "Spring"
    assert engine.get("/v1/campaigns/Spring")["vouchers_count"] == 2


def test_a_customer_who_joins_once_gets_the_same_voucher_again(engine: EngineClient) -> None:
    make_campaign(engine, "A", "B")

    first = publish(engine, query="?join_once=true", campaign={"name": "Spring"})

    assert publish(engine, query="?join_once=true", campaign={"name": "Spring"}) == first
    assert publish(engine, query="?join_once=false", campaign={"name": "Spring"})["voucher"]["code"] == "B"


def test_a_campaign_may_ask_for_it(engine: EngineClient) -> None:
    make_campaign(engine, "A", "B", join_once=True)

    assert publish(engine, campaign={"name": "Spring"}) == publish(engine, campaign={"name": "Spring"})
    assert publish(engine, campaign={"name": "Spring"}, customer=BOB)["voucher"]["code"] == "B"


def test_a_voucher_may_last_from_its_publication_on(engine: EngineClient) -> None:
    make_campaign(engine, "A", activity_duration_after_publishing="P1M")
    engine.clock.advance(days=1)

    made = publish(engine, campaign={"name": "Spring"})

    assert made["voucher"]["expiration_date"] == "2030-02-03T03:04:05.000Z"


def test_vouchers_that_cannot_be_used_are_not_published(engine: EngineClient) -> None:
    make_campaign(engine, "OFF", "ON")
    engine.post("/v1/vouchers/OFF/disable")

    assert publish(engine, voucher="OFF", status=400)["key"] == "voucher_cannot_be_published"
    assert publish(engine, campaign={"name": "Spring"})["voucher"]["code"] == "ON"


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        ({"campaign": {"name": "Spring", "count": 2}}, 400, "missing_vouchers"),
        ({"campaign": {"name": "Spring", "count": 51}}, 400, "too_many_vouchers_requested"),
        ({"campaign": {"name": "Empty"}}, 400, "no_voucher_suitable_for_publication"),
        ({"campaign": {"name": "Sale"}}, 400, "no_voucher_suitable_for_publication"),
        ({"campaign": {"name": "NONE"}}, 404, "not_found"),
        ({"voucher": "NONE"}, 404, "not_found"),
        ({}, 400, "invalid_publish_params"),
        ({"voucher": "A", "campaign": {"name": "Spring"}}, 400, "invalid_publish_params"),
        ({"voucher": "A", "customer": {}}, 400, "invalid_payload"),
        ({"voucher": "A", "customer": None}, 400, "invalid_payload"),
        ({"voucher": "A", "source_id": "used"}, 400, "duplicate_source_id"),
    ],
)
def test_what_cannot_be_published_changes_nothing(
    engine: EngineClient, body: dict[str, Any], status: int, key: str
) -> None:
    make_campaign(engine, "A")
    engine.post("/v1/campaigns", {"name": "Empty", "voucher": COUPONS})
    engine.post("/v1/campaigns", {"name": "Sale", "campaign_type": "PROMOTION"})
    engine.coupon("OTHER", amount_off=1)
    publish(engine, voucher="OTHER", source_id="used", customer=BOB)
    before = engine.everything()

    assert publish(engine, status=status, **body)["key"] == key
    assert engine.everything() == before


def test_publications_are_listed_newest_first_and_by_what_they_are_about(engine: EngineClient) -> None:
    make_campaign(engine, "A", "B")
    engine.coupon("OTHER", amount_off=1)
    first = publish(engine, campaign={"name": "Spring"}, source_id="one")
    second = publish(engine, voucher="OTHER", customer=BOB)

    listed = engine.get("/v1/publications")

    assert listed == {"object": "list", "data_ref": "publications", "publications": [second, first], "total": 2}
    assert engine.get("/v1/publications?order=created_at")["publications"] == [first, second]
    for query in ("campaign=Spring", "customer=ann", f"customer={first['customer_id']}", "source_id=one"):
        assert engine.get(f"/v1/publications?{query}")["publications"] == [first]
    assert engine.get("/v1/publications?customer=nobody")["total"] == 0
