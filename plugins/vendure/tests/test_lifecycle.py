"""The life of an order over HTTP, from the signed bytes to the vouchers: all ends where it began."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .conftest import OLD_SECRET, SECRET, envelope, line, order, refund, signed

if TYPE_CHECKING:
    from .conftest import Shop

STATE, REFUND = "OrderStateTransitionEvent", "RefundStateTransitionEvent"
CODES = ("SAVE", "GIFT-1")
CANCELLED = order(*CODES, state="Cancelled", lines=[line("mug", 0, 1250), line("tea", 0, 500)])


def refunded(*refunds: dict[str, Any]) -> dict[str, Any]:
    return {"refund": refunds[-1], "order": order(*CODES, refunds=refunds)}


def test_a_cart_is_priced_at_the_webhook_and_at_the_bridges_own_door(shop: Shop) -> None:
    cart = order("SAVE", state="AddingItems")
    answer = shop.tell("cart", {"order": cart})
    assert sum(one["listPrice"] for one in answer["surcharges"]) == -300
    assert shop.quote(cart)["write_back"] == answer
    # What was set is not a code of its own, nor taken off once more.
    again = cart | {"surcharges": answer["surcharges"], "bridgeCodes": ["SAVE"]}
    assert shop.tell("cart", {"order": again}) == answer
    assert shop.held == (0, 5000)


def test_a_paid_order_is_given_back_piece_by_piece_and_then_whole(shop: Shop) -> None:
    """3.00 off 30.00: each mug is 11.25 of the card's 27.00, the tea 4.50."""
    assert shop.tell(STATE, {"order": order(*CODES)}, event_id="paid")["state"] == "confirmed"
    assert shop.tell(STATE, {"order": order(*CODES)}, event_id="paid")["duplicate"] is True
    assert shop.held == (1, 5000 - 2700)

    mug, tea, rest = refund(1, 1250, mug=1), refund(2, 500, tea=1), refund(3, 1250, mug=1)
    first, again = shop.tell(REFUND, refunded(mug)), shop.tell(REFUND, refunded(mug))
    assert (first == again, first["state"], shop.held) == (True, "confirmed", (1, 2300 + 1125))
    # All of them at once, as an order tells them, are each done once.
    assert shop.tell(REFUND, order(*CODES, refunds=(mug, tea)))["state"] == "confirmed"
    assert shop.held == (1, 2300 + 1125 + 450)
    assert shop.tell(REFUND, refunded(mug, tea, rest))["state"] == "unwound"
    assert shop.tell(STATE, CANCELLED)["state"] == "unwound"
    assert shop.held == (0, 5000)


def test_a_cancelled_order_gives_everything_back_though_its_lines_are_empty(shop: Shop) -> None:
    shop.tell(STATE, order(*CODES))
    assert shop.tell(STATE, CANCELLED)["state"] == "unwound"
    assert shop.held == (0, 5000)


def test_an_order_of_which_pieces_were_cancelled_stays_as_it_was_redeemed(shop: Shop) -> None:
    shop.tell(STATE, order(*CODES))
    fewer = order(*CODES, lines=[line("mug", 1, 1250), line("tea", 1, 500)])
    assert shop.tell(STATE, fewer)["status"] == "refused"
    assert shop.held == (1, 5000 - 2700)


def test_a_cancellation_that_overtakes_its_order_keeps_it_from_being_redeemed(shop: Shop) -> None:
    assert shop.tell(STATE, CANCELLED)["status"] == "ignored"
    assert shop.tell(STATE, order(*CODES))["reason"] == "the order was cancelled before"
    assert shop.held == (0, 5000)


def test_a_refund_that_overtakes_its_order_is_done_once_the_order_is_there(shop: Shop) -> None:
    early = shop.tell(REFUND, refunded(refund(1, 3000)))
    assert early["reason"] == "the order is not known yet"
    shop.tell(STATE, order(*CODES))
    assert shop.held == (0, 5000)


def test_a_code_that_is_used_up_is_refused_and_nothing_else_of_the_order_counts(shop: Shop) -> None:
    shop.tell(STATE, order("SAVE"))
    answer = shop.tell(STATE, order(*CODES, code="CODE2"))
    assert (answer["status"], "SAVE" in answer["reason"], shop.held) == ("refused", True, (1, 5000))


def test_a_body_that_lacks_a_field_is_unmappable_by_its_name(shop: Shop) -> None:
    answer = shop.tell(STATE, {"order": {"code": "C", "state": "PaymentSettled"}})
    assert (answer["status"], "currencyCode" in answer["reason"]) == ("unmappable", True)


def test_both_secrets_sign_and_a_forged_or_replayed_delivery_is_answered_401(shop: Shop) -> None:
    assert shop.tell(STATE, order("SAVE"), secret=OLD_SECRET)["status"] == "processed"
    body = envelope(STATE, CANCELLED)
    for header in (signed(body, "forged"), signed(body, SECRET, 1700000000), ""):
        assert shop.send(body, {"X-Checkout-Bridge-Signature": header}).status_code == 401
    assert shop.held == (1, 5000)
