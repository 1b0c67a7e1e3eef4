"""The client with access tokens: got with the keys when first needed, once for all threads, renewed before they end."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from checkout_bridge.client import Client
from checkout_bridge.client.credentials import AccessToken, Issued
from checkout_bridge.engine.app import create_engine_app, dispose
from checkout_bridge.errors import BackendRefused, BackendUnauthorized, BackendUnreachable


def token(name: str, lifetime: Any = 900) -> bytes:
    return json.dumps({"access_token": name, "expires_in": lifetime, "token_type": "Bearer"}).encode()


@pytest.fixture
def client(backend: Any) -> Iterator[Client]:
    with Client(backend.url, "app-id", "app-token", oauth_scope="orders exports", deadline=5.0) as client:
        yield client


def bearers(backend: Any) -> list[tuple[str, str]]:
    """What was asked for, and with which token."""
    return [(seen.target, seen.headers.get("authorization", "")) for seen in backend.seen]


def test_the_keys_get_a_token_and_only_the_token_goes_on(backend: Any, client: Client) -> None:
    backend.reply(200, token("t1"))
    client.orders.get_order("a")
    client.orders.create_order({"amount": 1})

    asked, *rest = backend.seen
    assert (asked.method, asked.target) == ("POST", "/v1/oauth/token")
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(asked.body.decode()) == {"grant_type": ["client_credentials"], "scope": ["orders exports"]}
    assert (asked.headers["x-app-id"], asked.headers["x-app-token"]) == ("app-id", "app-token")
    assert [seen.headers["authorization"] for seen in rest] == ["Bearer t1", "Bearer t1"]
    assert not any("x-app-id" in seen.headers or "x-app-token" in seen.headers for seen in rest)


def test_no_token_is_got_before_it_is_needed(backend: Any, client: Client) -> None:
    assert "app-token" not in repr(client)
    assert backend.seen == []


def test_a_token_near_its_end_is_renewed(backend: Any, client: Client) -> None:
    backend.reply(200, token("t1", 30)).reply().reply(200, token("t2", 60)).reply()
    for _ in range(3):
        client.orders.get_order("a")

    order = "/v1/orders/a"
    got = ("/v1/oauth/token", "")
    assert bearers(backend) == [got, (order, "Bearer t1"), got, (order, "Bearer t2"), (order, "Bearer t2")]


def test_a_refused_token_is_renewed_and_the_call_repeated_once(backend: Any, client: Client) -> None:
    backend.reply(200, token("t1")).reply(401).reply(200, token("t2")).reply(200, b'{"id": "o"}')
    assert client.orders.create_order({"amount": 1}) == {"id": "o"}

    order, got = "/v1/orders", ("/v1/oauth/token", "")
    assert bearers(backend) == [got, (order, "Bearer t1"), got, (order, "Bearer t2")]
    first, second = backend.seen[1], backend.seen[3]
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.body == second.body


def test_a_token_refused_twice_is_the_answer(backend: Any, client: Client) -> None:
    backend.reply(200, token("t1")).reply(401).reply(200, token("t2")).reply(401, b'{"key": "unauthorized"}')
    with pytest.raises(BackendUnauthorized) as refused:
        client.orders.get_order("a")
    assert refused.value.key == "unauthorized"
    assert len(backend.seen) == 4


def test_a_scope_that_does_not_reach_is_told_at_once(backend: Any, client: Client) -> None:
    backend.reply(200, token("t1")).reply(403, b'{"key": "forbidden"}')
    with pytest.raises(BackendUnauthorized) as refused:
        client.vouchers.get_voucher("a")
    assert (refused.value.code, len(backend.seen)) == (403, 2)


def test_keys_that_get_no_token_are_told(backend: Any, client: Client) -> None:
    backend.reply(401)
    with pytest.raises(BackendUnauthorized):
        client.orders.get_order("a")
    backend.reply(400, b'{"key": "too_many_access_tokens"}')
    with pytest.raises(BackendRefused) as refused:
        client.orders.get_order("a")
    assert refused.value.key == "too_many_access_tokens"
    assert [seen.target for seen in backend.seen] == ["/v1/oauth/token"] * 2


@pytest.mark.parametrize(
    "answer",
    [b"{}", b"[]", b"", token("a b\n"), token(""), token("t", None), token("t", "900"), b'{"access_token": 1}'],
)
def test_without_a_usable_token_nothing_is_sent(backend: Any, client: Client, answer: bytes) -> None:
    backend.reply(200, answer)
    with pytest.raises(BackendUnreachable):
        client.orders.create_order({"amount": 1})
    assert len(backend.seen) == 1


def test_a_token_that_does_not_come_leaves_no_doubt_about_the_call(backend: Any) -> None:
    """The outcome of getting a token may be unknown; that of the call is not: it was never sent."""
    backend.hang()
    with (
        Client(backend.url, "id", "key", oauth_scope="api", deadline=0.2) as client,
        pytest.raises(BackendUnreachable),
    ):
        client.orders.create_order({"amount": 1})


def test_threads_share_one_token(backend: Any, client: Client) -> None:
    backend.reply(200, token("t1"))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(client.orders.get_order, "abcdefgh"))

    assert len(backend.seen) == 9
    assert {bearer for target, bearer in bearers(backend) if "oauth" not in target} == {"Bearer t1"}


class Issuer:
    """Issues t1, t2, ...; each as soon as it is let."""

    def __init__(self) -> None:
        self.count = 0
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.asked = threading.Event()

    def __call__(self, deadline: float) -> Issued:
        self.asked.set()
        assert self.may_go_on.wait(10)
        self.count += 1
        return Issued(f"t{self.count}", 900)


def test_late_news_of_an_old_token_does_not_cost_the_new_one() -> None:
    issuer = Issuer()
    access = AccessToken(issuer)
    old = access.headers(1.0)
    assert access.refused(old)
    new = access.headers(1.0)
    assert access.refused(old)  # of another thread whose answer took longer

    assert access.headers(1.0) == new == {"Authorization": "Bearer t2"}
    assert issuer.count == 2


def test_who_waits_for_anothers_token_waits_no_longer_than_it_has_time() -> None:
    issuer = Issuer()
    access = AccessToken(issuer)
    issuer.may_go_on.clear()
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(access.headers, 10.0)
        try:
            assert issuer.asked.wait(10)
            begun = time.monotonic()
            with pytest.raises(BackendUnreachable):
                access.headers(0.05)
            assert time.monotonic() - begun < 5
        finally:
            issuer.may_go_on.set()
        assert first.result(10) == {"Authorization": "Bearer t1"}


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Clients of one real engine in this process, with access tokens of a scope."""
    app = create_engine_app(f"sqlite:///{tmp_path}/engine.db", "id", "key")
    clients: list[Client] = []

    def connect(scope: str, app_token: str = "key") -> Client:
        clients.append(Client.in_process(app, "id", app_token, oauth_scope=scope))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()
    dispose(app)


def test_our_engine_lets_in_by_scope(connect: Callable[..., Client]) -> None:
    everything, orders = connect("api"), connect("orders exports")
    everything.vouchers.create_voucher("TEN", {"discount": {"type": "PERCENT", "percent_off": 10}})

    assert orders.orders.create_order({"source_id": "a", "amount": 5})["amount"] == 5
    assert orders.exports.list_exports()["exports"] == []
    with pytest.raises(BackendUnauthorized) as refused:
        orders.vouchers.get_voucher("TEN")
    assert (refused.value.code, refused.value.key) == (403, "forbidden")


def test_our_engine_gives_no_token_for_wrong_keys(connect: Callable[..., Client]) -> None:
    with pytest.raises(BackendUnauthorized):
        connect("api", "wrong").orders.get_order("a")
    with pytest.raises(BackendRefused) as refused:
        connect("everything").orders.get_order("a")
    assert "Property .scope" in str(refused.value)
