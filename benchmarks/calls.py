"""What the client costs over bare requests to the same server, and the server that we chose over the other one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import requests

from benchmarks import serving, wire
from benchmarks.apps import PAGE
from benchmarks.rounds import Row, Size, compare
from benchmarks.samples import KEYS, ORDER
from checkout_bridge.client import Client

CLIENT_GOAL = 0.85
DEADLINE = 10.0  # seconds
CONNECTIONS = 8


def client_over_requests(size: Size) -> Iterator[Row]:
    """A read and a write, each with keys, a timeout and the answer parsed, on both sides."""
    with (
        serving.stub() as port,
        Client(f"http://127.0.0.1:{port}", *KEYS.values(), deadline=DEADLINE) as client,
        requests.Session() as session,
    ):
        session.headers.update(KEYS)
        url = f"http://127.0.0.1:{port}/v1/orders"

        def get_bare() -> int:
            return _answered(session.get(f"{url}/ord_1", timeout=DEADLINE))

        def get_ours() -> int:
            return len(client.orders.get_order("ord_1")) > 0

        def create_bare() -> int:
            return _answered(session.post(url, json=ORDER, timeout=DEADLINE))

        def create_ours() -> int:
            return len(client.orders.create_order(ORDER)) > 0

        yield compare("client, get_order", get_ours, get_bare, size, goal=CLIENT_GOAL)
        yield compare("client, create_order", create_ours, create_bare, size, goal=CLIENT_GOAL)


def granian_over_gunicorn(size: Size) -> Iterator[Row]:
    """The bare shop under both: one worker with eight threads each."""
    with (
        serving.granian("benchmarks.apps:bare_shop") as granian,
        serving.gunicorn("benchmarks.apps:bare_shop") as gunicorn,
        wire.connected(granian, CONNECTIONS) as to_granian,
        wire.connected(gunicorn, CONNECTIONS) as to_gunicorn,
    ):
        pages = itertools.repeat(wire.get(PAGE))
        yield compare(
            "granian over gunicorn, bare view",
            lambda: to_granian.exchange(pages),
            lambda: to_gunicorn.exchange(pages),
            size,
        )


def _answered(response: requests.Response) -> int:
    response.raise_for_status()
    return len(response.json()) > 0
