"""The tests' own sandboxes, left as they were found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sandbox import lifecycle
from sandbox.errors import SandboxError
from sandbox.machine.progress import Progress
from sandbox.status import RUNNING
from tests.benchmarks.harness import BenchmarkError
from tests.benchmarks.places import SANDBOX_HOME


@contextmanager
def running_sandbox(
    progress: Progress, generation: str = lifecycle.GENERATION
) -> Iterator[lifecycle.Summary]:
    """The real platform of a generation, running; afterwards stopped again where nothing of it ran before.

    Raises:
        BenchmarkError: it cannot be started.
    """
    running = lifecycle.status(SANDBOX_HOME, generation=generation)
    ran = any(service.state == RUNNING for service in running)
    try:
        summary = lifecycle.up(SANDBOX_HOME, generation=generation, progress=progress)
    except SandboxError as error:
        raise BenchmarkError(str(error)) from error
    try:
        yield summary
    finally:
        if not ran:
            lifecycle.down(SANDBOX_HOME, generation=generation, progress=progress)
