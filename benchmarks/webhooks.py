"""A signed webhook until it is answered, by platform, beside bare Flask that parses and verifies it as well."""

from __future__ import annotations

import hmac
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from statistics import median
from time import perf_counter, time
from typing import Any

import requests
from flask import Flask, Response, abort, jsonify, request
from sqlalchemy import Engine, insert
from werkzeug.test import EnvironBuilder, run_wsgi_app

from benchmarks.rounds import Size, quartiles
from checkout_bridge.bridge.ledger import model
from checkout_bridge.database import open_database, writing
from checkout_bridge.extension import CheckoutBridge
from checkout_bridge.testing.samples import Sample, Samples
from checkout_bridge.testing.shop_api import serving

# Our answer may take twice as long as bare Flask that also writes the delivery down.
GOAL = 2.0
GROUP = "checkout_bridge_samples"
DELIVERIES = {"small": 30, "large": 1000}
_SECRET = b"benchmark"
_WARM_UP = 5

# A number -> headers and body of a delivery that has not come before.
Deliver = Callable[[int], tuple[Mapping[str, str], bytes]]
Change = Callable[[Mapping[str, Any], int], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Delivered:
    """One platform. Times are the median in ms: ours, bare Flask's, and with one write into a ledger.

    ``ratio`` is ours over bare Flask with the write, ``low`` and ``high`` are its quartiles. ``left_out`` is why there
    is nothing.
    """

    platform: str
    ours: float = 0
    bare: float = 0
    written: float = 0
    ratio: float = 0
    low: float = 0
    high: float = 0
    left_out: str | None = None

    @property
    def verdict(self) -> str:
        """``ok`` or ``above``, or nothing for one that is left out."""
        return "" if self.left_out else "ok" if self.ratio <= GOAL else "above"


class LeftOut(Exception):
    """A platform cannot be measured, and why."""


def platforms(folder: Path, size: Size) -> Iterator[Delivered]:
    """Every platform that is installed, each with a ledger and an engine of its own."""
    empty = folder / "empty"
    bridge = CheckoutBridge(Flask("empty"), data_dir=empty)
    bridge.runtime.doors.ledger.newest(limit=1)
    bridge.close()
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            yield _measured(point.name, _samples_of(point), folder, size)
        except LeftOut as reason:
            yield Delivered(point.name, left_out=str(reason))


def _samples_of(point: EntryPoint) -> Samples:
    try:
        samples: Samples = point.load()
    except Exception as error:  # whatever a foreign module raises, the others are measured
        raise LeftOut(f"its samples cannot be loaded: {error}") from error
    if samples.sign is None or samples.cancelled is None:
        raise LeftOut("it sends no webhooks")
    return samples


def _measured(platform: str, samples: Samples, folder: Path, size: Size) -> Delivered:
    path = f"/bridge/webhooks/{platform}"
    with ExitStack() as stack:
        api = stack.enter_context(serving(samples.api))
        address = {"API_URL": api.url} if samples.api else {}
        shutil.copytree(folder / "empty", folder / platform)
        ours = stack.enter_context(_bridge(platform, {**samples.options, **address}, folder / platform))
        deliver = _fresh_deliveries(ours, path, samples)
        api.asked.clear()
        _send(ours, path, *deliver(0))
        fetched = [f"{api.url}{asked}" for asked in api.asked]
        database = stack.enter_context(_ledger(folder / f"{platform}.db"))
        session = stack.enter_context(requests.Session())
        bare, written = _bare(path, session, fetched, None), _bare(path, session, fetched, database)
        rounds = [
            [_milliseconds(app, path, *one) for app, one in zip((ours, bare, written), sent, strict=True)]
            for sent in _sent(deliver, DELIVERIES[size.name] + _WARM_UP)
        ][_WARM_UP:]
    mine, alone, beside = zip(*rounds, strict=True)
    low, middle, high = quartiles([one / two for one, two in zip(mine, beside, strict=True)])
    return Delivered(platform, median(mine), median(alone), median(beside), middle, low, high)


def _sent(deliver: Deliver, count: int) -> Iterator[Sequence[tuple[Mapping[str, str], bytes]]]:
    """For each side the same delivery, signed for it."""
    for number in range(1, count + 1):
        headers, body = deliver(number)
        signature = hmac.digest(_SECRET, body, "sha256").hex()
        theirs = {"Content-Type": "application/json", "X-Event": str(number), "X-Signature": signature}
        yield (headers, body), (theirs, body), (theirs, body)


@contextmanager
def _bridge(platform: str, options: Mapping[str, str], folder: Path) -> Iterator[Flask]:
    app, prefix = Flask("shop"), platform.lower().replace("-", "_")
    settings = {f"{prefix}_{name.lower()}": value for name, value in options.items()}
    bridge = CheckoutBridge(app, data_dir=folder, **settings)
    try:
        if platform not in bridge.runtime.doors.plugins.names:
            raise LeftOut("its plugin does not work")
        yield app
    finally:
        bridge.close()


@contextmanager
def _ledger(path: Path) -> Iterator[Engine]:
    """A database as the ledger's, with its table of deliveries."""
    database = open_database(f"sqlite:///{path}")
    try:
        with writing(database) as connection:
            model.deliveries.create(connection)
        yield database
    finally:
        database.dispose()


def _bare(path: str, session: requests.Session, fetched: Sequence[str], database: Engine | None) -> Flask:
    """Verifies, parses and fetches what the plugin does; with a database it also writes the delivery down."""
    app = Flask("bare", static_folder=None)

    @app.post(path)
    def receive() -> Response:
        body = request.get_data()
        signature = hmac.digest(_SECRET, body, "sha256").hex()
        if not hmac.compare_digest(signature, request.headers.get("X-Signature", "")):
            abort(401)
        json.loads(body)
        for url in fetched:
            session.get(url, timeout=10).json()
        if database is not None:
            row = {"event_id": request.headers["X-Event"], "body": body.decode(), "received_at": str(time())}
            with writing(database) as connection:
                values = {"platform": "bare", "shop": "bare", "topic": "bare", **row}
                connection.execute(insert(model.deliveries), [values])
        return jsonify(status="processed")

    return app


def _milliseconds(app: Flask, path: str, headers: Mapping[str, str], body: bytes) -> float:
    environ = EnvironBuilder(path, method="POST", headers=list(headers.items()), data=body).get_environ()
    start = perf_counter()
    answer, status, _ = run_wsgi_app(app, environ, buffered=True)
    b"".join(answer)
    taken = (perf_counter() - start) * 1000
    if not status.startswith("200"):
        raise LeftOut(f"a delivery was answered {status}")
    return taken


def _send(app: Flask, path: str, headers: Mapping[str, str], body: bytes) -> Any:
    return app.test_client().post(path, headers=dict(headers), data=body).get_json(silent=True) or {}


def _fresh_deliveries(ours: Flask, path: str, samples: Samples) -> Deliver:
    """Makes the cancellation of the samples a new event each time. Raises LeftOut where it stays the same one."""
    told: Any = {}
    for change in (_as_it_is, _with_a_property, _with_an_id):
        deliver = _deliverer(samples, change)
        for number in (-2, -1):
            told = _send(ours, path, *deliver(number))
        if told.get("status") in ("processed", "ignored") and not told.get("duplicate"):
            return deliver
    why = "its deliveries cannot be told apart" if told.get("duplicate") else told.get("reason") or "not accepted"
    raise LeftOut(f"{told.get('status') or 'refused'}: {why}")


def _deliverer(samples: Samples, change: Change) -> Deliver:
    sample, sign = samples.cancelled, samples.sign
    assert sample is not None
    assert sign is not None
    payload = json.loads(sample.body)

    def deliver(number: int) -> tuple[Mapping[str, str], bytes]:
        changed: Sample = replace(sample, payload=json.dumps(change(payload, number)).encode())
        return sign(changed, f"event-{number}", int(time())), changed.body

    return deliver


def _as_it_is(payload: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    return payload


def _with_a_property(payload: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    return {**payload, "benchmark": number}


def _with_an_id(payload: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    return {**payload, "id": f"event-{number}"}
