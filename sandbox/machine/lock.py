"""A lock, so that only one command at a time changes a sandbox or a part that the sandboxes share."""

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
    """Wait for the sandbox's lock and hold it. The lock is released when the process of its holder ends."""
    layout.lock.parent.mkdir(parents=True, exist_ok=True)
    with layout.lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.step("waiting for another command that changes this sandbox"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_held(layout: Layout) -> bool:
    """Whether a command changes the sandbox at this moment."""
    if not layout.lock.exists():
        return False
    with layout.lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
