"""Requests a minute, shared by all workers of one container: the source counts by key or by address."""

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
    """The requests of the last minute, and how long there must be none.

    Args:
        clock: Gives seconds; its zero does not matter.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._spent: deque[float] = deque()
        self._held_until = 0.0

    def take(self, per_minute: int) -> float:
        """Take a request out of the budget.

        Args:
            per_minute: How many requests there may be within a minute, of all workers together; 0 for no limit.

        Returns:
            0 where there was one left, else the seconds to wait before asking again; others wait, too.
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
        """Allow no requests for so long: what the source tells one worker is true for all."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)

    @property
    def held_for(self) -> float:
        """Seconds that are left of `hold`; 0 or less where none are."""
        return self._held_until - self._clock()


_SHARED: dict[tuple[str, str], Budget] = {}
_LOCK = threading.Lock()


def shared(address: str, key: str | None) -> Budget:
    """The budget of this process for an address and an API key."""
    # Only a digest: the key itself is not kept longer than its collection takes.
    digest = hashlib.sha256((key or "").encode()).hexdigest()
    with _LOCK:
        return _SHARED.setdefault((address, digest), Budget())
