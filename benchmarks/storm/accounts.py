"""The accounts after the storm: what clients were told, against the ledger, against the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, select

from benchmarks.storm.clients import Expected, Outcome
from benchmarks.storm.plans import CARDS
from checkout_bridge.bridge import states
from checkout_bridge.bridge.ledger import model
from checkout_bridge.database import reading
from checkout_bridge.engine.store import schema

Row = dict[str, Any]

# Each of these has to be zero.
LOST = "lost rollbacks"
DOUBLE = "double redemptions"
MISSING = "missing redemptions"
TOO_MUCH = "given back too much"
SILENT = "stuck without a reason"
OPEN = "left open"
LEDGER = "ledger says otherwise"
COUNTERS = "counters or balances off"
LIMITS = "limits passed"
PAID = "counted as paid and is not, or the other way round"
STRANGE = "strange answers"
UNANSWERED = "calls that nobody answered"
ZEROS = (LOST, DOUBLE, MISSING, TOO_MUCH, SILENT, OPEN, LEDGER, COUNTERS, LIMITS, PAID, STRANGE, UNANSWERED)

_OPEN = (states.INTENDED, states.UNWINDING, states.DEFERRED, states.REDEEMED)
_FOR_A_PERSON = (states.STUCK, states.REVIEW)
# What each outcome looks like in the ledger; None is an order that it does not know.
_IN_LEDGER: Mapping[Outcome, tuple[str | None, ...]] = {
    "stands": (states.CONFIRMED,),
    "ended": (states.UNWOUND,),
    "nothing": (states.FAILED, states.UNWOUND, None),
    "unknown": (states.CONFIRMED, states.FAILED, states.UNWOUND, None),
}


@dataclass
class Held:
    """What the engine holds of one checkout: ``uses`` of coupons, and what is ``taken`` off cards, net, by code."""

    uses: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    redemptions: set[str] = field(default_factory=set)
    attempts: set[str] = field(default_factory=set)
    paid: set[str] = field(default_factory=set)


@dataclass
class Accounts:
    """What was found wrong, by the name of the zero that it spoils; the reasons of orders that are stuck; and the
    ``stories`` of orders that something is wrong with, line by line as ledger and engine tell them.
    """

    wrong: dict[str, list[str]] = field(default_factory=lambda: {zero: [] for zero in ZEROS})
    stuck: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    stories: list[str] = field(default_factory=list)

    @property
    def is_balanced(self) -> bool:
        """Whether every zero is one."""
        return not any(self.wrong.values())

    @property
    def troubles(self) -> int:
        """How much is wrong, or waits for a person."""
        return sum(map(len, self.wrong.values())) + len(self.stuck)

    def compare(self, one: Expected, row: Row | None, held: Held, known: set[str]) -> None:
        """One order; ``known`` are the redemptions that the ledger has of its attempt."""
        state, ref = row["state"] if row else None, one.plan.ref
        self.states[state or "unknown to the ledger"] += 1
        if row is not None and state in _FOR_A_PERSON:
            found = f"{ref}: {state}: {row['reason']}"
            self.stuck.append(found) if row["reason"] else self.wrong[SILENT].append(found)
            return
        if state in _OPEN:
            self.wrong[OPEN].append(f"{ref}: {state} since {row and row['updated_at']}")
            return
        if state not in _IN_LEDGER[one.outcome]:
            self.wrong[LEDGER].append(f"{ref} ({one.plan.fate}): told {one.outcome}, the ledger says {state}")
        stands = one.outcome == "stands" or (one.outcome == "unknown" and state == states.CONFIRMED)
        self._compare_uses(one, held, stands=stands)
        self._compare_cards(one, held, stands=stands)
        if stands and row is not None and held.redemptions != known:
            self.wrong[LEDGER].append(f"{ref}: redeemed {held.redemptions}, the ledger has {known}")
        if held.paid != ({row["source_id"]} if stands and row is not None else set()):
            self.wrong[PAID].append(f"{ref} ({one.plan.fate}, {state}): paid upstream are {held.paid or 'none'}")

    def _compare_uses(self, one: Expected, held: Held, *, stands: bool) -> None:
        expected = Counter(one.plan.codes if stands else ())
        where = f"{one.plan.ref} ({one.plan.fate}): redeemed {dict(held.uses)}, expected {dict(expected)}"
        if any(uses > 1 for uses in held.uses.values()) or len(held.attempts) > 1:
            self.wrong[DOUBLE].append(f"{where}, by {sorted(held.attempts)}")
        elif held.uses - expected:
            self.wrong[LOST].append(where)
        if expected - held.uses:
            self.wrong[MISSING].append(where)

    def _compare_cards(self, one: Expected, held: Held, *, stands: bool) -> None:
        for code, amount in one.plan.cards.items():
            expected = amount - one.given[code] if stands else 0
            taken = held.taken[code]
            where = f"{one.plan.ref} ({one.plan.fate}): {taken} off {code}, expected {expected} of {amount}"
            if taken > amount:
                self.wrong[DOUBLE].append(where)
            elif taken > expected:
                self.wrong[LOST].append(where)
            elif taken < expected:
                self.wrong[TOO_MUCH if taken < 0 or one.given[code] or not stands else MISSING].append(where)

    def compare_vouchers(self, rows: Iterable[Row], uses: Counter[str], held: Iterable[Held]) -> None:
        """Counters are what stands; balances are what the cards began with, less what orders hold of them."""
        taken: Counter[str] = Counter()
        for one in held:
            taken.update(one.taken)
        for row in rows:
            told = f"{row['code']}: {row['redeemed_quantity']} of {row['quantity']}, {uses[row['code']]} stand"
            if row["redeemed_quantity"] != uses[row["code"]]:
                self.wrong[COUNTERS].append(told)
            if row["quantity"] is not None and row["redeemed_quantity"] > row["quantity"]:
                self.wrong[LIMITS].append(told)
            if row["gift_balance"] is not None:
                balance = f"{row['code']}: {row['gift_balance']} left of {row['start']}, {taken[row['code']]} taken"
                if row["gift_balance"] != row["start"] - taken[row["code"]]:
                    self.wrong[COUNTERS].append(balance)
                if row["gift_balance"] < 0:
                    self.wrong[LIMITS].append(balance)


def close(ledger: Engine, engine: Engine, expected: Sequence[Expected], cards: Mapping[str, int]) -> Accounts:
    """Compare every order and every voucher; ``cards`` are the balances that they began with."""
    accounts = Accounts()
    rows = {row["order_ref"]: row for row in _all(ledger, select(model.checkouts))}
    known: dict[tuple[str, int], set[str]] = {}
    for part in _all(ledger, select(model.redemptions)):
        known.setdefault((part["checkout_id"], part["attempt"]), set()).add(part["redemption_id"])
    held, uses = _held(engine)
    for one in expected:
        row = rows.pop(one.plan.ref, None)
        its = held.get(row["id"], Held()) if row else Held()
        before = accounts.troubles
        accounts.compare(one, row, its, known.get((row["id"], row["attempt"]), set()) if row else set())
        if row is not None and accounts.troubles > before:
            accounts.stories += _story(ledger, engine, row)
    accounts.wrong[LEDGER] += [f"{ref}: nobody has checked it out" for ref in rows]
    ids = {row["id"] for row in _all(ledger, select(model.checkouts.c.id))}
    accounts.wrong[LOST] += [f"{id}: redeemed {dict(one.uses)}, unknown" for id, one in held.items() if id not in ids]
    accounts.wrong[OPEN] += _planned(ledger)
    vouchers = [{**row, "start": cards.get(row["code"])} for row in _all(engine, select(schema.vouchers))]
    accounts.compare_vouchers(vouchers, uses, held.values())
    return accounts


def _story(ledger: Engine, engine: Engine, row: Row) -> list[str]:
    """What happened to an order, in the order in which it did."""
    entries = select(model.history).where(model.history.c.checkout_id == row["id"])
    told = [
        f"{one['at']} ledger: attempt {one['attempt']}: {one['event']}, {one['state']}: {one['detail']}"
        for one in _all(ledger, entries)
    ]
    orders = select(schema.orders).where(schema.orders.c.source_id.startswith(row["id"]))
    for order in _all(engine, orders):
        told.append(f"{order['created_at']} engine: {order['source_id']} created, now {order['status']}")
        for one in _all(engine, select(schema.redemptions).where(schema.redemptions.c.order_id == order["id"])):
            told.append(f"{one['date']} engine: {order['source_id']}: {one['object']} {one['id']}, {one['status']}")
    looks = select(model.exchanges).where(model.exchanges.c.checkout_id == row["id"])
    told += [f"~ attempt {one['attempt']} is looked at {one['check_at']}" for one in _all(ledger, looks)]
    return [f"{row['order_ref']}: {line}" for line in sorted(told)]


def _planned(ledger: Engine) -> list[str]:
    """Refunds and movements on cards that nobody has finished."""
    refunds = select(model.refunds).where(model.refunds.c.status == states.PLANNED, ~model.refunds.c.is_final)
    credits = select(model.credits).where(model.credits.c.status == states.PLANNED)
    return [
        *(f"refund {row['refund_id']} is {row['status']}" for row in _all(ledger, refunds)),
        *(f"credit {row['source_id']} is {row['status']}" for row in _all(ledger, credits)),
    ]


def _held(engine: Engine) -> tuple[dict[str, Held], Counter[str]]:
    """What stands in the engine by checkout id, and by code."""
    held: dict[str, Held] = {}
    uses: Counter[str] = Counter()
    sources = {row["id"]: row["source_id"] for row in _all(engine, select(schema.orders))}
    codes = {row["id"]: row["code"] for row in _all(engine, select(schema.vouchers))}
    redeemed = select(schema.redemptions).where(
        schema.redemptions.c.object == "redemption", schema.redemptions.c.status == "SUCCEEDED"
    )
    for row in _all(engine, redeemed):
        source, code = str(sources.get(row["order_id"])), row["voucher_code"]
        if code is None:
            continue  # the parent of a stack
        its = held.setdefault(_checkout_id(source), Held())
        uses[code] += 1
        its.attempts.add(source)
        its.redemptions.add(row["id"])
        if code in CARDS:
            its.taken[code] += row["amount"]
        else:
            its.uses[code] += 1
    for row in _all(engine, select(schema.transactions)):
        if row["type"] in ("CREDITS_ADDITION", "CREDITS_REMOVAL"):
            held.setdefault(_checkout_id(row["source_id"]), Held()).taken[codes[row["voucher_id"]]] -= row["amount"]
    for row in _all(engine, select(schema.orders).where(schema.orders.c.status == "PAID")):
        held.setdefault(_checkout_id(row["source_id"]), Held()).paid.add(row["source_id"])
    return held, uses


def _checkout_id(source_id: str) -> str:
    """Of the attempt ``chk_1.2``, and of the credit ``chk_1.2:refund:0``."""
    return source_id.partition(":")[0].partition(".")[0]


def _all(database: Engine, statement: Any) -> list[Row]:
    with reading(database) as connection:
        return [row._asdict() for row in connection.execute(statement)]
