"""What all tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

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
def sandbox() -> Iterator[object]:
    """The real platform with Prefect, running; what `deployments.sandbox.sandbox.summary` says of it.

    PLUGINCTL_KEEP=1 leaves it running, data and all, for the next run.
    """
    from deployments.sandbox import sandbox as platform
    from deployments.sandbox.progress import Lines

    yield platform.up(SANDBOX_HOME, prefect=True, progress=Lines())
    if not os.environ.get("PLUGINCTL_KEEP"):
        platform.down(SANDBOX_HOME, progress=Lines())
        _forget(SANDBOX_HOME)


def _forget(home: Path) -> None:
    """Removes a stopped sandbox's data and images, and keeps its packages.

    Else the next start would bring up every plugin that earlier tests released.
    """
    from deployments.sandbox import sandbox as platform

    installed, aside = home / platform.GENERATION / "venv", home / "venv"
    installed.rename(aside)
    platform.down(home, purge=True)
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
