"""Debian's Docker engine, installed and started here if no engine answers, and stopped again with the last sandbox."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from sandbox.engine.connection import address, connect, require
from sandbox.errors import SandboxError
from sandbox.machine import debian
from sandbox.machine.lock import exclusive
from sandbox.machine.processes import Processes, is_alive
from sandbox.machine.state import State

if TYPE_CHECKING:
    import docker

    from sandbox.machine.layout import Layout
    from sandbox.machine.progress import Progress

PART = "dockerd"
START_SECONDS = 30
_PROGRAMS = [debian.Program("dockerd", "docker.io", "the Docker engine that the sandbox runs on")]
_PID_FILES = {
    Path("/var/run/docker.pid"): "dockerd",
    Path("/var/run/docker/containerd/containerd.pid"): "containerd",
}


def ensure(layout: Layout, progress: Progress) -> docker.DockerClient:
    """A client of a working engine. Installs and starts Debian's engine if none answers.

    Args:
        layout: where it is recorded that the engine was started here (`Layout.engine`).
        progress: receives what is going on.

    Raises:
        SandboxError: there is no engine and none can be installed here, or it was started and does not answer.
    """
    if client := connect():
        return client
    if not debian.can_install() or address() != "unix:///var/run/docker.sock":
        return require()
    with exclusive(layout, progress):
        if debian.missing(_PROGRAMS):
            with progress.step("installing docker.io"):
                debian.ensure(_PROGRAMS)
        # The package's scripts, or another sandbox of the folder, may have started it just now.
        if client := connect():
            return client
        with progress.step("starting the Docker engine"):
            return _start(layout)


def _start(layout: Layout) -> docker.DockerClient:
    layout.make()
    processes, state = Processes(layout), State(layout.state)
    if debian.runs_systemd():
        subprocess.run(["systemctl", "start", "docker"], check=False, capture_output=True)
        state.put(PART, {"started": "systemd"})
    else:
        _remove_stale_pid_files()
        dockerd = debian.find("dockerd")
        assert dockerd is not None  # noqa: S101 - `ensure` has just installed it
        # With its own pid file: after a restart of the machine, the usual file may name a process that has nothing
        # to do with Docker.
        pid_file = layout.run / "dockerd.pid"
        pid_file.unlink(missing_ok=True)
        processes.start(PART, [dockerd, "--pidfile", pid_file])
        state.put(PART, {"started": "process"})
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if client := connect():
            return client
        if not debian.runs_systemd() and processes.running(PART) is None:
            break
        time.sleep(0.2)
    log = layout.log(PART)
    raise SandboxError(
        "The Docker engine was started but does not answer.",
        "See `journalctl -u docker`." if debian.runs_systemd() else f"See its log, {log}.",
    )


def _remove_stale_pid_files() -> None:
    for path, name in _PID_FILES.items():
        with suppress(OSError, ValueError):
            # A killed engine leaves its containerd as a zombie where no init reaps it.
            if not _runs(int(path.read_text()), name):
                path.unlink()


def _runs(pid: int, name: str) -> bool:
    try:
        process = psutil.Process(pid)
        return process.name() == name and is_alive(process)
    except psutil.Error:
        return False


def is_ours(layout: Layout) -> bool:
    """Whether a sandbox of the folder started the engine, and no sandbox has stopped it since."""
    return bool(State(layout.state, discard_broken=True).get(PART))


def stop(layout: Layout, progress: Progress) -> None:
    """Stop the engine if a sandbox of this folder started it, and no container runs on it."""
    state = State(layout.state, discard_broken=True)
    how = state.get(PART).get("started")
    if how is None:
        return
    if client := connect():
        others = [str(container.name) for container in client.containers.list(ignore_removed=True)]
        client.close()
        if others:
            progress.say(
                f"The Docker engine keeps running: other containers use it ({', '.join(others[:5])})."
            )
            return
    with progress.step("stopping the Docker engine"):
        if how == "systemd":
            subprocess.run(["systemctl", "stop", "docker.socket", "docker"], check=False, capture_output=True)
        else:
            Processes(layout).stop(PART)
    state.put(PART, {})
