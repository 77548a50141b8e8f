"""Starts programs that keep running after this process, finds them again, and stops only those.

A program is recognised by its recorded process id together with the start time of that process, so that another process
with the same id is never taken for it. It is stopped together with its child processes, also if it has ended before.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psutil

from sandbox.errors import SandboxError
from sandbox.machine.state import write_private
from sandbox.machine.variables import passed_on

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sandbox.machine.layout import Layout

STOP_SECONDS = 10.0
CLOCK_SECONDS = 0.05  # start times have a resolution of a hundredth of a second
LOG_BYTES = 20_000_000


class Processes:
    """The programs of one folder."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def start(
        self, name: str, command: Sequence[str | Path], environment: Mapping[str, str] | None = None
    ) -> None:
        """Start a program in a new session. Its output goes to its log.

        Args:
            name: the name of the program.
            command: the program and its arguments.
            environment: its variables, in addition to those that every program gets (`variables.passed_on`).

        Raises:
            SandboxError: the program cannot be executed.
        """
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
                    env={**passed_on(), **(environment or {})},
                    cwd=self.layout.data,
                    start_new_session=True,
                )
            except OSError as error:
                raise SandboxError(f"{name} cannot be started: {words[0]}: {error.strerror}.") from error
        child.returncode = 0  # it keeps running when this process ends, and Popen would warn about that
        created = psutil.Process(child.pid).create_time()
        write_private(self._file(name), json.dumps({"pid": child.pid, "created": created}))

    def names(self) -> list[str]:
        """Every program that was started and not stopped since, whether it still runs or not."""
        return sorted(path.stem for path in self.layout.run.glob("*.json"))

    def running(self, name: str) -> psutil.Process | None:
        """The program's process, if the process that was started still runs."""
        record = self._record(name)
        try:
            process = psutil.Process(record["pid"])
            same = abs(process.create_time() - record["created"]) < CLOCK_SECONDS
        except (KeyError, psutil.Error):
            return None
        return process if same and is_alive(process) else None

    def memory(self, name: str) -> int:
        """Bytes of memory that the program and its child processes use. A shared page counts in part for each."""
        total = 0
        for each in self._members(name):
            with suppress(psutil.Error):
                full = each.memory_full_info()
                total += getattr(full, "pss", 0) or full.rss
        return total

    def stop(self, name: str) -> None:
        """Ask the program and its child processes to end. What still runs after ten seconds is killed."""
        members = self._members(name)
        for number in (signal.SIGTERM, signal.SIGKILL):
            for each in members:
                with suppress(psutil.Error):
                    each.send_signal(number)
            deadline = time.monotonic() + STOP_SECONDS
            while (members := [each for each in members if is_alive(each)]) and time.monotonic() < deadline:
                time.sleep(0.02)
        self._file(name).unlink(missing_ok=True)

    def _members(self, name: str) -> list[psutil.Process]:
        """The program, its child processes, and those of its session that have outlived it."""
        record = self._record(name)
        found = {}
        if leader := self.running(name):
            found = {each.pid: each for each in (leader, *_children(leader))}
        for each in psutil.process_iter():
            with suppress(psutil.Error, OSError, KeyError):
                if (
                    os.getsid(each.pid) == record["pid"]
                    and each.create_time() > record["created"] - CLOCK_SECONDS
                ):
                    found[each.pid] = each
        return [each for each in found.values() if is_alive(each)]

    def _record(self, name: str) -> dict[str, Any]:
        try:
            return dict(json.loads(self._file(name).read_text()))
        except (OSError, ValueError, TypeError):
            return {}

    def _file(self, name: str) -> Path:
        return self.layout.run / f"{name}.json"


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


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
