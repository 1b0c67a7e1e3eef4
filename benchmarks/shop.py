"""What the bridge costs a shop: requests it does not take part in, quotes and checkouts, and its import."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask

from benchmarks import serving, wire
from benchmarks.apps import PAGE, bare_shop
from benchmarks.engine import fresh_engine
from benchmarks.rounds import Row, Size, Step, absolute, alternate, compare, ratio
from benchmarks.samples import CART, CODE, KEYS, VOUCHER, redemption
from checkout_bridge.client import Client
from checkout_bridge.extension import CheckoutBridge

PASS_THROUGH_GOAL = 0.95
IMPORT_GOAL = 0.1  # seconds
CONNECTIONS = 8
SITTINGS = 3


def pass_through_in_process(folder: Path, size: Size) -> Iterator[Row]:
    """The shop's WSGI app with the bridge around it, and without."""
    bridged = bare_shop()
    bridge = CheckoutBridge(bridged, data_dir=folder)
    try:
        yield compare(
            "pass-through, in process", _page_of(bridged), _page_of(bare_shop()), size, goal=PASS_THROUGH_GOAL
        )
    finally:
        bridge.close()


def pass_through_served(folder: Path, size: Size) -> Iterator[Row]:
    """The same over the production server, each in a process of its own.

    Two processes of one and the same app differ by some per cent for as long as they live, so that there are several.
    """
    environment = {"CHECKOUT_BRIDGE_DATA_DIR": str(folder)}
    pages = itertools.repeat(wire.get(PAGE))
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(SITTINGS):
        with (
            serving.granian("benchmarks.apps:bridged_shop", environment) as bridged,
            serving.granian("benchmarks.apps:bare_shop") as bare,
            wire.connected(bridged, CONNECTIONS) as to_bridged,
            wire.connected(bare, CONNECTIONS) as to_bare,
        ):
            sides = [partial(to_bridged.exchange, pages), partial(to_bare.exchange, pages)]
            mine, other = alternate(sides, replace(size, rounds=size.rounds // SITTINGS))
            ours += mine
            theirs += other
    yield ratio("pass-through, served", ours, theirs, goal=PASS_THROUGH_GOAL)


def quote_and_checkout(folder: Path, size: Size) -> Iterator[Row]:
    """The Python door over the embedded engine, and what the engine alone does in the same process."""
    bridge = CheckoutBridge(Flask("embedding"), data_dir=folder / "bridge")
    numbers = itertools.count()
    with fresh_engine(folder / "bare.db") as engine, Client.in_process(engine, *KEYS.values()) as bare:
        try:
            bridge.runtime.client.vouchers.create_voucher(CODE, VOUCHER)
            rates = alternate(
                [
                    _once(lambda: bridge.quote(CART)),
                    _once(lambda: bridge.checkout(CART, f"order-{next(numbers)}")),
                    _once(lambda: bare.redemptions.redeem_stacked_discounts(redemption(f"bare-{next(numbers)}"))),
                ],
                size,
            )
        finally:
            bridge.close()
    quotes, checkouts, redemptions = rates
    yield absolute("quote, embedded", "per second", quotes)
    yield absolute("checkout, embedded", "per second", checkouts)
    yield absolute("redemption through the client, embedded", "per second", redemptions)


def imports(size: Size) -> Iterator[Row]:
    """Seconds that an import takes where Flask is there already, each in a new process."""
    statements = {
        "import checkout_bridge, over Flask": "import checkout_bridge",
        "from checkout_bridge import CheckoutBridge": "from checkout_bridge import CheckoutBridge",
    }
    seconds: dict[str, list[float]] = {name: [] for name in statements}
    for _ in range(size.rounds // 8):
        for name, statement in statements.items():
            seconds[name].append(_seconds_of(statement))
    for name, measured in seconds.items():
        yield absolute(name, "seconds", measured, goal=IMPORT_GOAL, at_most=True)


def _seconds_of(statement: str) -> float:
    timed = f"import flask, time; start = time.perf_counter(); {statement}; print(time.perf_counter() - start)"
    run = subprocess.run([sys.executable, "-c", timed], capture_output=True, check=True, text=True)
    return float(run.stdout)


def _page_of(app: Flask) -> Step:
    with app.test_request_context(PAGE) as context:
        environ: dict[str, Any] = {
            name: value for name, value in context.request.environ.items() if name.isupper() or name.startswith("wsgi.")
        }

    def step() -> int:
        answer = app({**environ, "wsgi.input": BytesIO()}, _start_response)
        try:
            for _ in answer:
                pass
        finally:
            answer.close()  # type: ignore[attr-defined]
        return 1

    return step


def _start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
    if not status.startswith("200"):
        raise RuntimeError(f"the shop answered {status}")
    return _start_response_write


def _start_response_write(data: bytes) -> None:
    raise RuntimeError("nothing here writes")


def _once(call: Callable[[], object]) -> Step:
    def step() -> int:
        call()
        return 1

    return step
