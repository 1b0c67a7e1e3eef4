"""What the three doors share: the plugins, the flow behind them, and naming the order that is meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any

from checkout_bridge.bridge.identity import Source
from checkout_bridge.bridge.payloads import text_of
from checkout_bridge.bridge.plugins import Plugins
from checkout_bridge.bridge.routes import RouteTable
from checkout_bridge.bridge.shop import WsgiApp
from checkout_bridge.errors import Conflict, InvalidInput
from checkout_bridge.events import Cart, WriteBack

if TYPE_CHECKING:
    from checkout_bridge.bridge.flow import Flow
    from checkout_bridge.bridge.ledger.store import Ledger
    from checkout_bridge.bridge.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Core:
    """What has to be opened before anything can be done."""

    ledger: Ledger
    flow: Flow


class Doors:
    """Opens the core on first need, so that mounting the bridge costs a shop's start-up nothing."""

    def __init__(
        self,
        plugins: Plugins,
        open_core: Callable[[], Core],
        *,
        backend: str,
        platform: str,
        shop: str,
        token: str,
        max_body: int,
    ) -> None:
        self.plugins = plugins
        self.backend = backend
        self.platform = platform
        self.shop = shop
        self.token = token
        self.max_body = max_body
        self.is_backend_left_alone: Callable[[], bool] = lambda: False
        self._open_core = open_core
        self._core: Core | None = None
        self._lock = RLock()
        self.routes = RouteTable(plugins.routes)

    @property
    def core(self) -> Core:
        """The ledger and the flow."""
        if self._core is None:
            with self._lock:
                if self._core is None:
                    self._core = self._open_core()
        return self._core

    @property
    def flow(self) -> Flow:
        """The life of an order."""
        return self.core.flow

    @property
    def ledger(self) -> Ledger:
        """The durable memory."""
        return self.core.ledger

    @cached_property
    def metrics(self) -> Metrics:
        """The counters."""
        from checkout_bridge.bridge.metrics import Metrics

        return Metrics()

    @cached_property
    def endpoints(self) -> WsgiApp:
        """The app behind ``/bridge/``."""
        from checkout_bridge.bridge.endpoints import create_endpoints

        return create_endpoints(self)

    def hooks(self, platform: str) -> Any:
        """The hooks of a platform. Raises NotFound."""
        return self.plugins.hooks(platform)

    def close(self) -> None:
        """Close what was opened."""
        with self._lock:
            if self._core is not None:
                self._core.ledger.close()
                self._core = None

    def source(self, platform: str | None = None, shop: str | None = None) -> Source:
        """The shop a cart is of; what is not named is the setting's. Raises NotFound for an unknown platform."""
        _refuse_unless_named(platform, shop)
        platform = platform or self.platform
        self.hooks(platform)
        return Source(platform, shop or self.shop)

    def source_of_order(self, platform: str | None = None, shop: str | None = None) -> Source:
        """The shop an order is of. Raises Conflict when it is not named and more than one is known."""
        _refuse_unless_named(platform, shop)
        if platform and shop:
            return Source(platform, shop)
        known = [
            Source(*pair)
            for pair in self.ledger.shops()
            if (not platform or pair[0] == platform) and (not shop or pair[1] == shop)
        ]
        if len(known) > 1:
            raise Conflict(
                "More than one shop is known here",
                key="ambiguous_order",
                details="Name platform and shop: " + ", ".join(f"{one.platform}/{one.shop}" for one in known),
            )
        return known[0] if known else Source(platform or self.platform, shop or self.shop)

    def cart(self, cart: Cart | Mapping[str, Any], platform: str) -> Cart:
        """A cart as it is, or made by the platform's plugin of what was sent. Raises InvalidInput, naming the field."""
        if not isinstance(cart, Cart):
            if not isinstance(cart, Mapping):
                raise InvalidInput("Property .cart must be object")
            parsed = self._parsed(cart, platform)
            if parsed is None:
                raise InvalidInput(f"Platform {platform} takes no carts here", key="unsupported_platform")
            cart = parsed
        if not cart.lines:
            raise InvalidInput("Property .cart.items must have at least 1 item")
        return cart

    def quote(self, cart: Cart, source: Source, *, hold: bool, client: str | None) -> dict[str, Any]:
        """Price a cart and keep the price; what applies is told in the platform's own terms, too, if it has any."""
        priced, quote = self.flow.quote(cart, source, hold=hold, client=client)
        told = priced.told() | quote
        written: WriteBack | None = self.hooks(source.platform).write_back(effects=priced.effects())
        if written is not None:
            told["write_back"] = written.body
            told["warnings"] = [f"{one.name}: {one.code}: {one.message}" for one in written.warnings]
        return told

    def _parsed(self, payload: Mapping[str, Any], platform: str) -> Cart | None:
        try:
            cart: Cart | None = self.hooks(platform).parse_cart(payload=payload)
        except InvalidInput as error:
            # The plugin names the field in the cart; the caller sent it as part of a body.
            details = (error.details or "").replace("Property .", "Property .cart.", 1)
            raise InvalidInput(details, message=error.message, key=error.key) from None
        return cart


def _refuse_unless_named(platform: str | None, shop: str | None) -> None:
    names = {"platform": platform, "shop": shop}
    for name in names:
        text_of(names, name)
