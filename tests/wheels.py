"""Builds the wheel as a clean clone would, and installs it as a user has it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PIP = (sys.executable, "-m", "pip")
_SDIST = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"


@dataclass(frozen=True)
class Installed:
    """pluginctl as a user has it who never saw the repository."""

    python: Path
    user: Path

    @property
    def home(self) -> Path:
        return self.user / ".local/share/pluginctl/sandbox"

    @property
    def samples(self) -> Path:
        (found,) = self.python.parents[1].glob("lib/python*/site-packages/pluginctl/samples")
        return found

    def variables(self, **more: str) -> dict[str, str]:
        """The environment of the user's commands, which finds the installed one first."""
        hidden = ("PYTHON", "PLUGINCTL_", "XDG_", "VIRTUAL_ENV")
        variables = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        path = f"{self.python.parent}{os.pathsep}{variables['PATH']}"
        variables |= {"HOME": str(self.user), "COLUMNS": "160", "PATH": path, **more}
        # A machine without the public registries says in its user's files where packages come from.
        if (pip := Path.home() / ".config/pip/pip.conf").exists():
            variables.setdefault("PIP_CONFIG_FILE", str(pip))
        return variables

    def __call__(
        self, *arguments: str, folder: Path, code: int = 0, **more: str
    ) -> subprocess.CompletedProcess[str]:
        return self.run([str(self.python.with_name("pluginctl")), *arguments], folder, code, **more)

    def run(
        self, command: list[str], folder: Path, code: int = 0, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program as the user."""
        done = subprocess.run(
            command,
            cwd=folder,
            env=self.variables(**more),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done


def install(checkout: Path, folder: Path) -> Installed:
    """The wheel with its sandbox, and all that they need, at the locked versions; for a user of one's own.

    The environment is made once for all modules and processes that test the same sources, and only read.
    """
    build = checkout / "build"
    build.mkdir(exist_ok=True)
    installed, name = build / "installed", _content(checkout)
    with (build / "installed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (installed / name).exists():
            shutil.rmtree(installed, ignore_errors=True)
            _install(checkout, installed)
            (installed / name).touch()
    user = folder / "user"
    user.mkdir(parents=True)
    return Installed(installed / "venv/bin/python", user)


def _content(checkout: Path) -> str:
    """A name for the sources as they are now, and this Python."""
    content = hashlib.sha256(f"{sys.version}\0{sys.prefix}\0".encode())
    for name in sources(checkout):
        data = (checkout / name).read_bytes()
        content.update(f"{name}\0{len(data)}\0".encode() + data)
    return content.hexdigest()


def _install(checkout: Path, folder: Path) -> None:
    wheel = build_wheel(copy(checkout, folder / "clone"), folder / "wheel")
    # As constraints: a wheel that was just built has no hash in the lock, and pip wants all or none.
    locked = (checkout / "requirements/dev.txt").read_text()
    pins = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?(==[^\s;\\]+)", locked, re.MULTILINE)
    constraints = folder / "constraints.txt"
    constraints.write_text("".join(f"{name}{version}\n" for name, version in pins))
    venv = folder / "venv"
    run([sys.executable, "-m", "venv", venv], folder)
    command = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--no-compile", "-c", constraints]
    run([*command, f"{wheel}[sandbox]"], folder)


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
