"""How long a redemption takes for one of many clients at once: usually, and for the one in a hundred that waits."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from random import Random
from statistics import median, quantiles
from time import perf_counter

from benchmarks import serving, wire
from benchmarks.engine import PATH
from benchmarks.postgres import postgres
from benchmarks.rounds import Row, Size, quartiles
from benchmarks.samples import KEYS, ORDER, VOUCHER
from checkout_bridge.client import Client

CLIENTS = (1, 8, 32)
# The longest that one in a hundred may wait, in times of what is usual.
GOAL = 10.0
CODES = 200
ROUNDS = 4
_SECONDS = {"small": 0.7, "large": 10.0}
_HOT = "ANY-0"


def latencies(folder: Path, size: Size) -> Iterator[Row]:
    """On SQLite and on PostgreSQL, codes apart from each other and one that everybody wants."""
    with ExitStack() as stack:
        databases = {"SQLite": f"sqlite:///{folder}/latency.db", "PostgreSQL": stack.enter_context(postgres())}
        for database, url in databases.items():
            if url is not None:
                yield from _on(database, url, size)


def _on(database: str, url: str, size: Size) -> Iterator[Row]:
    environment = {
        "CHECKOUT_BRIDGE_ENGINE_DATABASE_URL": url,
        "CHECKOUT_BRIDGE_ENGINE_APP_ID": KEYS["X-App-Id"],
        "CHECKOUT_BRIDGE_ENGINE_APP_TOKEN": KEYS["X-App-Token"],
    }
    with serving.granian("checkout_bridge.factory:create_engine_server", environment) as port:
        with Client(f"http://127.0.0.1:{port}", *KEYS.values()) as client:
            for number in range(CODES):
                client.vouchers.create_voucher(f"ANY-{number}", VOUCHER)
        numbers = itertools.count()
        for clients, is_hot in itertools.product(CLIENTS, (False, True)):
            codes = "one hot code" if is_hot else "spread codes"
            name = f"{database}, {clients} client{'' if clients == 1 else 's'}, {codes}: p99 over p50"
            yield _row(name, [_round(port, clients, is_hot, numbers, size) for _ in range(ROUNDS)])


def _row(name: str, rounds: list[list[float]]) -> Row:
    """``ours`` is the 99th percentile and ``theirs`` the median, both in ms, of all rounds together."""
    low, _, high = quartiles([_p99(one) / median(one) for one in rounds])
    whole = [milliseconds for one in rounds for milliseconds in one]
    p99, p50 = _p99(whole), median(whole)
    return Row(name, "ms", p99, p50, p99 / p50, low, high, GOAL, at_most=True)


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[-1]


def _round(port: int, clients: int, is_hot: bool, numbers: Iterator[int], size: Size) -> list[float]:
    """Milliseconds of every request while all clients ask again as soon as they are answered."""
    end = perf_counter() + _SECONDS[size.name]
    with ThreadPoolExecutor(clients) as threads:
        asking = [threads.submit(_ask, port, _requests(is_hot, numbers), end) for _ in range(clients)]
        return [milliseconds for one in asking for milliseconds in one.result()]


def _ask(port: int, requests: Iterator[bytes], end: float) -> list[float]:
    measured: list[float] = []
    with wire.connected(port, 1) as connection:
        connection.exchange(requests)  # the first one also connects
        while (start := perf_counter()) < end:
            connection.exchange(requests)
            measured.append((perf_counter() - start) * 1000)
    return measured


def _requests(is_hot: bool, numbers: Iterator[int]) -> Iterator[bytes]:
    random = Random(next(numbers))
    while True:
        code = _HOT if is_hot else f"ANY-{random.randrange(CODES)}"
        body = {
            "redeemables": [{"object": "voucher", "id": code}],
            "order": {**ORDER, "source_id": f"order-{next(numbers)}"},
        }
        yield wire.post(PATH, body, KEYS)
