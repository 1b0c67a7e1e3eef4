"""Whose deliveries are accepted, how each is told from the others, and the ping that is neither signed nor JSON."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import Headers

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Delivery
from checkout_bridge_woocommerce import WooCommercePlugin

from .conftest import sign

BODY = b'{"id":1}'


def plugin(**options: str) -> WooCommercePlugin:
    made = WooCommercePlugin()
    made.configure(options=options)
    return made


def signed(signature: str) -> Headers:
    return Headers({"X-WC-Webhook-Signature": signature})


def identified(body: bytes = BODY, **changes: str) -> Delivery:
    named = {"Source": "https://shop.example.com/", "Topic": "order.updated", "Delivery-ID": "d1"} | changes
    headers = Headers({f"X-WC-Webhook-{name}": value for name, value in named.items()})
    return plugin().identify_webhook(headers=headers, body=body)


def test_the_signature_is_the_one_that_is_documented() -> None:
    """A fixed value: HMAC-SHA256 of ``{"id": 1}`` under the key ``hush``, in base64."""
    headers = signed("E9XxLgppVNX12rqWuu0/CN/43MeuZC0xdhRuMq1MPWg=")
    assert plugin(SECRET="hush").verify_webhook(headers=headers, body=b'{"id": 1}')


@pytest.mark.parametrize("secret", ["new", "old"])
def test_while_one_secret_replaces_another_both_sign(secret: str) -> None:
    assert plugin(SECRET="new, old").verify_webhook(headers=signed(sign(BODY, secret)), body=BODY)


@pytest.mark.parametrize(
    ("option", "key"),
    [
        ("a&amp;b&lt;c", "a&b<c"),
        ("it&#039;s", "it's"),
        ("&quot;q&#x22;", '"q"'),
        ("a&b&nbsp;c", "a&b&nbsp;c"),  # only what WordPress decodes
        ("a&amp;lt;", "a&lt;"),  # once
        ("one&#44; two", "one, two"),  # a comma of the secret itself
    ],
)
def test_a_secret_signs_as_wordpress_decodes_it(option: str, key: str) -> None:
    assert plugin(SECRET=option).verify_webhook(headers=signed(sign(BODY, key)), body=BODY)


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
    assert plugin(SECRET="hush").verify_webhook(headers=signed(signature), body=BODY) is False


def test_a_delivery_without_a_signature_is_refused() -> None:
    assert plugin(SECRET="hush").verify_webhook(headers=Headers(), body=BODY) is False


@pytest.mark.parametrize("options", [{}, {"SECRET": ""}, {"SECRET": " , "}])
def test_without_a_secret_nothing_is_accepted_not_even_what_an_empty_one_signed(options: dict[str, str]) -> None:
    assert plugin(**options).verify_webhook(headers=signed(sign(BODY, "")), body=BODY) is False


def test_an_option_that_does_not_exist_is_named() -> None:
    with pytest.raises(InvalidInput, match="CHECKOUT_BRIDGE_WOOCOMMERCE_SECRETS is not an option") as raised:
        plugin(SECRETS="hush")
    assert raised.value.key == "invalid_setting"


def test_a_delivery_is_of_a_shop_and_a_topic() -> None:
    delivery = identified()
    assert (delivery.shop, delivery.topic) == ("shop.example.com", "order.updated")


def test_two_deliveries_of_one_second_are_two_and_the_same_one_again_is_one() -> None:
    bodies = [b'{"id":1,"status":"processing"}', b'{"id":2,"status":"processing"}', b'{"id":1,"status":"completed"}']
    assert len({identified(body).event_id for body in bodies}) == 3
    assert identified(bodies[0]) == identified(bodies[0])
    others = {identified(**{"Delivery-ID": "d2"}).event_id, identified(Topic="order.created").event_id}
    assert identified().event_id not in others


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"id":' + b"9" * 400 + b"}"])
def test_whatever_was_signed_can_be_kept(body: bytes) -> None:
    delivery = identified(body, **{"Delivery-ID": "d" * 5000, "Topic": "t" * 5000, "Source": "s" * 5000})
    assert max(len(delivery.event_id), len(delivery.topic), len(delivery.shop)) <= 255


@pytest.mark.parametrize(
    ("source", "shop"),
    [
        ("https://a.example/", "a.example"),
        ("http://a.example/", "a.example"),
        ("https://a.example/fr/", "a.example/fr"),
        ("a.example", "a.example"),
        ("", "unknown"),
    ],
)
def test_a_shop_is_known_by_its_address(source: str, shop: str) -> None:
    assert identified(Source=source).shop == shop


def test_the_first_ping_is_answered() -> None:
    answer = plugin(SECRET="hush").answer_ping(headers=Headers(), body=b"webhook_id=17")
    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (Headers(), b"webhook_id=17&order=1"),
        (Headers(), b"webhook_id="),
        (Headers(), b'{"id":1}'),
        (signed("x"), b"webhook_id=17"),
    ],
)
def test_nothing_else_is_a_ping(headers: Headers, body: bytes) -> None:
    assert plugin(SECRET="hush").answer_ping(headers=headers, body=body) is None
