"""Stripe, the payment side: what became of the payments of a shop's orders, and sessions that are orders themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from checkout_bridge import hookimpl
from checkout_bridge.events import Capabilities, Cart, Delivery, Effects, Event, Ignored, WriteBack
from checkout_bridge.options import refuse_unknown_options
from checkout_bridge.signatures import secrets_of, sent_in, verify
from checkout_bridge_stripe import payments, refunds, sessions
from checkout_bridge_stripe.api import StripeApi
from checkout_bridge_stripe.carts import cart_of
from checkout_bridge_stripe.orders import Orders
from checkout_bridge_stripe.payloads import UNKNOWN, account_of, envelope_of, identity_of, object_in
from checkout_bridge_stripe.write_back import coupon_of

SIGNATURE = "Stripe-Signature"
API_URL = "https://api.stripe.com"
ORDER_TOPIC = "checkout.session.completed"
OPTIONS = ("SECRET", "ORDER_KEY", "ORDER_PLATFORM", "ORDER_SHOP", "API_KEY", "API_URL")

Told = Event | tuple[Event, ...]
EVENTS: Mapping[str, Callable[[Any, Orders], Told]] = {
    ORDER_TOPIC: sessions.completed,
    "checkout.session.async_payment_succeeded": sessions.completed,
    "checkout.session.async_payment_failed": payments.session_failed,
    "checkout.session.expired": payments.session_expired,
    "payment_intent.payment_failed": payments.attempt_failed,
    "payment_intent.canceled": payments.canceled,
    "refund.created": refunds.refund,
    "refund.updated": refunds.refund,
    "refund.failed": refunds.refund,
    "charge.refund.updated": refunds.refund,
    "charge.refunded": refunds.charge_refunded,
    "charge.dispute.created": payments.disputed,
    "charge.dispute.funds_withdrawn": payments.disputed,
    "charge.dispute.closed": payments.disputed,
}


class StripePlugin:
    """Takes part by webhook, and prices carts that are to become sessions; the options are in the README."""

    def __init__(self) -> None:
        self._secrets: tuple[bytes, ...] = ()
        self._orders = Orders()

    @hookimpl
    def configure(self, options: Mapping[str, str]) -> None:
        """Take the options. Raises InvalidInput for one that does not exist."""
        refuse_unknown_options("stripe", options, OPTIONS)
        api_key = options.get("API_KEY", "").strip()
        self._secrets = secrets_of(options.get("SECRET", ""))
        self._orders = Orders(
            key=options.get("ORDER_KEY") or "order_ref",
            platform=options.get("ORDER_PLATFORM") or None,
            shop=options.get("ORDER_SHOP") or None,
            api=StripeApi(options.get("API_URL") or API_URL, api_key) if api_key else None,
        )

    @hookimpl
    def capabilities(self) -> Capabilities:
        """Carts are priced by one coupon on the session; refunds are of money alone."""
        return Capabilities(prices_carts=True, signs_time=True, fetches=True, order_topic=ORDER_TOPIC)

    @hookimpl
    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether one of the secrets signed these bytes, at most five minutes ago."""
        return verify(self._secrets, sent_in(headers, SIGNATURE), body)

    @hookimpl
    def identify_webhook(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """The event's id and type; the shop is the connected account, or the one that is set."""
        return identity_of(body, self._orders.own_shop)

    @hookimpl
    def event_of(self, delivery: Delivery, body: bytes) -> Told:
        """What the event tells, or a session as it is exported. Raises InvalidInput, naming the field of the object."""
        event = EVENTS.get(delivery.topic)
        if event is None and delivery.topic != UNKNOWN:
            return Ignored(f"topic {delivery.topic} is not used")
        told = envelope_of(body)
        if event is None:
            return Ignored("the event does not name itself")
        return event(object_in(told), self._orders.of_account(account_of(told)))

    @hookimpl
    def parse_cart(self, payload: Mapping[str, Any]) -> Cart:
        """The cart in what a session is made of. Raises InvalidInput, naming the field."""
        return cart_of(payload)

    @hookimpl
    def write_back(self, effects: Effects) -> WriteBack:
        """The one coupon that a session takes."""
        return coupon_of(effects)
