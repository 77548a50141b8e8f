"""All threads of the process on one CPU while a collection runs.

Python runs one thread at a time, and gRPC hands each message from the thread that made it to another one and back. On
two CPUs each hand-over wakes a sleeping CPU, which takes longer than making the message; on one CPU it is a switch
between threads. The setting SPACEONE_ONE_CPU=0 turns this off.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import TracebackType

_TASKS: Final = Path("/proc/self/task")
_OWN: Final = Path("/proc/thread-self/stat")
_PROCESSOR: Final = 39 - 3  # proc(5): the CPU is the 39th field; behind the name in brackets comes the third


class OneCpu:
    """A context that several threads may be in: the first to enter chooses its CPU, the last to leave frees all.

    It does nothing on systems other than Linux, or where changing the CPU is forbidden.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._allowed: set[int] = set()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                # OSError: not allowed, or no /proc; AttributeError: not Linux.
                with suppress(OSError, AttributeError):
                    self._allowed = os.sched_getaffinity(0)
                    _move_all({_current()})

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._allowed:
                with suppress(OSError):
                    _move_all(self._allowed)


def _current() -> int:
    """The CPU that this thread runs on, which the system has just found free."""
    fields = _OWN.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return int(fields[_PROCESSOR])


def _move_all(cpus: Collection[int]) -> None:
    moved: set[str] = set()
    # Threads that start meanwhile inherit from one that may not have been moved yet.
    while threads := {task.name for task in _TASKS.iterdir()} - moved:
        for thread in threads:
            with suppress(ProcessLookupError):  # it has ended
                os.sched_setaffinity(int(thread), cpus)
        moved |= threads
