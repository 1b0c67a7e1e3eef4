"""Validating and redeeming stacks: from one redeemable on one line to thirty on a hundred."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.rounds import Row, Size, Step, absolute, alternate
from benchmarks.samples import KEYS, VOUCHER, order_of
from checkout_bridge.client import Client
from checkout_bridge.client.management import Management
from checkout_bridge.engine.app import create_engine_app, dispose
from checkout_bridge.engine.http.doors import Keys

REDEEMABLES, LINES = (1, 5, 30), (1, 10, 100)
_MANAGER = Keys("manager", "benchmark")
# There are many sides here, and the slowest takes longer than its turn.
_ROUNDS_LEFT_OUT = 5


def stacks(folder: Path, size: Size) -> Iterator[Row]:
    """How many stacks of each form the embedded engine validates and redeems."""
    forms = list(itertools.product(REDEEMABLES, LINES))
    with _engine_for_stacks(folder / "stacks.db") as client:
        ways = {
            "validate": client.validations.validate_stacked_discounts,
            "redeem": client.redemptions.redeem_stacked_discounts,
        }
        numbers = itertools.count()
        sides: dict[str, Step] = {}
        for (way, call), (redeemables, lines) in itertools.product(ways.items(), forms):
            name = f"{way} {_counted(redeemables, 'redeemable')}, {_counted(lines, 'line')}"
            sides[name] = partial(_ask, call, redeemables, lines, numbers)
        rates = alternate(list(sides.values()), replace(size, rounds=size.rounds // _ROUNDS_LEFT_OUT))
    for name, measured in zip(sides, rates, strict=True):
        yield absolute(name, "per second", measured)


@contextmanager
def _engine_for_stacks(database: Path) -> Iterator[Client]:
    """A client of an engine where as many redeemables combine as there may be."""
    app = create_engine_app(f"sqlite:///{database}", *KEYS.values(), management=_MANAGER)
    try:
        with Management.in_process(app, _MANAGER.id, _MANAGER.token) as management:
            management.create_stacking_rules({"applicable_redeemables_limit": max(REDEEMABLES)})
        with Client.in_process(app, *KEYS.values()) as client:
            for number in range(max(REDEEMABLES)):
                client.vouchers.create_voucher(_code(number), VOUCHER)
            yield client
    finally:
        dispose(app)


def _ask(call: Any, redeemables: int, lines: int, numbers: Iterator[int]) -> int:
    stack = [{"object": "voucher", "id": _code(number)} for number in range(redeemables)]
    call({"redeemables": stack, "order": {**order_of(lines), "source_id": f"order-{next(numbers)}"}})
    return 1


def _code(number: int) -> str:
    return f"TEN-{number}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
