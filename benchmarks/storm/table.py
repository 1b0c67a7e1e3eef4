"""What a storm has shown, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import quantiles

from rich.console import Console
from rich.table import Table

from benchmarks.storm.accounts import ZEROS
from benchmarks.storm.run import Storm

_SHOWN, _LINES = 20, 200  # of each kind of trouble, and of stories


def show(console: Console, storms: Mapping[str, Storm]) -> None:
    """Print the facts, then the zeros; what is not zero is told in full below."""
    facts, zeros = Table("Storm", *storms, title="The bridge in a storm"), Table("To be zero", *storms)
    for name in _facts(next(iter(storms.values()))):
        facts.add_row(name, *(_facts(storm)[name] for storm in storms.values()))
    for zero in ZEROS:
        zeros.add_row(zero, *(str(len(storm.accounts.wrong[zero])) for storm in storms.values()))
    console.print(facts)
    console.print(zeros)
    for name, storm in storms.items():
        for line in storm.accounts.stories[:_LINES]:
            console.print(f"{name}: {line}", markup=False, highlight=False, soft_wrap=True)
        for zero, found in {**storm.accounts.wrong, "stuck, with a reason": storm.accounts.stuck}.items():
            for one in found[:_SHOWN]:
                console.print(f"{name}: {zero}: {one}", markup=False, highlight=False, soft_wrap=True)


def _facts(storm: Storm) -> dict[str, str]:
    size, fleet, clients = storm.size, storm.fleet, storm.clients
    again = sorted((name, count) for name, count in clients.counts.items() if name != "calls")
    return {
        "orders": str(size.orders),
        "bridges, workers, engine": f"{size.servers}, {size.workers}, {'apart' if size.apart else 'in each bridge'}",
        "clients": str(size.clients),
        "calls": str(clients.counts["calls"]),
        "not answered yet, asked again": "\n".join(f"{count} {name}" for name, count in again) or "none",
        "paused": ", ".join(f"{kind} {count}" for kind, count in sorted(fleet.paused.items())) or "none",
        "killed": ", ".join(f"{kind} {count}" for kind, count in sorted(fleet.killed.items())) or "none",
        "ended by themselves": ", ".join(f"{kind} {count}" for kind, count in sorted(fleet.ended.items())) or "none",
        "seconds": f"{storm.seconds:.0f}, then {storm.calm:.0f} until all was settled",
        "a checkout answered at once": _spread(clients.milliseconds),
        "a checkout until it is answered": _spread(clients.until_answered),
        "attempts looked at again": f"{storm.looked_again}, {storm.rolled_back_late} of them rolled back late",
        "orders by state": "\n".join(f"{count} {state}" for state, count in sorted(storm.accounts.states.items())),
        "stuck, with a reason": str(len(storm.accounts.stuck)),
    }


def _spread(milliseconds: Sequence[float]) -> str:
    if len(milliseconds) < 2:
        return "-"
    cuts = quantiles(milliseconds, n=100)
    return f"p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms"
