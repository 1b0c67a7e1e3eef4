"""The life of one Vendure order, for the contract suite: each body as the plugin in the README posts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.events import Cancellation, Cart, Customer, Ignored, Line, Refund
from checkout_bridge.signatures import HEADER, sign
from checkout_bridge.testing.samples import Sample, Samples

SIGNED_WITH = "vendure-sample"
SHOP, ORDER = "default", "SAMPLECODE000001"
CODE, CARD = "SAVE", "GIFT-1"


def _line(name: str, quantity: int, price: int, placed: int) -> dict[str, Any]:
    return {
        "id": f"L-{name}",
        "quantity": quantity,
        "orderPlacedQuantity": placed,
        "unitPriceWithTax": price,
        "linePriceWithTax": quantity * price,
        "productVariant": {"id": "7", "sku": name.upper(), "name": name, "product": {"id": f"P-{name}"}},
    }


def _order(state: str, *refunds: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    is_placed = state != "AddingItems"
    payment = {"id": "1", "state": "Settled", "amount": 3490, "refunds": list(refunds)}
    return {
        "code": ORDER,
        "state": state,
        "currencyCode": "EUR",
        "couponCodes": [CODE],
        "customer": {"id": "4", "emailAddress": "jo@example.com", "firstName": "Jo", "lastName": "Doe"},
        "lines": [_line("mug", 2, 1250, 2 * is_placed), _line("tea", 1, 500, 1 * is_placed)],
        "surcharges": [{"sku": f"checkout-bridge:{CARD}", "priceWithTax": -2700}] if is_placed else [],
        "payments": [payment] if is_placed else [],
        **changes,
    }


def _refund(number: int, total: int, pieces: Mapping[str, int], state: str = "Settled") -> dict[str, Any]:
    lines = [{"orderLineId": line_id, "quantity": quantity} for line_id, quantity in pieces.items()]
    return {"id": str(number), "state": state, "total": total, "createdAt": f"2026-03-0{number}", "lines": lines}


def _sample(event: str, number: int, data: Mapping[str, Any]) -> Sample:
    return Sample(event, {"id": f"{event}:{number}", "event": event, "shop": SHOP, "data": data})


def _refunded(*refunds: dict[str, Any]) -> Sample:
    data = {"refund": refunds[-1], "order": _order("PaymentSettled", *refunds)}
    return _sample("RefundStateTransitionEvent", len(refunds), data)


def _signed(sample: Sample, event_id: str, at: int) -> dict[str, str]:
    return {HEADER: sign(SIGNED_WITH.encode(), sample.body, at)}


def _total_after(body: Any, answer: Any) -> int:
    return 3000 + sum(int(one["listPrice"]) for one in answer["surcharges"])


_MUG, _TEA, _REST = _refund(1, 1250, {"L-mug": 1}), _refund(2, 500, {"L-tea": 1}), _refund(3, 1740, {"L-mug": 1})
_STATE = "OrderStateTransitionEvent"
# Cancelling brings every quantity down to nothing; the codes stay.
_CANCELLED = _sample(
    _STATE, 2, {"order": _order("Cancelled", lines=[_line("mug", 0, 1250, 2), _line("tea", 0, 500, 1)])}
)

SAMPLES = Samples(
    options={"SECRET": SIGNED_WITH},
    sign=_signed,
    shop=SHOP,
    order_ref=ORDER,
    code=CODE,
    gift_card=CARD,
    paid=_sample(_STATE, 1, {"order": _order("PaymentSettled")}),
    expected_cart=Cart(
        "EUR",
        (Line("L-mug", 2, 1250, "MUG", "P-mug", "mug"), Line("L-tea", 1, 500, "TEA", "P-tea", "tea")),
        Customer("4", "jo@example.com", "Jo Doe"),
        (CODE, CARD),
    ),
    cancelled=_CANCELLED,
    refunds=(_refunded(_MUG), _refunded(_MUG, _TEA)),
    rest=_refunded(_MUG, _TEA, _REST),
    expected=(
        (_CANCELLED, Cancellation(ORDER, cause="cancelled_after_capture")),
        (
            _sample(_STATE, 3, {"order": _order("PaymentAuthorized")}),
            Ignored("the order is not paid: its state is PaymentAuthorized"),
        ),
        (
            _sample("RefundStateTransitionEvent", 4, {"refund": _refund(4, 100, {}), "order": _order("Shipped")}),
            Refund(ORDER, "4", (), 100),
        ),
        (
            _sample(
                "RefundStateTransitionEvent", 5, {"refund": _refund(5, 9, {}, "Pending"), "order": _order("Shipped")}
            ),
            Ignored("the refund has not gone through: its state is Pending"),
        ),
        (_sample("RefundStateTransitionEvent", 6, {"refund": _refund(6, 100, {})}), None),
    ),
    cart=_sample("cart", 1, {"order": _order("AddingItems")}),
    cart_total=3000,
    total_after=_total_after,
)
