"""Says where the time of one redemption goes: each stage by a stopwatch that stops while a stage inside it runs."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch

from flask import Flask
from sqlalchemy import Connection, Engine, event

from benchmarks.engine import PATH, fresh_engine
from benchmarks.samples import KEYS, redemption
from checkout_bridge import database
from checkout_bridge.engine.http import api
from checkout_bridge.engine.services import redemptions

OUTSIDE = "Flask: routing, request and response objects"
_STAGES = {
    "read_json": (api, "JSON in"),
    "load": (api, "schema"),
    "evaluate": (redemptions, "evaluate"),
    "redeem": (redemptions, "service: rows of what was redeemed"),
    "jsonify": (api, "JSON out"),
    "execute": (Connection, "SQLAlchemy around its statements"),
    "exec_driver_sql": (Connection, "SQLAlchemy around its statements"),
}
_STATEMENTS = {"PRAGMA": "begin", "BEGIN": "begin", "SELECT": "reads"}


class Stopwatch:
    """Seconds by stage; entering a stage stops the one around it until it is left."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._open: list[str] = []
        self._since = 0.0

    def enter(self, stage: str) -> None:
        """Begin a stage."""
        self._charge()
        self._open.append(stage)

    def leave(self) -> None:
        """End the stage that began last."""
        self._charge()
        self._open.pop()

    def timed(self, stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, as a stage."""

        def measured(*args: Any, **kwargs: Any) -> Any:
            self.enter(stage)
            try:
                return call(*args, **kwargs)
            finally:
                self.leave()

        return measured

    def _charge(self) -> None:
        now = perf_counter()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._since = now


def where_the_time_goes(folder: Path, calls: int) -> dict[str, float]:
    """Microseconds of each stage of ``POST /v1/redemptions`` in process, most first."""
    with fresh_engine(folder / "breakdown.db") as app:
        numbers = itertools.count()
        _redeem(app, numbers, calls // 10)
        watch = Stopwatch()
        with _stages(watch, app):
            _redeem(app, numbers, calls)
    stages = sorted(watch.seconds.items(), key=lambda stage: -stage[1])
    return {stage: seconds / calls * 1e6 for stage, seconds in stages}


@contextmanager
def _stages(watch: Stopwatch, app: Flask) -> Iterator[None]:
    engine: Engine = app.extensions["checkout_bridge.engine"]
    guards = app.before_request_funcs[None]

    def before(*arguments: Any) -> None:
        watch.enter(_STATEMENTS.get(arguments[2].split(None, 1)[0], "writes"))

    def after(*_: Any) -> None:
        watch.leave()

    with ExitStack() as stack:
        for name, (owner, stage) in _STAGES.items():
            stack.enter_context(patch.object(owner, name, watch.timed(stage, getattr(owner, name))))
        stack.enter_context(patch.object(app, "wsgi_app", watch.timed(OUTSIDE, app.wsgi_app)))
        stack.enter_context(patch.object(api, "writing", _timed_transaction(watch, database.writing)))
        commit = watch.timed("commit", engine.dialect.do_commit)
        stack.enter_context(patch.object(engine.dialect, "do_commit", commit))
        stack.enter_context(
            patch.dict(
                app.before_request_funcs, {None: [watch.timed("request id and keys", guard) for guard in guards]}
            )
        )
        for name, listener in (("before_cursor_execute", before), ("after_cursor_execute", after)):
            event.listen(engine, name, listener)
            stack.callback(event.remove, engine, name, listener)
        yield


def _timed_transaction(watch: Stopwatch, writing: Callable[..., Any]) -> Callable[..., Any]:
    stage = "SQLAlchemy around its transaction"

    @contextmanager
    def measured(*args: Any, **kwargs: Any) -> Iterator[Any]:
        watch.enter(stage)
        with writing(*args, **kwargs) as connection:
            watch.leave()
            yield connection
            watch.enter(stage)
        watch.leave()

    return measured


def _redeem(app: Flask, numbers: Iterator[int], calls: int) -> None:
    client = app.test_client()
    for number in itertools.islice(numbers, calls):
        body = json.dumps(redemption(f"order-{number}"))
        answer = client.post(PATH, data=body, content_type="application/json", headers=KEYS)
        if answer.status_code != 200:
            raise RuntimeError(f"the engine answered {answer.status}")
