"""Each method of the client is one request of the contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from checkout_bridge.client import Client
from checkout_bridge.http import DeadlineSession

BODY = {"amount": 1000}

Call = Callable[[Client], dict[str, Any]]

REQUESTS: list[tuple[Call, str, str, dict[str, Any] | list[Any] | None]] = [
    (lambda c: c.orders.create_order(BODY), "POST", "/v1/orders", BODY),
    (lambda c: c.orders.get_order("o/1"), "GET", "/v1/orders/o%2F1", None),
    (lambda c: c.orders.update_order("o/1", BODY), "PUT", "/v1/orders/o%2F1", BODY),
    (lambda c: c.orders.list_orders(limit=5, page=None), "GET", "/v1/orders?limit=5", None),
    (lambda c: c.orders.create_order_export(), "POST", "/v1/orders/export", {}),
    (lambda c: c.orders.create_order_export({"parameters": {}}), "POST", "/v1/orders/export", {"parameters": {}}),
    (lambda c: c.orders.import_orders((BODY, BODY)), "POST", "/v1/orders/import", [BODY, BODY]),
    (lambda c: c.exports.create_export(BODY), "POST", "/v1/exports", BODY),
    (lambda c: c.exports.get_export("e/1"), "GET", "/v1/exports/e%2F1", None),
    (lambda c: c.exports.list_exports(order="-status"), "GET", "/v1/exports?order=-status", None),
    (lambda c: c.exports.delete_export("e/1"), "DELETE", "/v1/exports/e%2F1", None),
    (lambda c: c.async_actions.get_async_action("a/1"), "GET", "/v1/async-actions/a%2F1", None),
    (lambda c: c.async_actions.list_async_actions(limit=5), "GET", "/v1/async-actions?limit=5", None),
    (lambda c: c.vouchers.generate_random_code(BODY), "POST", "/v1/vouchers", BODY),
    (lambda c: c.vouchers.create_voucher("A/1", BODY), "POST", "/v1/vouchers/A%2F1", BODY),
    (lambda c: c.vouchers.get_voucher("A/1"), "GET", "/v1/vouchers/A%2F1", None),
    (lambda c: c.vouchers.list_vouchers(limit=5), "GET", "/v1/vouchers?limit=5", None),
    (lambda c: c.vouchers.update_voucher("A/1", BODY), "PUT", "/v1/vouchers/A%2F1", BODY),
    (lambda c: c.vouchers.delete_voucher("A/1"), "DELETE", "/v1/vouchers/A%2F1", None),
    (lambda c: c.vouchers.delete_voucher("A/1", force=True), "DELETE", "/v1/vouchers/A%2F1?force=true", None),
    (lambda c: c.vouchers.enable_voucher("A/1"), "POST", "/v1/vouchers/A%2F1/enable", None),
    (lambda c: c.vouchers.disable_voucher("A/1"), "POST", "/v1/vouchers/A%2F1/disable", None),
    (lambda c: c.vouchers.update_voucher_balance("A/1", BODY), "POST", "/v1/vouchers/A%2F1/balance", BODY),
    (
        lambda c: c.vouchers.list_voucher_transactions("A/1", limit=5),
        "GET",
        "/v1/vouchers/A%2F1/transactions?limit=5",
        None,
    ),
    (
        lambda c: c.vouchers.release_validation_session("A/1", "ssn/1"),
        "DELETE",
        "/v1/vouchers/A%2F1/sessions/ssn%2F1",
        None,
    ),
    (lambda c: c.redemptions.redeem_stacked_discounts(BODY), "POST", "/v1/redemptions", BODY),
    (lambda c: c.redemptions.rollback_redemption("r/1"), "POST", "/v1/redemptions/r%2F1/rollback", None),
    (
        lambda c: c.redemptions.rollback_redemption("r1", BODY, reason="cancelled", tracking_id="t 1"),
        "POST",
        "/v1/redemptions/r1/rollback?reason=cancelled&tracking_id=t+1",
        BODY,
    ),
    (
        lambda c: c.redemptions.rollback_stacked_redemptions("r/1", reason="cancelled"),
        "POST",
        "/v1/redemptions/r%2F1/rollbacks?reason=cancelled",
        None,
    ),
    (lambda c: c.redemptions.get_redemption("r/1"), "GET", "/v1/redemptions/r%2F1", None),
    (lambda c: c.redemptions.get_voucher_redemptions("A/1"), "GET", "/v1/vouchers/A%2F1/redemption", None),
    (lambda c: c.redemptions.list_redemptions(result="Success"), "GET", "/v1/redemptions?result=Success", None),
    (lambda c: c.validations.validate_stacked_discounts(BODY), "POST", "/v1/validations", BODY),
    (lambda c: c.customers.create_customer(BODY), "POST", "/v1/customers", BODY),
    (lambda c: c.customers.list_customers(city="Oslo"), "GET", "/v1/customers?city=Oslo", None),
    (lambda c: c.customers.get_customer("c/1"), "GET", "/v1/customers/c%2F1", None),
    (lambda c: c.customers.update_customer("c/1", BODY), "PUT", "/v1/customers/c%2F1", BODY),
]


@pytest.fixture
def client(backend: Any) -> Iterator[Client]:
    with Client(backend.url, "app-id", "app-token") as client:
        yield client


@pytest.mark.parametrize(("call", "method", "target", "body"), REQUESTS, ids=[f"{r[1]} {r[2]}" for r in REQUESTS])
def test_a_method_sends_its_request_and_answers_the_answer(
    backend: Any, client: Client, call: Call, method: str, target: str, body: dict[str, Any] | list[Any] | None
) -> None:
    backend.reply(200, b'{"id": "x"}')
    assert call(client) == {"id": "x"}
    (seen,) = backend.seen
    assert (seen.method, seen.target) == (method, target)
    assert (json.loads(seen.body) if seen.body else None) == body


def test_a_write_takes_the_callers_idempotency_key(backend: Any, client: Client) -> None:
    client.redemptions.redeem_stacked_discounts(BODY, idempotency_key="attempt-1")
    client.redemptions.rollback_stacked_redemptions("r1", idempotency_key="attempt-2")
    client.vouchers.delete_voucher("A", idempotency_key="attempt-3")
    assert [seen.headers["idempotency-key"] for seen in backend.seen] == ["attempt-1", "attempt-2", "attempt-3"]


def test_a_session_that_is_given_outlives_the_client(backend: Any, session: DeadlineSession) -> None:
    for _ in range(2):
        with Client(backend.url, "id", "token", session=session) as client:
            client.orders.get_order("o")
    assert len(backend.connections) == 1


def test_closing_a_client_closes_its_connections(backend: Any) -> None:
    client = Client(backend.url, "id", "token")
    client.orders.get_order("o")
    assert not backend.has_lost(backend.connections[0], within=0.1)
    client.close()
    assert backend.has_lost(backend.connections[0], within=5.0)
