"""How long one action waits for what somebody else does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """How an action waits: for a plugin's container that starts on the platform, and for another release.

    Attributes:
        seconds: How long a container is waited for, from the first call on.
        tell: Receives a line before each further try.
        sleep: Waits for a number of seconds.
        clock: Returns seconds.
    """

    seconds: float = 300.0
    tell: Callable[[str], None] = lambda _line: None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


USUAL = Waiting()
