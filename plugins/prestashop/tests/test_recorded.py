"""What the recorded rows of a PrestaShop shop map to, put together as its module posts them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Cart, Checkout, Customer, Ignored, Line

from .conftest import told

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "platforms" / "prestashop"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recorded PrestaShop payloads are not at hand")

HISTORY = "actionOrderHistoryAddAfter"
NEVER = Ignored("the order ended before it was paid: nothing was redeemed, and it may be paid yet")
NOT_PAID = "the order is not paid, or this changes nothing: its state is "


def rows(name: str) -> list[dict[str, Any]]:
    return [row["properties"] for row in json.loads((FOLDER / name).read_bytes())]


def of_order(name: str, number: int) -> list[dict[str, Any]]:
    return [row for row in rows(name) if row["id_order"] == number]


def posted_cart() -> dict[str, Any]:
    return {"cart": {**rows("carts.json")[0], "products": rows("cart_lines.json")[:2]}}


# (event, what is posted of the file, what it maps to; or, as text, why it is refused)
EXPECTED: dict[str, tuple[str, Any, Any]] = {
    "cart_lines.json": (
        "cart",
        lambda: {"currency": "EUR", "products": rows("cart_lines.json")[:2]},
        "Property .products[0] should have required property 'price_wt'",
    ),
    "carts.json": ("cart", posted_cart, "Payload should have required property 'currency'"),
    "order_cancelled.json": (
        HISTORY,
        lambda: {"order": rows("order_cancelled.json")[0]},
        Cancellation("1", cause="cancelled"),
    ),
    # total_paid is told, and yet nothing was paid.
    "order_created.json": (HISTORY, lambda: {"order": rows("order_created.json")[0]}, Ignored(NOT_PAID + "1")),
    "order_lines.json": (
        HISTORY,
        lambda: {
            "order": rows("order_created.json")[0] | {"current_state": 2, "is_paid": True},
            "order_details": of_order("order_lines.json", 2),
        },
        Checkout(
            "2",
            Cart(
                "EUR",
                (Line("3", 2, 7900, product_id="4"), Line("4", 1, 1190, product_id="8")),
                Customer("2", None, None),
            ),
        ),
    ),
    "order_status_history.json": (
        HISTORY,
        lambda: {
            "order": rows("order_cancelled.json")[0],
            "order_histories": of_order("order_status_history.json", 1),
        },
        NEVER,
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_file_maps_to_its_event_or_is_refused_by_name(name: str) -> None:
    topic, posted, expected = EXPECTED[name]
    if isinstance(expected, str):
        with pytest.raises(InvalidInput) as raised:
            told(topic, posted())
        assert raised.value.details == expected
    else:
        assert told(topic, posted()) == expected


def test_every_recorded_file_is_expected_here() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_file_by_itself_is_rows_of_another_module_and_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        told(EXPECTED[name][0], json.loads((FOLDER / name).read_bytes()))
    assert raised.value.details == "Payload must be an object"


@pytest.mark.parametrize(
    ("number", "expected"),
    [(1, NEVER), (2, Ignored(NOT_PAID + "1")), (3, NEVER), (4, Ignored(NOT_PAID + "1")), (5, Ignored(NOT_PAID + "10"))],
)
def test_no_recorded_history_is_of_a_paid_order(number: int, expected: Ignored) -> None:
    order = {"id_order": number, "currency": "EUR"}
    posted = {"order": order, "order_histories": of_order("order_status_history.json", number)}
    assert told(HISTORY, posted) == expected
