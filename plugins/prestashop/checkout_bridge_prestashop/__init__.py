"""The PrestaShop platform: carts to price, and orders that were paid, ended or refunded, as a module of it posts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge import hookimpl
from checkout_bridge.envelopes import CART, data_in, identify, is_signed, unwrapped
from checkout_bridge.events import Capabilities, Cart, CartUpdate, Delivery, Effects, Event, Ignored, WriteBack
from checkout_bridge.options import address_and_key, refuse_unknown_options
from checkout_bridge.signatures import secrets_of
from checkout_bridge_prestashop import bought, orders, writing
from checkout_bridge_prestashop.api import Webservice
from checkout_bridge_prestashop.history import States, states_from

OPTIONS = ("SECRET", "API_URL", "KEY", "CANCELLED_STATES", "ERROR_STATES", "REFUNDED_STATES")
ORDER = "order"  # one of an export


class PrestaShopPlugin:
    """Reads the orders that are posted; asks PrestaShop for codes alone, where they are not."""

    def __init__(self) -> None:
        self._secrets: tuple[bytes, ...] = ()
        self._webservice: Webservice | None = None
        self._states = States()

    @hookimpl
    def configure(self, options: Mapping[str, str]) -> None:
        """Take ``SECRET`` (several with commas between), the webservice's and the states' options.

        Raises InvalidInput for an option that does not exist or makes no sense.
        """
        refuse_unknown_options("prestashop", options, OPTIONS)
        self._secrets = secrets_of(options.get("SECRET", ""))
        found = address_and_key("prestashop", options, "KEY")
        self._webservice = Webservice(*found) if found else None
        self._states = states_from(options)

    @hookimpl
    def capabilities(self) -> Capabilities:
        """Cart rules carry any number of codes, each for the cart as a whole; credit slips name lines."""
        return Capabilities(
            prices_carts=True,
            refund_lines=True,
            signs_time=True,
            fetches=self._webservice is not None,
            order_topic=ORDER,
        )

    @hookimpl
    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether one of the secrets signed these bytes lately."""
        return is_signed(self._secrets, headers, body)

    @hookimpl
    def identify_webhook(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """What the signed envelope says."""
        return identify(body)

    @hookimpl
    def event_of(self, delivery: Delivery, body: bytes) -> Event | tuple[Event, ...]:
        """What the delivery tells; codes it lacks are fetched. Raises InvalidInput, naming the field."""
        data, codes_of = data_in(body), self._webservice.codes_of if self._webservice else None
        if delivery.topic == CART:
            return CartUpdate(bought.cart_of(data))
        if delivery.topic == ORDER:
            return orders.exported(data, self._states, codes_of)
        if delivery.topic == "actionOrderHistoryAddAfter":
            return orders.state_changed(data, self._states, codes_of)
        if delivery.topic == "actionOrderSlipAdd":
            return orders.slips_added(data)
        return Ignored(f"topic {delivery.topic} is not used")

    @hookimpl
    def parse_cart(self, payload: Mapping[str, Any]) -> Cart:
        """The cart that the module posts: ``Cart::getProducts()`` with a currency and codes."""
        return bought.cart_of(unwrapped(payload))

    @hookimpl
    def write_back(self, effects: Effects) -> WriteBack:
        """Cart rules."""
        return writing.write_back(effects)
