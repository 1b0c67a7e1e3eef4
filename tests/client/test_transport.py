"""What the client puts on the wire, and what it makes of what comes back."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from checkout_bridge import __version__
from checkout_bridge.client import Client
from checkout_bridge.client.transport import Transport, path_of, query_pairs
from checkout_bridge.errors import (
    BackendFailed,
    BackendNotFound,
    BackendRefused,
    BackendUnauthorized,
    BridgeError,
    DeadlineExceeded,
    InvalidInput,
    MalformedAnswer,
    RateLimited,
)
from checkout_bridge.http import DeadlineSession

NOT_FOUND = {"code": 404, "key": "not_found", "message": "Resource not found", "details": "Cannot find X", "new": 1}


@pytest.fixture
def transport(backend: Any, session: DeadlineSession) -> Iterator[Transport]:
    return Transport(f"{backend.url}/", "app-id", "app-token-secret", session=session)


def test_every_request_carries_the_keys_and_the_version_of_the_contract(backend: Any, transport: Transport) -> None:
    transport.request("GET", "/v1/orders")
    headers = backend.seen[0].headers
    assert headers["x-app-id"] == "app-id"
    assert headers["x-app-token"] == "app-token-secret"
    assert headers["x-voucherify-api-version"] == "v2018-08-01"
    assert headers["accept"] == "application/json"
    assert headers["user-agent"] == f"checkout-bridge/{__version__}"


def test_only_a_request_with_a_body_says_what_its_body_is(backend: Any, transport: Transport) -> None:
    transport.request("POST", "/v1/orders", body={"amount": 1000, "name": "Käse"})
    transport.request("POST", "/v1/vouchers/A/enable")
    transport.request("POST", "/v1/orders", body={})
    with_body, without, empty = backend.seen
    assert (with_body.headers["content-type"], json.loads(with_body.body)) == (
        "application/json",
        {"amount": 1000, "name": "Käse"},
    )
    assert ("content-type" in without.headers, without.body) == (False, b"")
    assert empty.body == b"{}"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_write_carries_an_idempotency_key_of_its_own_or_the_one_given(
    backend: Any, transport: Transport, method: str
) -> None:
    for key in (None, None, "mine"):
        transport.request(method, "/v1/orders", idempotency_key=key)
    first, second, given = (seen.headers["idempotency-key"] for seen in backend.seen)
    assert first != second
    assert len(first) == 32
    assert given == "mine"


def test_a_read_carries_no_idempotency_key(backend: Any, transport: Transport) -> None:
    transport.request("GET", "/v1/orders")
    assert "idempotency-key" not in backend.seen[0].headers


def test_an_answer_is_handed_back_exactly_as_it_came(backend: Any, transport: Transport) -> None:
    sent = {"amount": 9007199254740993, "status": "A_NEW_ONE", "unknown": {"deep": [None, True, 1.5]}, "none": None}
    backend.reply(200, json.dumps(sent).encode())
    answer = transport.request("GET", "/v1/orders/o")
    assert answer == sent
    assert isinstance(answer["amount"], int)


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_empty_answer_is_an_empty_object(backend: Any, transport: Transport, status: int) -> None:
    backend.reply(status, b"")
    assert transport.request("DELETE", "/v1/vouchers/A") == {}


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b'"x"', b"1", b"null", b'{"a":', b'{"a": NaN}', b"\xff{}", b"[" * 100_000]
)
def test_an_answer_that_is_not_a_json_object_is_malformed(backend: Any, transport: Transport, body: bytes) -> None:
    backend.reply(200, body)
    with pytest.raises(MalformedAnswer):
        transport.request("POST", "/v1/redemptions", body={})


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BackendRefused),
        (401, BackendUnauthorized),
        (403, BackendUnauthorized),
        (404, BackendNotFound),
        (409, BackendRefused),
        (423, BackendRefused),
    ],
)
def test_a_refusal_keeps_what_the_backend_said(
    backend: Any, transport: Transport, status: int, kind: type[BackendRefused]
) -> None:
    backend.reply(status, json.dumps(NOT_FOUND).encode())
    with pytest.raises(BackendRefused) as refused:
        transport.request("GET", "/v1/orders/X")
    assert type(refused.value) is kind
    assert (refused.value.code, refused.value.key, refused.value.body) == (status, "not_found", NOT_FOUND)


def test_a_refusal_that_is_not_json_is_still_a_refusal(backend: Any, transport: Transport) -> None:
    backend.reply(404, b"<h1>Nothing here</h1>")
    with pytest.raises(BackendNotFound) as refused:
        transport.request("GET", "/v1/orders/X")
    assert refused.value.body == {}


def test_a_rate_limit_says_how_long_to_wait(backend: Any, transport: Transport) -> None:
    backend.reply(429, b'{"code":429,"message":"Too many"}', Retry_After="60")
    with pytest.raises(RateLimited) as limited:
        transport.request("POST", "/v1/orders", body={})
    assert (limited.value.code, limited.value.retry_after) == (429, 60.0)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failing_backend_leaves_the_outcome_unknown(backend: Any, transport: Transport, status: int) -> None:
    backend.reply(status, b"oops")
    with pytest.raises(BackendFailed) as failed:
        transport.request("POST", "/v1/redemptions", body={})
    assert failed.value.code == status


def test_one_call_may_have_a_deadline_of_its_own(backend: Any, transport: Transport) -> None:
    backend.hang()
    with pytest.raises(DeadlineExceeded):
        transport.request("POST", "/v1/orders", body={}, deadline=0.2)


@pytest.mark.parametrize("body", [{"a": float("nan")}, {"a": object()}, {"a": {1, 2}}])
def test_a_body_that_cannot_be_json_is_not_sent(backend: Any, transport: Transport, body: Any) -> None:
    with pytest.raises(InvalidInput):
        transport.request("POST", "/v1/orders", body=body)
    assert not backend.seen


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        (("vouchers",), "/v1/vouchers"),
        (("vouchers", "A/B#C?d e%", "enable"), "/v1/vouchers/A%2FB%23C%3Fd%20e%25/enable"),
        (("orders", "№1"), "/v1/orders/%E2%84%961"),
        (("vouchers", "..a"), "/v1/vouchers/..a"),
    ],
)
def test_a_part_of_a_path_stays_one_part(backend: Any, transport: Transport, parts: Any, path: str) -> None:
    assert path_of(*parts) == path
    transport.request("GET", path_of(*parts))
    assert backend.seen[0].target == path


@pytest.mark.parametrize("part", ["", ".", ".."])
def test_a_part_that_would_address_something_else_is_refused(part: str) -> None:
    with pytest.raises(InvalidInput):
        path_of("vouchers", part)


@pytest.mark.parametrize(
    ("params", "pairs"),
    [
        ({"limit": 10, "page": None, "code": "A B"}, [("limit", "10"), ("code", "A B")]),
        ({"force": True, "expand": False}, [("force", "true"), ("expand", "false")]),
        (
            {"filters": {"junction": "OR", "status": {"conditions": {"$in": ["A", "B"], "$is": True, "$no": None}}}},
            [
                ("filters[junction]", "OR"),
                ("filters[status][conditions][$in][0]", "A"),
                ("filters[status][conditions][$in][1]", "B"),
                ("filters[status][conditions][$is]", "true"),
            ],
        ),
        ({"created_at": {"after": "2024-01-01"}}, [("[created_at][after]", "2024-01-01")]),
        ({"[created_at]": {"before": "2024-01-01"}}, [("[created_at][before]", "2024-01-01")]),
        ({"[created_at][before]": "2024-01-01"}, [("[created_at][before]", "2024-01-01")]),
    ],
)
def test_query_parameters_are_flattened(params: dict[str, Any], pairs: list[tuple[str, str]]) -> None:
    assert query_pairs(params) == pairs


def test_query_parameters_arrive_encoded(backend: Any, transport: Transport) -> None:
    transport.request("GET", "/v1/vouchers", params={"filters": {"code": {"conditions": {"$is": "A&B"}}}})
    assert backend.seen[0].target == "/v1/vouchers?filters%5Bcode%5D%5Bconditions%5D%5B%24is%5D=A%26B"


def test_the_keys_show_neither_in_reprs_nor_in_errors_nor_in_logs(
    backend: Any, refused_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    texts = []
    for url in (backend.url, refused_url):
        with Client(url, "app-id-secret", "app-token-secret") as client:
            backend.reply(401, b'{"message":"Unauthorized"}')
            with pytest.raises(BridgeError) as error:
                client.orders.get_order("o")
            texts += [
                repr(client),
                repr(client.transport),
                repr(error.value),
                str(error.value),
                repr(error.value.__cause__),
            ]
    assert backend.url in texts[0]
    assert "secret" not in " ".join([*texts, caplog.text])


@pytest.mark.parametrize("url", ["", "api.example", "ftp://api.example"])
def test_a_base_url_that_is_not_http_is_refused(session: DeadlineSession, url: str) -> None:
    with pytest.raises(InvalidInput):
        Transport(url, "a", "b", session=session)


@pytest.mark.parametrize("key", ["", "secret\n", " secret", "secré†"])
def test_keys_that_cannot_be_a_header_are_refused_unquoted(session: DeadlineSession, key: str) -> None:
    for app_id, app_token in ((key, "b"), ("a", key)):
        with pytest.raises(InvalidInput) as refused:
            Transport("http://api.example", app_id, app_token, session=session)
        assert "secr" not in str(refused.value)


@pytest.mark.parametrize("key", ["order №1", "a\r\nX-App-Id: other"])
def test_an_idempotency_key_that_cannot_be_a_header_is_not_sent(backend: Any, transport: Transport, key: str) -> None:
    with pytest.raises(InvalidInput, match="idempotency key"):
        transport.request("POST", "/v1/orders", body={}, idempotency_key=key)
    assert not backend.seen
