"""Start parts side by side and wait until each of them works."""

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
    """Start those that do not run, or run and hang, and wait for all of them.

    Raises:
        SandboxError: a part ended, or is not ready in time; with the end of its log.
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
        processes.stop([part.name])  # it hangs, or children that outlived it would hold its port
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
                raise SandboxError(f"{part.name} ended while it was starting.", tail(log, begin))
            if time.monotonic() > deadline:
                raise SandboxError(f"{part.name} is not ready after {part.seconds:.0f} s.", tail(log, begin))
            time.sleep(POLL_SECONDS)


def _comes_round(part: Part) -> bool:
    """Give a part that runs and does not answer a little time: it may be busy, or still starting."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if part.ready():
            return True
        time.sleep(POLL_SECONDS)
    return False


def tail(log: Path, begin: int = 0, lines: int = TAIL_LINES) -> str:
    """The last lines that a log got after the byte `begin`, and its path."""
    try:
        with log.open("rb") as file:
            file.seek(begin if begin <= log.stat().st_size else 0)
            said = file.read().decode(errors="replace").rstrip().splitlines()[-lines:]
    except OSError:
        said = []
    quoted = "\n".join(f"    {line[:300]}" for line in said)
    return (
        f"The end of its log:\n{quoted}\nAll of it: {log}" if said else f"It wrote nothing to its log, {log}."
    )
