"""How long a checkout takes to answer while the promotions API fails: each way of failing beside each declared mode."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter
from typing import Any, get_args

from benchmarks import serving
from benchmarks.samples import CODE, KEYS, VOUCHER
from checkout_bridge.client import Client
from checkout_bridge.events import OutageMode
from tests.bridge.faults import ENDLESS, Fault, FaultProxy, Kind, proxied

DEADLINE = 1.0  # seconds
GOAL = 50.0  # ms beyond the deadline
TRIES = {"small": 8, "large": 100}
TRIES_TO_THE_DEADLINE = {"small": 2, "large": 10}
_TOKEN = KEYS["X-App-Token"]
_FAULTS: tuple[Kind, ...] = ("refuse", "hang", "rate_limited", "server_error", "drip", "cut")


@dataclass(frozen=True, slots=True)
class Answered:
    """One way of failing and one mode: the longest of so many tries, and the deadline, in ms."""

    fault: str
    mode: str
    tries: int
    longest: float
    deadline: float = DEADLINE * 1000

    @property
    def excess(self) -> float:
        """By how much the longest was beyond the deadline, in ms; 0 when none was."""
        return max(0.0, self.longest - self.deadline)

    @property
    def verdict(self) -> str:
        """``ok`` or ``above``."""
        return "ok" if self.excess <= GOAL else "above"


def answers(folder: Path, size: str) -> Iterator[Answered]:
    """Checkouts through the HTTP door of a served bridge, one for each mode, over one served engine."""
    engine_settings = {
        "DATA_DIR": str(folder / "engine"),
        "ENGINE_APP_ID": KEYS["X-App-Id"],
        "ENGINE_APP_TOKEN": KEYS["X-App-Token"],
    }
    with ExitStack() as stack:
        engine = stack.enter_context(
            serving.granian("checkout_bridge.factory:create_engine_server", _environment(engine_settings))
        )
        with Client(f"http://127.0.0.1:{engine}", *KEYS.values()) as client:
            client.vouchers.create_voucher(CODE, VOUCHER)
        proxy = stack.enter_context(proxied(engine))
        for mode in get_args(OutageMode):
            settings = _bridge_settings(folder / mode, proxy, mode)
            with serving.granian("checkout_bridge.factory:create_app", _environment(settings)) as bridge:
                yield from _of_a_mode(bridge, proxy, mode, size)


def _bridge_settings(folder: Path, proxy: FaultProxy, mode: str) -> dict[str, str]:
    """The breaker stays closed, or all but a few would be answered at once."""
    return {
        "DATA_DIR": str(folder),
        "API_URL": proxy.url,
        "API_APP_ID": KEYS["X-App-Id"],
        "API_APP_TOKEN": KEYS["X-App-Token"],
        "TOKEN": _TOKEN,
        "DEADLINE": str(DEADLINE),
        "OUTAGE": mode,
        "BREAKER_FAILURES": "1000000",
        "HOLDS_PER_CLIENT": "1000",
    }


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    return {f"CHECKOUT_BRIDGE_{name}": value for name, value in settings.items()}


def _of_a_mode(bridge: int, proxy: FaultProxy, mode: str, size: str) -> Iterator[Answered]:
    numbers = itertools.count()
    for kind in _FAULTS:
        tries = (TRIES_TO_THE_DEADLINE if kind in ENDLESS else TRIES)[size]
        orders = [f"{kind}-{next(numbers)}" for _ in range(tries)]
        held = [_post(bridge, "/bridge/quote", {"cart": _cart(ref), "hold": True})[0]["quote_id"] for ref in orders]
        proxy.fail(Fault(kind, is_forwarded=kind in ENDLESS))
        times = [
            _post(bridge, "/bridge/checkout", {"cart": _cart(ref), "order_ref": ref, "quote_id": quote_id})[1]
            for ref, quote_id in zip(orders, held, strict=True)
        ]
        proxy.mend()
        yield Answered(kind, mode, tries, max(times))


def _post(port: int, path: str, body: Mapping[str, Any]) -> tuple[Any, float]:
    """What was answered, and after how many ms."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {_TOKEN}"}
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        start = perf_counter()
        connection.request("POST", path, json.dumps(body), headers)
        told = connection.getresponse().read()
        return json.loads(told), (perf_counter() - start) * 1000
    finally:
        connection.close()


def _cart(ref: str) -> dict[str, Any]:
    """A cart of a customer of its own, with the code in it."""
    mug = {"id": "mug", "sku": "MUG", "name": "Mug", "quantity": 2, "unit_price": "15.00"}
    return {"currency": "EUR", "items": [mug], "customer": {"id": ref}, "codes": [CODE]}
