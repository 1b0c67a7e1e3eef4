"""Whose deliveries are accepted, and how each is told from the others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from checkout_bridge.errors import BackendUnreachable, InvalidInput
from checkout_bridge_saleor import keys
from checkout_bridge_saleor.keys import FetchedKeys

from .conftest import KEY, NEW_KEY, SECRET, STRANGE_KEY, KeyServer, hex_of, jwk, jwks, plugin, sign

BODY = b'{"order": {"id": "1"}}'


def accepts(signature: str | None, body: bytes = BODY, header: str = "Saleor-Signature", **options: str) -> bool:
    headers = Headers({} if signature is None else {header: signature})
    return plugin(**options).verify_webhook(headers=headers, body=body)


@pytest.mark.parametrize("header", ["Saleor-Signature", "X-Saleor-Signature", "saleor-signature"])
def test_a_jws_over_the_raw_body_is_accepted(header: str) -> None:
    assert accepts(sign(BODY), header=header, JWKS=jwks()) is True


def test_an_older_saleor_does_not_list_what_is_critical() -> None:
    assert accepts(sign(BODY, crit=None), JWKS=jwks()) is True
    assert accepts(sign(BODY, crit=None), BODY + b" ", JWKS=jwks()) is False


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        ".",
        "..",
        "a.b.c.d",
        "größe..größe",
        sign(BODY, STRANGE_KEY),
        sign(BODY, kid="2"),
        sign(BODY + b" "),
        sign(BODY)[:-8],
        sign(BODY).replace("..", ".e30."),
        sign(BODY) + "A" * 5000,
        sign(BODY, alg="none"),
        sign(BODY, alg="HS256"),
        sign(BODY, b64=True),
        sign(BODY, crit=["b64", "exp"]),
        sign(BODY, kid=["1"]),
        "bm90IEpTT04.." + sign(BODY).split(".")[2],
        "W10.." + sign(BODY).split(".")[2],
    ],
)
def test_any_other_signature_is_refused(signature: str | None) -> None:
    assert accepts(signature, JWKS=jwks()) is False


def test_while_one_key_replaces_another_both_sign() -> None:
    both = jwks(jwk(), jwk(NEW_KEY, "2"), {"kty": "EC", "kid": "3"}, jwk(STRANGE_KEY, "4", use="enc"))
    assert [accepts(sign(BODY, key, kid), JWKS=both) for key, kid in ((KEY, "1"), (NEW_KEY, "2"))] == [True, True]
    assert accepts(sign(BODY, STRANGE_KEY, "4"), JWKS=both) is False


@pytest.mark.parametrize("secret", ["hush", "old"])
def test_a_webhook_with_a_secret_signs_in_hex(secret: str) -> None:
    assert accepts(hex_of(BODY, secret), SECRET="hush, old") is True
    assert accepts(hex_of(BODY, secret), BODY + b" ", SECRET="hush, old") is False
    assert accepts(hex_of(BODY, secret)[:-1], SECRET="hush, old") is False
    assert accepts(hex_of(BODY, secret), SECRET="another") is False


def test_the_public_key_is_never_taken_for_a_secret() -> None:
    assert accepts(hex_of(BODY, jwks()), JWKS=jwks()) is False
    assert accepts(sign(BODY), SECRET=SECRET) is False


@pytest.mark.parametrize("options", [{}, {"SECRET": " , "}, {"JWKS": " "}, {"JWKS_URL": ""}])
def test_without_keys_or_a_secret_nothing_is_accepted(options: dict[str, str]) -> None:
    assert accepts(sign(BODY), **options) is False
    assert accepts(hex_of(BODY, ""), **options) is False


def test_with_a_domain_set_no_other_shop_is_accepted() -> None:
    made = plugin(SECRET=SECRET, DOMAIN="shop.example")
    for domain, expected in (("shop.example", True), ("another.example", False), ("", False)):
        headers = Headers({"Saleor-Signature": hex_of(BODY), "Saleor-Domain": domain})
        assert made.verify_webhook(headers=headers, body=BODY) is expected


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"SECRETS": "x"}, "SECRETS is not an option"),
        ({"JWKS": jwks(), "JWKS_URL": "https://shop.example/"}, "JWKS cannot be set beside JWKS_URL"),
        ({"JWKS": "nonsense"}, "JWKS must be a set of keys: Payload must be valid JSON"),
        ({"JWKS": "[]"}, "JWKS must be a set of keys: Property .keys must be array"),
        ({"JWKS": '{"keys": [{"kty": "EC"}]}'}, "at least 1 RSA key"),
        ({"JWKS": jwks(jwk(n="!"))}, "n or e is none"),
        ({"JWKS": jwks(jwk(e="Ag"))}, "n or e is none"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options: dict[str, str], reason: str) -> None:
    with pytest.raises(InvalidInput, match=f"CHECKOUT_BRIDGE_SALEOR_.*{reason}") as raised:
        plugin(**options)
    assert raised.value.key == "invalid_setting"


class Clock:
    """A time that moves when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_keys_are_read_once_and_kept(key_server: KeyServer) -> None:
    made = plugin(JWKS_URL=key_server.url)
    assert key_server.asked == 0
    for _ in range(3):
        assert made.verify_webhook(headers=Headers({"Saleor-Signature": sign(BODY)}), body=BODY) is True
    assert key_server.asked == 1


def test_a_new_key_is_read_when_it_first_signs_and_an_old_one_counts_no_longer(key_server: KeyServer) -> None:
    clock = Clock()
    found = FetchedKeys(key_server.url, clock)
    assert found.find("1") is not None
    key_server.body = jwks(jwk(NEW_KEY, "2"))
    clock.now += keys.PAUSE
    assert found.find("2") is not None
    clock.now += keys.PAUSE
    assert found.find("1") is None
    assert key_server.asked == 3


def test_a_key_that_was_taken_back_counts_for_an_hour_at_most(key_server: KeyServer) -> None:
    clock = Clock()
    found = FetchedKeys(key_server.url, clock)
    assert found.find("1") is not None
    key_server.body = jwks(jwk(NEW_KEY, "2"))
    clock.now += keys.FRESH_FOR - 1
    assert found.find("1") is not None
    clock.now += 2
    assert found.find("1") is None


def test_strange_key_ids_cannot_make_it_read_without_end(key_server: KeyServer) -> None:
    clock = Clock()
    found = FetchedKeys(key_server.url, clock)
    assert found.find("strange-0") is None
    for number in range(1, 50):
        clock.now += keys.PAUSE / 100
        assert found.find(f"strange-{number}") is None
        assert found.find("1") is not None
    assert key_server.asked == 1


@pytest.mark.parametrize(("status", "body"), [(404, "{}"), (500, "{}"), (200, "<html>"), (200, '{"keys": []}')])
def test_keys_that_cannot_be_read_leave_it_open_who_signed(key_server: KeyServer, status: int, body: str) -> None:
    clock = Clock()
    found = FetchedKeys(key_server.url, clock)
    key_server.status, key_server.body = status, body
    for _ in range(2):
        with pytest.raises(BackendUnreachable):
            found.find("1")
    assert key_server.asked == 1
    key_server.status, key_server.body = 200, jwks()
    clock.now += keys.PAUSE
    assert found.find("1") is not None


def test_keys_that_were_known_stay_good_while_they_cannot_be_read_again(key_server: KeyServer) -> None:
    clock = Clock()
    found = FetchedKeys(key_server.url, clock)
    found.find("1")
    key_server.status = 503
    clock.now += keys.FRESH_FOR + 1
    assert [found.find("1") is not None for _ in range(3)] == [True] * 3


def test_a_slow_key_server_is_given_up(key_server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    key_server.pause = 0.5
    monkeypatch.setattr(keys, "DEADLINE", 0.1)
    with pytest.raises(BackendUnreachable, match="cannot be read"):
        FetchedKeys(key_server.url).find("1")


@pytest.mark.parametrize(
    ("headers", "body", "shop", "topic"),
    [
        ({"Saleor-Event": "order_paid", "Saleor-Domain": "a.example"}, {}, "a.example", "order_paid"),
        ({"Saleor-Event": "ORDER_PAID", "Saleor-Api-Url": "https://a.example/graphql/"}, {}, "a.example", "order_paid"),
        ({"Saleor-Event": "order_cancelled"}, {"__typename": "OrderFullyPaid"}, "unknown", "order_fully_paid"),
        ({}, {"__typename": 7}, "unknown", "unknown"),
        ({"Saleor-Event": "notify_user"}, [], "unknown", "notify_user"),
    ],
)
def test_what_the_body_calls_itself_goes_before_the_header(
    headers: dict[str, str], body: Any, shop: str, topic: str
) -> None:
    delivery = plugin().identify_webhook(headers=Headers(headers), body=json.dumps(body).encode())
    assert (delivery.shop, delivery.topic, delivery.asks) == (shop, topic, False)


def test_the_same_event_of_the_same_order_has_the_same_id() -> None:
    def id_of(topic: str, body: bytes) -> str:
        return plugin().identify_webhook(headers=Headers({"Saleor-Event": topic}), body=body).event_id

    assert id_of("order_paid", BODY) == id_of("order_paid", BODY)
    assert len({id_of("order_paid", BODY), id_of("order_updated", BODY), id_of("order_paid", BODY + b" ")}) == 3
