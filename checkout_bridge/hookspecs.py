"""The hooks a platform plugin may implement: typed, one promise each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import pluggy

from checkout_bridge.events import (
    Capabilities,
    Cart,
    Delivery,
    Effects,
    Event,
    Kind,
    Occasion,
    Refund,
    Restoring,
    WebhookAnswer,
    WriteBack,
)

PROJECT = "checkout_bridge"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

RouteKind = Literal["cart", "checkout", "order", "cancel", "refund"]
Fetch = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """A request of the shop that the bridge takes part in.

    ``path`` is literal but for ``<ref>``, which stands for one path segment: the order reference.
    """

    kind: RouteKind
    method: str
    path: str


class ShopRequest(Protocol):
    """A request as a plugin sees it. ``ref`` is what stood for ``<ref>`` in the route, or None."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    ref: str | None

    def body(self) -> bytes:
        """The raw bytes; the shop's view still gets them. Raises PayloadTooLarge over the limit."""

    def json(self) -> Any:
        """The body parsed as JSON, or None when it is not JSON."""

    def form(self) -> Mapping[str, str]:
        """The fields of a posted form, the first value of each."""


class ShopResponse(Protocol):
    """The answer of the shop's view."""

    status: int
    headers: Mapping[str, str]

    def body(self) -> bytes:
        """The whole body; asking for it buffers it."""

    def json(self) -> Any:
        """The body parsed as JSON, or None when it is not JSON."""


class PlatformSpec:
    """One plugin a shop platform. Every hook is optional; those left out get the behaviour told here."""

    @hookspec
    def configure(self, options: Mapping[str, str]) -> None:
        """Take the platform's own options, once, at start-up: ``CHECKOUT_BRIDGE_<PLATFORM>_<NAME>`` as ``NAME``.

        Raise InvalidInput for an option that makes no sense.
        """

    @hookspec(firstresult=True)
    def capabilities(self) -> Capabilities | None:
        """Say what the platform can do. Left out: nothing is claimed."""

    @hookspec(firstresult=True)
    def routes(self) -> list[Route] | None:
        """Say, once, which of the shop's own requests the middleware takes part in. Left out: none."""

    @hookspec(firstresult=True)
    def cart_for(self, request: ShopRequest, fetch: Fetch) -> Cart | None:
        """Give the cart behind a request of kind ``cart`` or ``checkout``; None leaves the request alone.

        ``fetch(path)`` does a GET on the shop's own app with the same cookies and gives the parsed JSON, or None.
        """

    @hookspec(firstresult=True)
    def order_ref_of(self, response: ShopResponse) -> str | None:
        """Read the shop's order reference off the answer of its checkout view. None: known by ``checkout_id`` only."""

    @hookspec(firstresult=True)
    def succeeded(self, kind: RouteKind, status: int, headers: Mapping[str, str]) -> bool | None:
        """Say whether the shop's view did what was asked. Left out: any 2xx or 3xx."""

    @hookspec(firstresult=True)
    def refund_for(self, request: ShopRequest) -> Refund | None:
        """Give the refund behind a request of kind ``refund``. Left out: the whole order, known by its reference."""

    @hookspec(firstresult=True)
    def find_order(self, order_ref: str) -> bool | None:
        """Say whether the shop has this order. Left out, or None: nobody can tell."""

    @hookspec(firstresult=True)
    def parse_cart(self, payload: Mapping[str, Any]) -> Cart | None:
        """Make a cart of the JSON that the Python and HTTP doors were given. Raise InvalidInput naming the field."""

    @hookspec(firstresult=True)
    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> bool | None:
        """Say whether the raw bytes were signed by the platform. Left out: no delivery is ever accepted."""

    @hookspec(firstresult=True)
    def identify_webhook(self, headers: Mapping[str, str], body: bytes) -> Delivery | None:
        """Say which shop sent which event, of verified bytes; the same event must get the same id again."""

    @hookspec(firstresult=True)
    def event_of(self, delivery: Delivery, body: bytes) -> Event | tuple[Event, ...] | None:
        """Map a verified delivery; one that tells of several things gives them in the order in which they happened.

        Raise InvalidInput, naming the field, when it cannot be mapped. What has to be fetched for it is fetched here,
        with ``platform_api.PlatformApi``; its errors leave the delivery to be tried again.
        """

    @hookspec(firstresult=True)
    def answer_ping(self, headers: Mapping[str, str], body: bytes) -> WebhookAnswer | None:
        """Answer a first ping that the platform does not sign and that tells nothing; None for every other delivery.

        It is asked before the signature: nothing but the ping itself may be recognised here.
        """

    @hookspec(firstresult=True)
    def write_back(self, effects: Effects) -> WriteBack | None:
        """Put what applies to a cart into the platform's own terms, naming what it cannot carry. Pure.

        It is the answer to a ``CartUpdate``, and ``write_back`` in a quote's. Left out: the platform is told nothing.
        """

    @hookspec(firstresult=True)
    def restore_policy(self, order_ref: str, occasion: Occasion, kind: Kind) -> Restoring | None:
        """Say what becomes of a kind of redeemable when something happens to an order. None: as is set."""
