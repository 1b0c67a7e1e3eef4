"""Spree's refunds: money alone. An event names a payment or an order, the API tells the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Event, Ignored, Refund
from checkout_bridge.money import round_minor, to_decimal
from checkout_bridge_spree.api import SpreeApi
from checkout_bridge_spree.deliveries import Told


class _Refund(ContractSchema):
    id = Text(required=True, longest=255)
    amount = fields.Raw(required=True)


class _PaymentRefund(_Refund):
    payment_id = Text(required=True, longest=255)


class _Reimbursement(ContractSchema):
    order_id = Text(required=True, longest=255)
    reimbursement_status = Text(longest=50)


class _Order(ContractSchema):
    id = Text(required=True, longest=255)
    currency = Text(required=True, longest=3)
    total = fields.Raw(required=True)


_REFUND, _PAYMENT_REFUND, _REIMBURSEMENT, _ORDER = _Refund(), _PaymentRefund(), _Reimbursement(), _Order()


def refunded(told: Told, api: SpreeApi | None) -> tuple[Event, ...]:
    """A refund went through: Spree keeps none that did not. Raises InvalidInput, what the API raises."""
    refund = load(_PAYMENT_REFUND, told.data)
    known = _needed(api, "payment_id")
    return _of_order(known, known.order_of_payment(refund["payment_id"]), refund)


def reimbursed(told: Told, api: SpreeApi | None) -> Event | tuple[Event, ...]:
    """Returned goods were paid back: the refunds by which it was done. Store credit and exchanges are none."""
    reimbursement = load(_REIMBURSEMENT, told.data)
    status = reimbursement.get("reimbursement_status")
    if status != "reimbursed":
        return Ignored(f"nothing was reimbursed yet: its reimbursement_status is {status}")
    known = _needed(api, "order_id")
    return _of_order(known, known.order(reimbursement["order_id"])) or Ignored("no money was refunded")


def _of_order(api: SpreeApi, told: Mapping[str, Any], also: dict[str, Any] | None = None) -> tuple[Event, ...]:
    """Every refund of the order by its own id, whichever event it came by; and the whole, once they add up to it.

    That is Spree's own rule for an order that was refunded. It has the order's id: the refunds may be known each.
    """
    order = load(_ORDER, told)
    refunds = {one["id"]: one for one in (load(_REFUND, one) for one in api.refunds(order["id"]))}
    if also is not None:
        refunds.setdefault(also["id"], also)
    amounts = {id: _minor(one["amount"], order["currency"], "amount") for id, one in refunds.items()}
    parts = tuple(Refund(order["id"], id, (), amount) for id, amount in amounts.items() if amount > 0)
    is_whole = bool(parts) and sum(amounts.values()) >= _minor(order["total"], order["currency"], "total")
    return (*parts, Refund(order["id"], order["id"])) if is_whole else parts


def _minor(amount: Any, currency: str, field: str) -> int:
    return round_minor([to_decimal(amount, field)], currency, field)[0]


def _needed(api: SpreeApi | None, field: str) -> SpreeApi:
    if api is None:
        raise InvalidInput(
            f"Property .{field} is all that it has of its order: set CHECKOUT_BRIDGE_SPREE_API_URL "
            "and CHECKOUT_BRIDGE_SPREE_TOKEN"
        )
    return api
