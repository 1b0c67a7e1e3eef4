"""Whose events are accepted, how each is told from the others, and which options there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import time_machine
from werkzeug.datastructures import Headers

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Delivery

from .conftest import OLD_SECRET, SECRET, Store, event, plugin, sign

BODY = b'{"id": "evt_1"}'
NOW = 1_700_000_000


@pytest.fixture(autouse=True)
def _at_that_moment() -> Iterator[None]:
    """Signatures are of one moment, however long after it a test runs."""
    with time_machine.travel(NOW, tick=False):
        yield


def verified(header: str | None, body: bytes = BODY, secret: str = f"{SECRET}, {OLD_SECRET}") -> bool:
    headers = Headers() if header is None else Headers({"stripe-signature": header})
    return plugin(SECRET=secret).verify_webhook(headers=headers, body=body)


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
def test_while_one_secret_replaces_another_both_sign(secret: str) -> None:
    assert verified(sign(BODY, secret))


def test_one_of_several_signatures_is_enough() -> None:
    moment, _, good = sign(BODY).partition(",")
    assert verified(f"{moment},v1={'0' * 64},{good},v0=abc")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=,v1=",
        "v1=abc",
        sign(BODY, "forged", NOW),
        sign(BODY + b" ", at=NOW),
        sign(BODY, at=NOW)[:-1],
        sign(BODY, at=NOW).replace("v1=", "v0="),
        sign(BODY, at=NOW - 301),
        sign(BODY, at=NOW + 301),
        sign(BODY, at=NOW - 400).replace(f"t={NOW - 400}", f"t={NOW}"),
        sign(BODY, at=NOW).replace("t=", "t=x"),
        "größe",
    ],
)
def test_any_other_signature_is_refused(header: str | None) -> None:
    assert verified(header) is False


def test_an_event_of_a_few_minutes_ago_is_accepted() -> None:
    assert verified(sign(BODY, at=NOW - 240))


@pytest.mark.parametrize("secret", ["", " , "])
def test_without_a_secret_nothing_is_accepted(secret: str) -> None:
    assert verified(sign(BODY, ""), secret=secret) is False


def test_what_stripe_did_not_sign_is_answered_401(open_store: Callable[..., Store]) -> None:
    response = open_store().send(BODY, sign(BODY, "forged"))
    assert (response.status_code, response.get_json()["key"]) == (401, "invalid_signature")


def test_an_option_that_does_not_exist_is_named() -> None:
    with pytest.raises(InvalidInput, match="CHECKOUT_BRIDGE_STRIPE_SECRETS is not an option") as refusal:
        plugin(SECRETS="x")
    assert refusal.value.key == "invalid_setting"


def identified(body: bytes, **options: str) -> Delivery:
    return plugin(**options).identify_webhook(headers=Headers(), body=body)


def test_an_event_is_identified_by_its_body() -> None:
    assert identified(event("refund.created", {}, "evt_9")) == Delivery("default", "evt_9", "refund.created")


def test_the_shop_is_the_connected_account_else_the_one_that_is_set() -> None:
    assert identified(event("refund.created", {}, account="acct_1")).shop == "acct_1"
    assert identified(event("refund.created", {}), ORDER_SHOP="eu").shop == "eu"
    assert identified(event("refund.created", {}), ORDER_SHOP="eu", ORDER_PLATFORM="generic").shop == "default"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id": 5, "type": null}', b"\xff"])
def test_what_is_no_event_is_known_by_its_bytes(body: bytes) -> None:
    found = identified(body)
    assert (found.shop, found.topic, len(found.event_id)) == ("default", "unknown", 64)
    assert found == identified(body) != identified(body + b" ")
