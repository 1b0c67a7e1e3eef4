"""When the bridge cannot open what it keeps: the shop's pages still answer, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from checkout_bridge import CheckoutBridge
from checkout_bridge.errors import StorageFailed

Cart = Callable[..., dict[str, Any]]


def _data_dir_is_a_file(folder: Path) -> dict[str, Any]:
    (folder / "a-file").write_text("not a folder")
    return {"data_dir": folder / "a-file"}


def _ledger_under_a_file(folder: Path) -> dict[str, Any]:
    (folder / "a-file").write_text("not a folder")
    return {"data_dir": folder / "data", "ledger_url": f"sqlite:///{folder}/a-file/below/ledger.db"}


def _damaged_keys(folder: Path) -> dict[str, Any]:
    (folder / "data").mkdir()
    (folder / "data" / "engine-keys.json").write_text('{"app_id": "4f')
    return {"data_dir": folder / "data"}


# What is in the way, and what the error names.
OBSTACLES = [
    (_data_dir_is_a_file, "Not a directory"),
    (_ledger_under_a_file, "ledger.db: Not a directory"),
    (_damaged_keys, "engine-keys.json is damaged"),
]


@pytest.fixture(params=OBSTACLES, ids=[make.__name__.strip("_") for make, _ in OBSTACLES])
def obstacle(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[dict[str, Any], str]:
    """The settings of a bridge that cannot open what it keeps, and the reason."""
    make, reason = request.param
    return make(tmp_path), reason


@pytest.fixture
def bridge(shop: Flask, obstacle: tuple[dict[str, Any], str]) -> Iterator[CheckoutBridge]:
    """A bridge that cannot open what it keeps."""
    bridge = CheckoutBridge(shop, **obstacle[0])
    yield bridge
    bridge.close()


@pytest.fixture
def ran(shop: Flask, bridge: CheckoutBridge) -> list[str]:
    """The shop's views that ran."""
    ran: list[str] = []
    shop.before_request(lambda: ran.append(str(request.endpoint)))
    return ran


def test_the_cart_page_is_shown_with_a_state(visitor: FlaskClient, cart: Cart) -> None:
    visitor.post("/basket", json=cart("TEN"))
    state = visitor.get("/cart").get_json()
    assert (state["state"], state["amount"], state["total"], state["applied"]) == ("failed", 3499, 3499, [])


def test_the_order_page_is_shown_with_a_state(visitor: FlaskClient) -> None:
    answer = visitor.get("/orders/1000")
    assert (answer.status_code, answer.get_json()["state"]) == (200, "none")


def test_a_checkout_without_codes_goes_on(visitor: FlaskClient, cart: Cart) -> None:
    visitor.post("/basket", json=cart())
    told = visitor.post("/checkout").get_json()
    assert (told["order_ref"], told["promotions"]["state"], told["promotions"]["total"]) == ("1000", "failed", 3499)


@pytest.mark.parametrize("redeemed", [{"codes": ["TEN"]}, {"gift_cards": [{"code": "GIFT"}]}])
def test_a_checkout_with_codes_does_not(
    redeemed: dict[str, Any], visitor: FlaskClient, cart: Cart, ran: list[str]
) -> None:
    visitor.post("/basket", json=cart() | redeemed)
    answer = visitor.post("/checkout")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "place" not in ran


@pytest.mark.parametrize("asked", ["cancel", "refund"])
def test_a_cancel_or_refund_is_not_let_through(asked: str, visitor: FlaskClient, ran: list[str]) -> None:
    answer = visitor.post(f"/orders/1000/{asked}")
    assert (answer.status_code, ran) == (503, [])
    assert b"try again" in answer.get_data()


def test_the_shops_other_pages_are_untouched(visitor: FlaskClient, cart: Cart) -> None:
    assert visitor.post("/basket", json=cart()).get_json() == {"ok": True}


def test_health_tells_what_is_wrong(visitor: FlaskClient, obstacle: tuple[dict[str, Any], str]) -> None:
    answer = visitor.get("/bridge/health")
    told = answer.get_json()
    assert (answer.status_code, told["status"]) == (200, "degraded")
    assert obstacle[1] in told["ledger"]


def test_the_python_door_raises(bridge: CheckoutBridge, cart: Cart, obstacle: tuple[dict[str, Any], str]) -> None:
    for call in (lambda: bridge.quote(cart()), lambda: bridge.checkout(cart(), "1"), lambda: bridge.cancel("1")):
        with pytest.raises(StorageFailed) as failure:
            call()
        assert obstacle[1] in str(failure.value)


def test_once_it_is_mended_the_bridge_works_without_a_restart(
    bridge: CheckoutBridge, visitor: FlaskClient, tmp_path: Path
) -> None:
    assert visitor.get("/bridge/health").get_json()["status"] == "degraded"
    for obstacle in (tmp_path / "a-file", tmp_path / "data" / "engine-keys.json"):
        obstacle.unlink(missing_ok=True)
    assert visitor.get("/bridge/health").get_json()["status"] == "ok"
    assert visitor.get("/orders/1000").get_json()["state"] == "none"
