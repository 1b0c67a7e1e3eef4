"""Whose deliveries are accepted, and how each is told from the others."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as elliptic
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from werkzeug.datastructures import Headers

from checkout_bridge import signatures
from checkout_bridge.errors import InvalidInput

from .conftest import KEY, OLD_KEY, SECRET, SIGNED_BY, STRANGE_KEY, pem, plugin, sign

BODY = b'{"order": {"entity_id": 1}}'


def accepts(headers: dict[str, str], body: bytes = BODY, **options: str) -> bool:
    return plugin(**options).verify_webhook(headers=Headers(headers), body=body)


@pytest.mark.parametrize("name", [SIGNED_BY, SIGNED_BY.lower()])
@pytest.mark.parametrize("keys", [pem(KEY), pem(KEY).replace("\n", "\\n"), pem(OLD_KEY) + pem(KEY)])
def test_a_signature_over_the_base64_text_of_the_body_is_accepted(name: str, keys: str) -> None:
    assert accepts({name: sign(BODY)}, PUBLIC_KEY=keys) is True


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "no base64!",
        "größe",
        sign(BODY, STRANGE_KEY),
        sign(BODY + b" "),
        sign(BODY)[:-8],
        sign(BODY)[4:],
        sign(BODY).swapcase(),
        sign(BODY) + "A" * 4000,
    ],
)
def test_any_other_signature_is_refused(signature: str) -> None:
    assert accepts({SIGNED_BY: signature}, PUBLIC_KEY=pem(KEY)) is False


def test_the_same_signature_is_refused_on_other_bytes_and_without_a_header() -> None:
    assert accepts({SIGNED_BY: sign(BODY)}, BODY.replace(b"1", b"2"), PUBLIC_KEY=pem(KEY)) is False
    assert accepts({}, PUBLIC_KEY=pem(KEY)) is False


@pytest.mark.parametrize("secret", ["hush", "old"])
def test_a_module_signs_with_a_shared_secret_and_both_count_while_one_replaces_another(secret: str) -> None:
    header = {signatures.HEADER: signatures.sign(secret.encode(), BODY, int(time.time()))}
    assert accepts(header, SECRET="hush, old") is True
    assert accepts(header, BODY + b" ", SECRET="hush, old") is False
    assert accepts(header, SECRET="another") is False


def test_what_a_module_signed_too_long_ago_is_refused() -> None:
    header = {signatures.HEADER: signatures.sign(SECRET.encode(), BODY, int(time.time()) - 400)}
    assert accepts(header, SECRET=SECRET) is False


def test_a_wrong_signature_of_commerce_is_not_made_good_by_one_of_a_module() -> None:
    good = signatures.sign(SECRET.encode(), BODY, int(time.time()))
    forged = {SIGNED_BY: sign(BODY, STRANGE_KEY), signatures.HEADER: good}
    assert accepts(forged, PUBLIC_KEY=pem(KEY), SECRET=SECRET) is False


@pytest.mark.parametrize("options", [{}, {"SECRET": " , "}, {"PUBLIC_KEY": " "}])
def test_without_a_key_or_a_secret_nothing_is_accepted(options: dict[str, str]) -> None:
    assert accepts({SIGNED_BY: sign(BODY)}, **options) is False
    assert accepts({signatures.HEADER: signatures.sign(b"", BODY, int(time.time()))}, **options) is False


def not_rsa() -> str:
    key = elliptic(SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize("key", ["nonsense", pem(KEY)[:-40], pem(KEY).replace("MII", "XXX", 1), not_rsa()])
def test_a_key_that_is_none_is_refused_at_start(key: str) -> None:
    with pytest.raises(InvalidInput, match="CHECKOUT_BRIDGE_MAGENTO2_PUBLIC_KEY must be RSA") as raised:
        plugin(PUBLIC_KEY=key)
    assert raised.value.key == "invalid_setting"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"SECRETS": "x"}, "CHECKOUT_BRIDGE_MAGENTO2_SECRETS is not an option"),
        ({"API_URL": "https://shop.example"}, "CHECKOUT_BRIDGE_MAGENTO2_ACCESS_TOKEN must be set with"),
        ({"ACCESS_TOKEN": "x"}, "CHECKOUT_BRIDGE_MAGENTO2_API_URL must be set with"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options: dict[str, str], reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason) as raised:
        plugin(**options)
    assert raised.value.key == "invalid_setting"


@pytest.mark.parametrize(
    ("payload", "topic"),
    [
        ({"order": {}}, "order"),
        ({"eventName": "observer.sales_order_save_commit_after", "data": {"order": {}}}, "order"),
        ({"order": {}, "creditmemo": {}}, "creditmemo"),
        ({"data": {"invoice": {}}}, "invoice"),
        ({"quote": {}, "shippingAssignment": {}}, "totals"),
        ({"oopQuote": {}}, "unknown"),
        ({"eventName": "order"}, "unknown"),
    ],
)
def test_the_signed_body_alone_tells_the_topic(payload: dict[str, Any], topic: str) -> None:
    headers = Headers({"X-Adobe-Commerce-Webhook-Event": "creditmemo"})
    delivery = plugin(SHOP="main").identify_webhook(headers=headers, body=json.dumps(payload).encode())
    assert (delivery.shop, delivery.topic, delivery.asks) == ("main", topic, topic == "totals")


def test_the_same_bytes_are_the_same_event_and_others_are_not() -> None:
    def id_of(body: bytes) -> str:
        return plugin().identify_webhook(headers={}, body=body).event_id

    assert id_of(BODY) == id_of(BODY) != id_of(BODY + b" ")


@pytest.mark.parametrize("body", [b"\xff no JSON", b"[1]", b'"text"'])
def test_what_is_no_object_cannot_be_identified(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        plugin().identify_webhook(headers={}, body=body)
