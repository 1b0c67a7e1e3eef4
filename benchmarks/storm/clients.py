"""Clients that repeat a call with the same ids until it is answered, and remember what they were told."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from random import Random
from typing import Any, Literal, cast

from benchmarks.storm.fleet import TOKEN
from benchmarks.storm.plans import CARDS, Call, Plan

# nothing: it was refused, or cancelled before anybody was told that it stands. unknown: the client left without an
# answer, so that everything is right with which the books agree.
Outcome = Literal["stands", "ended", "nothing", "unknown"]
_IN_PROGRESS = {"checkout_in_progress", "order_unwinding", "refund_in_progress", "order_deferred"}
_REFUSALS = {"quantity_exceeded", "gift_amount_exceeded"}
_ANSWERED_WITHIN = 60.0  # seconds: longer than any server needs, so that no call is repeated while it is running
_PATIENCE = 180.0  # seconds until a client gives up; nobody should have to


@dataclass(frozen=True, slots=True)
class Answer:
    """Status 0: nobody was reached, or the answer was lost."""

    status: int
    body: dict[str, Any]

    @property
    def is_final(self) -> bool:
        """Whether there is no use in asking again."""
        return 0 < self.status < 500 and not (self.status == 409 and self.body.get("key") in _IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Expected:
    """What must have become of an order by what its client was told; ``given`` went back to its cards, by code."""

    plan: Plan
    outcome: Outcome
    given: Counter[str] = field(default_factory=Counter)


@dataclass
class Clients:
    """``milliseconds`` are those of checkouts that were answered at once; ``until_answered`` those of all."""

    ports: Sequence[int]
    counts: Counter[str] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    until_answered: list[float] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def live(self, plan: Plan, seed: int) -> Expected:
        """Do what is planned; everything that is random about it is where a call goes, and when it is repeated."""
        random = Random(seed)
        if plan.fate == "cancelled_at_once":
            return self._cancel_at_once(plan, random)
        if plan.fate == "left":
            return self._leave(plan, random)
        began = time.monotonic()
        answers = self._at_once(plan.checkout, random)
        with self._lock:
            self.until_answered.append(1000 * (time.monotonic() - began))
        outcome = _outcome(answers)
        if outcome == "nothing":
            self._check_refusals(plan, answers)
            return Expected(plan, outcome)
        given: Counter[str] = Counter()
        for step in plan.steps:
            if step[0].is_part:
                given += self._told(self._asked(step[0].preview, random))
            for answer in self._at_once(step, random):
                self._check_given(plan, step[0], answer, given)
        for echo in plan.echoes:
            self._check_stands(plan, echo, self._asked(echo, random))
        is_ended = any(not call.is_part for step in plan.steps for call in step)
        return Expected(plan, "ended" if is_ended else "stands", given)

    def _cancel_at_once(self, plan: Plan, random: Random) -> Expected:
        """The checkout is asked for once; the order is cancelled until that is done, or there can be no such order."""
        with ThreadPoolExecutor(1) as pool:
            checkout = pool.submit(self._once, plan.checkout[0], random)
            is_over = False
            while self._asked(plan.steps[0][0], random, may_be_unknown=True).status != 200 and not is_over:
                is_over = checkout.done()
                time.sleep(0.01)
        return Expected(plan, "nothing")

    def _leave(self, plan: Plan, random: Random) -> Expected:
        """The client asks for each thing once, and is gone when there is no answer."""
        outcome: Outcome = "nothing"
        for call, then in ((plan.checkout[0], "stands"), (plan.steps[0][0], "ended")):
            answer = self._once(call, random)
            if not answer.is_final:
                return Expected(plan, "unknown")
            if answer.status != 200:
                break
            outcome = cast(Outcome, then)
        return Expected(plan, outcome)

    def _once(self, call: Call, random: Random) -> Answer:
        """Ask once; who refuses to listen was not asked."""
        while (answer := self._send(random.choice(self.ports), call)).body.get("key") == "refused":
            time.sleep(random.uniform(0.05, 0.5))
        return answer

    def _at_once(self, calls: Sequence[Call], random: Random) -> list[Answer]:
        if len(calls) == 1:
            return [self._asked(calls[0], random)]
        with ThreadPoolExecutor(len(calls)) as pool:
            seeds = [Random(random.random()) for _ in calls]
            return list(pool.map(self._asked, calls, seeds))

    def _asked(self, call: Call, random: Random, *, may_be_unknown: bool = False) -> Answer:
        """Ask until there is an answer, of any server."""
        give_up_at, tries = time.monotonic() + _PATIENCE, 0
        while time.monotonic() < give_up_at:
            began = time.monotonic()
            answer = self._send(random.choice(self.ports), call)
            tries += 1
            if answer.is_final:
                if call.path == "checkout" and answer.status == 200 and tries == 1:
                    with self._lock:
                        self.milliseconds.append(1000 * (time.monotonic() - began))
                if answer.status != 200 and call.path != "checkout" and not (may_be_unknown and answer.status == 404):
                    self._wonder(f"{call.path}: {answer.status} {answer.body}")
                return answer
            time.sleep(random.uniform(0.05, min(1.0, 0.1 * 2**tries)))
        with self._lock:
            self.unanswered.append(f"{call.path} {call.body}: {answer.status} {answer.body}")
        return answer

    def _send(self, port: int, call: Call) -> Answer:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        connection = HTTPConnection("127.0.0.1", port, timeout=_ANSWERED_WITHIN)
        try:
            connection.request("POST", f"/bridge/{call.path}", json.dumps(call.body), headers)
            response = connection.getresponse()
            answer = Answer(response.status, json.loads(response.read()))
        except ConnectionRefusedError:
            answer = Answer(0, {"key": "refused"})
        except (OSError, HTTPException, ValueError) as error:
            answer = Answer(0, {"key": f"lost ({type(error).__name__})"})
        finally:
            connection.close()
        with self._lock:
            self.counts["calls"] += 1
            if not answer.is_final:
                self.counts[f"{answer.status or ''} {answer.body.get('key')}".strip()] += 1
        return answer

    def _told(self, answer: Answer) -> Counter[str]:
        """What an answer says that cards get."""
        given: Counter[str] = Counter()
        for one in answer.body.get("given_back", ()):
            if one["code"] in CARDS:
                given[one["code"]] += one["amount"]
        return given

    def _check_refusals(self, plan: Plan, answers: Sequence[Answer]) -> None:
        for answer in answers:
            if not {one["key"] for one in answer.body.get("rejected", ({"key": "?"},))} <= _REFUSALS:
                self._wonder(f"{plan.ref}: {answer.status} {answer.body}")
        with self._lock:
            self.counts["checkouts refused for a limit"] += 1

    def _check_given(self, plan: Plan, call: Call, answer: Answer, given: Counter[str]) -> None:
        """An answer tells everything that went back so far: for a part, what the previews have told."""
        if plan.fate != "raced" and call.is_part and answer.status == 200 and self._told(answer) != given:
            self._wonder(f"{plan.ref}: previews told {dict(given)}, the refund gave {answer.body['given_back']}")

    def _check_stands(self, plan: Plan, call: Call, answer: Answer) -> None:
        state = answer.body.get("state")
        # An order of which there is nothing to redeem may still be waiting until the engine can be told of it.
        stands = state == "confirmed" or (state == "deferred" and not (plan.codes or plan.cards))
        if call.path == "checkout" and not (answer.status == 200 and stands):
            self._wonder(f"{plan.ref}: its checkout once more: {answer.status} {answer.body}")

    def _wonder(self, what: str) -> None:
        with self._lock:
            self.strange.append(what)


def _outcome(answers: Sequence[Answer]) -> Outcome:
    """Of several that ask at once, one may be refused and the other find that there is room again."""
    if any(answer.status == 200 for answer in answers):
        return "stands"
    return "nothing"
