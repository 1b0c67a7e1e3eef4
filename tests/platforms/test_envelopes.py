"""Envelopes that a platform's own subscriber signs: which are accepted, and which event each is."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from checkout_bridge.envelopes import data_in, identify, is_signed, unwrapped
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Delivery

HEADER = "X-Checkout-Bridge-Signature"
NOW = 1_700_000_100
BODY = b'{"id": "evt-7", "event": "paid", "shop": "eu", "data": {"total": 12.10}}'


@pytest.fixture(autouse=True)
def _at_that_moment() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def signed(body: bytes = BODY, secret: str = "hush", at: int = NOW) -> str:
    """The signature by its documentation, not by the code under test."""
    return f"t={at},v1={hmac.new(secret.encode(), str(at).encode() + b'.' + body, 'sha256').hexdigest()}"


@pytest.mark.parametrize("header", [signed(), signed(secret="old"), signed(at=NOW - 300), signed() + ",v1=00"])
def test_an_envelope_that_was_signed_lately_is_accepted(header: str) -> None:
    assert is_signed([b"hush", b"old"], {HEADER: header}, BODY)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1",
        "größe",
        signed(secret="another"),
        signed(BODY + b" "),
        signed()[:-1],
        signed().partition(",")[2],
        signed().replace("t=", "t=1,t="),
        signed(at=NOW - 301),
        signed(at=NOW + 301),
    ],
    ids=["empty", "no-mac", "not-ascii", "forged", "altered", "cut", "no-time", "two-times", "too-old", "too-early"],
)
def test_any_other_is_refused(header: str) -> None:
    assert is_signed([b"hush"], {HEADER: header}, BODY) is False


def test_without_a_secret_or_a_header_nothing_is_accepted() -> None:
    assert is_signed([], {HEADER: signed(secret="")}, BODY) is False
    assert is_signed([b"hush"], {}, BODY) is False


@pytest.mark.parametrize(("event", "asks"), [("paid", False), ("cart", True)])
def test_a_delivery_is_identified_by_what_was_signed_and_a_cart_asks(event: str, asks: bool) -> None:
    found = identify(BODY.replace(b"paid", event.encode()))
    assert (found, found.asks) == (Delivery("eu", "evt-7", event, asks=asks), asks)


@pytest.mark.parametrize(
    ("body", "details"),
    [
        (b"\xff", "Payload must be valid JSON"),
        (b"[]", "Payload must be an object"),
        (b'{"event": "cart", "shop": "eu", "data": {}}', "Payload should have required property 'id'"),
        (b'{"id": "1", "event": "cart", "shop": "eu", "data": 1}', "Property .data must be object"),
        (
            b'{"id": "1", "event": "cart", "shop": "", "data": {}}',
            "Property .shop must be a text of 1 to 255 characters",
        ),
    ],
)
def test_an_envelope_that_lacks_something_is_refused_by_name(body: bytes, details: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        identify(body)
    assert raised.value.details == details


@pytest.mark.parametrize("payload", [{"total": 1}, {"event": "paid", "total": 1}, [1], None])
def test_what_is_no_envelope_is_read_as_it_is(payload: Any) -> None:
    assert unwrapped(payload) == payload
    assert data_in(json.dumps(payload).encode()) == payload


def test_what_an_envelope_carries_has_exact_numbers() -> None:
    assert str(data_in(BODY)["total"]) == "12.10"
