"""Waits for what a test started: a process, a thread, a server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds. They are spent where something is broken, so they say nothing about how fast it should be."""


def wait_for(
    condition: Callable[[], T | None],
    what: str = "it",
    *,
    seconds: float = PATIENCE,
    pause: float = 0.01,
) -> T:
    """Asks again and again until the answer is true, and gives that."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s"
        time.sleep(pause)
    return answer
