"""The BigCommerce platform: orders and refunds that signed webhooks name, read from the store's API; checkouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge import hookimpl
from checkout_bridge.events import Capabilities, Cart, Delivery, Effects, Event, Ignored, WriteBack
from checkout_bridge.money import read_json
from checkout_bridge.options import refuse_unknown_options
from checkout_bridge.signatures import secrets_of
from checkout_bridge_bigcommerce import carts, deliveries
from checkout_bridge_bigcommerce.api import Api
from checkout_bridge_bigcommerce.deliveries import UNKNOWN
from checkout_bridge_bigcommerce.happenings import EVENTS, EXPORTED, exported, happened
from checkout_bridge_bigcommerce.write_back import written

OPTIONS = ("SECRET", "API_URL", "ACCESS_TOKEN")


class BigCommercePlugin:
    """Takes part by webhook and prices checkouts.

    Options: ``SECRET`` says whose signatures count, ``API_URL`` and ``ACCESS_TOKEN`` where orders are read.
    """

    def __init__(self) -> None:
        self._secrets: Sequence[bytes] = ()
        self._api = Api()

    @hookimpl
    def configure(self, options: Mapping[str, str]) -> None:
        """Take the client secrets, separated by commas, and the store's API. Raises InvalidInput for other options."""
        refuse_unknown_options("bigcommerce", options, OPTIONS)
        self._secrets = secrets_of(options.get("SECRET", ""))
        self._api = Api(options.get("API_URL", "").strip(), options.get("ACCESS_TOKEN", "").strip())

    @hookimpl
    def capabilities(self) -> Capabilities:
        """Any number of codes, each a discount on the cart as a whole; everything else is read from the API."""
        return Capabilities(prices_carts=True, refund_lines=True, signs_time=True, fetches=True, order_topic=EXPORTED)

    @hookimpl
    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether one of the secrets signed these bytes within the last five minutes."""
        return deliveries.is_accepted(self._secrets, headers, body)

    @hookimpl
    def identify_webhook(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """The store's hash, the id that retries share, and the scope. Raises InvalidInput, naming the field."""
        return deliveries.identify(headers, body)

    @hookimpl
    def event_of(self, delivery: Delivery, body: bytes) -> Event | tuple[Event, ...]:
        """What the delivery tells, once its order was read. Raises InvalidInput, naming the field, and what ``Api``
        raises.
        """
        if delivery.topic == EXPORTED:
            return exported(self._api, read_json(body))
        if delivery.topic not in EVENTS:
            return Ignored(f"scope {delivery.topic} is not used")
        if delivery.shop == UNKNOWN:
            return Ignored("the delivery does not name its store")
        if self._api.store not in (None, delivery.shop):
            return Ignored(f"the delivery is of another store than {self._api.store}")
        return happened(self._api, delivery.topic, read_json(body))

    @hookimpl
    def parse_cart(self, payload: Mapping[str, Any]) -> Cart:
        """A checkout or a cart of the v3 API."""
        return carts.parse(payload)

    @hookimpl
    def write_back(self, effects: Effects) -> WriteBack:
        """Manual discounts of the checkout."""
        return written(effects)
