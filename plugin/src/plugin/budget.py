"""Requests a minute, shared by all workers of one container: what the source counts is the key or the address."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE: Final = 60.0


class Budget:
    """So many requests within any minute.

    Args:
        per_minute: Requests a minute; 0 for no limit.
        clock: Seconds, from whatever zero.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._spent: deque[float] = deque()
        self._held_until = 0.0

    def take(self) -> float:
        """Take a request out of the budget.

        Returns:
            0 where there was one, else the seconds until there may be one; then ask again, others wait, too.
        """
        with self._lock:
            now = self._clock()
            if now < self._held_until:
                return self._held_until - now
            if not self.per_minute:
                return 0.0
            while self._spent and now - self._spent[0] >= MINUTE:
                self._spent.popleft()
            if len(self._spent) >= self.per_minute:
                return MINUTE - (now - self._spent[0])
            self._spent.append(now)
            return 0.0

    def hold(self, seconds: float) -> None:
        """Let nobody ask for so long: the source said to one worker what holds for all."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)


_SHARED: dict[tuple[str, str | None, int], Budget] = {}
_LOCK = threading.Lock()


def shared(address: str, key: str | None, per_minute: int) -> Budget:
    """The budget of this process for an address and an API key."""
    with _LOCK:
        return _SHARED.setdefault((address, key, per_minute), Budget(per_minute))
