"""Reading the store's API: what goes wrong there leaves the delivery to be tried again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge import platform_api
from checkout_bridge.errors import (
    BackendFailed,
    BackendNotFound,
    BackendRefused,
    BackendUnauthorized,
    BackendUnreachable,
    DeadlineExceeded,
    MalformedAnswer,
    RateLimited,
)
from checkout_bridge.events import Delivery
from checkout_bridge_bigcommerce.samples import COUPONS, ORDER, order, refund, refunded, told

from .conftest import ACCESS, plugin

if TYPE_CHECKING:
    from .conftest import ShopApi, Store

Told = Callable[..., Any]
CREATED = told("store/order/created")
PATH = f"/v2/orders/{ORDER}"


@pytest.mark.parametrize(
    ("path", "answer", "error"),
    [
        (PATH, 404, BackendNotFound),
        (PATH, 400, BackendRefused),
        (PATH, 403, BackendUnauthorized),
        (PATH, 500, BackendFailed),
        (PATH, 503, BackendFailed),
        (PATH, b"<html>", MalformedAnswer),
        (PATH, 204, MalformedAnswer),
        (PATH, [], MalformedAnswer),
        (f"{PATH}/products", 404, BackendNotFound),
        (f"{PATH}/products", {"data": []}, MalformedAnswer),
        (f"{PATH}/coupons", 500, BackendFailed),
    ],
)
def test_what_the_api_does_not_tell_is_an_error_that_passes(
    api: ShopApi, told: Told, path: str, answer: Any, error: type[Exception]
) -> None:
    api.has()
    api.answers[path] = answer
    with pytest.raises(error) as raised:
        told(CREATED)
    assert "jo@example.com" not in str(raised.value)


def test_too_many_requests_are_told_as_such(api: ShopApi, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform_api, "DEADLINE", 2.0)
    api.has()
    api.answers[PATH] = 429
    with pytest.raises(RateLimited):
        told(CREATED)


def test_an_order_without_coupons_is_answered_with_nothing(api: ShopApi, told: Told) -> None:
    api.has()
    api.answers[f"{PATH}/coupons"] = 204
    assert told(CREATED).cart.codes == ()


def test_a_refund_that_is_not_listed_yet_is_tried_again(api: ShopApi, told: Told) -> None:
    api.has(refunds=[refund(1, {}, 1)])
    with pytest.raises(BackendNotFound, match="refund 2 of order 118"):
        told(refunded(2))


def test_a_wrong_token_is_told_as_such(api: ShopApi) -> None:
    api.has()
    one = plugin(API_URL=api.url, ACCESS_TOKEN="wrong")
    with pytest.raises(BackendUnauthorized):
        one.event_of(delivery=Delivery("abc123", "e", CREATED.topic), body=CREATED.body)


@pytest.mark.parametrize("options", [{}, {"ACCESS_TOKEN": ACCESS}, {"API_URL": "http://127.0.0.1:9"}])
def test_without_an_api_the_delivery_waits_for_one(options: dict[str, str]) -> None:
    with pytest.raises(BackendUnreachable, match="CHECKOUT_BRIDGE_BIGCOMMERCE_API_URL and"):
        plugin(**options).event_of(delivery=Delivery("abc123", "e", CREATED.topic), body=CREATED.body)


def test_an_exported_order_with_all_in_it_needs_no_api(told: Told, api: ShopApi) -> None:
    whole = order(products=[{"id": 1, "quantity": 1, "total_ex_tax": "5"}], coupons=COUPONS)
    assert told(told_as_export(whole), "order").cart.total == 500
    assert api.asked == []


def test_of_an_exported_order_the_lists_are_read(told: Told, api: ShopApi) -> None:
    api.has()
    assert told(told_as_export(order()), "order").cart.codes == ("SAVE10",)
    assert len(api.asked) == 2


def told_as_export(payload: Any) -> bytes:
    return type(CREATED)("order", payload).body


def test_a_slow_api_takes_no_longer_than_the_deadline_of_all_reads(
    api: ShopApi, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform_api, "DEADLINE", 0.3)
    api.has()
    api.slow = True
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        told(CREATED)
    assert time.monotonic() - began < 8


def test_a_delivery_is_left_open_while_the_api_is_down_and_done_with_the_next_one(api: ShopApi, store: Store) -> None:
    store.coupon("SAVE10", 1)
    assert store.tell(CREATED)["status"] == "refused"
    assert store.used("SAVE10") == 0

    api.has()
    api.has(7, lists=([{"id": 1, "quantity": 1, "total_ex_tax": "5"}], []))
    assert store.tell(told("store/order/created", id=7))["status"] == "processed"

    assert (store.order()["state"], store.used("SAVE10")) == ("confirmed", 1)
