"""`pluginctl` in a process of its own, as one types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.harness import BenchmarkError
from tests.benchmarks.places import CHECKOUT, SANDBOX_HOME

VARIABLE = "PLUGINCTL_SANDBOX_HOME"


def pluginctl(*arguments: str | Path, **variables: str) -> dict[str, Any]:
    """Runs a command against the tests' sandbox; its report.

    Args:
        arguments: Such as `release`, `sandbox`.
        variables: Added to the process's environment.

    Raises:
        BenchmarkError: it failed.
    """
    done = subprocess.run(
        [Path(sys.executable).with_name("pluginctl"), *arguments, "--output", "json"],
        cwd=CHECKOUT,
        env={**os.environ, VARIABLE: str(SANDBOX_HOME), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    if done.returncode:
        words = " ".join(str(argument) for argument in arguments)
        raise BenchmarkError(f"pluginctl {words} failed:\n{done.stderr.strip()[-1500:]}")
    return dict(json.loads(done.stdout))
