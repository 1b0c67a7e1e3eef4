"""A process that is killed at any boundary of an order's life, and another that goes on: the end is the same.

Boundaries are before and after every commit of the ledger and every call of the engine. On PostgreSQL a third of them
is tried; with ``CHECKOUT_BRIDGE_CRASHES=all`` every one is, and the engine's own commits are boundaries, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from . import whole_lives
from .whole_lives import KILLED, LIVES

ALL = os.environ.get("CHECKOUT_BRIDGE_CRASHES") == "all"
# Of how many boundaries one is tried.
DATABASES = {"sqlite": 1, "postgresql": 1 if ALL else 3}
Live = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def zygote() -> Iterator[Live]:
    """A process that has opened nothing, and forks another for every life."""
    program = [sys.executable, str(Path(whole_lives.__file__))]
    # The lives have the settings that they are given, and no others.
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("CHECKOUT_BRIDGE_")}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(program, env=surroundings, **pipes) as process:
        assert process.stdin
        assert process.stdout

        def live(**asked: Any) -> dict[str, Any]:
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            return dict(json.loads(process.stdout.readline()))

        yield live
        process.stdin.close()
        assert process.wait(timeout=10) == 0


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """Which one."""
    return str(request.param)


@pytest.fixture
def live(database: str, request: pytest.FixtureRequest, zygote: Live, tmp_path: Path) -> Live:
    """Leads a life; on PostgreSQL, ledger and engine share a database."""
    urls = [f"sqlite:///{tmp_path}/{name}.db" for name in ("ledger", "engine")]
    if database == "postgresql":
        urls = [request.getfixturevalue("postgres_url")] * 2
    fixed = {"urls": urls, "folder": str(tmp_path), "since": 0, "kill_at": None, "later": 0, "deep": ALL}
    return lambda **asked: zygote(**{**fixed, **asked})


def undisturbed(live: Live, life: str) -> tuple[int, dict[str, Any]]:
    """How many boundaries there are, and where the order ends when nobody is killed."""
    came = live(life=life, ref="undisturbed")
    assert came["exit"] == 0, came["told"]
    return came["told"]["crossed"], came["told"]["facts"]


@pytest.mark.parametrize("life", LIVES)
def test_killed_anywhere_in_its_life_an_order_ends_as_if_nobody_had_been(life: str, database: str, live: Live) -> None:
    boundaries, expected = undisturbed(live, life)
    assert boundaries >= 40
    steps_killed_in = set()
    for at in range(1 + len(life) % DATABASES[database], boundaries + 1, DATABASES[database]):
        killed = live(life=life, ref=f"killed-at-{at}", kill_at=at)
        assert killed["exit"] == KILLED, (at, killed["told"])
        step = killed["told"]["step"]
        carried_on = live(life=life, ref=f"killed-at-{at}", since=step, later=at)
        assert carried_on["exit"] == 0, (at, step, carried_on["told"])
        assert carried_on["told"]["facts"] == expected, f"killed at {at} of {boundaries}, in step {step}"
        steps_killed_in.add(step)
    assert steps_killed_in >= {0, 1, 2}


@pytest.mark.parametrize("life", LIVES)
def test_an_undisturbed_life_ends_where_it_began(life: str, live: Live) -> None:
    _, facts = undisturbed(live, life)
    assert facts["state"] == "unwound"
    assert facts["order upstream"][0] == "CANCELED"
    held = {"SAVE": 0, "CARD": 1001, "SECOND": 300}
    for kind, counted in facts["vouchers"].items():
        assert (counted if kind == "SAVE" else counted[0]) == held[kind]
        assert kind == "SAVE" or sum(counted[1]) == 0
