"""Requests a minute, shared by all workers of one container: what the source counts is the key or the address."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE: Final = 60.0


class Budget:
    """The requests of the last minute, and how long there may be none.

    Args:
        clock: Seconds, from whatever zero.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._spent: deque[float] = deque()
        self._held_until = 0.0

    def take(self, per_minute: int) -> float:
        """Take a request out of the budget.

        Args:
            per_minute: How many requests all together may have been made within a minute; 0 for no limit.

        Returns:
            0 where there was one, else the seconds until there may be one; then ask again, others wait, too.
        """
        with self._lock:
            now = self._clock()
            if now < self._held_until:
                return self._held_until - now
            while self._spent and now - self._spent[0] >= MINUTE:
                self._spent.popleft()
            if per_minute and len(self._spent) >= per_minute:
                return MINUTE - (now - self._spent[-per_minute])
            self._spent.append(now)
            return 0.0

    def hold(self, seconds: float) -> None:
        """Let nobody ask for so long: the source said to one worker what holds for all."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)

    @property
    def held(self) -> float:
        """Seconds that are left of that; 0 or less where there are none."""
        return self._held_until - self._clock()


_SHARED: dict[tuple[str, str], Budget] = {}
_LOCK = threading.Lock()


def shared(address: str, key: str | None) -> Budget:
    """The budget of this process for an address and an API key."""
    # A key is not kept longer than its collection takes.
    digest = hashlib.sha256((key or "").encode()).hexdigest()
    with _LOCK:
        return _SHARED.setdefault((address, digest), Budget())
