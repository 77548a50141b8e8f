"""The services' own Python environment, installed from a lock with hashes."""

from __future__ import annotations

import hashlib
import shutil
import sys
from typing import TYPE_CHECKING

from sandbox.machine.execute import execute

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.machine.layout import Layout
    from sandbox.machine.progress import Progress

_STAMP = "installed-from"


def is_installed(layout: Layout, requirements: Path) -> bool:
    """Whether the environment holds exactly what the lock names."""
    try:
        return (layout.venv / _STAMP).read_text() == _fingerprint(requirements) and layout.python.exists()
    except OSError:
        return False


def install(layout: Layout, requirements: Path, progress: Progress) -> None:
    """Make the environment, or make it anew where the lock has changed.

    The packages' own declarations are not followed (`--no-deps`): several do not name what they import, and
    together they have no solution. The lock is a set that was seen to work.

    Raises:
        SandboxError: with the end of what pip said.
    """
    if is_installed(layout, requirements):
        return
    with progress.step(f"installing the SpaceONE {layout.root.name} services"):
        shutil.rmtree(layout.venv, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(layout.venv)], "The services' environment cannot be made")
        _run(
            [
                *(str(layout.python), "-m", "pip", "install"),
                *("-qq", "--no-input", "--disable-pip-version-check", "--no-compile"),
                *("--no-deps", "--require-hashes", "--requirement", str(requirements)),
            ],
            "The services' packages cannot be installed",
            advice="The services are made for Python 3.11: run pluginctl with it" if _is_newer() else "",
        )
        # Compiled here on every core: a service takes twice as long to start from bare sources, and an
        # environment that forbids Python to write bytecode would make every start that slow.
        _run(
            [str(layout.python), "-m", "compileall", "-q", "-j", "0", str(layout.venv / "lib")],
            "The services' packages cannot be compiled",
            accept=(0, 1),  # 1: some package ships a file that is not valid for this Python
        )
        (layout.venv / _STAMP).write_text(_fingerprint(requirements))


def _fingerprint(requirements: Path) -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    return f"{hashlib.sha256(requirements.read_bytes()).hexdigest()} python {version}\n"


def _is_newer() -> bool:
    return sys.version_info >= (3, 12)


def _run(command: list[str], failure: str, advice: str = "", accept: tuple[int, ...] = (0,)) -> None:
    execute(command, failure, advice, environment={"PYTHONPATH": None, "PYTHONHOME": None}, accept=accept)
