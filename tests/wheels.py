"""Builds the wheel as a clean clone would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PIP = (sys.executable, "-m", "pip")
_SDIST = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"


def sources(checkout: Path) -> list[str]:
    """The files that a commit of the checkout as it is now would hold."""
    command = ["git", "-C", str(checkout), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return sorted(name for name in listed.split("\0") if name and (checkout / name).is_file())


def copy(checkout: Path, to: Path) -> Path:
    """A copy of those files alone: building leaves folders where it is done, and takes up what an earlier one left."""
    for name in sources(checkout):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(checkout / name, to / name)
    return to


def build_wheel(source: Path, to: Path) -> Path:
    """Builds a wheel with this environment's setuptools, from a folder or a source distribution."""
    run([*PIP, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", to, source], to)
    (wheel,) = to.glob("*.whl")
    return wheel


def build_sdist(source: Path, to: Path) -> Path:
    """Builds a source distribution."""
    run([sys.executable, "-c", _SDIST, to], source)
    (sdist,) = to.glob("*.tar.gz")
    return sdist


def run(command: list[str | Path], folder: Path) -> None:
    """Runs a program without this process's own PYTHONPATH; a failing test shows what it said."""
    folder.mkdir(parents=True, exist_ok=True)
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
