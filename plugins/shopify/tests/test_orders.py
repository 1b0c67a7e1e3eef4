"""What orders become: a paid one a checkout with its cart and codes, a cancelled one a cancellation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Cart, Checkout, Customer, Event, Ignored, Line

from .conftest import MUGS, ORDER, TEA, paid_order

Told = Callable[..., Event]


def cart_of(event: Event) -> Cart:
    assert isinstance(event, Checkout)
    return event.cart


def with_line(**changes: Any) -> dict[str, Any]:
    return paid_order(line_items=[paid_order()["line_items"][0] | changes])


def test_a_paid_order_is_a_checkout_with_ids_kept_to_the_last_digit(told: Told) -> None:
    assert told("orders/paid", paid_order("SAVE")) == Checkout(
        order_ref="820982911946154508",
        cart=Cart(
            "EUR",
            (
                Line("866550311766439020", 2, 1250, "MUG", "632910392", "Mug - blue"),
                Line("141249953214522974", 1, 500, None, None, "Tea"),
            ),
            Customer("115310627314723954", "jo@example.com", "Jo Doe"),
            ("SAVE",),
        ),
    )


@pytest.mark.parametrize(
    ("currency", "price", "minor_units"),
    [
        ("EUR", '"12.50"', 1250),
        ("EUR", '"600.0"', 60000),
        ("EUR", "12.5", 1250),
        ("EUR", "0.29", 29),
        ("EUR", "1234567890.07", 123456789007),
        ("EUR", "12", 1200),
        ("EUR", '"0.00"', 0),
        ("JPY", '"1000"', 1000),
        ("JPY", '"1000.00"', 1000),
        ("KWD", '"1.250"', 1250),
        ("KWD", "1.255", 1255),
    ],
)
def test_a_price_is_exact_as_a_string_and_as_a_number(told: Told, currency: str, price: str, minor_units: int) -> None:
    line = f'{{"id": 1, "quantity": 1, "price": {price}}}'
    body = f'{{"id": 1, "currency": "{currency}", "financial_status": "paid", "line_items": [{line}]}}'
    (bought,) = cart_of(told("orders/paid", body.encode())).lines
    assert bought.unit_price == minor_units


@pytest.mark.parametrize("price", ["1.005", "1e2", "abc", "", "-1.00", True, [], {}])
def test_a_price_that_is_none_is_refused(told: Told, price: Any) -> None:
    with pytest.raises(InvalidInput, match=r"items\[0\]\.(price|unit_price)"):
        told("orders/paid", with_line(price=price))


def test_a_price_finer_than_its_currency_is_refused(told: Told) -> None:
    with pytest.raises(InvalidInput, match=r"line_items\[0\]\.price has more decimals than JPY allows"):
        told("orders/paid", with_line(price="10.50") | {"currency": "JPY"})


def test_a_line_that_was_removed_is_left_out(told: Told) -> None:
    mugs, tea = paid_order()["line_items"]
    order = paid_order(line_items=[mugs | {"quantity": 0}, tea])
    assert [line.line_id for line in cart_of(told("orders/paid", order)).lines] == [str(TEA)]


@pytest.mark.parametrize("lines", [[], [{"id": MUGS, "quantity": 0, "price": "1.00"}]])
def test_an_order_without_lines_cannot_be_mapped(told: Told, lines: list[Any]) -> None:
    with pytest.raises(InvalidInput, match=r"\.line_items must have at least 1 item"):
        told("orders/paid", paid_order(line_items=lines))


def test_a_name_longer_than_the_promotions_api_takes_is_cut(told: Told) -> None:
    (line,) = cart_of(told("orders/paid", with_line(name="m" * 600))).lines
    assert line.name == "m" * 500


@pytest.mark.parametrize(
    ("customer", "email", "known_as"),
    [
        (None, "guest@example.com", Customer(None, "guest@example.com", None)),
        (None, "", None),
        ({"id": None, "email": None, "first_name": None, "last_name": None}, None, None),
        ({"id": 7, "email": None, "last_name": "Doe"}, None, Customer("7", None, "Doe")),
    ],
)
def test_a_customer_may_be_a_guest_or_nobody(told: Told, customer: Any, email: Any, known_as: Customer | None) -> None:
    assert cart_of(told("orders/paid", paid_order(customer=customer, email=email))).customer == known_as


def test_codes_are_taken_once_whatever_their_case_and_in_their_order(told: Told) -> None:
    cart = cart_of(told("orders/paid", paid_order("SAVE", "GIFT-1", "save", "", " Save ")))
    assert cart.codes == ("SAVE", "GIFT-1")


def test_the_title_of_a_discount_given_by_hand_is_no_code(told: Told) -> None:
    order = paid_order("Goodwill", "SAVE")
    by_hand = {"type": "manual", "title": "Goodwill", "value": "5.0"}
    order["discount_applications"] = [by_hand, {"type": "discount_code", "code": "SAVE"}]
    assert cart_of(told("orders/paid", order)).codes == ("SAVE",)


def test_a_discount_code_of_type_manual_is_no_code(told: Told) -> None:
    codes = [{"code": "Goodwill", "type": "manual"}, {"code": "SAVE", "type": "percentage"}]
    assert cart_of(told("orders/paid", paid_order(discount_codes=codes))).codes == ("SAVE",)


def test_a_code_counts_that_is_also_the_title_of_a_discount_given_by_hand(told: Told) -> None:
    order = paid_order("SAVE")
    order["discount_applications"].append({"type": "manual", "title": "Save"})
    assert cart_of(told("orders/paid", order)).codes == ("SAVE",)


def test_automatic_discounts_and_old_orders_without_applications_change_nothing(told: Told) -> None:
    automatic = {"type": "automatic", "title": "Summer"}
    assert cart_of(told("orders/paid", paid_order("SAVE", discount_applications=[automatic]))).codes == ("SAVE",)
    order = paid_order("SAVE")
    del order["discount_applications"]
    assert cart_of(told("orders/paid", order)).codes == ("SAVE",)


@pytest.mark.parametrize("status", ["authorized", "partially_paid", "pending", "voided", "refunded"])
def test_an_order_that_is_not_paid_is_ignored(told: Told, status: str) -> None:
    event = told("orders/paid", paid_order("SAVE", financial_status=status))
    assert event == Ignored(f"the order is not paid: its financial_status is {status}")


def test_a_paid_order_that_is_cancelled_is_ignored(told: Told) -> None:
    event = told("orders/paid", paid_order("SAVE", cancelled_at="2024-04-02T09:04:18-05:00"))
    assert event == Ignored("the order was cancelled before this was sent")


def test_a_test_order_counts(told: Told) -> None:
    assert cart_of(told("orders/paid", paid_order("SAVE", test=True))).codes == ("SAVE",)


@pytest.mark.parametrize("reason", ["customer", None])
def test_a_cancelled_order_is_a_cancellation(told: Told, reason: str | None) -> None:
    order = {"id": ORDER, "cancelled_at": "2024-04-02T09:04:18-05:00", "cancel_reason": reason}
    assert told("orders/cancelled", order) == Cancellation("820982911946154508", reason)


@pytest.mark.parametrize(
    ("reason", "status", "cause"),
    [
        ("customer", "pending", "cancelled"),
        ("customer", "voided", "cancelled"),
        ("customer", "paid", "cancelled_after_capture"),
        ("fraud", "refunded", "cancelled_after_capture"),
        ("inventory", "partially_refunded", "cancelled_after_capture"),
        ("declined", "pending", "payment_failed"),
        (None, None, "cancelled"),
    ],
)
def test_why_an_order_does_not_stand(told: Told, reason: str | None, status: str | None, cause: str) -> None:
    order = {"id": ORDER, "cancelled_at": "2024-04-02", "cancel_reason": reason, "financial_status": status}
    event = told("orders/cancelled", order)
    assert isinstance(event, Cancellation)
    assert event.cause == cause


@pytest.mark.parametrize(
    ("attributes", "cards"),
    [
        ([{"name": "gift_cards", "value": "GIFT-1,GIFT-2"}], ("GIFT-1", "GIFT-2")),
        ([{"name": "gift_cards", "value": "save GIFT-1"}], ("GIFT-1",)),
        ([{"name": "colour", "value": "green"}, {"name": None, "value": 7}], ()),
        (None, ()),
    ],
)
def test_gift_cards_are_those_of_the_attribute_that_the_cart_had(
    told: Told, attributes: Any, cards: tuple[str, ...]
) -> None:
    cart = cart_of(told("orders/paid", paid_order("SAVE", note_attributes=attributes)))
    assert (cart.codes, tuple(card.code for card in cart.gift_cards)) == (("SAVE",), cards)


def test_a_cancellation_that_has_not_happened_is_ignored(told: Told) -> None:
    event = told("orders/cancelled", {"id": ORDER, "cancelled_at": None, "financial_status": "refunded"})
    assert event == Ignored("the order is not cancelled: its cancelled_at is not set")


@pytest.mark.parametrize("topic", ["orders/create", "carts/update", "app/uninstalled", "unknown"])
def test_other_topics_are_ignored_unread(told: Told, topic: str) -> None:
    assert told(topic, b"not JSON") == Ignored(f"topic {topic} is not used")


def test_a_delivery_without_its_shop_is_ignored(told: Told) -> None:
    assert told("orders/paid", paid_order(), shop="unknown") == Ignored("the delivery does not name its shop")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"id": 1e99999999999999999999}'])
@pytest.mark.parametrize("topic", ["orders/paid", "orders/cancelled", "refunds/create"])
def test_a_body_that_is_not_json_cannot_be_mapped(told: Told, topic: str, body: bytes) -> None:
    with pytest.raises(InvalidInput, match="Payload must be valid JSON"):
        told(topic, body)


@pytest.mark.parametrize("payload", [None, [], "order", 1, [paid_order()]])
@pytest.mark.parametrize("topic", ["orders/paid", "orders/cancelled", "refunds/create"])
def test_a_body_that_is_not_an_object_cannot_be_mapped(told: Told, topic: str, payload: Any) -> None:
    with pytest.raises(InvalidInput, match="Payload must be an object"):
        told(topic, payload)


@pytest.mark.parametrize("field", ["id", "currency", "financial_status", "line_items"])
@pytest.mark.parametrize("missing", [None, [], {}, -1])
def test_what_a_paid_order_must_have_is_named(told: Told, field: str, missing: Any) -> None:
    with pytest.raises(InvalidInput, match=field):
        told("orders/paid", paid_order(**{field: missing}))


@pytest.mark.parametrize("identity", ["820982911946154508", 1.5, True, 0, 2**63])
def test_an_id_that_is_not_shopifys_is_named(told: Told, identity: Any) -> None:
    with pytest.raises(InvalidInput, match=r"Property \.id "):
        told("orders/paid", paid_order(id=identity))


def test_a_complaint_names_the_field_and_never_what_is_in_it(told: Told) -> None:
    address = "jo@example.com" * 50
    with pytest.raises(InvalidInput) as raised:
        told("orders/paid", paid_order(email=address))
    assert "Property .email" in str(raised.value)
    assert "jo@" not in str(raised.value)
