"""From the ids in a delivery to what happened: the order is read, and its refunds where it has any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema
from checkout_bridge.errors import MalformedAnswer
from checkout_bridge.events import Checkout, Event, Reinstatement
from checkout_bridge.money import to_decimal
from checkout_bridge.platform_api import Read
from checkout_bridge_bigcommerce.api import Api, pages
from checkout_bridge_bigcommerce.orders import (
    ENDED,
    FALLEN,
    PARTIALLY_REFUNDED,
    STANDING,
    currency_of,
    order_of,
    told_by,
)
from checkout_bridge_bigcommerce.payloads import Identifier
from checkout_bridge_bigcommerce.refunds import refund_by_id, refunds_of

EXPORTED = "order"  # a topic of our own: an order by itself
REFUND = "store/order/refund/created"
EVENTS = frozenset({"store/order/created", "store/order/updated", "store/order/statusUpdated", REFUND})


class _Statuses(ContractSchema):
    previous_status_id = Identifier()
    new_status_id = Identifier()


class _RefundId(ContractSchema):
    refund_id = Identifier(required=True, minimum=1)


class _Data(ContractSchema):
    id = Identifier(required=True, minimum=1)
    status = fields.Nested(_Statuses)
    refund = fields.Nested(_RefundId)


class _Body(ContractSchema):
    data = fields.Nested(_Data, required=True)


class _RefundData(_Data):
    refund = fields.Nested(_RefundId, required=True)


class _RefundBody(ContractSchema):
    data = fields.Nested(_RefundData, required=True)


_BODY, _REFUND_BODY = _Body(), _RefundBody()


def happened(api: Api, scope: str, payload: Any) -> Event | tuple[Event, ...]:
    """What a delivery of one of ``EVENTS`` tells. Raises InvalidInput, naming the field, and what ``Api`` raises."""
    if scope == REFUND:
        told = load(_REFUND_BODY, payload)["data"]
        with api.reading() as read:
            currency = currency_of(_order(read, told["id"]))
            return refund_by_id(read, told["id"], told["refund"]["refund_id"], currency)
    told = load(_BODY, payload)["data"]
    with api.reading() as read:
        return _of_order(read, told["id"], told.get("status", {}))


def exported(api: Api, payload: Any) -> Event:
    """An order of the v2 API by itself; its products and coupons are read unless they are in it, too."""
    order = order_of(payload)
    if all(isinstance(payload.get(name), list) for name in ("products", "coupons")):
        return told_by(order, order["status_id"], lambda name: payload[name])
    with api.reading() as read:
        return told_by(order, order["status_id"], lambda name: _list(read, order["id"], name))


def _of_order(read: Read, order_id: int, moved: Mapping[str, Any]) -> Event | tuple[Event, ...]:
    """The order as it is now; that it ended is taken from the delivery, too, since it may stand again by now."""
    order = _order(read, order_id)
    before, after = moved.get("previous_status_id"), moved.get("new_status_id")
    status = after if after in ENDED else order["status_id"]
    event = told_by(order, status, lambda name: _list(read, order_id, name))
    if not isinstance(event, Checkout):
        return event
    stands_again = (Reinstatement(event.order_ref, "status"),) if before in FALLEN and after in STANDING else ()
    has_refunds = status == PARTIALLY_REFUNDED or to_decimal(order["refunded_amount"], "refunded_amount") > 0
    refunds = refunds_of(read, order_id, event.cart.currency) if has_refunds else ()
    return (*stands_again, event, *refunds) if stands_again or refunds else event


def _order(read: Read, order_id: int) -> dict[str, Any]:
    path = f"/v2/orders/{order_id}"
    answer = read(path)
    if not isinstance(answer, dict):
        raise MalformedAnswer("BigCommerce's answer is not an order", details=path)
    return order_of(answer)


def _list(read: Read, order_id: int, name: str) -> Sequence[Any]:
    return pages(read, f"/v2/orders/{order_id}/{name}")
