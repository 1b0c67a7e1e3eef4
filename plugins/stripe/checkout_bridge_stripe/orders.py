"""Whose order a payment is of: the shop's, by metadata, or Stripe's own, where the session is the order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from checkout_bridge.contract.errors import load
from checkout_bridge.errors import InvalidInput
from checkout_bridge_stripe.api import StripeApi
from checkout_bridge_stripe.payloads import Payment

DEFAULT_SHOP = "default"
_PAYMENT = Payment()


@dataclass(frozen=True, slots=True)
class Reference:
    """An order; ``platform`` and ``shop`` are None where it is Stripe's own."""

    order_ref: str
    platform: str | None = None
    shop: str | None = None


@dataclass(frozen=True, slots=True)
class Orders:
    """``key`` is the name of the metadata that holds an order's reference. Without a ``platform`` the orders are
    Stripe's own, known by their payment intent.
    """

    key: str = "order_ref"
    platform: str | None = None
    shop: str | None = None
    api: StripeApi | None = None

    @property
    def own_shop(self) -> str:
        """The shop under which orders of Stripe's own are kept."""
        return (None if self.platform else self.shop) or DEFAULT_SHOP

    @property
    def are_own(self) -> bool:
        """Whether sessions are the orders."""
        return self.platform is None

    def of_account(self, account: str | None) -> Orders:
        """The same, for a connected account."""
        return self if account is None or self.api is None else replace(self, api=self.api.of_account(account))

    def named_by(self, payment: Mapping[str, Any]) -> Reference | None:
        """The order that the metadata of a payment names. Raises InvalidInput when it can be no reference."""
        told = payment.get("metadata", {}).get(self.key)
        if told is None or told == "":
            return None
        if not isinstance(told, str) or not 0 < len(told.strip()) <= 255:
            raise InvalidInput(f"Property .metadata.{self.key} must be a text of 1 to 255 characters")
        return Reference(told, self.platform, self.shop if self.platform else None)

    def of(self, payment: Mapping[str, Any], intent_id: str | None) -> Reference | None:
        """The order of something that has the metadata of its payment; None: it is of no order."""
        return self.named_by(payment) or (Reference(intent_id) if self.are_own and intent_id else None)

    def behind(self, child: Mapping[str, Any]) -> Reference | None:
        """The order of a refund or a dispute, which have metadata of their own and only ids of their payment.

        Raises InvalidInput when nobody can tell; what the API raises when it is asked.
        """
        own = self.named_by(child)
        if own is not None:
            return own
        intent_id, charge_id = child.get("payment_intent"), child.get("charge")
        if self.api is not None and intent_id:
            return self.of(load(_PAYMENT, self.api.payment_intent(intent_id)), intent_id)
        if self.api is not None and charge_id:
            return self.of(charge := load(_PAYMENT, self.api.charge(charge_id)), charge.get("payment_intent"))
        if self.are_own and intent_id:
            return Reference(intent_id)
        raise InvalidInput(
            f"Property .metadata should have required property '{self.key}': without CHECKOUT_BRIDGE_STRIPE_API_KEY "
            "nothing else tells which order it is of"
        )

    def missing(self) -> str:
        """Why something is of no order."""
        return f"the payment is of no order: its metadata has no {self.key}"
