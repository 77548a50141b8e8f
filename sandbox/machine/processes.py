"""Starts programs that keep running after this process, finds them again, and stops only those.

A part is recognised by its recorded process id together with the start time of that process, so that another
process with the same id is never taken for it. Its child processes are recognised by a variable in their
environment, also if the part itself has ended or the child has left its session.
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
CLOCK_SECONDS = 0.05  # start times have a resolution of a hundredth of a second
LOG_BYTES = 20_000_000


@dataclass(frozen=True)
class Record:
    """The record of a program that was started."""

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
        """Start a program in a new session. Its output goes to the part's log.

        Args:
            name: the name of the part.
            command: program and arguments.
            address: where it will listen, for `status`.
            environment: variables to set, or to remove if the value is None.
            directory: working directory; the default is the data folder.
            marked: whether its child processes are recognised by their environment. A program that also starts
                processes of others, such as the Docker engine, is not marked.

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
        child.returncode = 0  # it keeps running when this process ends, and Popen would warn about that
        record = Record(child.pid, _created(child.pid), address, words)
        write_private(self._file(name), json.dumps(record.__dict__))
        return record

    def names(self) -> list[str]:
        """Every part that was started and not stopped since, whether it still runs or not."""
        return sorted(path.stem for path in self.layout.run.glob("*.json"))

    def record(self, name: str) -> Record | None:
        """The record of a part, whether it still runs or not."""
        try:
            return Record(**json.loads(self._file(name).read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def running(self, name: str) -> psutil.Process | None:
        """The part's process, if the process that was started still runs."""
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
        """Bytes of memory that the part and its child processes use."""
        process = self.running(name)
        return memory(process) if process else 0

    def stop(self, names: Iterable[str]) -> None:
        """Ask the named parts to end, all at the same time. Those that still run after ten seconds are killed."""
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
        """End every other process with this sandbox's mark: its record is lost, or its part has ended."""
        prefix = self._mark("")
        _end([process for process in psutil.process_iter() if _mark_of(process).startswith(prefix)])

    def forget(self, name: str) -> None:
        """Delete a record without stopping the process."""
        self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self.layout.run / f"{name}.json"

    def _mark(self, name: str) -> str:
        return f"{self.layout.root}:{name}"


def marks() -> set[str]:
    """The marks of all running processes of all sandboxes on this machine: `<sandbox folder>:<part>`."""
    return {mark for process in psutil.process_iter() if is_alive(process) and (mark := _mark_of(process))}


def memory(process: psutil.Process) -> int:
    """Bytes of memory that a process and its children use. A shared page counts in part for each process."""
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
    """Whether the process still runs. A zombie (ended, but not yet reaped by its parent) does not."""
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
