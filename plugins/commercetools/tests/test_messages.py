"""What messages tell: states of orders, items that came back, and money that did; what is not told is fetched."""

from __future__ import annotations

import time
from typing import Any

import pytest

from checkout_bridge.errors import (
    BackendFailed,
    BackendNotFound,
    BackendRefused,
    BackendUnauthorized,
    BackendUnreachable,
    BridgeError,
    DeadlineExceeded,
    InvalidInput,
    MalformedAnswer,
    RateLimited,
)
from checkout_bridge.events import Cancellation, Checkout, Ignored, Refund, RefundLine, Reinstatement
from checkout_bridge_commercetools.samples import MUGS, ORDER, PROJECT, TEA, message, money, order, return_of

from .conftest import ProjectApi, told

ORDERS, PAYMENTS = f"/{PROJECT}/orders", f"/{PROJECT}/payments"
OF_PAYMENT = f'{ORDERS}?where=paymentInfo(payments(id="pay-1"))&limit=1'
CUSTOM_ITEM = {"id": "r-9", "customLineItemId": "c-1", "quantity": 1, "paymentState": "Refunded"}


def transaction(state: str = "Success", kind: str = "Refund", number: str = "t-1", **changes: Any) -> dict[str, Any]:
    return {"id": number, "type": kind, "state": state, "amount": money(1250)} | changes


def payment_told(kind: str, **content: Any) -> dict[str, Any]:
    return message(kind, "payment", "pay-1", **content)


@pytest.fixture
def project(api: ProjectApi) -> ProjectApi:
    """One paid order, with one payment."""
    api.answers[f"{ORDERS}/{ORDER}"] = order("SAVE")
    api.answers[f"{PAYMENTS}/pay-1"] = {"transactions": [transaction("Success", "Charge", "t-0"), transaction()]}
    api.answers[OF_PAYMENT] = {"results": [order("SAVE")]}
    return api


@pytest.mark.parametrize(
    ("old", "new", "event"),
    [
        ("Open", "Cancelled", Cancellation(ORDER)),
        (None, "Cancelled", Cancellation(ORDER)),
        ("Cancelled", "Open", Reinstatement(ORDER)),
        ("Cancelled", "Confirmed", Reinstatement(ORDER)),
        ("Open", "Confirmed", Ignored("the order is Confirmed, and was not cancelled")),
    ],
)
def test_an_order_is_cancelled_and_stands_again(old: str | None, new: str, event: Any) -> None:
    assert told(message("OrderStateChanged", orderState=new, oldOrderState=old)) == event


def test_an_order_is_a_checkout_as_soon_as_it_is_paid(project: ProjectApi) -> None:
    checkout = told(order("SAVE"))
    assert isinstance(checkout, Checkout)
    paid = message("OrderPaymentStateChanged", paymentState="Paid", oldPaymentState="Pending")
    assert told(paid, **project.options) == checkout
    assert told(message("OrderCreated", order=order("SAVE"))) == checkout
    assert told(message("OrderImported", order=order("SAVE"))) == checkout
    without = message("OrderCreated", payloadNotIncluded={"reason": "too big", "payloadType": "OrderCreated"})
    assert told({**without, "type": None}, **project.options) == (checkout,)
    charged = {"type": "CheckoutPaymentCharged", "id": "e-1", "data": {"order": {"id": ORDER}}}
    assert told(charged, **project.options) == checkout
    assert told({**charged, "data": {}}) == Ignored("the payment has no order yet")


def test_a_payment_that_fails_once_it_was_made_cancels_until_it_is_made_after_all(project: ProjectApi) -> None:
    failed = message("OrderPaymentStateChanged", paymentState="Failed", oldPaymentState="Paid")
    assert told(failed) == Cancellation(ORDER, "the payment failed", "payment_failed")
    # One that was never made has nothing to give back, and may be made yet.
    failed = message("OrderPaymentStateChanged", paymentState="Failed", oldPaymentState="Pending")
    assert told(failed) == Ignored("the order is not paid: its paymentState is Failed")
    again = message("OrderPaymentStateChanged", paymentState="Paid", oldPaymentState="Failed")
    assert told(again, **project.options) == told(order("SAVE"))


def test_an_order_that_is_not_paid_any_more_when_it_is_fetched_is_ignored(project: ProjectApi) -> None:
    project.answers[f"{ORDERS}/{ORDER}"] = order(orderState="Cancelled")
    paid = message("OrderPaymentStateChanged", paymentState="Paid", oldPaymentState="Failed")
    assert told(paid, **project.options) == Ignored("the order was cancelled before this was sent")


def test_each_returned_item_that_was_refunded_is_a_refund_under_its_own_id() -> None:
    both = return_of(("r-1", MUGS, 1), ("r-2", TEA, 1))
    refunds = (Refund(ORDER, "r-1", (RefundLine(MUGS, 1),)), Refund(ORDER, "r-2", (RefundLine(TEA, 1),)))
    assert told(message("ReturnInfoAdded", returnInfo=both)) == refunds
    one_by_one = [return_of(("r-1", MUGS, 1)), return_of(("r-2", TEA, 1))]
    assert told(message("ReturnInfoSet", returnInfo=one_by_one)) == refunds


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([], "nothing was returned"),
        ([CUSTOM_ITEM], "return item r-9 is of a custom line item"),
        (return_of(("r-1", MUGS, 1), state="Initial")["items"], "return item r-1 is not refunded"),
    ],
)
def test_what_came_back_without_a_refund_is_ignored(items: list[Any], reason: str) -> None:
    event = told(message("ReturnInfoSet", returnInfo=[{"items": items}]))
    assert isinstance(event, Ignored)
    assert event.reason.startswith(reason)


@pytest.mark.parametrize(
    "payload",
    [
        payment_told("PaymentTransactionAdded", transaction=transaction()),
        payment_told("PaymentTransactionStateChanged", transactionId="t-1", state="Success"),
        {
            "type": "CheckoutPaymentRefunded",
            "id": "e-1",
            "data": {"payment": {"id": "pay-1"}, "transactionId": "t-1", "order": {"id": ORDER}},
        },
        {
            "type": "CheckoutPaymentRefunded",
            "id": "e-1",
            "data": {"payment": {"id": "pay-1"}, "transactionId": "t-1"},
        },
    ],
)
def test_a_refund_that_went_through_is_money_under_its_transactions_id(project: ProjectApi, payload: Any) -> None:
    assert told(payload, **project.options) == Refund(ORDER, "t-1", (), 1250)


@pytest.mark.parametrize("state", ["Initial", "Pending", "Failure"])
def test_a_refund_that_did_not_go_through_is_ignored(project: ProjectApi, state: str) -> None:
    added = payment_told("PaymentTransactionAdded", transaction=transaction(state))
    assert told(added) == Ignored(f"transaction t-1 has not gone through: its state is {state}")
    changed = payment_told("PaymentTransactionStateChanged", transactionId="t-1", state=state)
    assert told(changed) == Ignored(f"the transaction has not gone through: its state is {state}")


def test_only_transactions_that_give_money_back_count(project: ProjectApi) -> None:
    charged = payment_told("PaymentTransactionStateChanged", transactionId="t-0", state="Success")
    assert told(charged, **project.options) == Ignored("transaction t-0 gives no money back: its type is Charge")
    back = payment_told("PaymentTransactionAdded", transaction=transaction(kind="Chargeback"))
    assert told(back, **project.options) == Cancellation(ORDER, "chargeback", "chargeback")


@pytest.mark.parametrize(("currency", "cents"), [("JPY", 500), ("KWD", 1250)])
def test_refunded_money_is_in_the_minor_units_of_its_currency(project: ProjectApi, currency: str, cents: int) -> None:
    amount = {"type": "centPrecision", "currencyCode": currency, "centAmount": cents}
    added = payment_told("PaymentTransactionAdded", transaction=transaction(amount=amount))
    assert told(added, **project.options) == Refund(ORDER, "t-1", (), cents)


def test_the_same_money_is_not_counted_as_items_and_as_a_transaction(project: ProjectApi) -> None:
    project.answers[OF_PAYMENT] = {"results": [order(returnInfo=[return_of(("r-1", MUGS, 1))])]}
    added = payment_told("PaymentTransactionAdded", transaction=transaction())
    told_by_items = Ignored("transaction t-1: the refunds of this order are told by its return items")
    assert told(added, **project.options) == told_by_items
    assert told(added, **project.options, REFUNDS="transactions") == Refund(ORDER, "t-1", (), 1250)
    assert told(added, **project.options, REFUNDS="returns") == Ignored("refunds are told by return items")
    returned = message("ReturnInfoAdded", returnInfo=return_of(("r-1", MUGS, 1)))
    assert told(returned, REFUNDS="transactions") == Ignored("refunds are told by transactions")


def test_a_change_tells_all_that_its_resource_tells_now(project: ProjectApi) -> None:
    changed = {"notificationType": "ResourceUpdated", "resource": {"typeId": "order", "id": ORDER}, "version": 3}
    project.answers[f"{ORDERS}/{ORDER}"] = order(
        returnInfo=[return_of(("r-1", MUGS, 1)), return_of(("r-2", TEA, 1), state="Initial")]
    )
    assert told(changed, **project.options) == (told(order()), Refund(ORDER, "r-1", (RefundLine(MUGS, 1),)))
    project.answers[f"{ORDERS}/{ORDER}"] = order(orderState="Cancelled")
    assert told(changed, **project.options) == Cancellation(ORDER, cause="cancelled_after_capture")
    project.answers[f"{ORDERS}/{ORDER}"] = order(orderState="Cancelled", paymentState="Pending")
    assert told(changed, **project.options) == Cancellation(ORDER)
    of_payment = changed | {"resource": {"typeId": "payment", "id": "pay-1"}}
    charge = Ignored("transaction t-0 gives no money back: its type is Charge")
    assert told(of_payment, **project.options) == (charge, Refund(ORDER, "t-1", (), 1250))
    assert told(changed | {"resource": {"typeId": "cart", "id": "c"}}) == Ignored("resource cart is not used")


def test_any_other_message_is_ignored() -> None:
    assert told(message("OrderDeleted")) == Ignored("topic OrderDeleted is not used")


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        ({"id": "m", "type": "OrderStateChanged"}, "'resource'"),
        (message("OrderStateChanged"), "'orderState'"),
        (message("OrderStateChanged", resource_id="../payments/1"), r"\.resource\.id must be an id"),
        (message("ReturnInfoAdded"), "'returnInfo'"),
        (message("ReturnInfoSet", returnInfo=[{"items": [{"id": "r"}]}]), r"returnInfo\[0\]\.items\[0\]"),
        (message("ReturnInfoAdded", returnInfo=return_of(("r", MUGS, 0))), r"items\[0\]\.quantity"),
        (payment_told("PaymentTransactionAdded", transaction={"id": "t"}), r"\.transaction"),
        ({"id": "e", "type": "CheckoutPaymentRefunded"}, "'data'"),
    ],
)
def test_what_cannot_be_mapped_is_named(payload: Any, named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        told(payload)


PAID = message("OrderPaymentStateChanged", paymentState="Paid")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (404, BackendNotFound),
        (403, BackendUnauthorized),
        (400, BackendRefused),
        (429, RateLimited),
        (500, BackendFailed),
        (b"not json", MalformedAnswer),
        (b"[]", MalformedAnswer),
    ],
)
def test_what_the_api_does_not_give_is_an_error_that_leaves_the_delivery_open(
    api: ProjectApi, answer: Any, error: type[BridgeError]
) -> None:
    api.answers[f"{ORDERS}/{ORDER}"] = answer
    with pytest.raises(error):
        told(PAID, **api.options)


def test_a_slow_api_is_not_waited_for(project: ProjectApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checkout_bridge.platform_api.DEADLINE", 0.3)
    project.slow = 3.0
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        told(PAID, **project.options)
    assert time.monotonic() - began < 2.5


def test_an_api_that_is_not_there_or_not_set_is_unreachable() -> None:
    with pytest.raises(BackendUnreachable):
        told(PAID, API_URL="http://127.0.0.1:9", PROJECT_KEY=PROJECT)
    with pytest.raises(BackendUnreachable, match="set CHECKOUT_BRIDGE_COMMERCETOOLS_API_URL"):
        told(PAID)


def test_what_the_api_does_not_have_yet_is_asked_for_again(project: ProjectApi) -> None:
    project.answers[OF_PAYMENT] = {"results": []}
    with pytest.raises(BackendNotFound, match="the order of payment pay-1"):
        told(payment_told("PaymentTransactionAdded", transaction=transaction()), **project.options)
    with pytest.raises(BackendNotFound, match="payment pay-1 has no transaction t-5"):
        told(payment_told("PaymentTransactionStateChanged", transactionId="t-5", state="Success"), **project.options)


def test_a_token_is_used_until_it_is_refused(project: ProjectApi) -> None:
    from checkout_bridge_commercetools.api import Api

    options = project.options
    client = Api(options["API_URL"], PROJECT, options["AUTH_URL"], "bridge", "hush")
    assert [client.order(ORDER)["id"] for _ in range(2)] == [ORDER, ORDER]
    assert project.asked.count("/auth/oauth/token") == 1
    project.token = "revoked"
    with pytest.raises(BackendUnauthorized):
        client.order(ORDER)
    assert client.order(ORDER)["id"] == ORDER
    with pytest.raises(BackendUnauthorized):
        Api(options["API_URL"], PROJECT, options["AUTH_URL"], "bridge", "guessed").order(ORDER)
