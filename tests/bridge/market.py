"""A platform that uses every hook."""

from __future__ import annotations

from typing import Any

from checkout_bridge import Cart as BridgeCart
from checkout_bridge import Line, hookimpl
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import (
    Cancellation,
    Capabilities,
    CartUpdate,
    Checkout,
    Delivery,
    Effects,
    Event,
    Ignored,
    Refund,
    Uncarried,
    WebhookAnswer,
    WriteBack,
)
from checkout_bridge.hookspecs import Route


class Market:
    """A platform that uses every hook, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    @hookimpl
    def configure(self, options: Any) -> None:
        self.asked["configure"] = dict(options)

    @hookimpl
    def routes(self) -> list[Route]:
        return [
            Route("cart", "GET", "/trolley"),
            Route("checkout", "PUT", "/purchase"),
            Route("cancel", "DELETE", "/purchase/<ref>"),
            Route("refund", "POST", "/purchase/<ref>/money-back"),
        ]

    @hookimpl
    def cart_for(self, request: Any, fetch: Any) -> BridgeCart | None:
        self.asked["cart_for"] = (request.method, request.path, request.query.get("a"), request.headers["x-shopper"])
        units = fetch("/trolley.json?full=1")["units"]
        return BridgeCart("EUR", (Line("a", units, 1000),), codes=("TEN",)) if units else None

    @hookimpl
    def order_ref_of(self, response: Any) -> str | None:
        self.asked["order_ref_of"] = (response.status, response.headers["content-type"])
        return f"m-{response.json()['number']}"

    @hookimpl
    def succeeded(self, kind: str, status: int, headers: Any) -> bool | None:
        return {"refund": status == 418}.get(kind) if headers.get("X-Plain") is None else False

    @hookimpl
    def refund_for(self, request: Any) -> Refund | None:
        return Refund(f"m-{request.ref}", request.form()["id"], amount=int(request.form()["amount"]))

    @hookimpl
    def find_order(self, order_ref: str) -> bool | None:
        if order_ref == "m-broken":
            raise RuntimeError("the shop's database is away")
        return order_ref == "m-1"

    @hookimpl
    def parse_cart(self, payload: Any) -> BridgeCart:
        if "units" not in payload:
            raise InvalidInput("Property .units is missing")
        return BridgeCart("EUR", (Line("a", payload["units"], 1000),))

    @hookimpl
    def verify_webhook(self, headers: Any, body: bytes) -> bool:
        return bool(headers.get("X-Signed") == "yes")

    @hookimpl
    def identify_webhook(self, headers: Any, body: bytes) -> Delivery:
        topic = headers.get("X-Topic") or "cancelled"
        return Delivery("default", headers["X-Id"], topic, asks=topic == "cart")

    @hookimpl
    def event_of(self, delivery: Delivery, body: bytes) -> Event | tuple[Event, ...]:
        cart = BridgeCart("EUR", (Line("a", 2, 1000),), codes=("TEN",))
        if delivery.topic == "cart":
            return CartUpdate(cart)
        if delivery.topic == "history":
            ref = body.decode()
            return (
                Checkout(ref, cart),
                Ignored("a note"),
                Refund(ref, "r-1", amount=100),
                Cancellation(ref, "at last"),
            )
        return Cancellation(body.decode(), delivery.event_id)

    @hookimpl
    def answer_ping(self, headers: Any, body: bytes) -> WebhookAnswer | None:
        return WebhookAnswer(b"pong", 202, "text/market") if body == b"ping" else None

    @hookimpl
    def capabilities(self) -> Capabilities:
        return Capabilities(codes_per_cart=3, prices_carts=True)

    @hookimpl
    def write_back(self, effects: Effects) -> WriteBack:
        told = [(effect.code, effect.amount) for effect in effects.applied]
        return WriteBack({"off": told}, (Uncarried("gifts", "TEN", "the market wraps nothing"),))

    @hookimpl
    def restore_policy(self, order_ref: str, occasion: str, kind: str) -> Any:
        self.asked["restore_policy"] = (order_ref, occasion, kind)
        return "keep" if order_ref == "m-kept" else None
