"""What is seen of a run: progress while it measures, a table at its end, and the file of results."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.benchmarks.harness import Benchmark, Result


class Terminal:
    """Tells on standard error what goes on: a live line on a terminal, plain lines elsewhere.

    It is also what `sandbox` calls a progress.
    """

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._live = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(20),
            TextColumn("{task.fields[words]}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._live.add_task("", words="", visible=False)
        self._started = 0.0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def begin(self, benchmark: Benchmark, rounds: int) -> None:
        """A benchmark begins."""
        self._started = time.monotonic()
        description = f"[bold]{escape(benchmark.name)}[/]"
        self._live.reset(self._task, total=rounds, description=description, words="preparing", visible=True)
        if not self._console.is_terminal:
            self.say(f"{benchmark.name}: {benchmark.what}")

    def round(self, number: int, of: int, side: str) -> None:
        """A side is being measured for the `number`th time."""
        words = f"{number} of {of}, {side}" if number else f"warming up, {side}"
        self._live.update(self._task, completed=max(number - 1, 0), words=words)

    def end(self, benchmark: Benchmark, failure: str = "") -> None:
        """A benchmark is done, or cannot be."""
        self._live.update(self._task, visible=False)
        seconds = time.monotonic() - self._started
        if failure:
            self._line(f"[red]✗[/] {escape(benchmark.name)}: {escape(failure)}")
        else:
            self._line(f"[green]✓[/] {escape(benchmark.name)} [dim]{seconds:.0f} s[/]")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Everything inside is the work called `name`."""
        self._live.update(self._task, words=escape(name))
        yield

    def say(self, text: str) -> None:
        """One line that stays."""
        self._line(escape(text))

    def _line(self, markup: str) -> None:
        self._console.print(markup, highlight=False, soft_wrap=True)


def show(console: Console, results: Iterable[Result]) -> None:
    """A row a benchmark: both sides with their spreads, the ratio, and the goal beside it."""
    results = list(results)
    shown = Table(title="Benchmarks", title_justify="left", box=None, padding=(0, 1, 0, 0))
    shown.add_column("benchmark", no_wrap=True)
    for heading in ("ours", "other side"):
        shown.add_column(heading, justify="right", no_wrap=True)
    shown.add_column("")
    for heading in ("ratio", "goal"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for result in results:
        benchmark = result.benchmark
        shown.add_row(
            benchmark.name,
            _with_spread(result.median, result.spread),
            _with_spread(result.other_median, result.other_spread),
            benchmark.unit,
            f"{result.ratio:.3g}",
            _goal(result),
        )
    console.print(shown)
    for result in results:
        benchmark = result.benchmark
        words = f"{benchmark.what}; against {benchmark.against}; {len(result.samples.ours)} of each"
        console.print(f"  [bold]{benchmark.name}[/]: {escape(words)}", highlight=False)
    console.print(
        "Medians ± interquartile range. Ratios of times and rates are of speeds, others of sizes.",
        highlight=False,
    )


def _goal(result: Result) -> str:
    goal = result.benchmark.goal
    if goal is None:
        return ""
    mark = "[green]✓ reached[/]" if goal.reached(result) else "[red]✗ missed[/]"
    return f"{goal.words(result.benchmark.unit)} {mark}"


def _with_spread(median: float, part: float) -> str:
    number = f"{median:,.0f}" if median >= 1000 else f"{median:.3g}"
    return number + (f" ±{part:.0%}" if part else "")


def write(path: Path, results: Iterable[Result], known: Iterable[str]) -> None:
    """Adds results to the file: those of benchmarks that were not run stay, those of unknown ones go."""
    kept: dict[str, object] = {}
    if path.exists():
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            print(f"{path} could not be read and is written anew.", file=sys.stderr)
    merged = kept | {result.benchmark.name: result.as_json() for result in results}
    path.parent.mkdir(parents=True, exist_ok=True)
    ordered = {name: merged[name] for name in known if name in merged}
    path.write_text(json.dumps(ordered, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
