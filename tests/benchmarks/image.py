"""The size of the plugin's image above its base."""

from __future__ import annotations

from contextlib import closing

import docker

from flows.images import ImageError, ImageReference
from flows.images.engine import Engine
from flows.images.source import PluginSource
from sandbox.engine import base_image
from sandbox.engine.connection import connect
from sandbox.errors import SandboxError
from sandbox.lifecycle import GENERATION
from sandbox.machine.layout import Layout
from tests.benchmarks.harness import Benchmark, BenchmarkError, Goal, Of, Ratio, Rounds, Samples
from tests.benchmarks.places import PLUGIN, SANDBOX_HOME

_IMAGE = ImageReference(None, "pluginctl-benchmarks/plugin", "size")


def size(rounds: Rounds) -> Samples:
    """MB (10⁶ bytes) that the image adds to its base, and the base's own; unpacked, as the engine counts them.

    The image is built as a release builds it, and removed. One measurement: a size does not vary.
    """
    client = connect()
    if client is None:
        raise BenchmarkError("No Docker engine answers; `pluginctl sandbox up` installs and starts one.")
    with closing(client):
        base = _base(client, rounds)
        before = _size(client, base)
        with rounds.progress.step("building the plugin's image"):
            _build(base)
        try:
            return Samples((_size(client, str(_IMAGE)) - before,), (before,))
        finally:
            client.images.remove(str(_IMAGE))


def _base(client: docker.DockerClient, rounds: Rounds) -> str:
    layout = Layout.of(SANDBOX_HOME, GENERATION)
    try:
        return base_image.ensure(client, layout, rounds.progress)
    except SandboxError as error:
        raise BenchmarkError(str(error)) from error


def _build(base: str) -> None:
    try:
        with Engine.connect() as engine:
            engine.build(PluginSource.load(PLUGIN), _IMAGE, build_args={"BASE_IMAGE": base})
    except ImageError as error:
        raise BenchmarkError(str(error)) from error


def _size(client: docker.DockerClient, name: str) -> float:
    return int(client.images.get(name).attrs["Size"]) / 1e6


IMAGE_SIZE = Benchmark(
    name="image-size",
    what="what the plugin's image adds to its base",
    against="the base image itself",
    unit="MB",
    ratio=Ratio.OURS_TO_THEIRS,
    run=size,
    goal=Goal(Of.MEDIAN, 60, at_most=True),
    rounds=1,
    quick=1,
)
