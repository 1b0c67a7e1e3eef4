"""Whether a redemption takes longer where there are many vouchers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

from flask import Flask
from sqlalchemy import Engine, insert, select

from benchmarks.engine import fresh_engine
from benchmarks.rounds import Row, Size, Step, compare
from benchmarks.samples import KEYS, ORDER
from checkout_bridge.client import Client
from checkout_bridge.database import writing
from checkout_bridge.engine.store.schema import vouchers

FEW = 1_000
MANY = {"small": 100_000, "large": 1_000_000}
# A median that is at most 1.2 times as long.
GOAL = 0.83
_AT_ONCE = 10_000


def redemptions_among_many(folder: Path, size: Size) -> Iterator[Row]:
    """Any one of few vouchers, and any one of many."""
    many = MANY[size.name]
    with ExitStack() as stack:
        ours, theirs = (
            _redeeming_any(stack.enter_context(_filled(folder / f"among-{count}.db", count)), count)
            for count in (many, FEW)
        )
        name = f"redemption among {many:,} vouchers, over {FEW:,}"
        yield compare(name, ours, theirs, size, goal=GOAL)


@contextmanager
def _filled(database: Path, count: int) -> Iterator[Client]:
    """A client of an engine with so many vouchers."""
    with fresh_engine(database) as app, Client.in_process(app, *KEYS.values()) as client:
        _fill(app, count)
        yield client


def _fill(app: Flask, count: int) -> None:
    """Copies of the one voucher that is there."""
    engine: Engine = app.extensions["checkout_bridge.engine"]
    with writing(engine) as connection:
        first = connection.execute(select(vouchers)).one()._asdict()
        del first["number"]
        copies = ({**first, "id": f"v_{number}", "code": _code(number)} for number in range(count))
        while some := list(itertools.islice(copies, _AT_ONCE)):
            connection.execute(insert(vouchers), some)


def _redeeming_any(client: Client, count: int) -> Step:
    random, numbers = Random(count), itertools.count()

    def step() -> int:
        redeemables = [{"object": "voucher", "id": _code(random.randrange(count))}]
        order = {**ORDER, "source_id": f"order-{next(numbers)}"}
        client.redemptions.redeem_stacked_discounts({"redeemables": redeemables, "order": order})
        return 1

    return step


def _code(number: int) -> str:
    return f"ANY-{number}"
