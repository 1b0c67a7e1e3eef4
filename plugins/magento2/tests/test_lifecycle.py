"""Deliveries over HTTP, from the signed bytes to the vouchers: counted once, given back once, never silently lost."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge import signatures
from checkout_bridge_magento2.samples import SAMPLES

from .conftest import OLD_KEY, SECRET, SIGNED_BY, STRANGE_KEY, hook, memo, order, sign

if TYPE_CHECKING:
    from .conftest import Shop

START = (0, 5000)
BOTH = ("SAVE", "GIFT-1")


def test_a_cart_is_priced_and_its_answer_followed_costs_what_the_engine_says(shop: Shop) -> None:
    body = hook("SAVE")
    answer = shop.tell(**body)
    assert answer[0]["value"]["base_discount"] == 3
    assert SAMPLES.total_after is not None
    assert SAMPLES.total_after(body, answer) == 2700
    assert (shop.counters(), shop.kept()) == (START, [])


def test_a_cart_whose_code_does_not_exist_goes_on_without(shop: Shop) -> None:
    assert shop.tell(**hook("NOPE")) == [{"op": "success"}]


def test_a_paid_order_counts_and_a_duplicate_does_not(shop: Shop) -> None:
    first, again = (shop.tell(order=order(*BOTH)) for _ in range(2))
    assert (first["status"], first["state"], first["order_ref"]) == ("processed", "confirmed", "41")
    assert [(one["code"], one["amount"]) for one in first["applied"]] == [("SAVE", 300), ("GIFT-1", 2700)]
    assert again["duplicate"] is True
    assert shop.tell(order=order(*BOTH, state="complete"))["status"] == "processed"
    assert shop.counters() == (1, 2300)


def test_credit_memos_give_the_card_its_share_and_the_last_one_everything(shop: Shop) -> None:
    shop.tell(order=order(*BOTH))
    for _ in range(2):
        shop.tell(creditmemo=memo({51: 1}, 1))
        assert shop.counters() == (1, 2300 + 1125)
    assert shop.tell(creditmemo=memo({51: 1}, 1, updated_at="later"))["status"] == "processed"
    assert shop.counters() == (1, 2300 + 1125)
    assert shop.tell(creditmemo=memo({52: 1}, 2))["state"] == "confirmed"
    assert shop.tell(creditmemo=memo({51: 1}, 3))["state"] == "unwound"
    assert shop.counters() == START


def test_a_cancelled_order_gives_everything_back_and_stays_cancelled(shop: Shop) -> None:
    shop.tell(order=order(*BOTH))
    assert shop.tell(order=order(*BOTH, state="canceled"))["state"] == "unwound"
    assert shop.tell(order=order(*BOTH, state="complete"))["reason"] == "the order was cancelled before"
    assert shop.counters() == START


def test_what_overtakes_its_order_is_done_once_the_order_is_there(shop: Shop) -> None:
    early = shop.tell(creditmemo=memo({51: 2, 52: 1}))
    assert early["reason"] == "the order is not known yet"
    shop.tell(order=order(*BOTH))
    assert {row["status"] for row in shop.kept()} == {"processed"}
    assert shop.counters() == START


def test_a_code_that_is_refused_leaves_the_rest_of_the_order_alone(shop: Shop) -> None:
    answer = shop.tell(order=order("GIFT-1", "NOPE"))
    assert answer["status"] == "refused"
    assert "NOPE" in answer["reason"]
    assert shop.counters() == START


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"invoice": {"order_id": 41, "state": 2}}, "set API_URL and ACCESS_TOKEN"),
        ({"order": {"entity_id": 41, "state": "processing"}}, "required property"),
        (hook(currency="XYZ"), "must be a currency of ISO 4217"),
    ],
)
def test_what_cannot_be_mapped_is_kept_with_its_reason(shop: Shop, told: dict[str, Any], reason: str) -> None:
    assert shop.tell(**told)["status"] == "unmappable"
    (kept,) = shop.kept()
    assert kept["status"] == "unmappable"
    assert reason in kept["reason"]


def test_a_cart_that_cannot_have_a_discount_is_answered_that_nothing_applies(shop: Shop) -> None:
    assert shop.tell(**hook("SAVE", quote_currency_code="USD")) == [{"op": "success"}]
    assert shop.kept() == []


def test_the_http_door_prices_a_cart_in_magentos_terms(shop: Shop) -> None:
    told = shop.quote(hook("SAVE"))
    assert (told["total"], told["write_back"][0]["value"]["base_discount"]) == (2700, 3)


def test_a_module_may_tell_with_the_shared_secret_and_an_old_key_still_signs(shop: Shop) -> None:
    body = json.dumps({"order": order("SAVE")}).encode()
    header = {signatures.HEADER: signatures.sign(SECRET.encode(), body, int(time.time()))}
    assert shop.send(body, header).get_json()["status"] == "processed"
    assert shop.tell(OLD_KEY, order=order("SAVE", state="canceled"))["state"] == "unwound"


@pytest.mark.parametrize("headers", [{}, {SIGNED_BY: sign(b"{}", STRANGE_KEY)}, {signatures.HEADER: "t=1,v1=00"}])
def test_what_nobody_signed_is_answered_401_and_not_kept(shop: Shop, headers: dict[str, str]) -> None:
    assert shop.send(b"{}", headers).status_code == 401
    assert shop.kept() == []
