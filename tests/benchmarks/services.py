"""The services' packages in an environment on this machine: their spacectl and their framework, without a container."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from sandbox.machine.progress import Progress
from sandbox.spaceone.generations import GENERATIONS
from tests.benchmarks.harness import BenchmarkError
from tests.benchmarks.places import SANDBOX_HOME

_STAMP = "installed-from"


def programs(generation: str, progress: Progress) -> Path:
    """The folder with `python` and `spacectl`, installed if necessary.

    Raises:
        BenchmarkError: the packages cannot be installed. Those of 1.12 need Python 3.11.
    """
    requirements = GENERATIONS[generation].requirements
    venv = SANDBOX_HOME / "benchmarks" / generation
    python = venv / "bin" / "python"
    version = ".".join(map(str, sys.version_info[:3]))
    mark = f"{hashlib.sha256(requirements.read_bytes()).hexdigest()} python {version}"
    if (venv / _STAMP).exists() and (venv / _STAMP).read_text() == mark:
        return venv / "bin"
    with progress.step(f"installing the packages of the SpaceONE {generation} services"):
        shutil.rmtree(venv, ignore_errors=True)
        install = ["-qq", "--no-input", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
        for command in (
            [sys.executable, "-m", "venv", venv],
            [python, "-m", "pip", "install", *install, "--requirement", requirements],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise BenchmarkError(f"The services' packages cannot be installed: {done.stderr[-500:]}")
        # A third-party file may be invalid for this Python: the exit code says nothing.
        subprocess.run([python, "-m", "compileall", "-q", "-j", "0", venv / "lib"], check=False)
        (venv / _STAMP).write_text(mark)
    return venv / "bin"
