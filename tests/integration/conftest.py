"""Both sandboxes of the tests, and the engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import docker
import pytest
import yaml

from flows.images.engine import Engine
from flows.images.source import PluginSource
from flows.spaceone import Client
from sandbox import lifecycle
from sandbox.engine import base_image, building, containers, installed
from sandbox.machine.layout import Layout
from sandbox.machine.progress import Quiet
from sandbox.spaceone.generations import GENERATIONS
from tests.engine import wait_for_those_beside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from flows.images.engine import LocalImage
    from sandbox.lifecycle import Summary


class Lines:
    """A progress that keeps what it was told, for a failing test to show."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def step(self, name: str) -> Lines:
        self.lines.append(name)
        return self

    def say(self, text: str) -> None:
        self.lines.append(text)

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@pytest.fixture(scope="package")
def home(sandbox: Summary, sandbox_1_12: Summary, sandbox_home: Path) -> Path:
    """Both sandboxes of the tests, running, for whatever a test does to them."""
    wait_for_those_beside()
    return sandbox_home


@pytest.fixture(params=list(GENERATIONS))
def layout(request: pytest.FixtureRequest, home: Path) -> Layout:
    """Each of the two in turn."""
    return Layout.of(home, request.param)


@pytest.fixture
def layout_2(home: Path) -> Layout:
    """The sandbox of 2.x."""
    return Layout.of(home, "2.x")


@pytest.fixture
def layout_1_12(home: Path) -> Layout:
    """The sandbox of 1.12."""
    return Layout.of(home, "1.12")


def start_both(home: Path) -> dict[str, Lines]:
    """Start both sandboxes side by side; what each of them told."""
    told = {name: Lines() for name in GENERATIONS}
    with ThreadPoolExecutor() as pool:
        started = [
            pool.submit(lifecycle.up, home, generation=name, progress=lines) for name, lines in told.items()
        ]
    for each in started:
        each.result()
    return told


def states(layout: Layout) -> dict[str, lifecycle.Service]:
    """Every part of a sandbox, by name."""
    found = lifecycle.status(layout.root.parent, generation=layout.root.name)
    return {service.name: service for service in found}


def running(layout: Layout) -> dict[str, tuple[str, int]]:
    """The container of every part of a sandbox, and its process: both change when it is started again."""
    with closing(docker.from_env()) as engine:
        found = containers.of_sandbox(engine, layout.identifier)
        return {name: (each.id, each.attrs["State"]["Pid"]) for name, each in found.items()}


def spacectl(layout: Layout, name: str = "sandbox") -> Mapping[str, str]:
    """One of spacectl's environments, as its file holds it."""
    content: Mapping[str, str] = yaml.safe_load(layout.spacectl(name).read_text())
    return content


@pytest.fixture(scope="module", name="client")
def engine_client(request: pytest.FixtureRequest, sandbox_home: Path) -> Iterator[docker.DockerClient]:
    """The engine itself, to see what a module's tests left there; removes all images with its NAME in theirs.

    It is installed and started where it is missing, as a sandbox does it.
    """
    layout = Layout.of(sandbox_home, "2.x")
    with closing(installed.ensure(layout.engine, Quiet())) as engine:
        yield engine
        for name in building.image_names(engine):
            if request.module.NAME in name:
                engine.images.remove(name)


@pytest.fixture(scope="module")
def build_args(client: docker.DockerClient, sandbox_home: Path) -> dict[str, str]:
    """The build arguments that a sandbox's environment has: the image that plugins are built on."""
    return {"BASE_IMAGE": base_image.ensure(client, Layout.of(sandbox_home, "2.x"), Quiet())}


@pytest.fixture(scope="module")
def engine(client: docker.DockerClient) -> Iterator[Engine]:
    """The engine as the flows have it."""
    with Engine.connect() as engine:
        yield engine


@pytest.fixture(scope="module")
def plugin(
    request: pytest.FixtureRequest,
    engine: Engine,
    checkout: Path,
    build_args: dict[str, str],
) -> LocalImage | None:
    """This repository's own plugin as an image, under the name that the module has in its PLUGIN."""
    source = PluginSource.load(checkout / "plugin")
    engine.build(source, request.module.PLUGIN, build_args=build_args)
    return engine.inspect(request.module.PLUGIN)


def client(layout: Layout, name: str = "sandbox") -> Client:
    """A client with the token of one of spacectl's environments."""
    content = spacectl(layout, name)
    return Client(content["endpoints"], content.get("token") or content["api_key"])
