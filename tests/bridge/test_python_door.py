"""The Python door: the same life of an order, called from the shop's own views or from anywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from checkout_bridge import Cart as BridgeCart
from checkout_bridge import CheckoutBridge, GiftCard, Line
from checkout_bridge.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    RedeemablesRejected,
)
from checkout_bridge.events import RefundLine

Cart = Callable[..., dict[str, Any]]
Used = Callable[[str], int]


def test_a_quote_tells_the_price_and_redeems_nothing(bridge: CheckoutBridge, cart: Cart, used: Used) -> None:
    quote = bridge.quote(cart("ONCE", "OFF", gift_cards=("SMALL",)))
    assert (quote["amount"], quote["total"]) == (3499, 2899)
    assert [one["code"] for one in quote["applied"]] == ["ONCE", "SMALL"]
    assert [(one["code"], one["key"]) for one in quote["rejected"]] == [("OFF", "voucher_disabled")]
    assert quote["quote_id"].startswith("quo_")
    assert (used("ONCE"), used("SMALL")) == (0, 0)


def test_outside_of_a_request_a_checkout_is_confirmed_at_once(bridge: CheckoutBridge, cart: Cart, used: Used) -> None:
    order = bridge.checkout(cart("ONCE", gift_cards=("GIFT",)), "1")
    assert (order["state"], order["order_ref"], order["total"]) == ("confirmed", "1", 0)
    assert [(one["code"], one["type"], one["amount"]) for one in order["applied"]] == [
        ("ONCE", "DISCOUNT_VOUCHER", 500),
        ("GIFT", "GIFT_VOUCHER", 2999),
    ]
    assert (used("ONCE"), used("GIFT")) == (1, 2999)
    assert bridge.confirm("1")["state"] == "confirmed"


def test_a_cart_may_be_made_of_the_public_classes(bridge: CheckoutBridge, used: Used) -> None:
    cart = BridgeCart("JPY", (Line("a", 2, 1500),), codes=("TEN",), gift_cards=(GiftCard("GIFT", 700),))
    order = bridge.checkout(cart, "1")
    assert (order["amount"], order["total"], order["currency"]) == (3000, 2000, "JPY")
    assert used("GIFT") == 700


def test_the_same_order_with_the_same_cart_answers_the_same_and_redeems_once(
    bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    first = bridge.checkout(cart("ONCE"), "1")
    assert bridge.checkout(cart("ONCE"), "1") == first
    assert used("ONCE") == 1


def test_the_same_order_with_another_cart_is_a_conflict(bridge: CheckoutBridge, cart: Cart, used: Used) -> None:
    bridge.checkout(cart("ONCE"), "1")
    with pytest.raises(Conflict) as refusal:
        bridge.checkout(cart("TEN"), "1")
    assert refusal.value.key == "checkout_conflict"
    assert (used("ONCE"), used("TEN")) == (1, 0)


def test_a_cancelled_order_may_be_checked_out_again_as_a_new_attempt(
    bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    first = bridge.checkout(cart("ONCE"), "1")
    bridge.cancel("1")
    second = bridge.checkout(cart("TEN", "ONCE"), "1")
    assert second["checkout_id"] == first["checkout_id"]
    assert (second["state"], second["given_back"]) == ("confirmed", [])
    assert bridge.order("1")["source_id"] == f"{first['checkout_id']}.2"
    assert (used("ONCE"), used("TEN")) == (1, 1)
    assert len(bridge.cancel("1")["given_back"]) == 2
    assert (used("ONCE"), used("TEN")) == (0, 0)


def test_a_failed_checkout_may_be_tried_again_without_the_code(bridge: CheckoutBridge, cart: Cart) -> None:
    with pytest.raises(RedeemablesRejected) as refusal:
        bridge.checkout(cart("TEN", "LATE"), "1")
    assert [one["code"] for one in refusal.value.rejected] == ["LATE"]
    assert bridge.order("1")["state"] == "failed"
    assert bridge.checkout(cart("TEN"), "1")["total"] == 3149


def test_a_cancel_tells_its_reason_and_event_and_does_nothing_twice(
    bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    bridge.checkout(cart("ONCE"), "1")
    told = bridge.cancel("1", event_id="e-1", reason="out of stock")
    assert (told["state"], told["reason"], told["given_back"][0]["code"]) == ("unwound", "out of stock", "ONCE")
    assert bridge.cancel("1", event_id="e-2", reason="again") == told
    entries = [(entry["event"], entry["event_id"]) for entry in bridge.order("1")["history"]]
    assert ("cancel", "e-1") in entries
    assert used("ONCE") == 0


def test_a_full_refund_gives_back_and_is_the_same_as_its_preview(
    bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    bridge.checkout(cart("ONCE", gift_cards=("GIFT",)), "1")
    preview = bridge.preview_refund("1")
    assert [(one["code"], one["amount"]) for one in preview["given_back"]] == [("ONCE", None), ("GIFT", 2999)]
    assert used("GIFT") == 2999
    told = bridge.refund("1", refund_id="r-1")
    assert [(one["code"], one["amount"]) for one in told["given_back"]] == [("ONCE", None), ("GIFT", 2999)]
    assert bridge.refund("1", refund_id="r-1") == told
    assert bridge.preview_refund("1")["given_back"] == []
    assert used("GIFT") == 0


@pytest.mark.parametrize(
    "part",
    [
        {"lines": [RefundLine("mug", 2)]},
        {"lines": [{"line_id": "mug", "quantity": 1}, {"line_id": "mug", "quantity": 1}]},
        {"amount": 1},
    ],
)
def test_a_partial_refund_leaves_the_coupon_used_and_is_kept(
    part: dict[str, Any], bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    bridge.checkout(cart("ONCE"), "1")
    assert bridge.preview_refund("1", **part)["given_back"] == []
    told = bridge.refund("1", refund_id="r-1", **part)
    assert (told["state"], told["given_back"], told["warnings"], used("ONCE")) == ("confirmed", [], [], 1)
    assert [(one["refund_id"], one["status"]) for one in bridge.order("1")["refunds"]] == [("r-1", "done")]
    assert [one["code"] for one in bridge.refund("1", refund_id="r-2")["given_back"]] == ["ONCE"]
    assert used("ONCE") == 0


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ({"lines": [RefundLine("cup", 1)]}, "lines[0].line_id"),
        ({"lines": [RefundLine("mug", 0)]}, "lines[0].quantity"),
        ({"lines": [RefundLine("mug", 3)]}, "lines"),
        ({"lines": []}, "lines"),
        ({"lines": [{"line_id": "mug", "quantity": 1.5}]}, "lines[0].quantity"),
        ({"amount": -1}, "amount"),
        ({"amount": 3000}, "amount"),
        ({"amount": 29.99}, "amount"),
        ({"refund_id": ""}, "refund_id"),
    ],
)
def test_a_refund_that_cannot_be_names_the_field(
    part: dict[str, Any], field: str, bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    bridge.checkout(cart("ONCE"), "1")
    with pytest.raises(InvalidInput) as refusal:
        bridge.refund("1", **{"refund_id": "r-1", **part})
    assert f".{field}" in str(refusal.value.details)
    assert used("ONCE") == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"lines": (Line("a", 1.5, 100),)}, "quantity"),  # type: ignore[arg-type]
        ({"lines": (Line("a", 0, 100),)}, "quantity"),
        ({"lines": (Line("a", 1, -100),)}, "unit_price"),
        ({"lines": (Line("a", 1, 9.99),)}, "price"),  # type: ignore[arg-type]
        ({"lines": ()}, "items"),
        ({"currency": "EURO"}, "currency"),
        ({"codes": ("TEN", "TEN")}, "codes"),
        ({"codes": ("",)}, "codes"),
        ({"codes": (7,)}, "codes"),
        ({"gift_cards": (GiftCard("GIFT", 0),)}, "gift_cards[0].amount"),
        ({"gift_cards": (GiftCard("GIFT", 1.5),)}, "gift_cards[0].amount"),  # type: ignore[arg-type]
    ],
)
def test_a_cart_that_makes_no_sense_names_the_field_and_writes_nothing(
    changed: dict[str, Any], field: str, bridge: CheckoutBridge, states: Callable[[], list[str]]
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        bridge.checkout(BridgeCart(**{"currency": "EUR", "lines": (Line("a", 1, 100),), **changed}), "1")
    assert field in str(refusal.value)
    assert states() == []


@pytest.mark.parametrize("door", ["order", "cancel", "confirm", "preview_refund"])
def test_an_order_that_is_not_known_is_not_found(door: str, bridge: CheckoutBridge) -> None:
    with pytest.raises(NotFound) as refusal:
        getattr(bridge, door)("77")
    assert refusal.value.key == "order_not_found"


def _view(shop: Flask, bridge: CheckoutBridge, cart: dict[str, Any], ending: Callable[[], Any]) -> None:
    @shop.post("/buy")
    def buy() -> Any:
        assert bridge.checkout(cart, "1")["state"] == "redeemed"
        return ending()


def _raise() -> None:
    raise RuntimeError("the payment module broke")


def test_in_a_view_that_succeeds_the_checkout_is_confirmed(
    shop: Flask, bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    _view(shop, bridge, cart("ONCE"), lambda: ("thank you", 201))
    assert shop.test_client().post("/buy").status_code == 201
    assert (bridge.order("1")["state"], used("ONCE")) == ("confirmed", 1)


@pytest.mark.parametrize("ending", [lambda: ("declined", 402), lambda: ("broken", 503), _raise])
def test_in_a_view_that_fails_everything_is_given_back(
    ending: Callable[[], Any], shop: Flask, bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    _view(shop, bridge, cart("ONCE"), ending)
    assert shop.test_client().post("/buy").status_code in (402, 500, 503)
    assert (bridge.order("1")["state"], used("ONCE")) == ("unwound", 0)


def test_an_error_that_no_one_handles_gives_back_too(
    shop: Flask, bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    shop.testing = True
    _view(shop, bridge, cart("ONCE"), _raise)
    with pytest.raises(RuntimeError, match="payment module"):
        shop.test_client().post("/buy")
    assert (bridge.order("1")["state"], used("ONCE")) == ("unwound", 0)


def test_one_checkout_that_cannot_be_closed_does_not_keep_back_the_next(
    shop: Flask, bridge: CheckoutBridge, cart: Cart, wire: Any
) -> None:
    @shop.post("/buy-two")
    def buy_two() -> Any:
        bridge.checkout(cart("ONCE"), "1")
        bridge.checkout(cart("TEN"), "2")
        wire.refuse("POST", f"{bridge.runtime.doors.flow.get('1', SOURCE)['redemption_id']}/rollbacks", 400, "no_way")
        return "declined", 402

    from checkout_bridge.bridge.identity import Source

    SOURCE = Source("generic", "default")
    assert shop.test_client().post("/buy-two").status_code == 402
    assert (bridge.order("1")["state"], bridge.order("2")["state"]) == ("stuck", "unwound")


def test_an_extension_may_serve_several_apps_each_with_its_own_bridge(tmp_path: Path, cart: Cart) -> None:
    bridge, apps = CheckoutBridge(), [Flask("one"), Flask("two")]
    for app in apps:
        app.config["CHECKOUT_BRIDGE_DATA_DIR"] = tmp_path / app.name
        bridge.init_app(app)
    for app in apps:
        with app.app_context():
            assert bridge.checkout(cart(), f"order of {app.name}")["state"] == "confirmed"
    for app in apps:
        with app.app_context():
            assert len(bridge.runtime.doors.ledger.newest(limit=9)) == 1
            bridge.close()


def test_without_an_app_there_is_no_bridge() -> None:
    with pytest.raises(RuntimeError, match="init_app"):
        CheckoutBridge().order("1")
