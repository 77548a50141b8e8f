"""CoinGecko's limit of requests per minute, and its API keys."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WINDOW: Final = 60.0
"""Seconds in which the limit counts."""


class RateLimit:
    """So many requests a minute for each client; the count starts anew a minute after its first request.

    Args:
        limit: Requests a minute; 0 for no limit.
        clock: Seconds, from whatever zero.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._windows: dict[str, tuple[float, int]] = {}

    def wait(self, client: str) -> float:
        """Count a request.

        Returns:
            0 if it may pass, else the seconds until the next one may. What is refused counts too, as there.
        """
        if not self._limit:
            return 0.0
        now = self._clock()
        start, used = self._windows.get(client, (now, 0))
        if now - start >= WINDOW:
            start, used = now, 0
        self._windows[client] = (start, used + 1)
        return start + WINDOW - now if used >= self._limit else 0.0


def key_of(headers: Mapping[str, str], query: Mapping[str, str]) -> tuple[str, str] | None:
    """The API key of a request with its plan, "demo" or "pro"; it comes in a header or in the query."""
    for plan in ("demo", "pro"):
        key = headers.get(f"x-cg-{plan}-api-key") or query.get(f"x_cg_{plan}_api_key")
        if key:
            return plan, key
    return None


def valid(key: str) -> bool:
    """Whether the stand-in takes a key: all that look like CoinGecko's, `CG-` and more."""
    return key.startswith("CG-") and len(key) > len("CG-")
