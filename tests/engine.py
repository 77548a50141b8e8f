"""The engine and the sandboxes, which tests of two processes use at the same time, and some of them stop.

`scripts/test` sets PLUGINCTL_TEST_BESIDE for the process that runs beside another one.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BESIDE = "PLUGINCTL_TEST_BESIDE"
_LOCK = Path(__file__).parent.parent / "build/engine.lock"


@contextmanager
def engine_kept() -> Iterator[None]:
    """Another process waits with what needs `engine_alone`, if this one runs beside it."""
    if os.environ.get(BESIDE):
        with _locked(fcntl.LOCK_SH):
            yield
    else:
        yield


@contextmanager
def engine_alone() -> Iterator[None]:
    """No process that runs beside this one uses the engine or a sandbox meanwhile: they may be stopped."""
    if os.environ.get(BESIDE):
        raise AssertionError("what stops the engine cannot run beside other tests")
    with _locked(fcntl.LOCK_EX):
        pass  # those beside have ended: the lock is theirs for their whole session
    yield


@contextmanager
def _locked(how: int) -> Iterator[None]:
    _LOCK.parent.mkdir(exist_ok=True)
    with _LOCK.open("w") as file:
        fcntl.flock(file, how)
        yield
