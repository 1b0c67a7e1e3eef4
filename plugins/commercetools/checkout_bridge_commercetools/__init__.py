"""The commercetools platform: carts priced in an API Extension, orders as the messages of a Subscription tell them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge import hookimpl
from checkout_bridge.events import Capabilities, Cart, CartUpdate, Delivery, Effects, Event, Ignored, WriteBack
from checkout_bridge.options import refuse_unknown_options, require_address, unusable_option
from checkout_bridge.signatures import secrets_of
from checkout_bridge_commercetools.api import NAME, Api
from checkout_bridge_commercetools.carts import asked, parse
from checkout_bridge_commercetools.deliveries import ORDER, content, identify, is_known
from checkout_bridge_commercetools.messages import Messages
from checkout_bridge_commercetools.orders import BY_RETURNS, BY_TRANSACTIONS, paid
from checkout_bridge_commercetools.write_back import NOTHING, actions

_API = ("API_URL", "PROJECT_KEY", "AUTH_URL", "CLIENT_ID", "CLIENT_SECRET")
_OPTIONS = ("SECRET", "REFUNDS", *_API)
_BOTH = f"{BY_RETURNS},{BY_TRANSACTIONS}"


class CommercetoolsPlugin:
    """Answers an API Extension with update actions, and takes what a Subscription's queue is forwarded."""

    def __init__(self) -> None:
        self.configure({})

    @hookimpl
    def configure(self, options: Mapping[str, str]) -> None:
        """Take the options of the README. Raises InvalidInput, naming it, for any other or one that lacks another."""
        refuse_unknown_options(NAME, options, _OPTIONS)
        told = {name: options.get(name, "").strip() for name in _API}
        _refuse_unless_complete(told)
        refunds = frozenset(part.strip() for part in options.get("REFUNDS", _BOTH).split(","))
        if not refunds <= {BY_RETURNS, BY_TRANSACTIONS}:
            raise unusable_option(NAME, "REFUNDS", f"must be {BY_RETURNS}, {BY_TRANSACTIONS} or both with a comma")
        self._secrets = secrets_of(options.get("SECRET", ""))
        self._project = told["PROJECT_KEY"]
        api = Api(told["API_URL"], self._project, told["AUTH_URL"], told["CLIENT_ID"], told["CLIENT_SECRET"])
        self._messages = Messages(api, refunds)

    @hookimpl
    def capabilities(self) -> Capabilities:
        """Prices carts line by line; refunds can name lines; messages often have ids only."""
        return Capabilities(item_discounts=True, prices_carts=True, refund_lines=True, fetches=True, order_topic=ORDER)

    @hookimpl
    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the fixed header is one of the secrets; commercetools signs nothing."""
        return is_known(self._secrets, headers)

    @hookimpl
    def identify_webhook(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """The project, the message's id and its type; an API Extension's request is one that asks."""
        return identify(body, self._project)

    @hookimpl
    def event_of(self, delivery: Delivery, body: bytes) -> Event | tuple[Event, ...]:
        """What the delivery tells. Raises InvalidInput, naming the field, when its body lacks what the topic needs."""
        payload = content(body)
        if delivery.asks:
            return self._asked(delivery, payload)
        if self._project and delivery.shop != self._project:
            return Ignored(f"it is of another project than {self._project}")
        return paid(payload) if delivery.topic == ORDER else self._messages.read(delivery.topic, payload)

    @hookimpl
    def parse_cart(self, payload: Mapping[str, Any]) -> Cart:
        """A cart as the API gives it, or as an API Extension is sent it."""
        return parse(payload)

    @hookimpl
    def write_back(self, effects: Effects) -> WriteBack:
        """Update actions that make the cart cost what it is worth."""
        return actions(effects)

    def _asked(self, delivery: Delivery, payload: Any) -> Event:
        if not delivery.topic.startswith("cart/"):
            reason = f"{delivery.topic}: only carts are priced; what an API Extension shows is not stored yet"
            return Ignored(reason, NOTHING)
        return CartUpdate(asked(payload))


def _refuse_unless_complete(told: Mapping[str, str]) -> None:
    """Raise InvalidInput for half of what the API needs. Without credentials it is asked without any."""
    for name in ("API_URL", "AUTH_URL"):
        if told[name]:
            require_address(NAME, name, told[name])
    if told["API_URL"] and not told["PROJECT_KEY"]:
        raise unusable_option(NAME, "PROJECT_KEY", "must be set with API_URL")
    credentials = ("API_URL", "AUTH_URL", "CLIENT_ID", "CLIENT_SECRET")
    if any(told[name] for name in credentials[1:]):
        for name in credentials:
            if not told[name]:
                raise unusable_option(NAME, name, "must be set with the other credentials of the API")
