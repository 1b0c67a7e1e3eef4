"""Whole lives of orders in forked processes that die at a boundary, by ``os._exit``, and in others that go on.

A program: it opens nothing, imports what the first whole life had to, and forks a process for every line of JSON that
it reads. ``{"urls": [ledger, engine], "folder", "life", "ref", "since", "kill_at", "later", "deep"}`` is
answered with ``{"exit", "told"}``: the exit status and what the process told before it ended.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import time_machine
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from sqlalchemy import Engine

from checkout_bridge import CheckoutBridge
from checkout_bridge.client.inprocess import BASE_URL
from checkout_bridge.engine.app import database_of

KILLED = 66
LONGEST = 60  # seconds; a process that lives longer hangs
CREDITS, MOVED_ON = 1001, timedelta(minutes=1)

Step = Callable[["Process"], Any]
# The codes and cards with which the order is bought, and what happens to it from its checkout to its end.
LIVES: dict[str, tuple[tuple[str, ...], list[Step]]] = {
    "rolled back": (
        ("SAVE", "CARD"),
        [
            lambda it: it.check_out(),
            lambda it: it.refund("r-1", {"0": 1}),
            lambda it: it.refund("r-2", {"0": 1, "1": 1}),
            lambda it: it.cancel(),
        ],
    ),
    "credited": (
        ("CARD", "SECOND"),
        [
            lambda it: it.check_out(),
            lambda it: it.refund("r-1", amount=167),
            lambda it: it.refund("r-2"),
            lambda it: it.cancel(),
        ],
    ),
}


class Boundaries(BaseAdapter):
    """Counts every commit that it watches and every call of the engine, before it and after it, and dies at one."""

    def __init__(self, real: BaseAdapter, kill_at: int | None) -> None:
        super().__init__()
        self._real = real
        self._kill_at = kill_at
        self.crossed = 0

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        self.cross()
        answer = self._real.send(request, *args, **kwargs)
        self.cross()
        return answer

    def close(self) -> None:
        self._real.close()

    def watch(self, database: Engine) -> None:
        """Count its commits, too."""
        commit = database.dialect.do_commit

        def between(connection: Any) -> None:
            self.cross()
            commit(connection)
            self.cross()

        database.dialect.do_commit = between

    def cross(self) -> None:
        self.crossed += 1
        if self.crossed == self._kill_at:
            os._exit(KILLED)


class Process:
    """One process of a shop, and the order whose life is led."""

    def __init__(self, asked: dict[str, Any]) -> None:
        ledger, engine = asked["urls"]
        self._bridge = CheckoutBridge(
            data_dir=Path(asked["folder"]), ledger_url=ledger, engine_database_url=engine, deadline=1.0
        )
        self._bridge.wrap(lambda *_: [])
        self._ref = asked["ref"]
        codes, self.steps = LIVES[asked["life"]]
        self._codes = {kind: f"{kind}-{self._ref}" for kind in codes}
        runtime = self._bridge.runtime
        self._client = runtime.client
        self._databases = [runtime.doors.ledger.database, *([database_of(runtime.engine)] if asked["deep"] else [])]

    def stock(self) -> None:
        """Make the vouchers: a coupon of 5.00, a card of 10.01, a second one of 3.00."""
        coupon = {"discount": {"type": "AMOUNT", "amount_off": 500}, "redemption": {"quantity": 1}}
        for kind, code in self._codes.items():
            card = {"type": "GIFT_VOUCHER", "gift": {"amount": CREDITS if kind == "CARD" else 300}}
            self._client.vouchers.create_voucher(code, coupon if kind == "SAVE" else card)

    def watch(self, kill_at: int | None) -> Boundaries:
        """From now on count boundaries, and die at one."""
        session = self._client.transport.session
        boundaries = Boundaries(session.get_adapter(BASE_URL), kill_at)
        session.mount(BASE_URL, boundaries)
        for database in self._databases:
            boundaries.watch(database)
        return boundaries

    def check_out(self) -> Any:
        items = [
            {"id": "0", "sku": "A", "quantity": 3, "unit_price": "4.45"},
            {"id": "1", "sku": "B", "quantity": 2, "unit_price": "3.33"},
        ]
        cards = [{"code": code} for kind, code in self._codes.items() if kind != "SAVE"]
        codes = [code for kind, code in self._codes.items() if kind == "SAVE"]
        cart = {"currency": "EUR", "items": items, "codes": codes, "gift_cards": cards}
        return self._bridge.checkout(cart, self._ref)

    def refund(self, refund_id: str, lines: dict[str, int] | None = None, amount: int | None = None) -> Any:
        told = lines and [{"line_id": line, "quantity": quantity} for line, quantity in lines.items()]
        return self._bridge.refund(self._ref, refund_id=refund_id, lines=told, amount=amount)

    def cancel(self) -> Any:
        return self._bridge.cancel(self._ref)

    def facts(self) -> dict[str, Any]:
        """Where the order has ended in the ledger and at the engine, without the names that every order has anew."""
        order = self._bridge.order(self._ref)
        kept = ("state", "reason", "amount", "total", "currency", "rejected", "warnings", "lines")
        refunds = ("refund_id", "lines", "amount", "is_final", "status", "reason")
        asked = sorted((one["event"], one["event_id"] or "") for one in order["history"] if _is_asked(one["event"]))
        upstream = self._client.orders.get_order(order["source_id"])
        told = {
            **{name: order[name] for name in kept},
            "applied": [{name: one[name] for name in ("code", "type", "amount")} for one in order["applied"]],
            "given back": [[one["code"], one["amount"], one["refund_id"]] for one in order["given_back"]],
            "refunds": [{name: one[name] for name in refunds} for one in order["refunds"]],
            "asked": asked,
            "order upstream": [upstream["status"], upstream["amount"], len(upstream["redemptions"])],
            "vouchers": {kind: self._counters(code) for kind, code in self._codes.items()},
        }
        nameless: dict[str, Any] = json.loads(json.dumps(told).replace(f"-{self._ref}", ""))
        return nameless

    def _counters(self, code: str) -> Any:
        voucher = self._client.vouchers.get_voucher(code)
        if "gift" not in voucher:
            return voucher["redemption"]["redeemed_quantity"]
        moved = self._client.vouchers.list_voucher_transactions(code, limit=100)["data"]
        return [voucher["gift"]["balance"], sorted(one["details"]["balance"]["amount"] for one in moved)]

    def close(self) -> None:
        self._bridge.close()


def _is_asked(event: str) -> bool:
    return event in ("cancel", "refund")


def live(asked: dict[str, Any], tell: Callable[[str, Any], None]) -> None:
    """Lead a life from a step on; a step is told before it is taken."""
    process = Process(asked)
    if asked["since"] == 0 and not asked["later"]:
        process.stock()
    boundaries = process.watch(asked["kill_at"])
    for n, step in list(enumerate(process.steps))[asked["since"] :]:
        tell("step", n)
        step(process)
    tell("crossed", boundaries.crossed)
    tell("facts", process.facts())
    process.close()
    tell("imported", list(sys.modules))


def fork(asked: dict[str, Any]) -> dict[str, Any]:
    """Let a process of its own do it, and wait for its end."""
    ear, mouth = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ear)
        _be_born(asked, mouth)
    os.close(mouth)
    with os.fdopen(ear) as lines:
        told = dict(json.loads(line) for line in lines)
    return {"exit": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), "told": told}


def _be_born(asked: dict[str, Any], mouth: int) -> None:
    """Never returns."""

    def tell(name: str, what: Any) -> None:
        os.write(mouth, json.dumps([name, what]).encode() + b"\n")

    signal.alarm(LONGEST)
    try:
        with time_machine.travel(datetime.now(UTC) + MOVED_ON * asked["later"]):
            live(asked, tell)
    except BaseException:
        tell("error", traceback.format_exc())
        os._exit(1)
    os._exit(0)


def learn(names: Iterable[str]) -> None:
    """Import what a life needs, so that the next need not."""
    for name in names:
        if name not in sys.modules:
            with suppress(ImportError):  # migrations go by names that only their runner knows
                importlib.import_module(name)
    gc.freeze()


def main() -> None:
    """Do as every line says, until there are none."""
    for line in sys.stdin:
        came = fork(json.loads(line))
        learn(came["told"].pop("imported", ()))
        print(json.dumps(came), flush=True)


if __name__ == "__main__":
    main()
