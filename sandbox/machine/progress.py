"""How the sandbox tells what it is doing: the command line draws it, tests ignore it."""

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
    """Receives what is going on. Both methods are called from several threads at once."""

    def step(self, name: str) -> AbstractContextManager[object]:
        """Everything inside the `with` is the work called `name`; it ends, or fails, with the block."""
        ...

    def say(self, text: str) -> None:
        """One line that the reader should see now and that stays."""
        ...


class Quiet:
    """Says nothing."""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:  # noqa: ARG002 - the protocol's shape
        """Do the work without a word."""
        yield

    def say(self, text: str) -> None:
        """Drop the line."""


class Lines:
    """Plain lines on standard error: one when a step ends, with the seconds it took."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Announce the step, and its end with its duration."""
        started = time.monotonic()
        self.say(f"… {name}")
        try:
            yield
        except BaseException:
            self.say(f"✗ {name} ({time.monotonic() - started:.1f} s)")
            raise
        self.say(f"✓ {name} ({time.monotonic() - started:.1f} s)")

    def say(self, text: str) -> None:
        """Print the line."""
        with self._lock:
            print(text, file=sys.stderr, flush=True)
