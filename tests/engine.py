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
    """Other processes stay in `wait_for_those_beside` meanwhile, if this one runs beside them."""
    if os.environ.get(BESIDE):
        with _locked(fcntl.LOCK_SH):
            yield
    else:
        yield


def wait_for_those_beside() -> None:
    """Return when no process beside this one uses the engine or a sandbox any more: they may be stopped.

    Such a process holds the lock for its whole session, so nothing needs to be held here.
    """
    assert not os.environ.get(BESIDE), "what stops the engine cannot run beside other tests"
    with _locked(fcntl.LOCK_EX):
        pass


@contextmanager
def _locked(how: int) -> Iterator[None]:
    _LOCK.parent.mkdir(exist_ok=True)
    with _LOCK.open("w") as file:
        fcntl.flock(file, how)
        yield
