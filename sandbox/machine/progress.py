"""How the sandbox reports its progress: the command line shows it, tests ignore it."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


class Progress(Protocol):
    """Receives the progress. Several threads call both methods at the same time."""

    def step(self, name: str) -> AbstractContextManager[object]:
        """The block inside the `with` is the step called `name`. The step ends, or fails, with the block."""
        ...

    def say(self, text: str) -> None:
        """Show one line immediately; it stays visible."""
        ...


class Quiet:
    """Shows nothing."""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:  # noqa: ARG002 - the protocol's shape
        """Run the block and show nothing."""
        yield

    def say(self, text: str) -> None:
        """Ignore the line."""


class Lines:
    """Plain lines on standard error: one when a step starts, and one with its duration when it ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Print a line when the step starts, and a line with its duration when it ends."""
        started = time.monotonic()
        self.say(f"… {name}")
        try:
            yield
        except BaseException:  # also Ctrl-C: the line says which step did not end
            self.say(f"✗ {name} ({time.monotonic() - started:.1f} s)")
            raise
        self.say(f"✓ {name} ({time.monotonic() - started:.1f} s)")

    def say(self, text: str) -> None:
        """Print the line."""
        with self._lock:
            print(text, file=sys.stderr, flush=True)
