"""What a plugin reads from its platform's API, and what it hears when that cannot be read."""

from __future__ import annotations

import pytest

from checkout_bridge.errors import (
    BackendFailed,
    BackendNotFound,
    BackendRefused,
    BackendUnauthorized,
    BackendUnreachable,
    BridgeError,
    DeadlineExceeded,
    MalformedAnswer,
    RateLimited,
)
from checkout_bridge.platform_api import PlatformApi, not_known

from .conftest import Backend

PERSON = b'{"message": "jo@example.com, whose key is sk_1"}'


def api(backend: Backend, deadline: float | None = 5.0) -> PlatformApi:
    return PlatformApi("MyShop", f"{backend.url}/v2/", {"X-Token": "sk_1"}, deadline=deadline)


def test_a_path_below_the_address_is_read_with_the_headers_and_exact_numbers(backend: Backend) -> None:
    backend.reply(body=b'{"total": 12.10}')
    assert str(api(backend).get("/orders/1?lines=all", headers={"Accept-Language": "de"})["total"]) == "12.10"
    (seen,) = backend.seen
    assert (seen.method, seen.target) == ("GET", "/v2/orders/1?lines=all")
    assert [seen.headers[name] for name in ("x-token", "accept-language", "accept")] == [
        "sk_1",
        "de",
        "application/json",
    ]


def test_several_things_are_read_over_one_connection(backend: Backend) -> None:
    backend.reply(body=b"[1]").reply(body=b"[2]")
    with api(backend).reading() as read:
        assert [read("/1"), read("/2")] == [[1], [2]]
    assert len(backend.connections) == 1


def test_where_there_is_nothing_there_is_none(backend: Backend) -> None:
    backend.reply(204, b"")
    assert api(backend).get("/coupons") is None


def test_a_post_is_answered_with_an_object(backend: Backend) -> None:
    backend.reply(body=b'{"access_token": "t"}')
    assert api(backend).post("/token", b"a=b", "application/x-www-form-urlencoded") == {"access_token": "t"}
    (seen,) = backend.seen
    assert (seen.method, seen.body, seen.headers["content-type"]) == (
        "POST",
        b"a=b",
        "application/x-www-form-urlencoded",
    )


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BackendRefused),
        (401, BackendUnauthorized),
        (403, BackendUnauthorized),
        (404, BackendNotFound),
        (500, BackendFailed),
    ],
)
def test_a_refusal_is_told_in_the_platforms_name_and_repeats_nothing_of_the_answer(
    backend: Backend, status: int, error: type[BridgeError]
) -> None:
    backend.reply(status, PERSON)
    with pytest.raises(error, match=f"MyShop answered {status}: /orders/1$") as raised:
        api(backend).get("/orders/1?email=jo@example.com")
    assert type(raised.value) is error


def test_to_be_asked_to_slow_down_is_told_with_how_long(backend: Backend) -> None:
    backend.reply(429, PERSON, Retry_After="30")
    with pytest.raises(RateLimited) as raised:
        api(backend).get("/orders/1")
    assert (raised.value.retry_after, raised.value.key) == (30.0, "platform_refused")


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff", b"[]", b"3"])
def test_what_is_no_object_is_malformed_where_one_is_needed(backend: Backend, body: bytes) -> None:
    backend.reply(body=body)
    with pytest.raises(MalformedAnswer, match="MyShop's answer is not"):
        api(backend).get_object("/orders/1")


def test_all_readings_together_have_one_deadline(backend: Backend) -> None:
    backend.reply().hang()
    with api(backend, 0.3).reading() as read:
        assert read("/1") == {}
        with pytest.raises(DeadlineExceeded, match="No answer in time from MyShop"):
            read("/2")
        with pytest.raises(BackendUnreachable):
            read("/3")


def test_without_a_connection_nothing_was_asked(refused_url: str) -> None:
    with pytest.raises(BackendUnreachable, match="No connection to MyShop"):
        PlatformApi("MyShop", refused_url, deadline=1.0).get("/orders/1")


def test_what_is_not_known_yet_may_be_later() -> None:
    assert str(not_known("MyShop", "refund 2")) == "MyShop does not know it yet: refund 2"
