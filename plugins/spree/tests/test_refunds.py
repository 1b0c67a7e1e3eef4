"""Refunds name only a payment: the order, its currency and its other refunds are read from a real local server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from checkout_bridge import platform_api
from checkout_bridge.errors import (
    BackendFailed,
    BackendNotFound,
    BackendRefused,
    BackendUnauthorized,
    BackendUnreachable,
    DeadlineExceeded,
    InvalidInput,
    MalformedAnswer,
    RateLimited,
)
from checkout_bridge.events import Ignored, Refund

from .conftest import ORDER, TOKEN, SpreeServer, order, refund, told

Asked = Callable[[str, Any], Any]


@pytest.mark.parametrize("name", ["refund.created", "refund.updated"])
def test_a_refund_is_money_of_the_order_that_has_its_payment(spree_api: SpreeServer, asked: Asked, name: str) -> None:
    spree_api.orders = [order(id="or_2", payments=[{"id": "py_2"}, "py_1"]), order(id="or_3", payments=None), order()]
    assert asked(name, refund("5.0")) == (Refund(ORDER, "re_1", (), 500),)
    assert {key for _, key in spree_api.asked} == {TOKEN}


def test_each_refund_of_the_order_is_told_by_its_own_id(spree_api: SpreeServer, asked: Asked) -> None:
    spree_api.refunds[ORDER] = [refund("5.0", 1), refund("2.5", 2)]
    assert asked("refund.created", refund("2.5", 2)) == (
        Refund(ORDER, "re_1", (), 500),
        Refund(ORDER, "re_2", (), 250),
    )


def test_the_whole_is_told_under_the_orders_id_once_the_refunds_add_up_to_it(
    spree_api: SpreeServer, asked: Asked
) -> None:
    spree_api.refunds[ORDER] = [refund("30.0", 1)]
    *parts, whole = asked("refund.created", refund("4.9", 2))
    assert [(part.refund_id, part.amount) for part in parts] == [("re_1", 3000), ("re_2", 490)]
    assert whole == Refund(ORDER, ORDER, None, None)


@pytest.mark.parametrize(
    ("currency", "amount", "minor"), [("JPY", "500.0", 500), ("KWD", "1.25", 1250), ("EUR", 7, 700)]
)
def test_an_amount_is_in_the_currency_of_the_order(
    spree_api: SpreeServer, asked: Asked, currency: str, amount: Any, minor: int
) -> None:
    spree_api.orders = [order(currency=currency, total="100000.0")]
    assert asked("refund.created", refund(amount))[0].amount == minor


def test_reimbursed_goods_are_the_refunds_by_which_it_was_done(spree_api: SpreeServer, asked: Asked) -> None:
    told_of = {"id": "rei_1", "order_id": ORDER, "total": "5.0", "reimbursement_status": "reimbursed"}
    assert asked("reimbursement.updated", told_of) == Ignored("no money was refunded")
    spree_api.refunds[ORDER] = [refund("5.0", 1, reimbursement_id="rei_1")]
    assert asked("reimbursement.updated", told_of) == (Refund(ORDER, "re_1", (), 500),)
    pending = asked("reimbursement.created", told_of | {"reimbursement_status": "pending"})
    assert pending == Ignored("nothing was reimbursed yet: its reimbursement_status is pending")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"id": None}, "'id'"),
        ({"amount": None}, "'amount'"),
        ({"payment_id": None}, "'payment_id'"),
        ({"amount": "a lot"}, r"\.amount must be a decimal"),
        ({"amount": True}, r"\.amount must be a decimal"),
    ],
)
def test_what_a_refund_lacks_is_named(asked: Asked, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        asked("refund.created", refund("5.0") | changes)


def test_without_the_api_nobody_knows_the_order() -> None:
    with pytest.raises(InvalidInput, match=r"payment_id is all that it has .*CHECKOUT_BRIDGE_SPREE_API_URL"):
        told("refund.created", refund("5.0"))
    with pytest.raises(InvalidInput, match="order_id is all that it has"):
        told("reimbursement.updated", {"order_id": ORDER, "reimbursement_status": "reimbursed"})


def test_the_payment_is_looked_for_among_the_orders_that_changed_last(spree_api: SpreeServer, asked: Asked) -> None:
    others = [order(id=f"or_x{i}", payments=[]) for i in range(150)]
    spree_api.orders = [*others, order()]
    assert asked("refund.created", refund("5.0"))[0].order_ref == ORDER
    assert [path.rpartition("=")[2] for path, _ in spree_api.asked[:-1]] == ["1", "2"]
    spree_api.orders = others * 3
    spree_api.asked.clear()
    with pytest.raises(BackendNotFound):
        asked("refund.created", refund("5.0"))
    assert len(spree_api.asked) == 3


def test_an_id_cannot_lead_elsewhere(spree_api: SpreeServer, asked: Asked) -> None:
    with pytest.raises(BackendNotFound):
        asked("reimbursement.updated", {"order_id": "../payments?x", "reimbursement_status": "reimbursed"})
    assert spree_api.asked[0][0].startswith("/api/v3/admin/orders/..%2Fpayments%3Fx?")


@pytest.mark.parametrize(
    ("trouble", "raised"),
    [
        (404, BackendNotFound),
        (401, BackendUnauthorized),
        (403, BackendUnauthorized),
        (422, BackendRefused),
        (500, BackendFailed),
        (b"not JSON", MalformedAnswer),
        (b"[]", MalformedAnswer),
        (b'{"data": 5}', MalformedAnswer),
    ],
)
def test_what_cannot_be_read_says_why_and_never_the_token(
    spree_api: SpreeServer, asked: Asked, trouble: int | bytes, raised: type[Exception]
) -> None:
    spree_api.trouble = trouble
    with pytest.raises(raised) as error:
        asked("refund.created", refund("5.0"))
    assert TOKEN not in str(error.value)


@pytest.mark.parametrize(("delay", "trouble", "raised"), [(0.5, None, DeadlineExceeded), (0.0, 429, RateLimited)])
def test_spree_is_not_waited_for_longer_than_the_deadline(
    spree_api: SpreeServer,
    asked: Asked,
    monkeypatch: pytest.MonkeyPatch,
    delay: float,
    trouble: int | None,
    raised: type[Exception],
) -> None:
    monkeypatch.setattr(platform_api, "DEADLINE", 0.2)
    spree_api.delay, spree_api.trouble = delay, trouble
    with pytest.raises(raised):
        asked("refund.created", refund("5.0"))


def test_without_a_connection_nothing_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform_api, "DEADLINE", 1.0)
    with pytest.raises(BackendUnreachable):
        told("refund.created", refund("5.0"), API_URL="http://127.0.0.1:9", TOKEN=TOKEN)
