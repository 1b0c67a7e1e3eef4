"""A small foreign shop with a bridge around it, real vouchers in a real engine, and a wire that can be cut."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, jsonify, redirect, request, session
from flask.testing import FlaskClient
from requests import PreparedRequest
from requests import Response as Answer
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectionError as ConnectionBroken

from checkout_bridge import CheckoutBridge
from checkout_bridge.client.inprocess import BASE_URL

from .worlds import BACKENDS, MakeWorld, World

TOKEN = "let-me-in"
VOUCHERS: dict[str, dict[str, Any]] = {
    "TEN": {"discount": {"type": "PERCENT", "percent_off": 10}},
    "ONCE": {"discount": {"type": "AMOUNT", "amount_off": 500}, "redemption": {"quantity": 1}},
    "USED": {"discount": {"type": "AMOUNT", "amount_off": 500}, "redemption": {"quantity": 1}},
    "LATE": {"discount": {"type": "PERCENT", "percent_off": 10}, "expiration_date": "2020-01-01"},
    "OFF": {"discount": {"type": "PERCENT", "percent_off": 10}, "active": False},
    "GIFT": {"type": "GIFT_VOUCHER", "gift": {"amount": 5000}},
    "SMALL": {"type": "GIFT_VOUCHER", "gift": {"amount": 100}},
}


def create_foreign_shop() -> Flask:
    """A shop as others write them: its cart is in its session, its views make the order number and know no bridge."""
    shop = Flask("foreign_shop")
    shop.secret_key = "not a secret"
    orders: dict[str, str] = {}

    @shop.post("/basket")
    def fill() -> Response:
        session["cart"] = request.get_json()
        return jsonify(ok=True)

    @shop.get("/cart.json")
    def cart_json() -> Response:
        return jsonify(session.get("cart", {}))

    @shop.get("/cart")
    def cart_page() -> Response:
        return jsonify(request.environ.get("checkout_bridge.state"))

    @shop.post("/checkout")
    def place() -> Any:
        how = request.args.get("how", "json")
        if how == "raise":
            raise RuntimeError("the payment module broke")
        if how == "402":
            return "declined", 402
        number = f"1{len(orders):03}" if how != "spaced" else "Größe 7"
        orders[number] = "paid"
        told = {"order_ref": number, "promotions": request.environ.get("checkout_bridge.state")}
        if how in ("redirect", "spaced"):
            return redirect(f"/orders/{number}", 303)
        if how == "header":
            return "thank you", 201, {"X-Order-Ref": number}
        if how == "nowhere":
            return "thank you"
        return jsonify(**told, note=request.form.get("note"))

    @shop.get("/orders/<number>")
    def show(number: str) -> Response:
        return jsonify(request.environ.get("checkout_bridge.state"))

    @shop.post("/orders/<number>/cancel")
    def cancel(number: str) -> Any:
        if request.args.get("how") == "shipped":
            return "already shipped", 409
        orders[number] = "cancelled"
        return redirect(f"/orders/{number}", 303)

    @shop.post("/orders/<number>/refund")
    def refund(number: str) -> Any:
        return jsonify(refunded=number, body=request.get_data(as_text=True))

    @shop.get("/broken")
    def broken() -> Response:
        raise RuntimeError("this page has always been broken")

    return shop


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CHECKOUT_BRIDGE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def shop() -> Flask:
    """The foreign shop."""
    return create_foreign_shop()


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the vouchers are; made once, copied for each test."""
    folder = tmp_path_factory.mktemp("stocked") / "data"
    bridge = CheckoutBridge(Flask("nothing"), data_dir=folder)
    client = bridge.runtime.client
    for code, voucher in VOUCHERS.items():
        client.vouchers.create_voucher(code, voucher)
    client.redemptions.redeem_stacked_discounts(
        {"redeemables": [{"object": "voucher", "id": "USED"}], "order": {"amount": 1000}}
    )
    assert bridge.runtime.doors.ledger.newest(limit=1) == []
    bridge.close()
    return folder


@pytest.fixture
def data_dir(stocked: Path, tmp_path: Path) -> Path:
    """A data folder of the test's own, with the vouchers in it."""
    shutil.copytree(stocked, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def bridge(shop: Flask, data_dir: Path) -> Iterator[CheckoutBridge]:
    """A bridge around the foreign shop, over its own engine, whose vouchers are there."""
    bridge = CheckoutBridge(shop, data_dir=data_dir, token=TOKEN)
    yield bridge
    bridge.close()


@pytest.fixture
def visitor(shop: Flask, bridge: CheckoutBridge) -> FlaskClient:
    """A shopper with a session."""
    return shop.test_client()


@pytest.fixture
def cart() -> Callable[..., dict[str, Any]]:
    """Makes the documented JSON cart: two mugs and three pens, 34.99 EUR."""

    def make(*codes: str, gift_cards: tuple[str, ...] = (), **changed: Any) -> dict[str, Any]:
        return {
            "currency": "EUR",
            "items": [
                {"id": "mug", "sku": "MUG", "name": "Mug", "quantity": 2, "unit_price": "12.50"},
                {"id": "pen", "sku": "PEN", "name": "Pen", "quantity": 3, "unit_price": "3.33"},
            ],
            "customer": {"id": "c-1", "email": "ada@example.com"},
            "codes": list(codes),
            "gift_cards": [{"code": code} for code in gift_cards],
            **changed,
        }

    return make


@pytest.fixture
def used(bridge: CheckoutBridge) -> Callable[[str], int]:
    """How often a code counts as used, or how many minor units a gift card has spent."""

    def count(code: str) -> int:
        voucher = bridge.runtime.client.vouchers.get_voucher(code)
        if "gift" in voucher:
            return int(voucher["gift"]["amount"] - voucher["gift"]["balance"])
        return int(voucher["redemption"]["redeemed_quantity"])

    return count


@pytest.fixture
def balance(bridge: CheckoutBridge) -> Callable[[str], int]:
    """What a gift card holds, in minor units; 0 for a coupon."""

    def read(code: str) -> int:
        return int(bridge.runtime.client.vouchers.get_voucher(code).get("gift", {}).get("balance", 0))

    return read


class Wire(BaseAdapter):
    """Stands between the bridge and its engine, and does to requests of one kind what a test says."""

    def __init__(self, real: BaseAdapter) -> None:
        super().__init__()
        self._real = real
        self._faults: list[tuple[str, str, Callable[[Callable[[], Answer]], Answer]]] = []
        self.seen: list[tuple[str, str]] = []

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Answer:
        path = request.path_url.split("?")[0]
        self.seen.append((str(request.method), path))

        def carry() -> Answer:
            return self._real.send(request, *args, **kwargs)

        for method, ending, fault in self._faults:
            if request.method == method and path.endswith(ending):
                return fault(carry)
        return carry()

    def close(self) -> None:
        self._real.close()

    def count(self, method: str, ending: str) -> int:
        """How many requests of this kind were sent."""
        return sum(sent == method and path.endswith(ending) for sent, path in self.seen)

    def when(self, method: str, ending: str, fault: Callable[[Callable[[], Answer]], Answer]) -> None:
        """Call ``fault`` with what would carry the request on, for requests of this kind."""
        self._faults.append((method, ending, fault))

    def lose_answers(self, method: str, ending: str) -> None:
        """The request arrives and is carried out, but its answer is lost."""

        def fault(carry: Callable[[], Answer]) -> Answer:
            carry()
            raise ConnectionBroken("cut")

        self.when(method, ending, fault)

    def lose_requests(self, method: str, ending: str) -> None:
        """The request never arrives, which the sender cannot know."""

        def fault(carry: Callable[[], Answer]) -> Answer:
            raise ConnectionBroken("cut")

        self.when(method, ending, fault)

    def refuse(self, method: str, ending: str, status: int, key: str) -> None:
        """The promotions API says no."""

        def fault(carry: Callable[[], Answer]) -> Answer:
            answer = Answer()
            answer.status_code = status
            answer._content = f'{{"code": {status}, "key": "{key}", "message": "No", "details": "no"}}'.encode()
            return answer

        self.when(method, ending, fault)

    def mend(self) -> None:
        """Everything is carried on again."""
        self._faults.clear()


@pytest.fixture
def wire(bridge: CheckoutBridge) -> Wire:
    """The wire between the bridge and its engine."""
    transport_session = bridge.runtime.client.transport.session
    wire = Wire(transport_session.get_adapter(BASE_URL))
    transport_session.mount(BASE_URL, wire)
    return wire


@pytest.fixture
def states(bridge: CheckoutBridge) -> Callable[[], list[str]]:
    """The states of all orders in the ledger, newest first."""
    return lambda: [row["state"] for row in bridge.runtime.doors.ledger.newest(limit=100)]


@pytest.fixture
def install_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Installs a platform plugin, given its name and its module's source, as a distribution of its own."""

    def install(name: str, source: str) -> None:
        site, module = tmp_path / f"site-{name}", f"bridge_plugin_{name}"
        metadata = site / f"{module}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (site / f"{module}.py").write_text(source)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[checkout_bridge]\n{name} = {module}:Plugin\n")
        monkeypatch.syspath_prepend(str(site))
        installed.append(module)

    installed: list[str] = []
    yield install
    for module in installed:
        sys.modules.pop(module, None)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the tables alone; made once, copied for each world."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    bridge = CheckoutBridge(Flask("nothing"), data_dir=folder)
    assert bridge.runtime.client.vouchers.list_vouchers()["total"] == 0
    assert bridge.runtime.doors.ledger.newest(limit=1) == []
    bridge.close()
    return folder


@pytest.fixture(scope="module")
def make_world(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeWorld]:
    """Makes worlds of a kind, each with a coupon of 5.00 and a card of 10.01."""
    worlds: list[World] = []

    def make(kind: str) -> World:
        worlds.append(World(kind, tmp_path_factory.mktemp("world") / "data", empty))
        worlds[-1].coupon("FIVE")
        worlds[-1].card("CARD", 1001)
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


@pytest.fixture(params=BACKENDS)
def world(request: pytest.FixtureRequest, make_world: MakeWorld) -> World:
    """One of each kind."""
    return make_world(request.param)
