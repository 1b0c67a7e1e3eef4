"""Shows the rows as tables, and writes them with the facts of the machine as JSON."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import faults
from benchmarks.faults import Answered
from benchmarks.rounds import Row, Size
from benchmarks.webhooks import GOAL, Delivered

_MEASURED_WITH = ("flask", "granian", "gunicorn", "requests", "sqlalchemy", "marshmallow")


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "load": round(os.getloadavg()[0], 2),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in _MEASURED_WITH},
    }


def show(
    console: Console,
    rows: Sequence[Row],
    stages: Mapping[str, float],
    delivered: Sequence[Delivered],
    answered: Sequence[Answered],
) -> None:
    """Print the rows, where the time of a redemption goes, and how long webhooks and checkouts during faults take."""
    table = Table("What", "ours", "beside", "ratio", "quartiles", "goal", "", title="Benchmarks")
    for row in rows:
        ratio = "" if row.theirs is None else f"{row.figure:.2f}"
        spread = f"{_shown(row.low)} to {_shown(row.high)}"
        theirs = "" if row.theirs is None else _shown(row.theirs)
        table.add_row(row.name, f"{_shown(row.ours)} {row.unit}", theirs, ratio, spread, _goal(row), row.verdict)
    console.print(table)
    total = sum(stages.values())
    parts = Table("Stage", "µs", "share", title=f"One redemption in process: {total:.0f} µs")
    for stage, microseconds in stages.items():
        parts.add_row(stage, f"{microseconds:.0f}", f"{microseconds / total:.0%}")
    console.print(parts)
    show_webhooks(console, delivered)
    show_faults(console, answered)


def show_webhooks(console: Console, delivered: Sequence[Delivered]) -> None:
    """Print how long a webhook takes until it is answered; platforms that could not be measured tell why."""
    columns = ("Platform", "ours", "bare Flask", "with a write", "ratio", "quartiles", "goal", "")
    table = Table(*columns, title="A webhook until it is answered, p50 in ms; the ratio is to bare Flask with a write")
    for one in delivered:
        if one.left_out is not None:
            table.add_row(one.platform, "", "", "", "", one.left_out, "", "")
            continue
        times = (_shown(value) for value in (one.ours, one.bare, one.written, one.ratio))
        spread = f"{_shown(one.low)} to {_shown(one.high)}"
        table.add_row(one.platform, *times, spread, f"<= {GOAL}", one.verdict)
    console.print(table)


def show_faults(console: Console, answered: Sequence[Answered]) -> None:
    """Print how long the longest checkout took while the promotions API failed, and by how much beyond the deadline."""
    columns = ("Fault", "mode", "tries", "longest", "deadline", "beyond it", "goal", "")
    table = Table(*columns, title="A checkout while the promotions API fails, over HTTP, in ms")
    for one in answered:
        times = (_shown(value) for value in (one.longest, one.deadline, one.excess))
        table.add_row(one.fault, one.mode, str(one.tries), *times, f"<= {faults.GOAL:.0f}", one.verdict)
    console.print(table)


def write(
    path: Path,
    size: Size,
    rows: Sequence[Row],
    stages: Mapping[str, float],
    delivered: Sequence[Delivered],
    answered: Sequence[Answered],
) -> None:
    """Keep everything that was shown."""
    told = {
        "machine": machine(),
        "size": asdict(size),
        "rows": [asdict(row) | {"verdict": row.verdict} for row in rows],
        "redemption_microseconds": dict(stages),
        "faults": [asdict(one) | {"excess": one.excess, "verdict": one.verdict} for one in answered],
        "webhooks": [asdict(one) | {"verdict": one.verdict} for one in delivered],
    }
    path.write_text(json.dumps(told, indent=2) + "\n")


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value >= 0.1 else f"{value:.4f}"


def _goal(row: Row) -> str:
    return "" if row.goal is None else f"{'<=' if row.at_most else '>='} {row.goal}"
