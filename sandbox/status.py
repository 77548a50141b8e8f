"""The parts of a sandbox, and the state of each one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docker.errors import DockerException

from sandbox import prefect_parts
from sandbox.engine import containers
from sandbox.engine.connection import address, connect
from sandbox.machine.processes import Processes
from sandbox.parts import MARKET, STORES
from sandbox.spaceone import plugins
from sandbox.spaceone.generations import generation_of

if TYPE_CHECKING:
    from docker.models.containers import Container

    from sandbox.machine.layout import Layout

RUNNING, SILENT, RESTARTING, ENDED, STOPPED = "running", "not answering", "restarting", "ended", "stopped"
_SCHEMES = {"registry": "http", MARKET: "http", prefect_parts.SERVER: "http"}


@dataclass(frozen=True)
class Service:
    """One part of the sandbox, or one plugin's container.

    Attributes:
        name: the part's name, which `logs` accepts; for a plugin the container's name.
        address: where it is reached: on this machine if it has a port there, else on the sandbox's network; empty for
            a part that does not listen.
        state: `running`; `not answering` (it runs, but its last health check failed); `restarting` (it ended,
            and the engine starts it again); `ended`; `stopped`.
        restarts: how often the engine started it again.
        memory: bytes that it uses.
        container: the container's name on the engine; empty for a program that is no container.
        plugin: the plugin's id; empty for a part.
    """

    name: str
    address: str
    state: str
    restarts: int
    memory: int
    container: str
    plugin: str = ""

    def is_called(self, name: str) -> bool:
        """Whether it is the part or the container of a name, or a container of the plugin of that name."""
        return name in {self.name, self.plugin}


def of(layout: Layout) -> list[Service]:
    """Every part of a sandbox, and the plugins' containers."""
    always = (*STORES, *generation_of(layout).parts)
    client = connect()
    if client is None:
        return [_stopped(name) for name in always]
    with closing(client):
        found = containers.members(client, layout.identifier)
        with ThreadPoolExecutor(max_workers=16) as pool:
            listed = list(pool.map(_service, found))
    by_name = {each.name: each for each in listed}
    parts = [by_name.pop(name) if name in by_name else _stopped(name) for name in always]
    return parts + sorted(by_name.values(), key=lambda each: each.name)


def shared(layout: Layout) -> list[Service]:
    """What the sandboxes of a folder share: the Docker engine, if it was started here, and Prefect.

    An engine that systemd runs is not listed, because it is not our process: use `systemctl status docker`.

    Args:
        layout: the layout of any sandbox of the folder.
    """
    found = [_program(layout.engine, name, address()) for name in Processes(layout.engine).names()]
    if not prefect_parts.was_started(layout.prefect):
        return found
    if client := connect():
        with closing(client):
            running = containers.of_sandbox(client, layout.prefect.identifier)
            found += [_service(each) for each in running.values()]
    return [*found, _program(layout.prefect, prefect_parts.WORKER, "")]


def _stopped(name: str) -> Service:
    return Service(name, "", STOPPED, 0, 0, "")


def _program(layout: Layout, name: str, where: str) -> Service:
    processes = Processes(layout)
    state = RUNNING if processes.running(name) else ENDED
    return Service(name, where, state, 0, processes.memory(name), "")


def _service(container: Container) -> Service:
    name = containers.part_of(container)
    state = container.attrs.get("State", {})
    return Service(
        name=name,
        address=_address(container, name),
        state=_state(state),
        restarts=int(container.attrs.get("RestartCount", 0)),
        memory=_memory(container) if state.get("Running") else 0,
        container=str(container.name),
        plugin="" if containers.is_part(container) else plugins.plugin_id(container),
    )


def _state(state: dict[str, Any]) -> str:
    if state.get("Restarting"):
        return RESTARTING
    if not state.get("Running"):
        return ENDED
    # The engine's first check comes after a minute. Until then its own state is `starting`, also of parts that serve.
    return SILENT if (state.get("Health") or {}).get("Status") == "unhealthy" else RUNNING


def _address(container: Container, name: str) -> str:
    for bindings in (container.attrs.get("NetworkSettings", {}).get("Ports") or {}).values():
        for binding in bindings or []:
            return f"{_SCHEMES.get(name, 'grpc')}://{binding['HostIp']}:{binding['HostPort']}"
    return plugins.endpoint(container)


def _memory(container: Container) -> int:
    """As `docker stats` shows it: without the pages that the kernel would drop first."""
    try:
        stats: Any = container.stats(stream=False, one_shot=True)
        found = stats["memory_stats"]
    except (DockerException, KeyError, ValueError):
        return 0
    detail = found.get("stats") or {}
    cache = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    return max(0, int(found.get("usage", 0)) - int(cache))
