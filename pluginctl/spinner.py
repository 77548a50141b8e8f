"""Shows work that several threads do at the same time, on a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pluginctl.output import Terminal, literal


class TerminalProgress:
    """A spinner for everything that runs, and a line for every step that took a second or longer.

    Without a terminal (a log, CI), only the lines are shown.
    """

    def __init__(self, console: Terminal) -> None:
        self._console = console
        self._live = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Shows the block inside the `with` as the work called `name`."""
        started = time.perf_counter()
        task = self._live.add_task(literal(name))
        try:
            yield
        except BaseException:  # also Ctrl-C: the line says which step did not end
            self._line(f"[red]✗[/] {literal(name)}")
            raise
        finally:
            self._live.remove_task(task)
        seconds = time.perf_counter() - started
        if seconds >= 1:
            self._line(f"[green]✓[/] {literal(name)} [dim]{seconds:.1f} s[/]")

    def say(self, text: str) -> None:
        """One line that stays."""
        self._line(f"  {literal(text)}")

    def _line(self, markup: str) -> None:
        with self._lock:
            self._console.say(markup)
