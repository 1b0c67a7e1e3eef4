"""The Saleor platform: orders that were paid, refunded, cancelled or expired, as an app's webhooks tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge import hookimpl
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Capabilities, Cart, Delivery, Effects, Event, Ignored, WriteBack
from checkout_bridge.money import read_json
from checkout_bridge.options import refuse_unknown_options, unusable_option
from checkout_bridge_saleor import carts, discounts, orders, refunds
from checkout_bridge_saleor.deliveries import identify, shop_of
from checkout_bridge_saleor.keys import FetchedKeys, Keys, StaticKeys
from checkout_bridge_saleor.signing import Signers

OPTIONS = ("JWKS_URL", "JWKS", "SECRET", "DOMAIN")
EVENTS = {
    "order_paid": orders.paid,
    "order_fully_paid": orders.paid,
    "order_cancelled": orders.cancelled,
    "order_expired": orders.expired,
    "order_refunded": refunds.refunded,
    "order_fully_refunded": refunds.fully_refunded,
    "order_updated": refunds.refunded,
}
REQUEST = "asks a payment app to act: order_refunded tells what went through"
MAIL = "notify_user is about an e-mail, which names neither codes nor refunds: the order events tell"


class SaleorPlugin:
    """Takes part by webhook, and prices carts that it is given. ``JWKS_URL``, ``JWKS`` and ``SECRET`` say whose
    signatures count.
    """

    def __init__(self) -> None:
        self._signers = Signers()
        self._domain = ""

    @hookimpl
    def configure(self, options: Mapping[str, str]) -> None:
        """Take the options of the README's table. Raises InvalidInput for any other, or keys that are none."""
        refuse_unknown_options("saleor", options, OPTIONS)
        url, told = options.get("JWKS_URL", "").strip(), options.get("JWKS", "").strip()
        if url and told:
            raise unusable_option("saleor", "JWKS", "cannot be set beside JWKS_URL")
        keys: Keys = StaticKeys({})
        if url:
            keys = FetchedKeys(url)
        elif told:
            try:
                keys = StaticKeys.of(told)
            except InvalidInput as error:
                raise unusable_option("saleor", "JWKS", f"must be a set of keys: {error.details}") from None
        self._signers = Signers(keys, options.get("SECRET", ""))
        self._domain = options.get("DOMAIN", "").strip()

    @hookimpl
    def capabilities(self) -> Capabilities:
        """One discount takes all codes together; Saleor's own gift cards stay its own."""
        return Capabilities(prices_carts=True, refund_lines=True, order_topic="order_paid")

    @hookimpl
    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether Saleor signed these bytes, and, with ``DOMAIN``, is that shop.

        Raises BackendUnreachable while its keys cannot be read: it sends the delivery again.
        """
        if self._domain and shop_of(headers) != self._domain:
            return False
        return self._signers.signed(headers, body)

    @hookimpl
    def identify_webhook(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """The shop's domain, the event, which the signed body may name itself, the object's id and the body's hash."""
        return identify(headers, body)

    @hookimpl
    def event_of(self, delivery: Delivery, body: bytes) -> Event | tuple[Event, ...]:
        """What the delivery tells. Raises InvalidInput, naming the field, when its body lacks what the topic needs."""
        if delivery.topic == "notify_user":
            return Ignored(MAIL)
        if delivery.topic.startswith("transaction_"):
            return Ignored(f"{delivery.topic} {REQUEST}")
        event = EVENTS.get(delivery.topic)
        return event(read_json(body)) if event else Ignored(f"topic {delivery.topic} is not used")

    @hookimpl
    def parse_cart(self, payload: Mapping[str, Any]) -> Cart:
        """A checkout or a draft order as Saleor's API answers it. Raises InvalidInput, naming the field."""
        return carts.cart_of(payload)

    @hookimpl
    def write_back(self, effects: Effects) -> WriteBack:
        """The input of the mutations that make the discount."""
        return discounts.write_back(effects)
