"""What an order tells once it was read: paid, not yet, no more; its lines and codes; refunds by their ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Cart, Checkout, Event, Ignored, Line, Refund, RefundLine, Reinstatement
from checkout_bridge.testing.samples import Sample
from checkout_bridge_bigcommerce.samples import (
    COUPONS,
    EXPECTED_CART,
    MUGS,
    ORDER,
    PRODUCTS,
    TEA,
    moved,
    order,
    product,
    refund,
    refunded,
)
from checkout_bridge_bigcommerce.samples import told as sent

from .conftest import plugin

if TYPE_CHECKING:
    from .conftest import ShopApi

Told = Callable[..., Any]
REF = str(ORDER)
PAID = Checkout(REF, EXPECTED_CART)
CREATED = sent("store/order/created")


@pytest.mark.parametrize("scope", ["store/order/created", "store/order/updated"])
def test_a_paid_order_is_read_with_its_products_and_coupons(told: Told, api: ShopApi, scope: str) -> None:
    api.has()
    assert told(sent(scope)) == PAID
    assert api.asked == [
        f"/v2/orders/{ORDER}",
        f"/v2/orders/{ORDER}/products?limit=250&page=1",
        f"/v2/orders/{ORDER}/coupons?limit=250&page=1",
    ]


def not_paid(status: int, payment: str) -> Ignored:
    return Ignored(f"the order is not paid: its status is {status}, that of its payment {payment}")


@pytest.mark.parametrize(
    ("status", "payment", "event"),
    [
        (11, "captured", PAID),
        (10, "", PAID),  # paid outside of BigCommerce
        (2, "Paid", PAID),
        (11, "authorized", not_paid(11, "authorized")),
        (11, "held for review", not_paid(11, "held for review")),
        (0, "", not_paid(0, "not told")),
        (1, "captured", not_paid(1, "captured")),
        (7, "authorized", not_paid(7, "authorized")),
        (12, "captured", not_paid(12, "captured")),
        (4, "refunded", Refund(REF, f"{REF}:refunded")),
        (5, "captured", Cancellation(REF, "cancelled", "cancelled_after_capture")),
        (5, "void", Cancellation(REF, "cancelled", "cancelled")),
        (6, "declined", Cancellation(REF, "declined", "payment_failed")),
        (13, "captured", Cancellation(REF, "disputed", "chargeback")),
    ],
)
def test_the_status_of_an_order_and_its_payment_tell_what_became_of_it(
    told: Told, api: ShopApi, status: int, payment: str, event: Event
) -> None:
    api.has(status_id=status, payment_status=payment)
    assert told(CREATED) == event
    exported = order(status, payment, products=PRODUCTS, coupons=COUPONS)
    assert told(Sample("order", exported)) == event


def test_that_an_order_ended_is_taken_from_the_delivery_too(told: Told, api: ShopApi) -> None:
    """By the time that it is read, it may stand again: then another delivery says so."""
    api.has()
    assert told(moved(11, 5)) == Cancellation(REF, "cancelled", "cancelled_after_capture")
    assert told(moved(5, 11)) == (Reinstatement(REF, "status"), PAID)
    assert told(moved(0, 11)) == PAID
    assert told(moved(7, 1)) == PAID


def test_an_order_that_was_partly_refunded_tells_each_refund(told: Told, api: ShopApi) -> None:
    refunds = [refund(1, {MUGS: 1}, 13.53), refund(2, {}, 0.99), refund(3, {}, 1, declined=True)]
    api.has(status_id=14, payment_status="partially refunded", refunds=refunds)
    lines = Refund(REF, "1", (RefundLine(str(MUGS), 1),))
    assert told(CREATED) == (PAID, lines, Refund(REF, "2", (), 99), Ignored("refund 3 was declined"))


@pytest.mark.parametrize(
    ("one", "event"),
    [
        (refund(1, {MUGS: 2, TEA: 1}, 32.47), Refund(REF, "1", (RefundLine("65", 2), RefundLine("66", 1)))),
        (refund(1, {}, 2.5), Refund(REF, "1", (), 250)),
        (refund(1, {MUGS: 0}, 20.83), Refund(REF, "1", (), 2083)),
        (refund(1, {}, 0), Ignored("no money was refunded")),
        (refund(1, {MUGS: 1}, 13.53, declined=True), Ignored("refund 1 was declined")),
        (refund(1, {MUGS: 1}, 13.53) | {"payments": []}, Refund(REF, "1", (RefundLine("65", 1),))),
    ],
)
def test_a_refund_is_read_by_its_id(told: Told, api: ShopApi, one: dict[str, Any], event: Event) -> None:
    api.has(refunds=[refund(7, {TEA: 1}, 5.41), one])
    assert told(refunded(1)) == event


def test_gift_wrapping_is_no_piece_of_its_product(told: Told, api: ShopApi) -> None:
    one = refund(1, {MUGS: 1}, 3)
    one["items"][0]["item_type"] = "GIFT_WRAPPING"
    api.has(refunds=[one])
    assert told(refunded(1)) == Refund(REF, "1", (), 300)


def cart(told: Told, api: ShopApi, *products: dict[str, Any], **changes: Any) -> Cart:
    api.has(lists=(list(products), []), **changes)
    checkout = told(CREATED)
    assert isinstance(checkout, Checkout)
    return checkout.cart


@pytest.mark.parametrize(
    ("currency", "total", "amount"),
    [("USD", "69.8400", 6984), ("USD", "69.8450", 6985), ("JPY", "1000.0000", 1000), ("KWD", "1.2500", 1250)],
)
def test_money_is_in_the_minor_units_of_the_currency_that_is_paid_in(
    told: Told, api: ShopApi, currency: str, total: str, amount: int
) -> None:
    bought = cart(told, api, product(1, 1, total, "0"), default_currency_code=currency, currency_code="EUR")
    assert (bought.currency, bought.lines) == (currency, (Line("1", 1, amount),))


@pytest.mark.parametrize(("inclusive", "amount"), [(False, 5599), (True, 6523)])
def test_prices_are_on_the_side_of_tax_on_which_the_store_writes_them(
    told: Told, api: ShopApi, inclusive: bool, amount: int
) -> None:
    bought = cart(told, api, product(1, 1, "55.9900", "65.2300"), is_tax_inclusive_pricing=inclusive)
    assert bought.total == amount


def test_a_price_between_two_cents_is_rounded_and_its_line_is_not(told: Told, api: ShopApi) -> None:
    assert cart(told, api, product(1, 3, "10.0000", "10.0000")).lines == (Line("1", 3, 333, exact_amount=1000),)


def test_a_long_order_is_read_to_its_end(told: Told, api: ShopApi) -> None:
    products = [product(i, 1, "1.0000", "1.0000") for i in range(1, 301)]
    path = f"/v2/orders/{ORDER}/products"
    api.has()
    api.answers |= {f"{path}?limit=250&page=1": products[:250], f"{path}?limit=250&page=2": products[250:]}
    assert len(told(CREATED).cart.lines) == 300


def test_codes_are_those_of_coupons_and_of_the_discounts_that_were_written_back(told: Told, api: ShopApi) -> None:
    names = ["Code: TEN", "Manual Discount", "Code: save10"]
    discounts = [{"id": "manual-discount", "name": name, "code": None} for name in names]
    bought = [product(1, 1, "5.0000", "5.0000", applied_discounts=discounts)]
    api.has(lists=(bought, [*COUPONS, {"code": "save10"}]))
    assert told(CREATED).cart.codes == ("SAVE10", "TEN")


def test_a_guest_is_known_by_the_address_and_nothing_is_made_of_empty_products(told: Told, api: ShopApi) -> None:
    bought = cart(told, api, product(1, 0, "0", "0"), product(2, 1, "5.0000", "5.0000", sku=""), customer_id=0)
    assert bought.customer is not None
    assert (bought.customer.id, bought.customer.email) == (None, "jo@example.com")
    assert [line.line_id for line in bought.lines] == ["2"]


@pytest.mark.parametrize(
    ("changes", "details"),
    [
        ({"status_id": None}, "Payload should have required property 'status_id'"),
        ({"products": []}, "Property .products must have at least 1 item that was bought"),
        (
            {"products": [product(1, 1, "x", "1")]},
            'Property .products[0].total_ex_tax must be a decimal such as "12.50"',
        ),
        ({"products": [product(1, 1, "-1", "1")]}, "Property .products[0] must not come to less than 0"),
        ({"products": [{"id": 1}]}, "Property .products[0] should have required property 'quantity'"),
        ({"coupons": [{}]}, "Property .coupons[0] should have required property 'code'"),
        (
            {"currency_code": None, "default_currency_code": None},
            "Payload should have required property 'default_currency_code'",
        ),
    ],
)
def test_an_order_that_lacks_a_field_is_refused_by_its_name(changes: dict[str, Any], details: str) -> None:
    exported = order(**({"products": PRODUCTS, "coupons": COUPONS} | changes))
    delivery = plugin().identify_webhook(headers={}, body=b"{}")
    with pytest.raises(InvalidInput) as raised:
        plugin().event_of(delivery=delivery.__class__("s", "e", "order"), body=Sample("order", exported).body)
    assert raised.value.details == details


@pytest.mark.parametrize(
    ("sample", "details"),
    [
        (sent("store/order/created", id="x"), "Property .data.id must be integer"),
        (sent("store/order/created", id=0), "Property .data.id must be from 1 to 9223372036854775807"),
        (sent("store/order/refund/created"), "Property .data should have required property 'refund'"),
    ],
)
def test_a_delivery_that_lacks_an_id_is_refused_by_its_name(told: Told, sample: Sample, details: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        told(sample)
    assert raised.value.details == details
