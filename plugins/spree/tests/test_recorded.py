"""Bodies as Spree sends or answers them: what each recorded one maps to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Cart, Checkout, Customer, Event, Ignored, Line, Refund

from .conftest import SpreeServer, event, plugin, told

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "platforms" / "spree"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recorded Spree payloads are not at hand")

ORDER = "or_UkLWZg9DAJ"
PERSON = Customer(None, "name@example.com", "Test Customer")
PRODUCT = Line("li_gbHJdmfrXB", 1, 1000, "variant_UkLWZg9DAJ", name="Product 1274794")
NO_API = "Property .payment_id is all that it has of its order: set CHECKOUT_BRIDGE_SPREE_API_URL"
EXPECTED: dict[str, tuple[str, Event | str]] = {
    "cart.json": ("cart.updated", Ignored("topic cart.updated is not used")),
    "cart_discount_code.json": ("cart.updated", Ignored("topic cart.updated is not used")),
    "order_cancelled.json": ("order.canceled", Cancellation(ORDER)),
    "order_created.json": ("order.completed", Ignored("the order is not paid: its payment_status is None")),
    "order_discounts.json": ("order.paid", "Payload should have required property 'id'"),
    "order_paid.json": ("order.paid", Checkout(ORDER, Cart("USD", (PRODUCT,), PERSON))),
    "refund_partial.json": ("refund.created", NO_API),
    "webhook_data_line_item.json": ("line_item.updated", Ignored("topic line_item.updated is not used")),
    "webhook_data_refund_created.json": ("refund.created", NO_API),
}


def recorded(name: str) -> Any:
    return json.loads((FOLDER / name).read_bytes())


@pytest.mark.parametrize("wrap", [event, lambda name, data: json.dumps(data).encode()], ids=["event", "bare"])
@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_body_maps_to_its_event_or_is_refused(name: str, wrap: Callable[[str, Any], bytes]) -> None:
    topic, expected = EXPECTED[name]
    body = wrap(topic, recorded(name))
    if isinstance(expected, str):
        with pytest.raises(InvalidInput) as refusal:
            told(topic, body)
        assert (refusal.value.details or "").startswith(expected)
    else:
        assert told(topic, body) == expected


def test_every_recorded_body_is_expected_here() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize(
    ("name", "total", "codes"), [("cart.json", 2999, ()), ("cart_discount_code.json", 1000, ("save10",))]
)
def test_a_recorded_cart_comes_to_what_it_cost_before_discounts(name: str, total: int, codes: tuple[str, ...]) -> None:
    cart = plugin().parse_cart(payload=recorded(name))
    assert (cart.currency, cart.total, cart.codes) == ("USD", total, codes)


def test_a_recorded_refund_is_of_the_order_that_has_its_payment(
    spree_api: SpreeServer, asked: Callable[[str, Any], Any]
) -> None:
    spree_api.orders = [recorded("order_paid.json")]
    assert asked("refund.created", recorded("refund_partial.json")) == (Refund(ORDER, "re_UkLWZg9DAJ", (), 500),)
