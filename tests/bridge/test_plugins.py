"""Platform plugins: found by entry point; a broken one is named and stops nobody; each hook does what it promises."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask, Response, jsonify, request

from checkout_bridge import CheckoutBridge
from checkout_bridge.bridge import sweep
from checkout_bridge.errors import NotFound
from checkout_bridge.hookspecs import PlatformSpec

from .market import Market

Cart = Callable[..., dict[str, Any]]
Install = Callable[[str, str], None]
KEY = {"Authorization": "Bearer let-me-in"}
GOOD = """
from checkout_bridge import hookimpl

class Plugin:
    @hookimpl
    def routes(self):
        return []
"""


def _plugins(tmp_path: Path) -> dict[str, Any]:
    app = Flask("shop")
    bridge = CheckoutBridge(app, data_dir=tmp_path / "data", token="let-me-in")
    health: dict[str, Any] = app.test_client().get("/bridge/health").get_json()
    bridge.close()
    return health


def test_an_installed_plugin_is_found(tmp_path: Path, install_plugin: Install) -> None:
    install_plugin("good", GOOD)
    health = _plugins(tmp_path)
    assert {"good", "generic"} <= set(health["plugins"])
    assert health["status"] == "ok"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("Plugin = None +", "SyntaxError"),
        ("Wrong = 1", "AttributeError"),
        ("class Plugin:\n    def __init__(self):\n        raise RuntimeError('no licence')", "no licence"),
        (GOOD.replace("routes", "rutes"), "rutes"),
        (GOOD.replace("return []", "raise RuntimeError('no map')"), "no map"),
    ],
)
def test_a_plugin_that_does_not_work_is_named_and_the_others_work(
    source: str, why: str, tmp_path: Path, install_plugin: Install, cart: Cart
) -> None:
    install_plugin("bad", source)
    install_plugin("good", GOOD)
    health = _plugins(tmp_path)
    assert health["status"] == "degraded"
    assert [one["name"] for one in health["broken_plugins"]] == ["bad"]
    assert why in health["broken_plugins"][0]["error"]
    assert {"good", "generic"} <= set(health["plugins"])


def test_a_broken_plugins_door_tells_why_it_is_shut(tmp_path: Path, install_plugin: Install, cart: Cart) -> None:
    install_plugin("bad", "import nothing_of_that_name")
    bridge = CheckoutBridge(Flask("shop"), data_dir=tmp_path / "data")
    with pytest.raises(NotFound) as refusal:
        bridge.quote(cart(), platform="bad")
    assert "nothing_of_that_name" in str(refusal.value.details)
    assert bridge.quote(cart())["total"] == 3499
    bridge.close()


def test_an_option_that_a_plugin_does_not_know_breaks_it_visibly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHECKOUT_BRIDGE_GENERIC_CARD_PATH", "/cart")
    broken = _plugins(tmp_path)["broken_plugins"]
    assert [one["name"] for one in broken] == ["generic"]
    assert "CHECKOUT_BRIDGE_GENERIC_CARD_PATH" in broken[0]["error"]


@pytest.fixture
def market(install_plugin: Install, monkeypatch: pytest.MonkeyPatch) -> Market:
    """The market's plugin, installed."""
    install_plugin("market", "Plugin = None")
    plugin = Market()
    monkeypatch.setitem(sys.modules, "bridge_plugin_market", SimpleNamespace(Plugin=plugin))
    return plugin


@pytest.fixture
def mall(market: Market, data_dir: Path) -> Iterator[tuple[Any, CheckoutBridge]]:
    """A visitor of a shop on that platform, and the bridge around it."""
    app = Flask("mall")

    @app.get("/trolley.json")
    def trolley() -> Response:
        return jsonify(units=2 if request.args.get("full") and request.cookies.get("who") == "ada" else 0)

    @app.get("/trolley")
    def page() -> Response:
        return jsonify(request.environ.get("checkout_bridge.state"))

    @app.put("/purchase")
    def purchase() -> Any:
        return jsonify(number=1), 201, {"X-Plain": "1"} if request.args.get("fail") else {}

    @app.delete("/purchase/<number>")
    def cancel(number: str) -> Any:
        return "", 204

    @app.post("/purchase/<number>/money-back")
    def refund(number: str) -> Any:
        return "", int(request.form["status"])

    bridge = CheckoutBridge(app, data_dir=data_dir, token="let-me-in", platform="market", market_color="red")
    visitor = app.test_client()
    visitor.set_cookie("who", "ada")
    yield visitor, bridge
    bridge.close()


def test_every_hook_is_used_by_the_market() -> None:
    hooks = {name for name in vars(PlatformSpec) if not name.startswith("_")}
    assert hooks == {name for name in vars(Market) if not name.startswith("_")}


def test_configure_is_given_the_platforms_own_options(mall: Any, market: Market) -> None:
    assert market.asked["configure"] == {"COLOR": "red"}


def test_cart_for_sees_the_request_and_fetches_with_the_same_cookies(mall: Any, market: Market) -> None:
    visitor, _ = mall
    state = visitor.get("/trolley?a=1&a=2", headers={"X-Shopper": "ada"}).get_json()
    assert (state["amount"], state["total"]) == (2000, 1800)
    assert market.asked["cart_for"] == ("GET", "/trolley", "1", "ada")


def test_a_cart_that_cart_for_does_not_give_leaves_the_request_alone(mall: Any) -> None:
    visitor, _ = mall
    visitor.delete_cookie("who")
    assert visitor.get("/trolley", headers={"X-Shopper": "eve"}).get_json()["state"] == "none"


def test_order_ref_of_names_the_order(mall: Any, market: Market) -> None:
    visitor, bridge = mall
    visitor.put("/purchase", headers={"X-Shopper": "ada"})
    assert bridge.order("m-1")["state"] == "confirmed"
    assert market.asked["order_ref_of"] == (201, "application/json")


def test_succeeded_decides_whether_a_checkout_stands(mall: Any) -> None:
    visitor, bridge = mall
    assert visitor.put("/purchase?fail=1", headers={"X-Shopper": "ada"}).status_code == 201
    assert bridge.runtime.doors.ledger.newest(limit=1)[0]["state"] == "unwound"


def test_refund_for_says_what_was_refunded_and_succeeded_whether_it_was(mall: Any) -> None:
    visitor, bridge = mall
    visitor.put("/purchase", headers={"X-Shopper": "ada"})
    for status, amount, state in (("200", "1800", "confirmed"), ("418", "1", "confirmed"), ("418", "1799", "unwound")):
        visitor.post("/purchase/1/money-back", data={"id": f"r-{amount}", "amount": amount, "status": status})
        assert bridge.order("m-1")["state"] == state


def test_parse_cart_makes_the_carts_of_the_other_doors(mall: Any) -> None:
    visitor, bridge = mall
    assert bridge.quote({"units": 3})["total"] == 3000
    answer = visitor.post("/bridge/quote", json={"cart": {"n": 3}}, headers=KEY)
    assert (answer.status_code, answer.get_json()["details"]) == (400, "Property .cart.units is missing")


def test_find_order_is_asked_of_the_platform(mall: Any) -> None:
    _, bridge = mall
    hooks = bridge.runtime.doors.hooks("market")
    assert (hooks.find_order(order_ref="m-1"), hooks.find_order(order_ref="m-2")) == (True, False)
    assert bridge.runtime.doors.hooks("generic").find_order(order_ref="1") is None


def _crash(bridge: CheckoutBridge, order_ref: str) -> None:
    """Redeem, and end before the shop has confirmed."""
    doors = bridge.runtime.doors
    doors.flow.redeem(doors.cart({"units": 1}, "market"), doors.source(), order_ref=order_ref)


def test_find_order_decides_on_a_checkout_that_nobody_confirmed(mall: Any) -> None:
    _, bridge = mall
    for ref in ("m-1", "m-2"):
        _crash(bridge, ref)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=901)):
        swept = bridge.runtime.doors.flow.sweep()
    assert [(order["order_ref"], order["state"]) for order in swept] == [("m-1", "confirmed"), ("m-2", "unwound")]


def test_a_find_order_that_fails_decides_nothing_and_stops_nobody(
    mall: Any, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, bridge = mall
    for ref in ("m-broken", "m-2"):
        _crash(bridge, ref)
    monkeypatch.setattr(sweep, "EVERY_SECONDS", 0)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=901)):
        assert bridge.checkout({"units": 1}, "m-3")["state"] == "confirmed"
    assert [bridge.order(ref)["state"] for ref in ("m-broken", "m-2")] == ["redeemed", "unwound"]


def test_webhook_hooks_verify_identify_and_map(mall: Any) -> None:
    visitor, bridge = mall
    bridge.checkout({"units": 1}, "m-1")
    forged = visitor.post("/bridge/webhooks/market", data=b"m-1", headers={"X-Signed": "no", "X-Id": "e-1"})
    assert forged.status_code == 401
    signed = visitor.post("/bridge/webhooks/market", data=b"m-1", headers={"X-Signed": "yes", "X-Id": "e-1"})
    assert (signed.status_code, signed.get_json()["status"]) == (200, "processed")
    order = bridge.order("m-1")
    assert (order["state"], order["reason"]) == ("unwound", "e-1")


def _told(visitor: Any, topic: str, body: bytes, event_id: str = "e-1", signed: str = "yes") -> Any:
    headers = {"X-Signed": signed, "X-Id": event_id, "X-Topic": topic}
    return visitor.post("/bridge/webhooks/market", data=body, headers=headers)


def test_event_of_may_tell_of_several_things_in_their_order(mall: Any) -> None:
    visitor, bridge = mall
    answer = _told(visitor, "history", b"m-7").get_json()
    order = bridge.order("m-7")
    assert (answer["status"], order["state"], order["reason"]) == ("processed", "unwound", "at last")
    assert [one["refund_id"] for one in order["refunds"]] == ["r-1"]


def test_answer_ping_answers_what_nobody_signed_and_nothing_else(mall: Any) -> None:
    visitor, _ = mall
    pong = _told(visitor, "any", b"ping", signed="no")
    assert (pong.status_code, pong.data, pong.content_type) == (202, b"pong", "text/market")
    assert _told(visitor, "any", b"pinged", signed="no").status_code == 401


def test_write_back_answers_a_delivery_that_asks_and_is_in_a_quote(mall: Any) -> None:
    visitor, bridge = mall
    for _ in range(2):  # it changes nothing, so that the same one is answered anew
        assert _told(visitor, "cart", b"").get_json() == {"off": [["TEN", 200]]}
    quote = bridge.quote({"units": 3})
    assert quote["write_back"] == {"off": []}
    assert quote["warnings"] == ["gifts: TEN: the market wraps nothing"]


def test_capabilities_says_what_the_platform_can_do(mall: Any) -> None:
    _, bridge = mall
    assert bridge.runtime.doors.hooks("market").capabilities().codes_per_cart == 3
    assert bridge.runtime.doors.hooks("generic").write_back(effects=None) is None


def test_restore_policy_decides_what_is_given_back(mall: Any, market: Market) -> None:
    visitor, bridge = mall
    used = []
    for number, ref in enumerate((b"m-kept", b"m-8")):
        before = bridge.runtime.client.vouchers.get_voucher("TEN")["redemption"]["redeemed_quantity"]
        _told(visitor, "history", ref, f"e-{number}")
        after = bridge.runtime.client.vouchers.get_voucher("TEN")["redemption"]["redeemed_quantity"]
        used.append(after - before)
    assert used == [1, 0]
    assert market.asked["restore_policy"][::2] == ("m-8", "coupon")
