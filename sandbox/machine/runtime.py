"""The Python environment of the services, installed from a lock file with hashes."""

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
    """Whether the environment was installed from this lock file, with this Python."""
    try:
        return (layout.venv / _STAMP).read_text() == _fingerprint(requirements) and layout.python.exists()
    except OSError:
        return False


def install(layout: Layout, requirements: Path, progress: Progress) -> None:
    """Create the environment, or create it again if the lock file has changed.

    The dependencies that the packages declare are ignored (`--no-deps`): several packages do not declare what
    they import, and together they cannot be resolved. The lock file lists versions that were run together.

    Raises:
        SandboxError: the installation failed; the details are the end of pip's output.
    """
    if is_installed(layout, requirements):
        return
    with progress.step(f"installing the SpaceONE {layout.root.name} services"):
        shutil.rmtree(layout.venv, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(layout.venv)], "The services' environment cannot be created")
        _run(
            [
                *(str(layout.python), "-m", "pip", "install"),
                *("-qq", "--no-input", "--disable-pip-version-check", "--no-compile"),
                *("--no-deps", "--require-hashes", "--requirement", str(requirements)),
            ],
            "The services' packages cannot be installed",
            advice="The services require Python 3.11: run pluginctl with it" if _is_newer() else "",
        )
        # Compile with all cores. A service takes twice as long to start without bytecode, and every start would
        # be that slow in an environment that does not let Python write bytecode.
        _run(
            [str(layout.python), "-m", "compileall", "-q", "-j", "0", str(layout.venv / "lib")],
            "The services' packages cannot be compiled",
            accept=(0, 1),  # 1: a package contains a file that is not valid for this Python
        )
        (layout.venv / _STAMP).write_text(_fingerprint(requirements))


def _fingerprint(requirements: Path) -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    return f"{hashlib.sha256(requirements.read_bytes()).hexdigest()} python {version}\n"


def _is_newer() -> bool:
    return sys.version_info >= (3, 12)


def _run(command: list[str], failure: str, advice: str = "", accept: tuple[int, ...] = (0,)) -> None:
    execute(command, failure, advice, environment={"PYTHONPATH": None, "PYTHONHOME": None}, accept=accept)
