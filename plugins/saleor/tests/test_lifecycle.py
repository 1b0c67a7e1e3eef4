"""Deliveries over HTTP, from the signed bytes to the vouchers: counted once, given back once, never silently lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from checkout_bridge import CheckoutBridge

from .conftest import MUGS, ORDER, STRANGE_KEY, TEA, Shop, event, granted, hex_of, line, order, sign

if TYPE_CHECKING:
    from .conftest import KeyServer

START = (0, 5000)
BOTH = "SAVE,GIFT-1"
FIRST, SECOND = granted(1, {MUGS: 1}), granted(2, {TEA: 1})


def test_a_draft_order_is_priced_in_saleors_terms(shop: Shop) -> None:
    told = shop.quote({"order": order("SAVE")})
    assert told["total"] == 2700
    assert told["write_back"] == {
        "orderDiscountAdd": {"input": {"valueType": "FIXED", "value": "3.00", "reason": "SAVE"}}
    }
    assert shop.counters() == START


def test_a_paid_order_counts_once_however_many_events_tell_it(shop: Shop) -> None:
    first = shop.tell("order_fully_paid", order(BOTH))
    assert (first["status"], first["state"], first["order_ref"]) == ("processed", "confirmed", ORDER)
    assert shop.tell("order_fully_paid", order(BOTH))["duplicate"] is True
    assert shop.tell("order_paid", order(BOTH))["status"] == "processed"
    assert shop.counters() == (1, 2300)


def test_each_granted_refund_gives_the_card_its_share_once_though_told_again(shop: Shop) -> None:
    shop.tell("order_paid", order(BOTH))
    for _ in range(2):
        shop.tell("order_refunded", order(BOTH, grantedRefunds=[FIRST], transactions=[{"events": [event(1)]}]))
        assert shop.counters() == (1, 2300 + 1125)
    shop.tell("order_refunded", order(BOTH, grantedRefunds=[FIRST, SECOND]))
    assert shop.counters() == (1, 2300 + 1125 + 450)
    assert shop.tell("order_fully_refunded", order(BOTH, isPaid=False))["state"] == "unwound"
    assert shop.counters() == START


def test_lines_that_add_up_to_all_give_everything_back(shop: Shop) -> None:
    shop.tell("order_paid", order(BOTH))
    everything = [FIRST, SECOND, granted(3, {MUGS: 1})]
    assert shop.tell("order_refunded", order(BOTH, grantedRefunds=everything))["state"] == "unwound"
    assert shop.counters() == START


@pytest.mark.parametrize(("topic", "status"), [("order_cancelled", "CANCELED"), ("order_expired", "EXPIRED")])
def test_an_order_that_ends_gives_everything_back_and_stays_ended(shop: Shop, topic: str, status: str) -> None:
    shop.tell("order_paid", order(BOTH))
    assert shop.tell(topic, order(BOTH, status=status))["state"] == "unwound"
    assert shop.tell("order_fully_paid", order(BOTH))["reason"] == "the order was cancelled before"
    assert shop.counters() == START


def test_an_order_that_was_charged_back_is_told_with_its_cause(shop: Shop) -> None:
    shop.tell("order_paid", order(BOTH))
    back = order(BOTH, transactions=[{"events": [event(1, "CHARGE_BACK", 30.0)]}])
    assert shop.tell("order_updated", back)["status"] == "processed"


def test_a_cancellation_that_overtakes_its_order_keeps_it_from_being_redeemed(shop: Shop) -> None:
    shop.tell("order_cancelled", order(BOTH, status="CANCELED"))
    assert shop.tell("order_paid", order(BOTH))["reason"] == "the order was cancelled before"
    assert shop.counters() == START


def test_a_refund_that_overtakes_its_order_is_done_once_the_order_is_there(shop: Shop) -> None:
    assert shop.tell("order_fully_refunded", order(BOTH))["reason"] == "the order is not known yet"
    shop.tell("order_paid", order(BOTH))
    assert {row["status"] for row in shop.kept()} == {"processed"}
    assert shop.counters() == START


def test_a_code_that_is_refused_leaves_the_rest_of_the_order_alone(shop: Shop) -> None:
    answer = shop.tell("order_paid", order("GIFT-1,NOPE"))
    assert answer["status"] == "refused"
    assert "NOPE" in answer["reason"]
    assert shop.counters() == START


def test_yen_are_debited_as_yen(shop: Shop) -> None:
    shop.tell("order_paid", order("GIFT-1", total={"currency": "JPY"}, lines=[line(MUGS, 2, 1000)]))
    assert shop.counters() == (0, 3000)


def test_what_cannot_be_mapped_is_kept_with_its_reason(shop: Shop) -> None:
    assert shop.tell("order_paid", {"id": ORDER})["status"] == "unmappable"
    (kept,) = shop.kept()
    assert (kept["status"], kept["topic"]) == ("unmappable", "order_paid")
    assert "required property" in kept["reason"]


def test_a_webhook_with_a_secret_is_accepted_too(shop: Shop) -> None:
    body = json.dumps({"__typename": "OrderPaid", "order": order("SAVE")}).encode()
    assert shop.send(body, X_Saleor_Signature=hex_of(body)).get_json()["status"] == "processed"


@pytest.mark.parametrize(
    "signature", ["", hex_of(b"{}", "forged"), hex_of(b"{} "), sign(b"{}", STRANGE_KEY), sign(b"{}", kid="2")]
)
def test_what_saleor_did_not_sign_is_answered_401_and_not_kept(shop: Shop, signature: str) -> None:
    assert shop.send(b"{}", Saleor_Event="order_paid", Saleor_Signature=signature).status_code == 401
    assert shop.kept() == []


def test_while_the_keys_cannot_be_read_saleor_is_asked_to_send_again(tmp_path: Path, key_server: KeyServer) -> None:
    """Saleor sends again on 5xx only: 401 would lose the delivery."""
    app = Flask("shop")
    bridge = CheckoutBridge(app, data_dir=tmp_path, saleor_jwks_url=key_server.url)
    asked = Shop(app, bridge)
    key_server.status = 500
    body = json.dumps({"order": order()}).encode()
    response = asked.send(body, Saleor_Event="order_paid", Saleor_Signature=sign(body))
    assert (response.status_code, asked.kept()) == (503, [])
    bridge.close()
