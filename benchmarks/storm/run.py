"""One storm: the fleet, the clients, the kills; then the calm, in which everything is settled; then the accounts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import Engine, func, or_, select

from benchmarks.storm import accounts, plans
from benchmarks.storm.accounts import LIMITS, STRANGE, UNANSWERED, Accounts
from benchmarks.storm.clients import Clients, Expected
from benchmarks.storm.fleet import CONFIRM_WITHIN, KEYS, Fleet
from checkout_bridge.bridge import states
from checkout_bridge.bridge.flow import Flow
from checkout_bridge.bridge.ledger import model
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.settle import SECOND_LOOK
from checkout_bridge.client import Client
from checkout_bridge.database import open_database, reading
from checkout_bridge.engine.store import schema

_CALM_WITHIN = 240.0  # seconds for everything that is open to be settled
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Size:
    """How big a storm is, and the bridges' deadline, in seconds.

    With ``by_hand`` a person settles what is open at the end, otherwise the workers do.
    """

    orders: int
    kills: int
    pauses: int = 0
    clients: int = 24
    servers: int = 4
    workers: int = 2
    apart: bool = True
    by_hand: bool = False
    deadline: float = 3.0


@dataclass(frozen=True, slots=True)
class Storm:
    """What happened."""

    size: Size
    fleet: Fleet
    clients: Clients
    accounts: Accounts
    seconds: float
    calm: float
    looked_again: int
    rolled_back_late: int


def rage(folder: Path, database: str | None, size: Size, seed: int) -> Storm:
    """Let one rage over a database at a URL, or over SQLite files in the folder. Raises RuntimeError if it cannot."""
    members = {"servers": size.servers, "workers": size.workers}
    fleet = Fleet(folder, database, **members, apart=size.apart, deadline=size.deadline)
    clients = Clients(fleet.ports)
    with fleet, _databases(fleet) as (ledger, engine), _api(fleet) as api:
        vouchers = plans.vouchers(size.orders)
        for code, voucher in vouchers.items():
            api.vouchers.create_voucher(code, voucher)
        began = time.monotonic()
        passed: list[str] = []
        expected = _let_rage(fleet, clients, engine, size, Random(seed), passed)
        ended = time.monotonic()
        fleet.wait_until_up()
        _settle(fleet, ledger, by_hand=size.by_hand)
        calm = time.monotonic() - ended
        looked_again = _look_again(fleet, api)
        cards = {code: voucher["gift"]["amount"] for code, voucher in vouchers.items() if "gift" in voucher}
        found = accounts.close(ledger, engine, expected, cards)
        late = _count(ledger, model.history.c.event == "rolled_back_late")
    found.wrong[LIMITS] += passed
    found.wrong[STRANGE] += clients.strange
    found.wrong[UNANSWERED] += clients.unanswered
    return Storm(size, fleet, clients, found, ended - began, calm, looked_again, late)


@contextmanager
def _databases(fleet: Fleet) -> Iterator[tuple[Engine, Engine]]:
    ledger, engine = open_database(fleet.ledger_url), open_database(fleet.engine_url)
    try:
        yield ledger, engine
    finally:
        ledger.dispose()
        engine.dispose()


@contextmanager
def _api(fleet: Fleet) -> Iterator[Client]:
    client = Client(f"http://127.0.0.1:{fleet.engine_port}", *KEYS)
    try:
        yield client
    finally:
        client.close()


def _let_rage(
    fleet: Fleet, clients: Clients, engine: Engine, size: Size, random: Random, passed: list[str]
) -> list[Expected]:
    """The strikes are spread over the orders, so that there are as many of them on a slow machine."""
    planned = list(plans.plans(size.orders, random))
    strikes = [*[True] * size.kills, *[False] * size.pauses]
    random.shuffle(strikes)
    with ThreadPoolExecutor(size.clients) as pool:
        living = [pool.submit(clients.live, plan, random.getrandbits(32)) for plan in planned]
        struck = 0
        while (done := _done(living)) < size.orders:
            if struck < len(strikes) and done >= (struck + 1) * size.orders // (len(strikes) + 1):
                struck += fleet.strike(random, kill=strikes[struck])
            passed += _limits_passed(engine)
            time.sleep(_PAUSE)
        return [one.result() for one in living]


def _done(living: Sequence[Future[Expected]]) -> int:
    return sum(one.done() for one in living)


def _limits_passed(engine: Engine) -> list[str]:
    """At this moment, not only in the end."""
    of = schema.vouchers.c
    statement = select(of.code, of.redeemed_quantity, of.gift_balance).where(
        or_(of.redeemed_quantity > of.quantity, of.gift_balance < 0)
    )
    with reading(engine) as connection:
        return [
            f"{row.code}: {row.redeemed_quantity} redeemed, {row.gift_balance} left"
            for row in connection.execute(statement)
        ]


def _settle(fleet: Fleet, ledger: Engine, *, by_hand: bool) -> None:
    give_up_at = time.monotonic() + _CALM_WITHIN
    while _open(ledger) and time.monotonic() < give_up_at:
        if by_hand:
            fleet.settle()
        time.sleep(1)


def _open(ledger: Engine) -> int:
    """Orders and refunds that somebody still has to look after."""
    unsettled = (states.INTENDED, states.UNWINDING, states.DEFERRED, states.REDEEMED)
    return _count(ledger, model.checkouts.c.state.in_(unsettled)) + _count(
        ledger, model.refunds.c.status == states.PLANNED, ~model.refunds.c.is_final
    )


def _look_again(fleet: Fleet, api: Client) -> int:
    """Attempts that were given up are looked at once more after ten minutes: the sweep of that time, now."""
    ledger = Ledger(fleet.ledger_url, lambda: datetime.now(UTC) + SECOND_LOOK + timedelta(minutes=1))
    try:
        due = len(ledger.given_up(limit=100_000))
        flow = Flow(
            ledger, api, lambda *_: None, deadline=fleet.deadline, quote_ttl=600, confirm_within=float(CONFIRM_WITHIN)
        )
        flow.sweep(limit=100_000)
        return due
    finally:
        ledger.close()


def _count(database: Engine, *where: object) -> int:
    with reading(database) as connection:
        return int(connection.execute(select(func.count()).where(*where)).scalar_one())  # type: ignore[arg-type]
