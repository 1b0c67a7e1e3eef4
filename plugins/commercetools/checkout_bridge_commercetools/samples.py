"""One order of a commercetools project from its cart to its refunds, for the contract suite."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from checkout_bridge.events import Cart, Checkout, Customer, Ignored, Line, Reinstatement
from checkout_bridge.testing.samples import Sample, Samples

PROJECT = "mug-shop"
ORDER, CUSTOMER = "7a3c1f5e-6f0b-4c39-9d5f-2b8f3d1e0a11", "c0ffee00-1111-4222-8333-444455556666"
MUGS, TEA = "5d1c2b3a-0001-4abc-8def-000000000001", "5d1c2b3a-0002-4abc-8def-000000000002"
_HEADER = "Bearer mug-shop-and-bridge"


def money(cents: int, currency: str = "EUR") -> dict[str, Any]:
    """Minor units as the platform writes them."""
    return {"type": "centPrecision", "currencyCode": currency, "centAmount": cents, "fractionDigits": 2}


def line(line_id: str, sku: str, cents: int, quantity: int, **changes: Any) -> dict[str, Any]:
    """A line of a cart or an order."""
    told = {
        "id": line_id,
        "productId": f"product-{sku}",
        "name": {"de": f"{sku} auf Deutsch", "en": sku.title()},
        "variant": {"id": 1, "sku": sku},
        "price": {"id": f"price-{sku}", "value": money(cents)},
        "quantity": quantity,
        "discountedPricePerQuantity": [],
        "taxRate": {"name": "19%", "amount": 0.19, "includedInPrice": True},
        "priceMode": "Platform",
        "lineItemMode": "Standard",
        "totalPrice": money(cents * quantity),
    }
    return told | changes


def cart(*codes: str, **changes: Any) -> dict[str, Any]:
    """Two mugs at 12.50 and a tea at 5.00."""
    told = {
        "type": "Cart",
        "id": "cart-1",
        "version": 4,
        "customerId": CUSTOMER,
        "customerEmail": "jo@example.com",
        "lineItems": [line(MUGS, "MUG", 1250, 2), line(TEA, "TEA", 500, 1)],
        "customLineItems": [],
        "totalPrice": money(3000),
        "discountCodes": [],
        "directDiscounts": [],
        "custom": {"type": {"typeId": "type", "id": "t-1"}, "fields": {"discount_codes": list(codes)}},
    }
    return told | changes


def order(*codes: str, **changes: Any) -> dict[str, Any]:
    """The order of that cart, paid."""
    states = {"type": "Order", "id": ORDER, "orderState": "Confirmed", "paymentState": "Paid", "returnInfo": []}
    return cart(*codes) | states | changes


def asks(shown: Mapping[str, Any]) -> dict[str, Any]:
    """What an API Extension is sent."""
    return {"action": "Update", "resource": {"typeId": "cart", "id": shown["id"], "obj": shown}}


def message(kind: str, type_id: str = "order", resource_id: str = ORDER, **told: Any) -> dict[str, Any]:
    """A message but for its id, which is the delivery's."""
    resource = {"typeId": type_id, "id": resource_id}
    return {"notificationType": "Message", "projectKey": PROJECT, "resource": resource, "type": kind, **told}


def return_of(*pieces: tuple[str, str, int], state: str = "Refunded") -> dict[str, Any]:
    """Items that came back, each ``(id, line, quantity)``."""
    items = [
        {"id": item, "type": "LineItemReturnItem", "lineItemId": at, "quantity": quantity, "paymentState": state}
        for item, at, quantity in pieces
    ]
    return {"items": items}


def total_after(body: Any, answer: Any) -> int:
    """What the lines of a cart cost once the actions were followed, as the platform takes discounts off."""
    told = json.loads(body) if isinstance(body, bytes) else body
    left: dict[str, int] = {
        one["variant"]["sku"]: one["price"]["value"]["centAmount"] * one["quantity"] for one in _lines(told)
    }
    off_total = 0
    for action in answer["actions"]:
        for discount in action.get("discounts", ()):
            amount = discount["value"]["money"][0]["centAmount"]
            if discount["target"]["type"] == "totalPrice":
                off_total += amount
            else:
                sku = json.loads(discount["target"]["predicate"].removeprefix("sku = "))
                left[sku] = max(0, left[sku] - amount)
    return max(0, sum(left.values()) - off_total)


def _lines(body: Any) -> Any:
    return (body["resource"]["obj"] if "resource" in body else body)["lineItems"]


def _sign(sample: Sample, event_id: str, signed_at: int) -> Mapping[str, str]:
    """commercetools signs nothing: the header is fixed, and the id is in the body."""
    return {"Authorization": _HEADER, "Content-Type": "application/json"}


def _sample(topic: str, number: int, **told: Any) -> Sample:
    return Sample(topic, {"id": f"message-{number}", "sequenceNumber": number, **message(topic, **told)})


_CART = Cart(
    "EUR",
    (Line(MUGS, 2, 1250, "MUG", "product-MUG", "Mug"), Line(TEA, 1, 500, "TEA", "product-TEA", "Tea")),
    Customer(CUSTOMER, "jo@example.com"),
    ("MUGS3", "GIFT-1"),
)

SAMPLES = Samples(
    options={"SECRET": _HEADER, "PROJECT_KEY": PROJECT},
    sign=_sign,
    shop=PROJECT,
    order_ref=ORDER,
    code="MUGS3",
    gift_card="GIFT-1",
    paid=_sample("OrderPaymentStateChanged", 1, paymentState="Paid", oldPaymentState="Pending"),
    expected_cart=_CART,
    cancelled=_sample("OrderStateChanged", 2, orderState="Cancelled", oldOrderState="Confirmed"),
    refunds=(
        _sample("ReturnInfoAdded", 3, returnInfo=return_of(("return-1", MUGS, 1))),
        _sample("ReturnInfoAdded", 4, returnInfo=return_of(("return-2", TEA, 1))),
    ),
    rest=_sample("ReturnInfoAdded", 5, returnInfo=return_of(("return-3", MUGS, 1))),
    expected=(
        (_sample("OrderStateChanged", 6, orderState="Open", oldOrderState="Cancelled"), Reinstatement(ORDER)),
        (
            _sample("ReturnInfoAdded", 7, returnInfo=return_of(("return-4", TEA, 1), state="Initial")),
            Ignored("return item return-4 is not refunded: its paymentState is Initial"),
        ),
        (_sample("OrderPaymentStateChanged", 8), None),
        (Sample("Order", order("MUGS3", "GIFT-1")), Checkout(ORDER, _CART)),
    ),
    cart=Sample("cart/Update", asks(cart('{"code":"MUGS3","status":"NEW"}'))),
    cart_total=3000,
    total_after=total_after,
    api={
        f"/{PROJECT}/orders/{ORDER}": order(
            '{"code":"MUGS3","status":"APPLIED","type":"voucher","value":300}', "GIFT-1"
        )
    },
)
