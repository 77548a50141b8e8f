"""The containers of a sandbox that tests look at, and programs that run in its images."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
from pymongo import MongoClient

from sandbox import images
from sandbox.engine import base_image, containers, installed
from sandbox.machine.layout import Layout
from sandbox.machine.probes import listens
from sandbox.machine.progress import Quiet
from sandbox.spaceone.generations import GENERATIONS
from tests.waiting import wait_for

if TYPE_CHECKING:
    from docker.models.containers import Container

    from sandbox.lifecycle import Summary


def layout_of(summary: Summary) -> Layout:
    """The folder of a sandbox."""
    return Layout(summary.environment.parent)


def container(engine: docker.DockerClient, summary: Summary, part: str) -> Container:
    """The container of a part."""
    return containers.of_sandbox(engine, layout_of(summary).identifier)[part]


def log(engine: docker.DockerClient, summary: Summary, part: str, **options: Any) -> str:
    """What a part has written."""
    return container(engine, summary, part).logs(**options).decode(errors="replace")


def spacectl(summary: Summary, *words: str, environment: str = "sandbox") -> subprocess.CompletedProcess[str]:
    """Run the generation's spacectl on a sandbox, as `pluginctl sandbox spacectl` does."""
    from sandbox import spacectl as module

    with closing(docker.from_env()) as engine:
        code, output, errors = module.run(engine, layout_of(summary), words)
    return subprocess.CompletedProcess(["spacectl", *words], code, output.decode(), errors.decode())


@contextmanager
def mongodb(engine: docker.DockerClient, summary: Summary) -> Iterator[MongoClient[dict[str, Any]]]:
    """The sandbox's database, which is on its network alone: this machine reaches it at the container's address."""
    found = container(engine, summary, "mongodb")
    (network,) = found.attrs["NetworkSettings"]["Networks"].values()
    variables = dict(each.split("=", 1) for each in found.attrs["Config"]["Env"])
    login = {"username": variables["MONGODB_USER"], "password": variables["MONGODB_PASSWORD"]}
    with MongoClient(network["IPAddress"], 27017, **login) as client:
        yield client


@dataclass(frozen=True)
class Listening:
    """A server on a port of 127.0.0.1."""

    port: int


@contextmanager
def framework(home: Path, folder: Path) -> Iterator[Listening]:
    """A plugin on SpaceONE's own framework, in the image of the 2.x services.

    Args:
        home: the folder of the tests' sandboxes.
        folder: the folder of the plugin's package.
    """
    layout, generation = Layout.of(home, "2.x"), GENERATIONS["2.x"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with closing(installed.ensure(layout.engine, Quiet())) as engine:
        base = base_image.ensure(engine, layout, Quiet())
        container = engine.containers.run(
            images.services(engine, base, generation.name, generation.requirements, Quiet()),
            ["spaceone", "run", "plugin-server", "portfolio", "-s", "/framework", "-p", str(port)],
            entrypoint=[],
            network_mode="host",
            volumes={str(folder): {"bind": "/framework", "mode": "ro"}},
            detach=True,
        )
        try:
            wait_for(lambda: listens("127.0.0.1", port), "the framework's server")
            yield Listening(port)
        finally:
            container.remove(force=True, v=True)
