"""The messages of a Subscription: what each tells; what it only refers to is fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text
from checkout_bridge.errors import BackendNotFound
from checkout_bridge.events import Cancellation, Event, Ignored, Refund, Reinstatement
from checkout_bridge_commercetools.api import Api
from checkout_bridge_commercetools.moneys import Money, exact, rounded
from checkout_bridge_commercetools.orders import (
    BY_RETURNS,
    BY_TRANSACTIONS,
    ReturnInfo,
    as_it_stands,
    has_refunded_items,
    paid,
    returned,
)

Events = Event | tuple[Event, ...]


class _Id(Text):
    """An id that can stand in a path and in a query."""

    def __init__(self) -> None:
        super().__init__(required=True, validate=validate.Regexp(r"[A-Za-z0-9_-]{1,255}\Z", error="must be an id"))


class _Reference(ContractSchema):
    typeId = Text()
    id = _Id()


class _Transaction(ContractSchema):
    id = Text(required=True, longest=255)
    type = Text(required=True)
    state = Text(required=True)
    amount = fields.Nested(Money, required=True)


class _CheckoutData(ContractSchema):
    order = fields.Nested(_Reference)
    payment = fields.Nested(_Reference)
    transactionId = Text(longest=255)


def _message(**content: fields.Field[Any]) -> Schema:
    """A message about a resource."""
    return ContractSchema.from_dict({"resource": fields.Nested(_Reference, required=True), **content})()


_ANY, _ORDER = _message(), _message(order=fields.Dict())
_STATE = _message(orderState=Text(required=True), oldOrderState=Text())
_PAYMENT_STATE = _message(paymentState=Text(required=True), oldPaymentState=Text())
_RETURN_ADDED = _message(returnInfo=fields.Nested(ReturnInfo, required=True))
_RETURN_SET = _message(returnInfo=fields.List(fields.Nested(ReturnInfo)))
_TRANSACTION_ADDED = _message(transaction=fields.Nested(_Transaction, required=True))
_TRANSACTION_CHANGED = _message(transactionId=Text(required=True, longest=255), state=Text(required=True))
_PAYMENT = ContractSchema.from_dict({"transactions": fields.List(fields.Nested(_Transaction))})()
_CHECKOUT = ContractSchema.from_dict({"data": fields.Nested(_CheckoutData, required=True)})()


class Messages:
    """Reads them. ``told_by`` is what tells of refunds: return items, transactions, or both."""

    def __init__(self, api: Api, told_by: frozenset[str]) -> None:
        self._api = api
        self._told_by = told_by
        self._readers: Mapping[str, Callable[[Any], Events]] = {
            "OrderCreated": self._created,
            "OrderImported": self._created,
            "OrderStateChanged": _state_changed,
            "OrderPaymentStateChanged": self._payment_state_changed,
            "ReturnInfoAdded": self._return_added,
            "ReturnInfoSet": self._return_set,
            "PaymentTransactionAdded": self._transaction_added,
            "PaymentTransactionStateChanged": self._transaction_changed,
            "CheckoutPaymentCharged": self._charged,
            "CheckoutPaymentRefunded": self._refunded,
            "ResourceCreated": self._resource,
            "ResourceUpdated": self._resource,
        }

    def read(self, topic: str, payload: Any) -> Events:
        """What a message tells. Raises InvalidInput, naming the field, and what the API's client raises."""
        reader = self._readers.get(topic)
        if reader is None:
            return Ignored(f"topic {topic} is not used")
        return self._resource(payload) if "payloadNotIncluded" in payload else reader(payload)

    def _created(self, payload: Any) -> Events:
        told = load(_ORDER, payload)
        return paid(payload["order"] if "order" in told else self._api.order(told["resource"]["id"]))

    def _payment_state_changed(self, payload: Any) -> Events:
        told = load(_PAYMENT_STATE, payload)
        order_ref, state, old = told["resource"]["id"], told["paymentState"], told.get("oldPaymentState")
        if state == "Failed" and old == "Paid":
            return Cancellation(order_ref, "the payment failed", "payment_failed")
        if state != "Paid":
            return Ignored(f"the order is not paid: its paymentState is {state}")
        return paid(self._api.order(order_ref))

    def _return_added(self, payload: Any) -> Events:
        told = load(_RETURN_ADDED, payload)
        return _one_or_all(returned(told["resource"]["id"], [told["returnInfo"]], self._told_by))

    def _return_set(self, payload: Any) -> Events:
        told = load(_RETURN_SET, payload)
        return _one_or_all(returned(told["resource"]["id"], told.get("returnInfo", ()), self._told_by))

    def _transaction_added(self, payload: Any) -> Events:
        told = load(_TRANSACTION_ADDED, payload)
        return self._money_back(told["transaction"], told["resource"]["id"])

    def _transaction_changed(self, payload: Any) -> Events:
        told = load(_TRANSACTION_CHANGED, payload)
        if told["state"] != "Success":
            return Ignored(f"the transaction has not gone through: its state is {told['state']}")
        payment = told["resource"]["id"]
        return self._money_back(self._transaction(payment, told["transactionId"]), payment)

    def _charged(self, payload: Any) -> Events:
        data = load(_CHECKOUT, payload)["data"]
        if "order" not in data:
            return Ignored("the payment has no order yet")
        return paid(self._api.order(data["order"]["id"]))

    def _refunded(self, payload: Any) -> Events:
        data = load(_CHECKOUT, payload)["data"]
        if "payment" not in data or "transactionId" not in data:
            return Ignored("the event names no transaction of a payment")
        payment = data["payment"]["id"]
        order_id = data["order"]["id"] if "order" in data else None
        return self._money_back(self._transaction(payment, data["transactionId"]), payment, order_id)

    def _resource(self, payload: Any) -> Events:
        """A change, or a message without its payload: all that the resource tells by itself now."""
        resource = load(_ANY, payload)["resource"]
        if resource.get("typeId") == "order":
            return as_it_stands(self._api.order(resource["id"]), self._told_by)
        if resource.get("typeId") != "payment":
            return Ignored(f"resource {resource.get('typeId')} is not used")
        return _one_or_all(tuple(self._money_back(one, resource["id"]) for one in self._transactions(resource["id"])))

    def _transactions(self, payment: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = load(_PAYMENT, self._api.payment(payment)).get("transactions", [])
        return found

    def _transaction(self, payment: str, transaction_id: str) -> dict[str, Any]:
        """One of a payment's. Raises BackendNotFound while it cannot be read yet."""
        for one in self._transactions(payment):
            if one["id"] == transaction_id:
                return one
        raise BackendNotFound(404, {"message": f"payment {payment} has no transaction {transaction_id}"})

    def _money_back(self, transaction: Mapping[str, Any], payment: str, order_id: str | None = None) -> Event:
        kind, state, number = transaction["type"], transaction["state"], transaction["id"]
        if kind not in ("Refund", "Chargeback"):
            return Ignored(f"transaction {number} gives no money back: its type is {kind}")
        if state != "Success":
            return Ignored(f"transaction {number} has not gone through: its state is {state}")
        if kind == "Refund" and BY_TRANSACTIONS not in self._told_by:
            return Ignored("refunds are told by return items")
        order = self._api.order(order_id) if order_id else self._api.order_paid_with(payment)
        order_ref = str(order["id"])
        if kind == "Chargeback":
            return Cancellation(order_ref, "chargeback", "chargeback")
        if BY_RETURNS in self._told_by and has_refunded_items(order):
            return Ignored(f"transaction {number}: the refunds of this order are told by its return items")
        currency = transaction["amount"]["currencyCode"]
        amount = rounded(exact(transaction["amount"], currency, "amount"), "amount")
        return Refund(order_ref, number, (), amount)


def _state_changed(payload: Any) -> Events:
    told = load(_STATE, payload)
    order_ref, state, old = told["resource"]["id"], told["orderState"], told.get("oldOrderState")
    if state == "Cancelled":
        return Cancellation(order_ref)
    if old == "Cancelled":
        return Reinstatement(order_ref)
    return Ignored(f"the order is {state}, and was not cancelled")


def _one_or_all(events: tuple[Event, ...]) -> Events:
    return events[0] if len(events) == 1 else events
