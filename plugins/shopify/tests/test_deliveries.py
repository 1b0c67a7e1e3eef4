"""Whose deliveries are accepted, and how each is told from the others."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import Headers

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Delivery
from checkout_bridge_shopify import ShopifyPlugin

from .conftest import sign

BODY = b'{"id": 1}'


def plugin(**options: str) -> ShopifyPlugin:
    made = ShopifyPlugin()
    made.configure(options=options)
    return made


@pytest.mark.parametrize("name", ["X-Shopify-Hmac-SHA256", "x-shopify-hmac-sha256", "Shopify-Hmac-Sha256"])
def test_a_signature_of_the_raw_bytes_is_accepted_under_the_older_and_the_newer_header(name: str) -> None:
    assert plugin(SECRET="hush").verify_webhook(headers=Headers({name: sign(BODY, "hush")}), body=BODY)


def test_the_signature_is_the_one_that_is_documented() -> None:
    """A fixed value: HMAC-SHA256 of ``{"id": 1}`` under the key ``hush``, in base64."""
    known = "E9XxLgppVNX12rqWuu0/CN/43MeuZC0xdhRuMq1MPWg="
    assert plugin(SECRET="hush").verify_webhook(headers=Headers({"X-Shopify-Hmac-SHA256": known}), body=BODY)


@pytest.mark.parametrize("secret", ["new", "old"])
def test_while_one_secret_replaces_another_both_sign(secret: str) -> None:
    headers = Headers({"X-Shopify-Hmac-SHA256": sign(BODY, secret)})
    assert plugin(SECRET="new, old").verify_webhook(headers=headers, body=BODY)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "not base64!",
        "größe",
        sign(BODY, "another"),
        sign(BODY + b" ", "hush"),
        sign(BODY, "hush").lower(),
        sign(BODY, "hush")[:-1],
        sign(BODY, "hush") + "A" * 300,
    ],
)
def test_any_other_signature_is_refused(signature: str) -> None:
    headers = Headers({"X-Shopify-Hmac-SHA256": signature})
    assert plugin(SECRET="hush").verify_webhook(headers=headers, body=BODY) is False


def test_a_delivery_without_a_signature_is_refused() -> None:
    assert plugin(SECRET="hush").verify_webhook(headers=Headers(), body=BODY) is False


@pytest.mark.parametrize("options", [{}, {"SECRET": ""}, {"SECRET": " , "}])
def test_without_a_secret_nothing_is_accepted_not_even_what_an_empty_one_signed(options: dict[str, str]) -> None:
    headers = Headers({"X-Shopify-Hmac-SHA256": sign(BODY, "")})
    assert plugin(**options).verify_webhook(headers=headers, body=BODY) is False


def test_an_option_that_does_not_exist_is_named() -> None:
    with pytest.raises(InvalidInput, match="CHECKOUT_BRIDGE_SHOPIFY_SECRETS is not an option") as raised:
        plugin(SECRETS="hush")
    assert raised.value.key == "invalid_setting"


@pytest.mark.parametrize("prefix", ["X-Shopify-", "Shopify-"])
def test_a_delivery_is_identified_by_its_headers(prefix: str) -> None:
    named = {"Topic": "orders/paid", "Shop-Domain": "a.myshopify.com", "Webhook-Id": "w-1"}
    headers = Headers({prefix + name: value for name, value in named.items()})
    assert plugin().identify_webhook(headers=headers, body=BODY) == Delivery("a.myshopify.com", "w-1", "orders/paid")


def test_a_delivery_without_an_id_is_known_by_its_topic_and_bytes() -> None:
    def id_of(topic: str, body: bytes) -> str:
        return plugin().identify_webhook(headers=Headers({"X-Shopify-Topic": topic}), body=body).event_id

    assert id_of("orders/paid", BODY) == id_of("orders/paid", BODY)
    assert len({id_of("orders/paid", BODY), id_of("orders/cancelled", BODY), id_of("orders/paid", BODY + b" ")}) == 3


def test_a_delivery_that_names_neither_shop_nor_topic_can_still_be_kept() -> None:
    delivery = plugin().identify_webhook(headers=Headers(), body=BODY)
    assert (delivery.shop, delivery.topic) == ("unknown", "unknown")
    assert delivery.event_id
