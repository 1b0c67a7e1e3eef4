"""Compares the ledger with the promotions API, order by order, in pages, and says what differs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from itertools import islice
from typing import Any

from checkout_bridge.bridge.credits import PAGE, PAGES
from checkout_bridge.bridge.differences import (
    AMOUNT,
    ORPHAN,
    UNDER_WAY,
    UNKNOWN,
    Finding,
    Stack,
    amount_difference,
    differences,
    movement_difference,
    stacks_of,
)
from checkout_bridge.bridge.identity import Source
from checkout_bridge.bridge.ledger import attempts
from checkout_bridge.bridge.ledger.attempts import Attempt
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.bridge.outage import OUTAGE
from checkout_bridge.bridge.redeeming import source_id_of
from checkout_bridge.bridge.states import DONE
from checkout_bridge.client import Client
from checkout_bridge.contract.fields import parse_moment, timestamp
from checkout_bridge.errors import (
    BackendError,
    BackendNotFound,
    BackendUnauthorized,
    MalformedAnswer,
    OutcomeUnknown,
)

Row = dict[str, Any]
Repair = Callable[[Finding, Row | None], Finding]
# How many were compared, and what of them differs.
Compared = tuple[int, list[Finding]]

# What a bridge calls its orders upstream.
_SOURCE_ID = re.compile(r"(chk_[0-9a-f]{24})(?:\.([1-9][0-9]*))?")
# A list has so many pages and no more: after so many redemptions it begins anew where it was, a little earlier, since
# what came at once may not be listed by its time.
_WINDOW, _OVERLAP, _LEAST = 9_000, timedelta(seconds=5), timedelta(milliseconds=1)
# How many orders in a row the promotions API may fail at; and how often one that moves meanwhile is compared.
_FAILURES, _ROUNDS = 5, 3


class Reconciler:
    """Compares every order of the ledger, and every redemption upstream that a bridge has made.

    ``repair`` is called with each difference if it ``repairs``, else nothing is changed. ``home`` is the shop of orders
    that do not name theirs. ``since`` (as the ledger stores times) leaves out what has not changed from then on.
    """

    def __init__(
        self,
        ledger: Ledger,
        client: Client,
        step: Callable[[], AbstractContextManager[None]],
        repair: Repair,
        home: Source,
        *,
        repairs: bool = False,
        since: str | None = None,
    ) -> None:
        self._ledger = ledger
        self._client = client
        self._step = step
        self._home = home
        self._repair = repair if repairs else None
        self._since = since
        self._shops = {home, *(Source(*pair) for pair in ledger.shops())}
        self._failures = 0
        # Redemptions of shops that have no order here: some other bridge's, which nobody here can judge.
        self.elsewhere = 0

    def count_orders(self) -> int:
        """How many orders there are to compare."""
        return attempts.count(self._ledger, self._since)

    def orders(self) -> Iterator[Compared]:
        """Compare every order of the ledger, one by one. One that the promotions API fails at is ``unknown``.

        Raises OutcomeUnknown, BackendUnreachable or RateLimited when it fails at many, one after the other, and
        BackendUnauthorized at once.
        """
        for row, its in attempts.each(self._ledger, self._since):
            yield 1, self._examined(row, its)

    def count_redemptions(self) -> int:
        """About how many redemptions and rollbacks there are to go through; 0 when nobody can tell."""
        try:
            return int(self._client.redemptions.list_redemptions(limit=1, **self._after(self._since)).get("total") or 0)
        except (BackendError, OutcomeUnknown):
            return 0

    def redemptions(self) -> Iterator[Compared]:
        """Go through the redemptions upstream, so many at a time: their amounts, and those without an order here."""
        listed = self._listed()
        try:
            while page := list(islice(listed, attempts.PAGE)):
                yield len(page), self._compared([one for one in page if _stands(one)])
        except (BackendError, OutcomeUnknown) as error:
            yield 0, [Finding(UNKNOWN, f"not every redemption could be compared: {error.key}: {error}")]

    def _examined(self, row: Row, its: Sequence[Attempt]) -> list[Finding]:
        try:
            with self._step():
                row, found = self._examine(row, its)
        except (BackendError, OutcomeUnknown) as error:
            self._failures += isinstance(error, OUTAGE)
            if self._failures >= _FAILURES or isinstance(error, BackendUnauthorized):
                raise
            return [_of(row, UNKNOWN, f"{error.key}: {error}")]
        self._failures = 0
        return [self._repaired(one, row) for one in found]

    def _examine(self, row: Row, its: Sequence[Attempt]) -> tuple[Row, list[Finding]]:
        """What differs; what has moved while it was compared is compared once more."""
        for _ in range(_ROUNDS):
            if attempts.is_under_way(row, its):
                return row, [_of(row, UNDER_WAY, row["reason"] or f"the order is {row['state']}")]
            found = [one for attempt in its for one in self._differences(row, attempt)]
            before, (row, its) = row, attempts.now_of(self._ledger, row) if found else (row, its)
            if row == before:
                return row, found
        return row, [_of(row, UNDER_WAY, "the order moved while it was compared")]

    def _differences(self, row: Row, attempt: Attempt) -> Iterator[Finding]:
        source_id = source_id_of(row["id"], attempt.number)
        named = {"attempt": attempt.number, "source_id": source_id}
        for kind, redemption_id, detail in differences(row, attempt, self._stacks(source_id)):
            yield _of(row, kind, detail, redemption_id=redemption_id, **named)
        done = [credit for credit in attempt.moved if credit["status"] == DONE]
        for code in sorted({credit["code"] for credit in done}):
            its = [credit for credit in done if credit["code"] == code]
            for detail in self._movement_differences(code, its):
                yield _of(row, AMOUNT, detail, **named)

    def _stacks(self, source_id: str) -> list[Stack]:
        try:
            return stacks_of(self._client.orders.get_order(source_id))
        except BackendNotFound:
            return []
        except (AttributeError, TypeError, ValueError) as error:
            raise MalformedAnswer(f"the order's redemptions cannot be read: {error}") from None

    def _movement_differences(self, code: str, done: Sequence[Row]) -> Iterator[str]:
        """Nothing is told of a card that is gone, nor of movements so old that they are not looked for."""
        found: dict[str, Mapping[str, Any]] = {}
        start: dict[str, Any] = {}
        for _ in range(PAGES):
            try:
                page = self._client.vouchers.list_voucher_transactions(code, limit=PAGE, **start)
            except BackendNotFound:
                return
            found |= {one["source_id"]: one for one in page["data"] if one.get("source_id")}
            is_whole = not page.get("has_more")
            if is_whole or all(credit["source_id"] in found for credit in done):
                break
            start = {"starting_after_id": page["more_starting_after"]}
        for credit in done:
            detail = movement_difference(credit, found.get(credit["source_id"]))
            if detail and (is_whole or credit["source_id"] in found):
                yield detail

    def _listed(self) -> Iterator[Mapping[str, Any]]:
        """Every redemption and rollback, the oldest first."""
        after, seen = self._since, frozenset[str]()
        while True:
            window, count = dict[str, str](), 0
            for one in islice(self._client.redemptions.iter_redemptions(**self._after(after)), _WINDOW):
                window[one["id"]], count = one["date"], count + 1
                if one["id"] not in seen:
                    yield one
            if count < _WINDOW:
                return
            last = max(window.values())
            bound = _earlier(last, _OVERLAP)
            after = bound if after is None or bound > after else last
            seen = frozenset(id for id, date in window.items() if date >= after)

    def _after(self, moment: str | None) -> dict[str, Any]:
        return {} if moment is None else {"created_at": {"after": _earlier(moment, _LEAST)}}

    def _compared(self, standing: Sequence[Mapping[str, Any]]) -> list[Finding]:
        named = [(one, _SOURCE_ID.fullmatch(str((one.get("order") or {}).get("source_id")))) for one in standing]
        parts = attempts.parts_with(self._ledger, [one["id"] for one in standing])
        ids = {match[1] for _, match in named if match} | {part["checkout_id"] for part in parts.values()}
        rows = attempts.known(self._ledger, ids)
        found: list[Finding] = []
        examined: set[str] = set()
        for one, match in named:
            part = parts.get(one["id"])
            if part and (detail := amount_difference(part, one)):
                row, number = rows[part["checkout_id"]], part["attempt"]
                its = {"source_id": source_id_of(row["id"], number), "redemption_id": one["id"]}
                found.append(self._repaired(_of(row, AMOUNT, detail, attempt=number, **its), row))
            if match is None or one.get("redemption"):  # the parts of a stack go with it
                continue
            its_row, number = rows.get(match[1]), int(match[2] or 1)
            if its_row is None or number > its_row["attempt"]:
                found += self._of_nobody(one, match[0], its_row, match[1], number)
            elif self._since and its_row["updated_at"] < self._since and match[1] not in examined:
                examined.add(match[1])
                found += self._examined(*attempts.now_of(self._ledger, its_row))
        return found

    def _of_nobody(
        self, one: Mapping[str, Any], source_id: str, row: Row | None, checkout_id: str, number: int
    ) -> list[Finding]:
        """What stands for an order, or an attempt, that the ledger does not know."""
        told = (one.get("order") or {}).get("metadata") or {}
        is_named = told.get("platform") and told.get("shop")
        shop = Source(str(told["platform"]), str(told["shop"])) if is_named else self._home
        if shop not in self._shops:
            self.elsewhere += 1
            return []
        finding = Finding(
            ORPHAN,
            "the ledger knows no such order" if row is None else f"the ledger knows no attempt {number}",
            order_ref=told.get("order_ref"),
            checkout_id=checkout_id,
            platform=shop.platform,
            shop=shop.shop,
            attempt=number,
            source_id=source_id,
            redemption_id=one["id"],
        )
        return [self._repaired(finding, row)]

    def _repaired(self, finding: Finding, row: Row | None) -> Finding:
        if self._repair is None:
            return finding
        with self._step():
            return self._repair(finding, row)


def _of(row: Row, kind: str, detail: str, **named: Any) -> Finding:
    ours = {name: row[name] for name in ("order_ref", "platform", "shop")}
    return Finding(kind, detail, checkout_id=row["id"], **ours, **named)


def _stands(redemption: Mapping[str, Any]) -> bool:
    undone = (redemption.get("related_redemptions") or {}).get("rollbacks")
    kind, result, status = (redemption.get(name) for name in ("object", "result", "status"))
    return kind == "redemption" and result == "SUCCESS" and status != "ROLLED_BACK" and not undone


def _earlier(moment: str, by: timedelta) -> str:
    return timestamp(parse_moment(moment) - by)
