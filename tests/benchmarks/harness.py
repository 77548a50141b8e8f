"""What a benchmark is, how its two sides are measured, and what comes out."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from sandbox.machine.progress import Progress as Steps

Side = Callable[[], float]
"""Measures once and gives one number, in the benchmark's unit."""


class BenchmarkError(Exception):
    """A benchmark cannot be run, or did not measure what it should; says what to do where there is something."""


class Ratio(StrEnum):
    """Which way round the medians are divided: so that a ratio of speeds says how many times faster ours is."""

    OURS_TO_THEIRS = "ours to theirs"  # rates and sizes; times where ours does more
    THEIRS_TO_OURS = "theirs to ours"  # times


class Of(StrEnum):
    """What a goal is about."""

    RATIO = "ratio"
    MEDIAN = "median"


@dataclass(frozen=True)
class Goal:
    """At least or at most so much, of the ratio or of our median."""

    of: Of
    number: float
    at_most: bool = False

    def reached(self, result: Result) -> bool:
        """Whether a result is that good."""
        value = result.ratio if self.of is Of.RATIO else result.median
        return value <= self.number if self.at_most else value >= self.number

    def words(self, unit: str) -> str:
        """Such as `≥ 12` of a ratio, or `≤ 1 s` of a median."""
        limit = f"{'≤' if self.at_most else '≥'} {self.number:g}"
        return limit if self.of is Of.RATIO else f"{limit} {unit}"


class Progress(Steps, Protocol):
    """Is told how far a benchmark is, and what it prepares."""

    def round(self, number: int, of: int, side: str) -> None:
        """A side is being measured for the `number`th time."""


@dataclass(frozen=True)
class Samples:
    """What was measured, in the order in which it was."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]


@dataclass(frozen=True)
class Rounds:
    """How often the sides are measured, and who is told.

    Attributes:
        count: Measurements of each side.
        progress: Told of each.
    """

    count: int
    progress: Progress

    def alternate(self, ours: Side, theirs: Side, *, warm_up: bool = True) -> Samples:
        """Measures A B A B …

        Args:
            ours: Our side.
            theirs: The other.
            warm_up: Whether each side runs once before, unmeasured, so that files are in the page cache.
        """
        sides = {"ours": ours, "the other side": theirs}
        if warm_up:
            for name, side in sides.items():
                self.progress.round(0, self.count, name)
                side()
        found: dict[str, list[float]] = {name: [] for name in sides}
        for number in range(1, self.count + 1):
            for name, side in sides.items():
                self.progress.round(number, self.count, name)
                found[name].append(side())
        return Samples(*(tuple(numbers) for numbers in found.values()))


@dataclass(frozen=True)
class Benchmark:
    """One benchmark.

    Attributes:
        name: As on the command line and in the file of results.
        what: What is measured on our side, in a few words.
        against: What the other side is.
        unit: Of one measurement.
        ratio: Which way round the medians are divided.
        run: Measures, as often as it is told.
        goal: What it should reach; None where there is nothing to reach.
        rounds: Measurements of each side.
        quick: The same for a first impression.
    """

    name: str
    what: str
    against: str
    unit: str
    ratio: Ratio
    run: Callable[[Rounds], Samples]
    goal: Goal | None = None
    rounds: int = 7
    quick: int = 3


@dataclass(frozen=True)
class Result:
    """A benchmark with what it measured."""

    benchmark: Benchmark
    samples: Samples

    @property
    def median(self) -> float:
        """Of our side, in the benchmark's unit."""
        return statistics.median(self.samples.ours)

    @property
    def other_median(self) -> float:
        """Of the other side."""
        return statistics.median(self.samples.theirs)

    @property
    def spread(self) -> float:
        """Of our side: see `spread`."""
        return spread(self.samples.ours)

    @property
    def other_spread(self) -> float:
        """Of the other side."""
        return spread(self.samples.theirs)

    @property
    def ratio(self) -> float:
        """The ratio of the medians."""
        ours, theirs = self.median, self.other_median
        return ours / theirs if self.benchmark.ratio is Ratio.OURS_TO_THEIRS else theirs / ours

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        return self.benchmark.goal.reached(self) if self.benchmark.goal else None

    def as_json(self) -> dict[str, Any]:
        """`ratio, median, spread, unit, against`; see README's section on benchmarks."""
        return {
            "ratio": significant(self.ratio),
            "median": significant(self.median),
            "spread": significant(self.spread),
            "unit": self.benchmark.unit,
            "against": self.benchmark.against,
        }


def spread(numbers: tuple[float, ...]) -> float:
    """The interquartile range as a part of the median; 0 for a single number."""
    if len(numbers) < 2:
        return 0.0
    low, middle, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return (high - low) / middle


def significant(number: float) -> float:
    """A number to four digits that count."""
    return float(f"{number:.4g}")
