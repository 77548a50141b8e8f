"""Starts containers at the same time and waits until each part works."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from docker.errors import NotFound

from sandbox.engine import containers
from sandbox.errors import SandboxError
from sandbox.machine import probes

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
) -> None:
    """Make and start containers, and wait until each part works.

    A part that runs and still starts is waited for. One that ends is started again by the engine, a few times.

    Raises:
        SandboxError: a part cannot be started, ends each time, or does not work in time. The details are the end of
            its log.
    """
    with ThreadPoolExecutor(max_workers=max(1, len(wanted))) as pool:
        futures = [pool.submit(_start, client, each, progress, seconds) for each in wanted]
    for future in futures:
        future.result()


def _start(client: docker.DockerClient, wanted: Specification, progress: Progress, seconds: float) -> None:
    if (container := containers.running(client, wanted)) and is_ready(container, wanted):
        return
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


def _reload(container: Container, wanted: Specification) -> None:
    try:
        container.reload()
    except NotFound as error:
        raise SandboxError(f"The container of {wanted.part} was removed while it was starting.") from error


def is_ready(container: Container, wanted: Specification) -> bool:
    """Whether the part works now: its page answers, or its gRPC server, or its health command succeeds."""
    for port in wanted.ports.values():
        if wanted.page:
            return probes.answers_http(f"http://{probes.HOST}:{port}{wanted.page}")
        return probes.serves_grpc(port)
    return containers.succeeds(container, wanted.health)


def _failed(message: str, container: Container) -> SandboxError:
    text = container.logs(tail=_TAIL_LINES).decode(errors="replace")
    lines = [line[:300] for line in text.rstrip().splitlines()]
    return SandboxError(message, f"See its log: docker logs {container.name}", details=lines)
