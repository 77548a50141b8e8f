"""What a command imports before it can say anything, against what it once did."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Final

from tests.benchmarks.harness import Benchmark, BenchmarkError, Goal, Of, Ratio, Rounds, Samples
from tests.benchmarks.places import CHECKOUT

DRY_RUN: Final = ("pluginctl.app", "pluginctl.commands.release")
"""The modules that `pluginctl release --dry-run` imports until its plan is shown; what they import need not be named.

The entry point, its command, and whatever those import inside a function: test_imports compares it with a real run.
"""

_LIST: Final = Path(__file__).with_name("imports-0.3.0.txt")

_PROGRAM: Final = """
import importlib, sys, time
strict, *names = sys.argv[1:]
started = time.process_time()
for name in names:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        # A later version of a package may have lost a module of its own.
        if strict == "strict" or error.name == name.partition(".")[0]:
            raise
print(time.process_time() - started)
"""


def earlier() -> tuple[str, ...]:
    """What a dry run of 0.3.0 imported of other people's packages."""
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def imports(rounds: Rounds) -> Samples:
    """CPU seconds, user and system, of the imports alone, each time in a new process.

    Our side's are the whole of them; 0.3.0's are without its own modules, which are not there any more.
    """
    return rounds.alternate(partial(cpu, DRY_RUN), partial(cpu, earlier(), strict=False))


def cpu(names: Iterable[str], *, strict: bool = True) -> float:
    """CPU seconds that a new process needs to import modules; without those of Python's own start.

    Args:
        names: Modules, in their order.
        strict: Whether each of them must be there, or their packages alone.

    Raises:
        BenchmarkError: one cannot be imported.
    """
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "strict" if strict else "lenient", *names],
        cwd=CHECKOUT,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(f"The imports failed: {done.stderr.strip().splitlines()[-1]}")
    return float(done.stdout)


COMMAND_IMPORTS = Benchmark(
    name="command-imports",
    what="CPU time of all that `pluginctl release --dry-run` imports until its plan is shown",
    against="other people's packages alone that version 0.3.0 imported until then",
    unit="s",
    ratio=Ratio.THEIRS_TO_OURS,
    run=imports,
    # 0.3.0's own modules took another third: 1.12 is a third less than it took in all, and 36 % were seen. The aim of
    # 40 % would be 1.25; decision 24 says what that would need.
    goal=Goal(Of.RATIO, 1.12),
    rounds=11,
    quick=5,
)
