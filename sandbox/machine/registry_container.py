"""The image registry as a container, for machines without Debian's docker-registry."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import docker
import docker.errors

from sandbox.errors import SandboxError
from sandbox.machine import docker_engine
from sandbox.machine.probes import HOST, answers_http

if TYPE_CHECKING:
    from docker.models.containers import Container

    from sandbox.machine.layout import Layout
    from sandbox.machine.progress import Progress

IMAGE = "registry:2"
_LABEL = "pluginctl.sandbox"
_SECONDS = 20


def find(client: docker.DockerClient, layout: Layout) -> Container | None:
    """The registry of this sandbox, running or not."""
    return next(iter(docker_engine.containers(client, f"{_LABEL}={layout.identifier}")), None)


def start(client: docker.DockerClient, layout: Layout, port: int, progress: Progress) -> None:
    """Start the registry, unless it already runs on that port.

    Raises:
        SandboxError: the image cannot be pulled or started, or the registry does not answer.
    """
    url = f"http://{HOST}:{port}/v2/"
    if answers_http(url) and find(client, layout):
        return
    with progress.step(f"starting the image registry ({IMAGE})"):
        remove(client, layout)
        folder = layout.data / "registry"
        folder.mkdir(exist_ok=True)
        try:
            client.containers.run(
                IMAGE,
                name=f"pluginctl-registry-{layout.identifier}",
                user=f"{os.getuid()}:{os.getgid()}",  # so that the user who starts it may remove its files
                labels={_LABEL: layout.identifier},
                environment={"REGISTRY_STORAGE_DELETE_ENABLED": "true"},
                ports={"5000/tcp": (HOST, port)},
                volumes={str(folder): {"bind": "/var/lib/registry", "mode": "rw"}},
                detach=True,
            )
        except docker.errors.DockerException as error:
            raise SandboxError(
                f"The image registry {IMAGE} cannot be started: {error}",
                "Install the package docker-registry of Debian or Ubuntu, or load the image into this engine.",
            ) from error
        deadline = time.monotonic() + _SECONDS
        while not answers_http(url):
            if time.monotonic() > deadline:
                raise SandboxError(
                    f"The image registry {IMAGE} does not answer at {url} after {_SECONDS} s.",
                    f"See `docker logs pluginctl-registry-{layout.identifier}`.",
                )
            time.sleep(0.1)


def remove(client: docker.DockerClient, layout: Layout) -> None:
    """Remove the container; its images stay in the data folder."""
    if container := find(client, layout):
        docker_engine.remove([container])
