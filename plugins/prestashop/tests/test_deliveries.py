"""Whose envelopes are accepted, how each is told from the others, and which settings there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from werkzeug.datastructures import Headers

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Delivery
from checkout_bridge_prestashop import PrestaShopPlugin

from .conftest import envelope, signed

BODY = envelope("actionOrderSlipAdd", {})
NOW = 1_700_000_100  # a moment after the one that the README signs


@pytest.fixture(autouse=True)
def _at_that_moment() -> Iterator[None]:
    """Signatures are of one moment, however long after it a test runs."""
    with time_machine.travel(NOW, tick=False):
        yield


def plugin(**options: str) -> PrestaShopPlugin:
    made = PrestaShopPlugin()
    made.configure(options=options)
    return made


def accepts(made: PrestaShopPlugin, header: str, body: bytes = BODY) -> bool:
    return made.verify_webhook(headers=Headers({"X-Checkout-Bridge-Signature": header}), body=body)


def test_the_signature_is_the_one_that_the_readme_makes() -> None:
    """A fixed value: ``printf '1700000000.{}' | openssl dgst -sha256 -hmac hush``."""
    known = "t=1700000000,v1=763081ea12e3b1f903f958994c023cde07f1224b02a538ad6f959112a2f780ba"
    assert accepts(plugin(SECRET="hush"), known, b"{}")


@pytest.mark.parametrize("secret", ["new", "old"])
def test_while_one_secret_replaces_another_both_sign(secret: str) -> None:
    assert accepts(plugin(SECRET="new, old"), signed(BODY, secret))


def test_what_another_secret_signed_is_refused() -> None:
    assert accepts(plugin(SECRET="hush"), signed(BODY, "another")) is False


def test_a_delivery_without_a_signature_is_refused() -> None:
    assert plugin(SECRET="hush").verify_webhook(headers=Headers(), body=BODY) is False


@pytest.mark.parametrize("options", [{}, {"SECRET": ""}, {"SECRET": " , "}])
def test_without_a_secret_nothing_is_accepted(options: dict[str, str]) -> None:
    assert accepts(plugin(**options), signed(BODY, "")) is False


def test_a_delivery_is_identified_by_what_was_signed() -> None:
    body = envelope("actionOrderSlipAdd", {}, "evt-7")
    found = plugin().identify_webhook(headers=Headers(), body=body)
    assert (found, found.asks) == (Delivery("eu", "evt-7", "actionOrderSlipAdd"), False)
    assert plugin().identify_webhook(headers=Headers(), body=envelope("cart", {})).asks


@pytest.mark.parametrize(
    ("options", "details"),
    [
        ({"SECRETS": "hush"}, "CHECKOUT_BRIDGE_PRESTASHOP_SECRETS is not an option"),
        (
            {"API_URL": "shop.example", "KEY": "k"},
            "CHECKOUT_BRIDGE_PRESTASHOP_API_URL must be an address such as https://api.example.com",
        ),
        (
            {"API_URL": "https://shop.example"},
            "CHECKOUT_BRIDGE_PRESTASHOP_KEY must be set with CHECKOUT_BRIDGE_PRESTASHOP_API_URL",
        ),
        ({"CANCELLED_STATES": "6;17"}, "CHECKOUT_BRIDGE_PRESTASHOP_CANCELLED_STATES must be ids of states, as 6,17"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options: dict[str, Any], details: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        plugin(**options)
    assert (raised.value.details, raised.value.key) == (details, "invalid_setting")


def test_it_says_that_it_fetches_only_when_it_can() -> None:
    assert plugin().capabilities().fetches is False
    assert plugin(API_URL="https://shop.example", KEY="key").capabilities().fetches is True
