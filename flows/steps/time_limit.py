"""A time limit for a step, which also interrupts calls that wait."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from flows.steps.errors import StepTimedOut


@contextmanager
def time_limit(name: str, seconds: float) -> Iterator[None]:
    """Interrupts the code inside after some seconds.

    A timer's signal interrupts the main thread, also in a call that waits. Other threads cannot be interrupted: there,
    only the time limits of the calls apply.

    Args:
        name: The name of the step, for the message.
        seconds: How long it may take.

    Raises:
        StepTimedOut: it took longer.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def expired(_signal: int, _frame: FrameType | None) -> None:
        raise StepTimedOut(name, seconds)

    before = signal.signal(signal.SIGALRM, expired)
    started = time.monotonic()
    remaining, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if remaining:  # an outer limit continues
            signal.setitimer(signal.ITIMER_REAL, max(remaining - (time.monotonic() - started), 0.001))
