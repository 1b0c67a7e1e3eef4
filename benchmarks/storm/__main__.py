"""``python -m benchmarks.storm``: prints the tables; exit code 1 if something that has to be zero is not."""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import click
from rich.console import Console

from benchmarks.postgres import postgres
from benchmarks.storm.run import Size, Storm, rage
from benchmarks.storm.table import show

_BOTH = ("sqlite", "postgresql")
# Orders for each kill: so many that most of the time everybody is there, and so few that it never stays calm.
_ORDERS_PER_KILL = 25
# Kills for each pause, which holds up everybody for some seconds.
_KILLS_PER_PAUSE = 10


@click.command(epilog="Example: python -m benchmarks.storm --orders 200 --database sqlite")
@click.option("--orders", default=2000, show_default=True, type=click.IntRange(10))
@click.option("--kills", type=click.IntRange(0), help=f"Default: one for every {_ORDERS_PER_KILL} orders.")
@click.option("--pauses", type=click.IntRange(0), help=f"Default: one for every {_KILLS_PER_PAUSE} kills.")
@click.option("--database", "databases", multiple=True, type=click.Choice(_BOTH), default=_BOTH, show_default=True)
@click.option("--engine", type=click.Choice(["apart", "embedded"]), default="apart", show_default=True)
@click.option("--by-hand", is_flag=True, help="Settle by `ledger settle` in the end, instead of waiting for workers.")
@click.option("--seed", type=int, help="The same carts and fates again; what is killed when is never the same.")
@click.option("--folder", type=click.Path(path_type=Path), help="Keep databases and logs there.")
def main(
    orders: int,
    kills: int | None,
    pauses: int | None,
    databases: tuple[str, ...],
    engine: str,
    by_hand: bool,
    seed: int | None,
    folder: Path | None,
) -> None:
    """Check out, refund and cancel while bridges, workers and engine are killed or paused; then close the accounts."""
    seed = random.randrange(10**6) if seed is None else seed
    kills = orders // _ORDERS_PER_KILL if kills is None else kills
    pauses = kills // _KILLS_PER_PAUSE if pauses is None else pauses
    size = Size(orders, kills, pauses, apart=engine == "apart", by_hand=by_hand)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(f"seed {seed}")
    keeping = nullcontext(str(folder)) if folder else tempfile.TemporaryDirectory(prefix="storm-")
    with keeping as kept, console.status("raging"):
        storms = dict(_storms(Path(kept), databases, size, seed))
    show(console, storms)
    sys.exit(0 if all(storm.accounts.is_balanced for storm in storms.values()) else 1)


def _storms(folder: Path, databases: tuple[str, ...], size: Size, seed: int) -> Iterator[tuple[str, Storm]]:
    if "sqlite" in databases:
        yield "sqlite", rage(folder / "sqlite", None, size, seed)
    if "postgresql" in databases:
        with postgres() as url:
            if url is None:
                click.echo("no PostgreSQL here: install the server", err=True)
            else:
                yield "postgresql", rage(folder / "postgresql", url, size, seed)


if __name__ == "__main__":
    main()
