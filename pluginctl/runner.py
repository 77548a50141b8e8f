"""Runs the steps in this process and shows their progress."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from rich.status import Status

from flows.resources import Plan, Verb
from flows.steps.report import Report
from flows.steps.runner import PlainRunner, Step
from flows.steps.summaries import notes
from flows.text import log_line
from pluginctl.output import Terminal, literal
from pluginctl.tables import plan_table

if TYPE_CHECKING:
    from flows.collection import Job

T = TypeVar("T")

LINE_SECONDS = 5.0
"""How often a step that runs shows a line where no terminal is. Some CI systems end a job that is silent."""


class TerminalRunner(PlainRunner):
    """Shows a line with the result of every step that ended, and a spinner for the step that runs.

    Args:
        console: Where the progress is shown: standard error, so that standard output holds only the result.
        verbose: Whether every line of a build is shown.
        sleep: Waits for this number of seconds before a retry.
    """

    def __init__(
        self, console: Terminal, verbose: bool = False, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        super().__init__(sleep)
        self._console = console
        self._verbose = verbose
        self._status: Status | None = None
        self._name = ""
        self._last = ""

    def run(self, step: Step[T]) -> T:
        """Runs one step with its retries. Shows a spinner, and then a line with the result and the duration."""
        started = time.perf_counter()
        shown = self._name = literal(step.title)
        try:
            with self._console.status(shown) as self._status, self._lines():
                result = super().run(step)
        except BaseException:  # also Ctrl-C: the line says which step did not end
            self._line(f"[red]✗[/] {shown}")
            raise
        finally:
            self._status = None
        seconds = f"{time.perf_counter() - started:.1f} s"
        words = literal(step.summary(result))
        self._line(f"[green]✓[/] {shown}{f':[dim] {words}, ' if words else '[dim] '}{seconds}[/]")
        return result

    def retrying(self, announcement: str) -> None:
        """A separate line, so that a run that waits says why."""
        self._line(f"[yellow]![/] {literal(announcement)}")

    def planned(self, plan: Plan) -> None:
        """The plan as a table, unless it keeps everything as it is."""
        if any(action.verb is not Verb.KEEP for action in plan.actions):
            self._console.print(plan_table(plan.actions))
        # What a generation stores otherwise matters where it is written; what is known of an image, also if it is kept.
        noted = [action for action in plan.actions if action in plan.writes or action.kind == "image"]
        for note in notes(noted):
            self._line(f"  [dim]{literal(note)}[/]")

    def output(self, line: str) -> None:
        """Shows the last line of a build beside the spinner."""
        line = log_line(line)
        self._last = "" if self._verbose else line.strip()
        if self._verbose:
            self._console.print(line, style="dim", markup=False, highlight=False)
        elif self._status is not None:
            width = max(20, self._console.width - len(self._name) - 8)
            self._status.update(f"{self._name} [dim]{literal(line.strip()[:width])}[/]")

    def collecting(self, job: Job) -> None:
        """Shows how many tasks have ended."""
        self._last = f"{job.tasks - job.remaining} of {job.tasks} tasks ended"
        if self._status is not None:
            self._status.update(f"{self._name} [dim]{self._last}[/]")

    def finished(self, report: Report) -> None:
        """Shows nothing: the command prints the tables."""

    @contextmanager
    def _lines(self) -> Iterator[None]:
        """Shows a line every few seconds, with the last words of what runs, where there is no spinner."""
        if self._console.is_terminal:
            yield
            return
        self._last = ""
        over = threading.Event()
        thread = threading.Thread(target=self._show_lines, args=(over,), name="lines", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _show_lines(self, over: threading.Event) -> None:
        number = 1
        while not over.wait(LINE_SECONDS):
            words = f": {literal(self._last)}" if self._last else ""
            self._line(f"  [dim]{self._name}, {number * LINE_SECONDS:g} s{words}[/]")
            number += 1

    def _line(self, markup: str) -> None:
        self._console.say(markup)
