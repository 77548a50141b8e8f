"""Whoever waits for an answer: the platform, at the other end of a gRPC call."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from plugin.errors import CallerLeft

if TYPE_CHECKING:
    from collections.abc import Callable


class Caller:
    """Waits for an answer, and may leave before it has come: for what is being done then, nobody has any use.

    Args:
        patient: Whether it also waits for pauses between two attempts.
    """

    def __init__(self, *, patient: bool = True) -> None:
        self._patient = patient
        self._lock = threading.Lock()
        self._left = threading.Event()
        self._acts: list[Callable[[], None]] = []

    @property
    def left(self) -> bool:
        """Whether nobody waits any more."""
        return self._left.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait, and say True; say False at once where the caller has no patience.

        Raises:
            CallerLeft: Nobody waits any more.
        """
        if self._left.wait(seconds if self._patient else 0):
            raise CallerLeft
        return self._patient

    def leave(self) -> None:
        """Wake up whoever waits, and do what was to be done then; from any thread, any number of times."""
        with self._lock:
            self._left.set()
            acts, self._acts = self._acts, []
        for act in acts:
            act()

    def on_leaving(self, act: Callable[[], None]) -> None:
        """Have something done when the caller leaves; at once where it has left."""
        with self._lock:
            if not self._left.is_set():
                self._acts.append(act)
                return
        act()
