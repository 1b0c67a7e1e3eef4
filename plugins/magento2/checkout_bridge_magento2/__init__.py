"""The Magento 2 and Adobe Commerce platform: carts, orders and credit memos, as its hooks or a module tell them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge import hookimpl
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Capabilities, Cart, Delivery, Effects, Event, Ignored, WriteBack
from checkout_bridge.money import read_json
from checkout_bridge.options import address_and_key, refuse_unknown_options
from checkout_bridge_magento2 import carts, discounts, orders, refunds
from checkout_bridge_magento2.api import Api
from checkout_bridge_magento2.payloads import CART, CREDIT_MEMO, INVOICE, ORDER, entity_in, identify
from checkout_bridge_magento2.signing import Signers

OPTIONS = ("PUBLIC_KEY", "SECRET", "SHOP", "API_URL", "ACCESS_TOKEN")
NO_API = "an invoice names no codes: set API_URL and ACCESS_TOKEN, or send the order"


class Magento2Plugin:
    """Takes part by webhook only. ``PUBLIC_KEY`` and ``SECRET`` say whose signatures count."""

    def __init__(self) -> None:
        self._signers = Signers()
        self._shop = "default"
        self._api: Api | None = None

    @hookimpl
    def configure(self, options: Mapping[str, str]) -> None:
        """Take the options of the README's table. Raises InvalidInput for any other, or a key that is none."""
        refuse_unknown_options("magento2", options, OPTIONS)
        self._signers = Signers(options.get("PUBLIC_KEY", ""), options.get("SECRET", ""))
        self._shop = options.get("SHOP", "").strip() or "default"
        found = address_and_key("magento2", options, "ACCESS_TOKEN")
        self._api = Api(*found) if found else None

    @hookimpl
    def capabilities(self) -> Capabilities:
        """Nothing can be added to a cart, and Adobe's own gift cards stay its own."""
        return Capabilities(item_discounts=True, prices_carts=True, refund_lines=True, order_topic=ORDER)

    @hookimpl
    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether one of the keys, or of the secrets, signed these bytes."""
        return self._signers.signed(headers, body)

    @hookimpl
    def identify_webhook(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """What the body is about, which tells the topic, and the body's own hash: nothing else of it is signed."""
        return identify(self._shop, body)

    @hookimpl
    def event_of(self, delivery: Delivery, body: bytes) -> Event:
        """What the delivery tells. Raises InvalidInput, naming the field, when its body lacks what the topic needs."""
        payload = read_json(body)
        if delivery.topic == CART:
            return carts.asked(payload)
        if delivery.topic == ORDER:
            return orders.told_by(entity_in(payload, ORDER))
        if delivery.topic == CREDIT_MEMO:
            return refunds.refunded(entity_in(payload, CREDIT_MEMO))
        if delivery.topic == INVOICE:
            return self._paid_by(entity_in(payload, INVOICE))
        return Ignored(f"topic {delivery.topic} is not used")

    @hookimpl
    def parse_cart(self, payload: Mapping[str, Any]) -> Cart:
        """The body of the totals hook, or the totals of Magento's REST API. Raises InvalidInput, naming the field."""
        return carts.cart_of(payload)

    @hookimpl
    def write_back(self, effects: Effects) -> WriteBack:
        """The operations that the totals hook waits for."""
        return discounts.write_back(effects)

    def _paid_by(self, payload: Any) -> Event:
        order_id = orders.paid_order_of(payload)
        if isinstance(order_id, Ignored):
            return order_id
        if self._api is None:
            raise InvalidInput(NO_API)
        return orders.told_by(self._api.order(order_id))
