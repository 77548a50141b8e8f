"""Start programs that outlive us, know them again, and stop exactly those.

A part is known by its recorded process id together with that process's start time, so that a re-used id is
never mistaken for it. Its children, also those that outlived it or left its session, are known by a variable
in their environment.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from sandbox.errors import SandboxError
from sandbox.machine.state import write_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from sandbox.machine.layout import Layout

MARK = "PLUGINCTL_SANDBOX_PART"
STOP_SECONDS = 10.0
CLOCK_SECONDS = 0.05  # start times count in hundredths of a second
LOG_BYTES = 20_000_000


@dataclass(frozen=True)
class Record:
    """What is written down when a program is started."""

    pid: int
    created: float
    address: str
    command: list[str]


class Processes:
    """The programs of one sandbox."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        address: str = "",
        environment: Mapping[str, str | None] | None = None,
        directory: Path | None = None,
        marked: bool = True,
    ) -> Record:
        """Start a program in a session of its own; its output goes to the part's log.

        Args:
            name: the part.
            command: program and arguments.
            address: where it will listen, for `status`.
            environment: variables to set, or to remove where the value is None.
            directory: working directory; the data folder when left out.
            marked: whether its children are recognised by their environment. A program that starts things
                which are not ours, such as an engine, is not marked.

        Raises:
            SandboxError: the program cannot be executed.
        """
        variables: dict[str, str] = dict(os.environ)
        for key, value in (environment or {}).items():
            variables.pop(key, None)
            if value is not None:
                variables[key] = value
        variables.pop(MARK, None)
        if marked:
            variables[MARK] = self._mark(name)
        log = self.layout.log(name)
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        words = [str(word) for word in command]
        with log.open("ab") as output:
            try:
                child = subprocess.Popen(
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=variables,
                    cwd=directory or self.layout.data,
                    start_new_session=True,
                )
            except OSError as error:
                raise SandboxError(f"{name} cannot be started: {words[0]}: {error.strerror}.") from error
        child.returncode = 0  # nobody here waits for it: it outlives us, and Popen would warn of that
        record = Record(child.pid, _created(child.pid), address, words)
        write_private(self._file(name), json.dumps(record.__dict__))
        return record

    def names(self) -> list[str]:
        """Every part that was started and not yet stopped, whether it still runs or not."""
        return sorted(path.stem for path in self.layout.run.glob("*.json"))

    def record(self, name: str) -> Record | None:
        """What was written down about a part, whether it still runs or not."""
        try:
            return Record(**json.loads(self._file(name).read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def running(self, name: str) -> psutil.Process | None:
        """The part's process, if it is still the one that was started."""
        record = self.record(name)
        if record is None:
            return None
        try:
            process = psutil.Process(record.pid)
            same = abs(process.create_time() - record.created) < CLOCK_SECONDS
        except psutil.Error:
            return None
        return process if same and is_alive(process) else None

    def memory(self, name: str) -> int:
        """Bytes that the part and its children hold."""
        process = self.running(name)
        return memory(process) if process else 0

    def stop(self, names: Iterable[str]) -> None:
        """Ask the named parts to end, all at once, and end those that did not after ten seconds."""
        wanted = list(names)
        marks = {self._mark(name) for name in wanted}
        found: dict[int, psutil.Process] = {}
        for name in wanted:
            if process := self.running(name):
                found[process.pid] = process
        found.update(
            {process.pid: process for process in psutil.process_iter() if _mark_of(process) in marks}
        )
        _end(list(found.values()))
        for name in wanted:
            self._file(name).unlink(missing_ok=True)

    def stop_strays(self) -> None:
        """End whatever else carries this sandbox's mark: its record was lost, or it was left by a part."""
        prefix = self._mark("")
        _end([process for process in psutil.process_iter() if _mark_of(process).startswith(prefix)])

    def forget(self, name: str) -> None:
        """Drop a record without touching the process."""
        self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self.layout.run / f"{name}.json"

    def _mark(self, name: str) -> str:
        return f"{self.layout.root}:{name}"


def marks() -> set[str]:
    """The marks of all that runs of any sandbox on this machine: `<its folder>:<part>`."""
    return {mark for process in psutil.process_iter() if is_alive(process) and (mark := _mark_of(process))}


def memory(process: psutil.Process) -> int:
    """Bytes that a process and its children hold. Pages that several share are shared out among them."""
    total = 0
    for each in (process, *_children(process)):
        try:
            full = each.memory_full_info()
            total += getattr(full, "pss", 0) or full.rss
        except psutil.Error:
            continue
    return total


def _created(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return time.time()


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def _mark_of(process: psutil.Process) -> str:
    try:
        return str(process.environ().get(MARK, ""))
    except (psutil.Error, OSError):
        return ""


def _end(processes: list[psutil.Process]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            _signal(process, number)
        deadline = time.monotonic() + STOP_SECONDS
        while (processes := [each for each in processes if is_alive(each)]) and time.monotonic() < deadline:
            time.sleep(0.02)


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs still. One that has ended and waits to be reaped by its parent does not."""
    try:
        if process.status() != psutil.STATUS_ZOMBIE:
            return bool(process.is_running())
        if process.ppid() == os.getpid():
            os.waitpid(process.pid, os.WNOHANG)
    except (psutil.Error, OSError):
        pass
    return False


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.Error:
        return
