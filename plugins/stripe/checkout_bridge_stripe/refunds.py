"""Stripe's refunds: money without lines, each under its own id; and charges of which nothing is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Flag, Money, Text, WholeNumber
from checkout_bridge.events import Cancellation, Event, Ignored, Refund
from checkout_bridge_stripe.amounts import minor_units
from checkout_bridge_stripe.orders import Orders, Reference
from checkout_bridge_stripe.payloads import Currency, Id, Payment

_UNFINISHED = ("pending", "requires_action")


class _Refund(Payment):
    charge = Id()
    amount = Money(required=True)
    currency = Currency(required=True)
    status = Text(required=True, longest=50)
    created = WholeNumber()


class _Refunds(ContractSchema):
    data = fields.List(fields.Nested(_Refund), required=True)


class _Charge(Payment):
    captured = Flag()
    refunded = Flag(required=True)
    refunds = fields.Nested(_Refunds)


_REFUND, _CHARGE = _Refund(), _Charge()


def refund(payload: Any, orders: Orders) -> Refund | Ignored:
    """One refund, once it has gone through. Raises InvalidInput, naming the field."""
    told = load(_REFUND, payload)
    if told["status"] != "succeeded":
        return _not_gone_through(told["status"])
    reference = orders.behind(told)
    return Ignored(orders.missing()) if reference is None else _part(told, reference)


def charge_refunded(payload: Any, orders: Orders) -> Event | tuple[Event, ...]:
    """A charge of which something was refunded, now or before: each refund that is listed, or all there was.

    What it comes to in all cannot say which refund it was: newer versions of the API list none, and tell of each
    by an event of its own.
    """
    charge = load(_CHARGE, payload)
    intent_id = charge.get("payment_intent")
    reference = orders.of(charge, intent_id)
    if reference is None:
        return Ignored(orders.missing())
    order_ref, platform, shop = reference.order_ref, reference.platform, reference.shop
    if not charge.get("captured", True):
        if intent_id:
            return Ignored("nothing had been captured: payment_intent.canceled tells")
        return Cancellation(order_ref, "not_captured", "cancelled", platform, shop)
    listed = charge.get("refunds", {}).get("data", ())
    unfinished = [one["status"] for one in listed if one["status"] in _UNFINISHED]
    if charge["refunded"] and not unfinished:
        # Under an id of its own: the refunds that make it up may be known each.
        return Refund(order_ref, charge["id"], platform=platform, shop=shop)
    done = [one for one in listed if one["status"] == "succeeded" and one["amount"]]
    if done:
        return tuple(_part(one, reference) for one in sorted(done, key=lambda one: one.get("created", 0)))
    if unfinished:
        return _not_gone_through(unfinished[0])
    return Ignored("which refund it was is not told here: refund.created tells")


def _part(told: Mapping[str, Any], order: Reference) -> Refund | Ignored:
    amount = minor_units(told["amount"], told["currency"])
    if not amount:
        return Ignored("no money was refunded")
    return Refund(order.order_ref, told["id"], (), amount, order.platform, order.shop)


def _not_gone_through(status: str) -> Ignored:
    return Ignored(f"the refund has not gone through: its status is {status}")
