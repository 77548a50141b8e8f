"""The Docker engine, which tests of two processes use at the same time, and some of them stop."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK = Path(__file__).parent.parent / "build/engine.lock"


@contextmanager
def engine_kept() -> Iterator[None]:
    """No other process stops the engine meanwhile."""
    with _locked(fcntl.LOCK_SH):
        yield


@contextmanager
def engine_alone() -> Iterator[None]:
    """No other process uses the engine meanwhile: it may be stopped."""
    with _locked(fcntl.LOCK_EX):
        yield


@contextmanager
def _locked(how: int) -> Iterator[None]:
    _LOCK.parent.mkdir(exist_ok=True)
    with _LOCK.open("w") as file:
        fcntl.flock(file, how)
        yield
