"""Whose events are accepted, how each is told from the others, and which options there are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from werkzeug.datastructures import Headers

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Delivery

from .conftest import OLD_SECRET, SECRET, Store, event, plugin, sign

BODY = b'{"id": "uuid-1"}'
NOW = 1_700_000_000
SIGNATURE, TIMESTAMP = "X-Spree-Webhook-Signature", "X-Spree-Webhook-Timestamp"


@pytest.fixture(autouse=True)
def _at_that_moment() -> Iterator[None]:
    """Signatures are of one moment, however long after it a test runs."""
    with time_machine.travel(NOW, tick=False):
        yield


def verified(headers: dict[str, str], secret: str = f"{SECRET}, {OLD_SECRET}") -> bool:
    return plugin(SECRET=secret).verify_webhook(headers=Headers(headers), body=BODY)


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
def test_while_one_secret_replaces_another_both_sign(secret: str) -> None:
    assert verified(sign(BODY, secret))
    assert verified({name.lower(): value for name, value in sign(BODY, secret, NOW - 240).items()})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        sign(BODY, "forged", NOW),
        sign(BODY + b" ", at=NOW),
        sign(BODY, at=NOW - 301),
        sign(BODY, at=NOW + 301),
        sign(BODY, at=NOW - 400) | {TIMESTAMP: str(NOW)},
        {SIGNATURE: sign(BODY, at=NOW)[SIGNATURE]},
        {TIMESTAMP: str(NOW)},
        sign(BODY, at=NOW) | {SIGNATURE: ""},
        sign(BODY, at=NOW) | {SIGNATURE: sign(BODY, at=NOW)[SIGNATURE][:-1]},
        sign(BODY, at=NOW) | {SIGNATURE: "größe"},
        sign(BODY, at=NOW) | {TIMESTAMP: "now"},
    ],
)
def test_any_other_signature_is_refused(headers: dict[str, str]) -> None:
    assert verified(headers) is False


@pytest.mark.parametrize("secret", ["", " , "])
def test_without_a_secret_nothing_is_accepted(secret: str) -> None:
    assert verified(sign(BODY, ""), secret) is False


def test_what_spree_did_not_sign_is_answered_401(store: Store) -> None:
    response = store.send(BODY, sign(BODY, "forged"))
    assert (response.status_code, response.get_json()["key"]) == (401, "invalid_signature")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"SECRETS": "x"}, "CHECKOUT_BRIDGE_SPREE_SECRETS is not an option"),
        ({"API_URL": "https://store.example.com"}, "must be set with"),
        ({"TOKEN": "sk_1"}, "must be set with"),
    ],
)
def test_options_that_make_no_sense_are_named(options: dict[str, str], named: str) -> None:
    with pytest.raises(InvalidInput, match=named) as refusal:
        plugin(**options)
    assert refusal.value.key == "invalid_setting"


def test_an_event_is_identified_by_its_body_and_the_shop_is_the_one_that_is_set() -> None:
    body = event("order.paid", {}, "uuid-9")
    assert plugin().identify_webhook(headers=Headers(), body=body) == Delivery("default", "uuid-9", "order.paid")
    assert plugin(SHOP="eu").identify_webhook(headers=Headers(), body=body).shop == "eu"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id": 5}', b"\xff"])
def test_what_is_no_event_is_known_by_its_bytes(body: bytes) -> None:
    found, other = (plugin().identify_webhook(headers=Headers(), body=one) for one in (body, body + b" "))
    assert (found.topic, len(found.event_id)) == ("unknown", 64)
    assert found.event_id != other.event_id
