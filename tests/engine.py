"""The engine, which tests of several processes use at the same time, and some of them stop.

`scripts/test` sets PLUGINCTL_TEST_BESIDE for the processes that run beside the main one.
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
_BUILD = Path(__file__).parent.parent / "build"
_USED, _STARTING = "engine.lock", "sandboxes.lock"


def runs_beside() -> bool:
    """Whether this process runs beside the main one."""
    return bool(os.environ.get(BESIDE))


@contextmanager
def sandboxes_started() -> Iterator[None]:
    """No other process starts sandboxes meanwhile."""
    with _locked(_STARTING, fcntl.LOCK_EX):
        yield


@contextmanager
def engine_kept() -> Iterator[None]:
    """Other processes stay in `wait_for_those_beside` meanwhile, if this one runs beside them."""
    if runs_beside():
        with _locked(_USED, fcntl.LOCK_SH):
            yield
    else:
        yield


def wait_for_those_beside() -> None:
    """Return when no process beside this one uses the engine any more: it may be stopped.

    Such a process holds the lock for its whole session, so nothing needs to be held here.
    """
    assert not runs_beside(), "what stops the engine cannot run beside other tests"
    with _locked(_USED, fcntl.LOCK_EX):
        pass


@contextmanager
def _locked(name: str, how: int) -> Iterator[None]:
    _BUILD.mkdir(exist_ok=True)
    with (_BUILD / name).open("w") as file:
        fcntl.flock(file, how)
        yield
