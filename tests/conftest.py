"""What all tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox.lifecycle import Summary

CHECKOUT = Path(__file__).resolve().parent.parent
#: The tests' own sandbox, beside the one of `make demo`. Its packages are kept between two runs, its data is not.
SANDBOX_HOME = Path(os.environ.get("PLUGINCTL_TEST_HOME", CHECKOUT / ".sandbox" / "test"))


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The repository's folder."""
    return CHECKOUT


@pytest.fixture(scope="session")
def sandbox_home() -> Path:
    """The tests' own sandboxes' folder, whether one runs or not."""
    return SANDBOX_HOME


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Summary]:
    """SpaceONE 2.x with Prefect, running; what `sandbox.lifecycle.summary` says of it.

    PLUGINCTL_KEEP=1 leaves it running, data and all, for the next run.
    """
    with _running("2.x", prefect=True) as summary:
        yield summary


@pytest.fixture(scope="session")
def sandbox_1_12() -> Iterator[Summary]:
    """SpaceONE 1.12 beside it, without Prefect."""
    with _running("1.12") as summary:
        yield summary


@contextmanager
def _running(generation: str, *, prefect: bool = False) -> Iterator[Summary]:
    from sandbox import lifecycle as platform
    from sandbox.machine.progress import Lines

    yield platform.up(SANDBOX_HOME, generation=generation, prefect=prefect, progress=Lines())
    if not os.environ.get("PLUGINCTL_KEEP"):
        platform.down(SANDBOX_HOME, generation=generation, progress=Lines())
        _forget(generation)


def _forget(generation: str) -> None:
    """Removes a stopped sandbox's data and images, and keeps its packages.

    Else the next start would bring up every plugin that earlier tests released.
    """
    from sandbox import lifecycle as platform
    from sandbox.machine.layout import Layout

    installed = Layout.of(SANDBOX_HOME, generation).venv
    aside = SANDBOX_HOME / f"venv-{generation}"
    installed.rename(aside)
    platform.down(SANDBOX_HOME, generation=generation, purge=True)
    installed.parent.mkdir()
    aside.rename(installed)


Pluginctl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def pluginctl() -> Pluginctl:
    """Runs `pluginctl` as a user does, in the checkout and against the tests' sandbox."""

    def run(
        *arguments: str | Path, timeout: float = 300, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name("pluginctl"), *arguments],
            cwd=CHECKOUT,
            env={**os.environ, "PLUGINCTL_SANDBOX_HOME": str(SANDBOX_HOME), "COLUMNS": "160", **variables},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run
