"""The life of one BigCommerce order for the contract suite: two mugs and a tea, bought with a coupon's code."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from hmac import digest
from typing import Any

from checkout_bridge.events import Cart, Customer, Ignored, Line, Refund
from checkout_bridge.testing.samples import Sample, Samples

SECRET = "client secret of the samples"  # noqa: S105 - of the samples alone
STORE, ORDER = "abc123", 118
MUGS, TEA = 65, 66
CODE = "SAVE10"


def order(status_id: int = 11, payment_status: str = "captured", **changes: Any) -> dict[str, Any]:
    """The order as the v2 API has it."""
    return {
        "id": ORDER,
        "status_id": status_id,
        "payment_status": payment_status,
        "customer_id": 11,
        "currency_code": "GBP",
        "default_currency_code": "USD",
        "is_tax_inclusive_pricing": False,
        "total_inc_tax": "34.1300",
        "refunded_amount": "0.0000",
        "billing_address": {"first_name": "Jo", "last_name": "Doe", "email": "jo@example.com"},
        "products": {"url": f"https://example.com/v2/orders/{ORDER}/products", "resource": f"/orders/{ORDER}/products"},
        "coupons": {"url": f"https://example.com/v2/orders/{ORDER}/coupons", "resource": f"/orders/{ORDER}/coupons"},
    } | changes


def product(number: int, quantity: int, ex_tax: str, inc_tax: str, **changes: Any) -> dict[str, Any]:
    """A line of it, before discounts."""
    return {
        "id": number,
        "order_id": ORDER,
        "quantity": quantity,
        "total_ex_tax": ex_tax,
        "total_inc_tax": inc_tax,
        "applied_discounts": [],
    } | changes


PRODUCTS = [
    product(MUGS, 2, "25.0000", "27.0625", product_id=77, sku="MUG", name="Mug"),
    product(TEA, 1, "5.0000", "5.4100", product_id=86, sku="", name="Tea"),
]
COUPONS = [{"id": 1, "coupon_id": 9, "order_id": ORDER, "code": CODE, "discount": "3.0000"}]


def refund(number: int, items: Mapping[int, int], amount: float, *, declined: bool = False) -> dict[str, Any]:
    """A refund of so many pieces of each line, of money when there are none, as the v3 API has it."""
    lines = [{"item_type": "PRODUCT", "item_id": line, "quantity": pieces} for line, pieces in items.items()]
    money = [] if lines else [{"item_type": "ORDER", "item_id": ORDER, "requested_amount": amount}]
    payment = {"id": number, "provider_id": "card", "amount": amount, "is_declined": declined}
    return {"id": number, "order_id": ORDER, "total_amount": amount, "items": lines + money, "payments": [payment]}


def told(scope: str, **data: Any) -> Sample:
    """What a webhook sends: ids, and little more."""
    body = {
        "scope": scope,
        "store_id": "1025646",
        "data": {"type": "order", "id": ORDER} | data,
        "hash": "dd70c0976e06b67aaf671e73f49dcb79230ebf9d",
        "created_at": 1561479335,
        "producer": f"stores/{STORE}",
    }
    return Sample(scope, body)


def moved(before: int, after: int) -> Sample:
    """A change of the order's status."""
    return told("store/order/statusUpdated", status={"previous_status_id": before, "new_status_id": after})


def refunded(number: int) -> Sample:
    """A refund by its id."""
    return told("store/order/refund/created", refund={"refund_id": number})


def checkout(*codes: str) -> dict[str, Any]:
    """The same goods in a checkout of the v3 API; the store keeps the codes."""
    mug = {"id": "m", "product_id": 77, "sku": "MUG", "name": "Mug", "quantity": 2}
    tea = {"id": "t", "product_id": 86, "sku": "", "name": "Tea", "quantity": 1}
    cart = {
        "id": "267c5d6f",
        "customer_id": 11,
        "email": "jo@example.com",
        "currency": {"code": "USD"},
        "line_items": {
            "physical_items": [mug | {"list_price": 12.5, "extended_list_price": 25}],
            "digital_items": [tea | {"list_price": 5, "extended_list_price": 5.0}],
            "gift_certificates": [],
            "custom_items": [],
        },
        "coupons": [],
    }
    return {"data": {"id": "267c5d6f", "cart": cart, "coupons": []}, "meta": {}, "codes": list(codes)}


def total_after(body: Mapping[str, Any], answer: Mapping[str, Any]) -> int:
    """What the goods come to in the store, in minor units, once the discounts were posted."""
    items = body["data"]["cart"]["line_items"].values()
    prices = sum(Decimal(str(item["extended_list_price"])) for kind in items for item in kind)
    discounts = sum(Decimal(str(one["discounted_amount"])) for one in answer["cart"]["discounts"])
    return int(100 * (prices - discounts))


def sign(sample: Sample, event_id: str, moment: int) -> dict[str, str]:
    """The headers of a delivery, as Standard Webhooks has them."""
    signed = f"{event_id}.{moment}.".encode() + sample.body
    return {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(moment),
        "webhook-signature": "v1," + b64encode(digest(SECRET.encode(), signed, sha256)).decode(),
    }


EXPECTED_CART = Cart(
    "USD",
    (Line(str(MUGS), 2, 1250, "MUG", "77", "Mug"), Line(str(TEA), 1, 500, None, "86", "Tea")),
    Customer("11", "jo@example.com", "Jo Doe"),
    (CODE,),
)

SAMPLES = Samples(
    options={"SECRET": SECRET, "ACCESS_TOKEN": "token of the samples"},
    sign=sign,
    shop=STORE,
    order_ref=str(ORDER),
    code=CODE,
    paid=told("store/order/created"),
    expected_cart=EXPECTED_CART,
    refunds=(refunded(1), refunded(2)),
    rest=moved(14, 4),
    cancelled=moved(11, 5),
    expected=(
        (refunded(3), Refund(str(ORDER), "3", (), 250)),
        (refunded(4), Ignored("refund 4 was declined")),
        (told("store/cart/created", type="cart", id="0934"), Ignored("scope store/cart/created is not used")),
        (told("store/order/created", id="0934x"), None),
    ),
    cart=Sample("checkout", checkout(CODE)),
    cart_total=3000,
    total_after=total_after,
    api={
        f"/v2/orders/{ORDER}": order(),
        f"/v2/orders/{ORDER}/products": PRODUCTS,
        f"/v2/orders/{ORDER}/coupons": COUPONS,
        f"/v3/orders/{ORDER}/payment_actions/refunds": {
            "data": [
                refund(1, {MUGS: 1}, 13.53),
                refund(2, {TEA: 1}, 5.41),
                refund(3, {}, 2.5),
                refund(4, {}, 2.5, declined=True),
            ],
            "meta": {},
        },
    },
)
