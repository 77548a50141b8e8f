"""One command at a time may change a sandbox, or what the sandboxes of a folder share."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.machine.layout import Layout
    from sandbox.machine.progress import Progress


@contextmanager
def exclusive(layout: Layout, progress: Progress) -> Iterator[None]:
    """Hold the sandbox's lock, after waiting for whoever has it. It ends with its holder's process."""
    layout.lock.parent.mkdir(parents=True, exist_ok=True)
    with layout.lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.step("waiting for another command that is at work on this sandbox"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_held(layout: Layout) -> bool:
    """Whether a command is at work on the sandbox just now."""
    if not layout.lock.exists():
        return False
    with layout.lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
