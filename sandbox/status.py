"""The parts of a sandbox and the state of each one."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from sandbox.errors import SandboxError
from sandbox.machine import docker_engine, probes, processes, registry_container
from sandbox.machine.processes import Processes
from sandbox.spaceone import plugins
from sandbox.spaceone.generations import generation_of

if TYPE_CHECKING:
    from pathlib import Path

    from docker.models.containers import Container

    from sandbox.machine.layout import Layout

RUNNING, SILENT, ENDED, STOPPED = "running", "not answering", "ended", "stopped"
STORES = ("mongodb", "redis", "registry")


@dataclass(frozen=True)
class Service:
    """One part of the sandbox, or one plugin's container.

    Attributes:
        name: the part's name, which `logs` accepts; for a plugin the container's name.
        address: where others reach it; empty for a part that does not listen.
        pid: its process id; None if it has no process.
        memory: bytes that it and its child processes use.
        state: `running`; `not answering` (it runs, but accepts no connections); `ended` (by itself); `stopped`.
    """

    name: str
    address: str
    pid: int | None
    memory: int
    state: str


def of(layout: Layout) -> list[Service]:
    """Every part of a sandbox, and the plugins' containers."""
    always = (*STORES, *generation_of(layout).parts)
    if not layout.root.exists():
        return [Service(name, "", None, 0, STOPPED) for name in always]
    records = Processes(layout)
    listed = _containers(layout)
    as_containers = {service.name for service in listed}
    names = [name for name in always if name not in as_containers]
    names += [name for name in records.names() if name not in always]
    return [_part(records, name) for name in names] + listed


def shared(layout: Layout) -> list[Service]:
    """What the sandboxes of a folder share: the Docker engine, if it was started here, and Prefect.

    An engine that systemd runs is not listed, because it is not our process: use `systemctl status docker`.

    Args:
        layout: the layout of any sandbox of the folder.
    """
    both = (Processes(layout.engine), Processes(layout.prefect))
    return [_part(records, name) for records in both for name in records.names()]


def _part(records: Processes, name: str) -> Service:
    record = records.record(name)
    if record is None:
        return Service(name, "", None, 0, STOPPED)
    process = records.running(name)
    if process is None:
        return Service(name, record.address, None, 0, ENDED)
    state = RUNNING if _answers(record.address) else SILENT
    return Service(name, record.address, process.pid, records.memory(name), state)


def _answers(address: str) -> bool:
    host, _, port = address.rpartition("/")[2].partition(":")
    return probes.listens(host, int(port)) if port.isdigit() else True


def _containers(layout: Layout) -> list[Service]:
    client = docker_engine.connect()
    if client is None:
        return []
    with closing(client):
        found = [
            _container(str(container.name), plugins.endpoint(container), container)
            for container in plugins.containers(client, plugins.supervisor_name(layout.identifier))
        ]
        if registry := registry_container.find(client, layout):
            found.insert(0, _container("registry", _published(registry), registry))
    return found


def _container(name: str, address: str, container: Container) -> Service:
    pid = int(container.attrs.get("State", {}).get("Pid") or 0) or None
    memory = 0
    if pid is not None:
        try:
            memory = processes.memory(psutil.Process(pid))
        except psutil.Error:
            memory = 0
    state = RUNNING if container.status == "running" else ENDED
    return Service(name, address, pid, memory, state)


def _published(container: Container) -> str:
    bindings = container.attrs["NetworkSettings"]["Ports"].get("5000/tcp") or [{"HostIp": "", "HostPort": ""}]
    return f"http://{bindings[0]['HostIp']}:{bindings[0]['HostPort']}"


def log(layout: Layout, name: str) -> Path:
    """The path of the log of a part, or of a program that the sandboxes share.

    Raises:
        SandboxError: no such part, or it has not been started yet. The advice lists the parts that have a log.
    """
    layouts = (layout.engine, layout.prefect, layout)
    known = {path.stem: path for each in layouts for path in each.logs.glob("*.log")}
    if path := known.get(name):
        return path
    raise SandboxError(
        f"There is no log of {name!r}.",
        f"Parts with a log: {', '.join(sorted(known)) or 'none yet'}. The log of a plugin: `docker logs CONTAINER`.",
    )
