"""Bodies as commercetools sends them: what each recorded one maps to, and some of them over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge.errors import BackendUnreachable
from checkout_bridge.events import Cancellation, Cart, CartUpdate, Checkout, Event, Ignored, Line, Refund, RefundLine

from .conftest import told

if TYPE_CHECKING:
    from .conftest import ProjectApi, Shop

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "platforms" / "commercetools"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recorded commercetools payloads are not at hand")


def _line(line_id: str, sku: str, product_id: str, name: str, price: int = 26500, quantity: int = 1) -> Line:
    return Line(line_id, quantity, price, sku, product_id, name)


def _pants(line_id: str, product_id: str = "260d2585-daef-4c11-9adb-1b90099b7ae8") -> Line:
    return _line(line_id, "M0E20000000DUIR", product_id, "Pants Jacob Cohen green")


def _some(line_id: str) -> Line:
    return _line(line_id, "product-sku1", "product-id", "Some product")


PAID_PANTS = "2a0a5b55-2b9c-4572-8074-bbcefdacf390"
JEANS = _line(
    "d52307c5-1cc4-400b-9459-121da2d261e5",
    "M0E20000000EE54",
    "73ce4f06-80ad-48e6-8b36-e7102fdc8709",
    "Jeans Cycle dark blue",
    18500,
)
CHEESE = _line(
    "3fce711d-e891-4005-be7f-bf3c999ccc7d",
    "245865",
    "c3955077-c666-408b-8855-130ac39a74cc",
    "Farm Fresh Cheddar Cheese 500g",
    1000,
    4,
)
WATER = _line(
    "2d313f50-e3ec-4c17-ac14-9fb6f4d75665",
    "245877",
    "c965c0b3-e7fc-4af9-a201-e096ebf1e5ea",
    "Bottled Still Water",
    546,
    3,
)
UNIT_CODES = ("X_3%_OFF", "X_10%_OFF", "UNIT_TYPE_OFF")
REFUND_ORDER, TRANSACTION = "9ec780a9-a550-476d-a652-a559ed61debc", "e828c90f-7ce9-4c88-b54e-2f773998fd19"
EXPECTED: dict[str, Event] = {
    "cart.json": CartUpdate(Cart("EUR", (_some("line-item-id-1"),))),
    "cart_custom_line_item.json": CartUpdate(Cart("EUR", (_some("line-item-id-1"),))),
    # At its price before the direct discounts it has; promotions that apply by themselves are no codes.
    "cart_direct_discounts.json": CartUpdate(
        Cart("EUR", (_pants("b574a28b-7e64-4556-b6d4-34a8a938f28d"),), codes=UNIT_CODES)
    ),
    "cart_discount_as_custom_line_item.json": CartUpdate(
        Cart("EUR", (_pants("15e558a9-ad7e-4baf-a332-b9f1b41c3c98"),), codes=UNIT_CODES)
    ),
    "cart_extension_request.json": CartUpdate(Cart("GBP", (CHEESE, WATER))),
    "cart_two_codes.json": CartUpdate(Cart("EUR", (_some("line-item-id-3"),), codes=("PERC10", "AMOUNT20"))),
    "cart_usd.json": CartUpdate(Cart("USD", (JEANS,), codes=("PERC10", "AMOUNT20"))),
    "order_cancelled.json": Cancellation("3456789"),
    "order_created.json": Ignored("the order is not paid: its paymentState is not set"),
    "order_paid.json": Checkout(
        "d805726e-5a6b-46b2-9d8d-f7aeb00c0f25",
        Cart("EUR", (_pants("13c3a702-4f16-47a5-93cc-1770ad08cec4", PAID_PANTS),), codes=("WXCQRBDKTP",)),
    ),
    "order_paid_no_codes.json": Checkout(
        "795dfe9a-8651-48d6-8b1c-3afa0cae82c7",
        Cart("EUR", (_pants("d0d09989-7c65-4798-b4cf-098f72201e4b", PAID_PANTS),)),
    ),
    "refund_by_amount.json": Ignored("transaction 123456 has not gone through: its state is Initial"),
    "refund_by_items.json": Refund("3456789", "123-123-123", (RefundLine("123-123-123", 1),)),
    # It has ids only: the rest is fetched.
    "refund_checkout_event.json": Refund(REFUND_ORDER, TRANSACTION, (), 4000),
}


def recorded(name: str) -> Any:
    return json.loads((FOLDER / name).read_bytes())


def refunding(api: ProjectApi) -> dict[str, str]:
    """The API of the project whose refund is recorded: the transaction of another recording, gone through."""
    transaction = recorded("refund_by_amount.json")["transaction"] | {"id": TRANSACTION, "state": "Success"}
    project = "/stg-commercetools-checkout"
    api.answers = {
        f"{project}/payments/7bfead45-fc9c-4376-b63d-0599578add15": {"transactions": [transaction]},
        f"{project}/orders/{REFUND_ORDER}": recorded("order_paid.json") | {"id": REFUND_ORDER},
    }
    return {**api.options, "PROJECT_KEY": project[1:]}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_body_maps_to_its_event(api: ProjectApi, name: str) -> None:
    assert told((FOLDER / name).read_bytes(), **refunding(api)) == EXPECTED[name]


def test_every_recorded_body_is_expected_here() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(EXPECTED)


def test_what_has_ids_only_waits_until_the_api_is_set() -> None:
    with pytest.raises(BackendUnreachable, match="set CHECKOUT_BRIDGE_COMMERCETOOLS_API_URL"):
        told((FOLDER / "refund_checkout_event.json").read_bytes())


def test_a_recorded_cart_is_priced_and_its_order_counted(shop: Shop) -> None:
    shop.coupon("WXCQRBDKTP", type="AMOUNT", amount_off=10000)
    cart = recorded("cart.json")
    cart["custom"]["fields"]["discount_codes"] = recorded("order_paid.json")["custom"]["fields"]["discount_codes"]

    discounts, codes = shop.actions(cart)

    assert [one["value"]["money"][0]["centAmount"] for one in discounts["discounts"]] == [10000]
    assert [json.loads(one)["status"] for one in codes["value"]] == ["APPLIED"]
    assert shop.pay(recorded("order_paid.json"))["status"] == "processed"
    assert shop.used("WXCQRBDKTP") == 1
