"""The caller: who waits for an answer at the other end of a gRPC call, and may leave before it is there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from plugin.serving.errors import CallerLeft

if TYPE_CHECKING:
    from collections.abc import Callable


class Caller:
    """Waits for an answer, and may leave before it is there; nobody needs the rest of the work then.

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
        """Whether the caller no longer waits."""
        return self._left.is_set()

    def wait(self, seconds: float) -> bool:
        """Pause for some seconds.

        Returns:
            True after the pause; False, at once, where the caller is not patient.

        Raises:
            CallerLeft: The caller has left, or leaves during the pause.
        """
        if self._left.wait(seconds if self._patient else 0):
            raise CallerLeft
        return self._patient

    def leave(self) -> None:
        """End all pauses, and do what `on_leaving` registered; from any thread, any number of times."""
        with self._lock:
            self._left.set()
            acts, self._acts = self._acts, []
        for act in acts:
            act()

    def on_leaving(self, act: Callable[[], None]) -> None:
        """Register something to do when the caller leaves; where it has left, it is done at once."""
        with self._lock:
            if not self._left.is_set():
                self._acts.append(act)
                return
        act()
