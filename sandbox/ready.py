"""Starts containers at the same time and waits until each part works."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from docker.errors import NotFound

from sandbox.engine import containers
from sandbox.errors import SandboxError
from sandbox.machine import probes
from sandbox.spaceone.settings import GRPC_PORT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import docker
    from docker.models.containers import Container

    from sandbox.engine.containers import Specification
    from sandbox.machine.progress import Progress

POLL_SECONDS = 0.2
SECONDS = 180.0
_RESTARTS = 5
_TAIL_LINES = 15


def wait_until_ready(
    client: docker.DockerClient, wanted: Sequence[Specification], progress: Progress, seconds: float = SECONDS
) -> dict[str, Container]:
    """Make and start containers, and wait until each part works. Returns them by part.

    A part that runs and still starts is waited for. One that ends is started again by the engine, a few times.

    Raises:
        SandboxError: a part cannot be started, ends each time, or does not work in time. The details are the end of
            its log.
    """
    with ThreadPoolExecutor(max_workers=max(1, len(wanted))) as pool:
        futures = [pool.submit(_start, client, each, progress, seconds) for each in wanted]
    return {each.part: future.result() for each, future in zip(wanted, futures, strict=True)}


def _start(
    client: docker.DockerClient, wanted: Specification, progress: Progress, seconds: float
) -> Container:
    if containers.runs(client, wanted) and is_ready(container := containers.ensure(client, wanted), wanted):
        return container
    with progress.step(f"starting {wanted.part}"):
        container = containers.ensure(client, wanted)
        before = int(container.attrs.get("RestartCount", 0))
        deadline = time.monotonic() + seconds
        while not is_ready(container, wanted):
            _reload(container, wanted)
            if int(container.attrs["RestartCount"]) - before >= _RESTARTS:
                raise _failed(f"{wanted.part} ends while it is starting.", container)
            if time.monotonic() > deadline:
                raise _failed(f"{wanted.part} is not ready after {seconds:.0f} s.", container)
            time.sleep(POLL_SECONDS)
        return container


def _reload(container: Container, wanted: Specification) -> None:
    try:
        container.reload()
    except NotFound as error:
        raise SandboxError(f"The container of {wanted.part} was removed while it was starting.") from error


def is_ready(container: Container, wanted: Specification) -> bool:
    """Whether the part works now: it answers at its port on this machine, or its health command succeeds."""
    for inside, port in wanted.ports.items():
        if inside == GRPC_PORT:
            return probes.serves_grpc(port)
        return probes.answers_http(f"http://{containers.HOST}:{port}{wanted.page}")
    return containers.succeeds(container, wanted.health)


def _failed(message: str, container: Container) -> SandboxError:
    lines = [line[:300] for line in log_tail(container)]
    return SandboxError(message, f"See its log: docker logs {container.name}", details=lines)


def log_tail(container: Container, lines: int = _TAIL_LINES) -> list[str]:
    """The last lines of a container's log."""
    text: str = container.logs(tail=lines).decode(errors="replace")
    return text.rstrip().splitlines()
