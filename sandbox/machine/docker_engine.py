"""The Docker engine: the one that runs, or Debian's, which is installed and started here."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
import docker.errors
import psutil

from sandbox.errors import SandboxError
from sandbox.machine import debian
from sandbox.machine.lock import exclusive
from sandbox.machine.processes import Processes, marks
from sandbox.machine.state import State

if TYPE_CHECKING:
    from docker.models.containers import Container

    from sandbox.machine.layout import Layout
    from sandbox.machine.progress import Progress

SOCKET = Path("/var/run/docker.sock")  # fixed in the supervisor's code
PART = "dockerd"
START_SECONDS = 30
_PROGRAMS = [debian.Program("dockerd", "docker.io", "the Docker engine that plugins run on")]
_PID_FILES = {
    Path("/var/run/docker.pid"): "dockerd",
    Path("/var/run/docker/containerd/containerd.pid"): "containerd",
}


def connect(timeout: float = 60) -> docker.DockerClient | None:
    """A client of the engine behind the socket, or None if no engine answers."""
    try:
        # First without the library, because it leaves its socket open if nobody listens.
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(SOCKET))
    except OSError:
        return None
    try:
        client = docker.DockerClient(base_url=f"unix://{SOCKET}", timeout=int(timeout))
    except docker.errors.DockerException:  # the constructor asks for the engine's version
        return None
    return client


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
    if not debian.can_install():
        raise _no_engine()
    with exclusive(layout, progress):
        if debian.missing(_PROGRAMS):
            with progress.step("installing docker.io"):
                debian.ensure(_PROGRAMS)
        # The package's scripts, or another sandbox of the folder, may have started it just now.
        if client := connect():
            return client
        with progress.step("starting the Docker engine"):
            return _start(layout)


def refuse_without_engine() -> None:
    """Check that an engine answers.

    Raises:
        SandboxError: no engine answers.
    """
    client = connect()
    if client is None:
        raise _no_engine()
    client.close()


def _no_engine() -> SandboxError:
    return SandboxError(
        f"No Docker engine answers at {SOCKET}.",
        "Plugins run in containers. Install Docker and start it, or give this user access to it "
        "(`docker version` must show a server), then try again. "
        "As root on Debian or Ubuntu the sandbox installs and starts docker.io by itself.",
    )


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
        # Not marked: not everything that an engine starts is ours. With its own pid file: after a restart of the
        # machine, the usual file may name a process that has nothing to do with Docker.
        pid_file = layout.run / "dockerd.pid"
        pid_file.unlink(missing_ok=True)
        processes.start(PART, [dockerd, "--pidfile", pid_file], address=f"unix://{SOCKET}", marked=False)
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
            pid = int(path.read_text())
            if not psutil.pid_exists(pid) or psutil.Process(pid).name() != name:
                path.unlink()


def is_ours(layout: Layout) -> bool:
    """Whether a sandbox of the folder started the engine, and no sandbox has stopped it since."""
    return bool(State(layout.state).get(PART))


def stop(layout: Layout, progress: Progress) -> None:
    """Stop the engine if a sandbox of this folder started it, and no sandbox and no container needs it."""
    state = State(layout.state)
    how = state.get(PART).get("started")
    if how is None:
        return
    if sandboxes := sorted({mark.rpartition(":")[0] for mark in marks()}):
        progress.say(f"The Docker engine keeps running: the sandbox in {sandboxes[0]} needs it.")
        return
    if client := connect():
        others = [str(container.name) for container in client.containers.list()]
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
            Processes(layout).stop([PART])
    state.put(PART, {})


def containers(client: docker.DockerClient, label: str) -> list[Container]:
    """Containers with a label (`key=value`), running or not."""
    found: list[Container] = client.containers.list(all=True, filters={"label": label})
    return found


def remove(found: list[Container]) -> None:
    """Remove containers immediately. It is no error if a container no longer exists."""
    for container in found:
        with suppress(docker.errors.NotFound, docker.errors.APIError):
            container.remove(force=True)


def remove_images(client: docker.DockerClient, registry: str) -> None:
    """Remove the engine's copies of the images of a registry (`host:port`)."""
    for image in client.images.list():
        for tag in image.tags:
            if tag.startswith(f"{registry}/"):
                with suppress(docker.errors.ImageNotFound, docker.errors.APIError):
                    client.images.remove(tag)


def gateway(client: docker.DockerClient) -> str:
    """The address at which containers on the default bridge reach this machine.

    Some engines do not report it (20.10 does not, if it created the network itself). Then it is the address of
    the bridge's interface.

    Raises:
        SandboxError: the engine has no default bridge.
    """
    attributes: dict[str, Any] = client.networks.get("bridge").attrs
    for configuration in attributes.get("IPAM", {}).get("Config") or []:
        if address := configuration.get("Gateway"):
            return str(address)
    interface = (attributes.get("Options") or {}).get("com.docker.network.bridge.name", "docker0")
    for known in psutil.net_if_addrs().get(interface, []):
        if known.family == socket.AF_INET:
            return str(known.address)
    raise SandboxError(
        "Docker's bridge network has no address on this machine.",
        "`docker network inspect bridge` must show one: containers reach the sandbox through it.",
    )
