"""Measures two sides in alternating rounds, so that whatever else the machine does falls on both alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter

# Does some operations and says how many.
Step = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Size:
    """How long to measure: rounds, and seconds that each side has in each round."""

    name: str
    rounds: int
    seconds: float


SIZES = {
    "small": Size("small", rounds=75, seconds=0.02),
    "large": Size("large", rounds=400, seconds=0.04),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    ``figure`` is what the goal speaks of: ours over theirs, or ours alone where there is nothing to compare with.
    ``low`` and ``high`` are the quartiles of ``figure`` over the rounds. ``at_most`` says that less is better.
    """

    name: str
    unit: str
    ours: float
    theirs: float | None
    figure: float
    low: float
    high: float
    goal: float | None = None
    at_most: bool = False

    @property
    def verdict(self) -> str:
        """``ok``, ``below`` (or ``above``), or nothing when there is no goal."""
        if self.goal is None:
            return ""
        if self.at_most:
            return "ok" if self.figure <= self.goal else "above"
        return "ok" if self.figure >= self.goal else "below"


def alternate(sides: Sequence[Step], size: Size) -> list[list[float]]:
    """Operations per second of each side in each round; a first round of each warms up and is dropped."""
    rates: list[list[float]] = [[] for _ in sides]
    for side in sides:
        _rate(side, size.seconds)
    for _ in range(size.rounds):
        for side, measured in zip(sides, rates, strict=True):
            measured.append(_rate(side, size.seconds))
    return rates


def compare(name: str, ours: Step, theirs: Step, size: Size, *, goal: float | None = None) -> Row:
    """Measure two sides and say how they compare."""
    mine, other = alternate([ours, theirs], size)
    return ratio(name, mine, other, goal=goal)


def ratio(name: str, ours: Sequence[float], theirs: Sequence[float], *, goal: float | None = None) -> Row:
    """Both rates are medians; the ratio is the median of the rounds' own ratios, since neighbours share a moment."""
    low, middle, high = quartiles([one / two for one, two in zip(ours, theirs, strict=True)])
    return Row(name, "per second", median(ours), median(theirs), middle, low, high, goal)


def absolute(
    name: str, unit: str, measured: Sequence[float], *, goal: float | None = None, at_most: bool = False
) -> Row:
    """A figure that stands alone."""
    low, middle, high = quartiles(measured)
    return Row(name, unit, middle, None, middle, low, high, goal, at_most)


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """The lower quartile, the median and the upper one of at least two values."""
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return low, middle, high


def _rate(step: Step, seconds: float) -> float:
    done = 0
    start = perf_counter()
    end = start + seconds
    while (now := perf_counter()) < end:
        done += step()
    return done / (now - start)
