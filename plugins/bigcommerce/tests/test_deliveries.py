"""Whose deliveries are accepted and for how long, how each is told from the others, and which options there are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from werkzeug.datastructures import Headers

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Delivery, Ignored
from checkout_bridge_bigcommerce.samples import told

from .conftest import plugin, sign

BODY = told("store/order/created").body
NOW = 1_561_479_400


@pytest.fixture(autouse=True)
def _at_that_moment() -> Iterator[None]:
    """Signatures are of one moment, however long after it a test runs."""
    with time_machine.travel(NOW, tick=False):
        yield


def headers(signature: str, event_id: str = "e1", moment: str = str(NOW)) -> Headers:
    return Headers({"webhook-id": event_id, "webhook-timestamp": moment, "webhook-signature": signature})


def is_accepted(sent: Headers, body: bytes = BODY, secret: str = "hush") -> bool:
    return plugin(SECRET=secret).verify_webhook(headers=sent, body=body)


def test_the_signature_is_the_one_of_standard_webhooks() -> None:
    """A fixed value: HMAC-SHA256 of ``e1.1561479335.{}`` under the key ``hush``, in base64."""
    known = "v1,TPCcJ0pbJK27sNaU5qqq/cAUHsI7QzLKB2xDY1uIf4g="
    assert is_accepted(headers(known, moment="1561479335"), b"{}")


@pytest.mark.parametrize("secret", ["new", "old"])
def test_while_one_secret_replaces_another_both_sign(secret: str) -> None:
    assert is_accepted(headers(sign(BODY, "e1", NOW, secret)), secret="new, old")


def test_one_signature_of_several_is_enough() -> None:
    assert is_accepted(headers(f"v1,AAAA v1a,BBBB {sign(BODY, 'e1', NOW, 'hush')}"))


GOOD = sign(BODY, "e1", NOW, "hush")


@pytest.mark.parametrize(
    "sent",
    [
        headers(""),
        headers("v1,größe"),
        headers(GOOD.removeprefix("v1,")),
        headers(GOOD.replace("v1,", "v2,")),
        headers(GOOD[:-1]),
        headers(sign(BODY, "e1", NOW, "another")),
        headers(sign(BODY + b" ", "e1", NOW, "hush")),
        headers(GOOD, event_id="e2"),
        headers(GOOD, moment=str(NOW + 1)),
        headers(GOOD, moment=""),
        headers(sign(BODY, "", NOW, "hush"), event_id=""),
        Headers(),
    ],
    ids=[
        "none",
        "no ascii",
        "no version",
        "version",
        "cut",
        "forged",
        "altered",
        "id",
        "moment",
        "no moment",
        "no id",
        "missing",
    ],
)
def test_any_other_signature_is_refused(sent: Headers) -> None:
    assert is_accepted(sent) is False


@pytest.mark.parametrize(("age", "accepted"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)])
def test_a_delivery_is_accepted_for_five_minutes(age: int, accepted: bool) -> None:
    moment = NOW - age
    assert is_accepted(headers(sign(BODY, "e1", moment, "hush"), moment=str(moment))) is accepted


@pytest.mark.parametrize("secret", ["", " , "])
def test_without_a_secret_nothing_is_accepted_not_even_what_an_empty_one_signed(secret: str) -> None:
    assert is_accepted(headers(sign(BODY, "e1", NOW, "")), secret=secret) is False


@pytest.mark.parametrize(
    ("options", "details"),
    [
        ({"SECRETS": "x"}, "CHECKOUT_BRIDGE_BIGCOMMERCE_SECRETS is not an option"),
        (
            {"API_URL": "api.bigcommerce.com"},
            "CHECKOUT_BRIDGE_BIGCOMMERCE_API_URL must be an address such as https://api.example.com",
        ),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options: dict[str, str], details: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        plugin(**options)
    assert (raised.value.key, raised.value.details) == ("invalid_setting", details)


def identified(body: bytes) -> Delivery:
    return plugin().identify_webhook(headers=headers(""), body=body)


def test_a_delivery_is_of_a_store_an_id_and_a_scope() -> None:
    assert identified(BODY) == Delivery("abc123", "e1", "store/order/created")


@pytest.mark.parametrize(
    ("body", "shop"), [(b'{"scope": "a", "store_id": "1025646"}', "1025646"), (b'{"scope": "a"}', "unknown")]
)
def test_a_delivery_without_a_producer_is_of_the_number_of_its_store(body: bytes, shop: str) -> None:
    assert identified(body).shop == shop


@pytest.mark.parametrize("body", [b"", b"[]", b'{"scope": 1}', b'{"scope": "' + b"a" * 300 + b'"}'])
def test_a_body_without_an_envelope_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        identified(body)


@pytest.mark.parametrize(
    ("delivery", "reason"),
    [
        (Delivery("abc123", "e1", "store/cart/created"), "scope store/cart/created is not used"),
        (Delivery("abc123", "e1", "store/order/archived"), "scope store/order/archived is not used"),
        (Delivery("unknown", "e1", "store/order/created"), "the delivery does not name its store"),
        (Delivery("other", "e1", "store/order/created"), "the delivery is of another store than abc123"),
    ],
)
def test_what_is_of_no_interest_is_ignored_without_asking_anybody(delivery: Delivery, reason: str) -> None:
    one = plugin(API_URL="http://127.0.0.1:9/stores/abc123", ACCESS_TOKEN="x")
    assert one.event_of(delivery=delivery, body=BODY) == Ignored(reason)
