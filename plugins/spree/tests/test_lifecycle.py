"""Events over HTTP, from the signed bytes to the vouchers: counted once, given back once, never silently lost."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from .conftest import OLD_SECRET, ORDER, SpreeServer, Store, event, order, refund, sign

CANCELED = order(status="canceled")


@pytest.fixture
def stocked(store: Store) -> Store:
    """A coupon for one use and a card of 10.00, which leave 17.00 of the goods' 30.00 to pay."""
    store.coupon("save", 1)
    store.gift_card("card", 1000)
    return store


def standing(store: Store) -> tuple[int, int]:
    return store.used("save"), store.credits("card")


def test_a_paid_order_counts_its_codes_once_however_often_it_is_told(stocked: Store) -> None:
    first = stocked.tell("order.completed", order("save", "card"), "same")
    assert (first["status"], first["state"], first["order_ref"]) == ("processed", "confirmed", ORDER)
    assert stocked.tell("order.completed", order("save", "card"), "same")["duplicate"] is True
    assert stocked.tell("order.paid", order("save", "card"))["status"] == "processed"
    assert standing(stocked) == (1, 0)


def test_a_cancelled_order_gives_everything_back_and_a_resumed_one_takes_it_again(stocked: Store) -> None:
    stocked.tell("order.paid", order("save", "card"))
    assert stocked.tell("order.canceled", CANCELED)["state"] == "unwound"
    assert standing(stocked) == (0, 1000)

    assert stocked.tell("order.resumed", {"id": ORDER, "status": "placed"})["state"] == "confirmed"
    assert standing(stocked) == (1, 0)


def test_refunds_of_parts_give_the_card_its_share_once_and_the_last_everything(
    stocked: Store, spree_api: SpreeServer
) -> None:
    stocked.tell("order.paid", order("save", "card"))
    listed = spree_api.refunds.setdefault(ORDER, [])
    listed.append(refund("8.5", 1))
    for name in ("refund.created", "refund.updated"):
        assert stocked.tell(name, listed[0])["state"] == "confirmed"
        assert standing(stocked) == (1, 500)
    listed.append(refund("26.4", 2))
    reimbursement = {"id": "rei_1", "order_id": ORDER, "reimbursement_status": "reimbursed"}
    assert stocked.tell("reimbursement.updated", reimbursement)["state"] == "unwound"
    assert stocked.tell("refund.created", listed[1])["status"] == "processed"
    assert standing(stocked) == (0, 1000)


def test_an_order_can_be_cancelled_after_a_part_of_it_was_refunded(stocked: Store, spree_api: SpreeServer) -> None:
    stocked.tell("order.paid", order("save", "card"))
    stocked.tell("refund.created", refund("8.5"))
    assert stocked.tell("order.canceled", CANCELED)["state"] == "unwound"
    assert standing(stocked) == (0, 1000)


def test_what_overtakes_its_order_is_not_lost(stocked: Store) -> None:
    assert stocked.tell("refund.created", refund("8.5"))["reason"] == "the order is not known yet"
    stocked.tell("order.paid", order("save", "card"))
    assert standing(stocked) == (1, 500)


def test_a_cancellation_that_overtakes_its_order_keeps_it_from_being_redeemed(stocked: Store) -> None:
    assert stocked.tell("order.canceled", CANCELED)["status"] == "ignored"
    assert stocked.tell("order.paid", order("save", "card"))["reason"] == "the order was cancelled before"
    assert standing(stocked) == (0, 1000)


@pytest.mark.parametrize("trouble", [500, 404])
def test_a_refund_that_could_not_be_read_is_done_once_spree_answers(
    stocked: Store, spree_api: SpreeServer, trouble: int
) -> None:
    stocked.tell("order.paid", order("save", "card"))
    spree_api.trouble = trouble
    assert stocked.tell("refund.created", refund("8.5"), "same")["status"] == "refused"
    assert standing(stocked) == (1, 0)

    spree_api.trouble = None
    assert stocked.tell("refund.created", refund("8.5"), "same")["status"] == "processed"
    assert standing(stocked) == (1, 500)


def test_a_code_that_does_not_exist_is_refused_by_name(stocked: Store) -> None:
    answer = stocked.tell("order.paid", order("nope", "save"))
    assert answer["status"] == "refused"
    assert "nope" in answer["reason"]
    assert standing(stocked) == (0, 1000)


def test_a_body_that_lacks_a_field_is_kept_as_unmappable_with_its_name(stocked: Store) -> None:
    answer = stocked.tell("order.paid", order("save", currency=None))
    assert (answer["status"], answer["reason"]) == ("unmappable", "Payload should have required property 'currency'")


def test_while_the_secret_is_replaced_the_old_one_still_signs(stocked: Store) -> None:
    body = event("order.paid", order("save", "card"))
    assert json.loads(stocked.send(body, sign(body, OLD_SECRET)).data)["status"] == "processed"


def test_a_cart_is_priced_in_sprees_own_terms(stocked: Store) -> None:
    quote = stocked.bridge.quote(order("save", "card"), platform="spree")
    values = [Decimal(one["value"]) for one in quote["write_back"]["discounts"]]
    assert (quote["total"], sum(values)) == (1700, 13)
    assert standing(stocked) == (0, 1000)
