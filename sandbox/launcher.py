"""Start several parts at the same time and wait until each of them works."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sandbox.machine.processes import Processes
    from sandbox.machine.progress import Progress
    from sandbox.parts import Part

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 10.0
TAIL_LINES = 15


def launch(parts: Iterable[Part], processes: Processes, progress: Progress) -> None:
    """Start the parts that do not run, or that run but hang, and wait until all of them are ready.

    Raises:
        SandboxError: a part ended, or is not ready in time. The details are the end of its log.
    """
    wanted = list(parts)
    with ThreadPoolExecutor(max_workers=max(1, len(wanted))) as pool:
        futures = [pool.submit(_launch, part, processes, progress) for part in wanted]
    for future in futures:
        future.result()


def _launch(part: Part, processes: Processes, progress: Progress) -> None:
    runs = processes.running(part.name) is not None
    if runs and part.ready():
        return
    with progress.step(f"starting {part.name}"):
        if runs and _comes_round(part):
            return
        log = processes.layout.log(part.name)
        begin = log.stat().st_size if log.exists() else 0
        processes.stop([part.name])  # the part hangs, or its children still run and use its port
        processes.start(
            part.name,
            part.command,
            address=part.address,
            environment=part.environment,
            directory=part.directory,
        )
        deadline = time.monotonic() + part.seconds
        while not part.ready():
            if processes.running(part.name) is None:
                raise _failed(f"{part.name} ended while it was starting.", log, begin)
            if time.monotonic() > deadline:
                raise _failed(f"{part.name} is not ready after {part.seconds:.0f} s.", log, begin)
            time.sleep(POLL_SECONDS)


def _comes_round(part: Part) -> bool:
    """Give a part that runs but does not answer a little time: it may be busy, or still starting."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if part.ready():
            return True
        time.sleep(POLL_SECONDS)
    return False


def _failed(message: str, log: Path, begin: int) -> SandboxError:
    lines = tail(log, begin)
    advice = f"See its log, {log}." if lines else f"It wrote nothing to its log, {log}."
    return SandboxError(message, advice, details=lines)


def tail(log: Path, begin: int = 0, lines: int = TAIL_LINES) -> list[str]:
    """The last lines that were written to a log after the byte `begin`."""
    try:
        with log.open("rb") as file:
            file.seek(begin if begin <= log.stat().st_size else 0)
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    return [line[:300] for line in text.rstrip().splitlines()[-lines:]]
