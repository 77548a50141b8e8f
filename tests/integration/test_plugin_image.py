"""This repository's own plugin as a container: what its Dockerfile promises, on the real engine."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import grpc
import pytest
from spaceone.api.inventory.plugin import collector_pb2, collector_pb2_grpc

from flows.images import ImageReference

# The sandbox installs and starts the engine, and makes a base image, where they are missing.
pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("sandbox")]

#: In the name of every image that is built here.
NAME = f"plugin-test-{uuid.uuid4().hex[:8]}"
PLUGIN = ImageReference(None, f"{NAME}/plugin", "0.1.0")

SOURCE = Path(__file__).parents[2] / "plugin" / "src"
HEALTHY_SECONDS = 60


@pytest.fixture
def image(client, plugin):
    return client.images.get(str(PLUGIN))


@pytest.fixture
def container(client, image):
    """The plugin, which may write nowhere; the engine asks for its health each second."""
    every_second = {"test": image.attrs["Config"]["Healthcheck"]["Test"], "interval": 10**9}
    started = client.containers.run(
        image,
        detach=True,
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        ports={"50051/tcp": ("127.0.0.1", None)},
        healthcheck=every_second,
    )
    yield started
    started.remove(force=True)


def health(container):
    container.reload()
    return container.attrs["State"]["Health"]["Status"]


def until(container, status):
    deadline = time.monotonic() + HEALTHY_SECONDS
    while health(container) != status and time.monotonic() < deadline:
        time.sleep(0.2)
    return health(container) == status


def test_it_serves_without_root_and_writes_nothing(container):
    assert until(container, "healthy"), container.logs()
    assert container.exec_run(["id", "-u"]).output.strip() == b"65532"
    assert container.diff() in (None, [])
    [port] = container.attrs["NetworkSettings"]["Ports"]["50051/tcp"]
    with grpc.insecure_channel(f"127.0.0.1:{port['HostPort']}") as channel:
        answer = collector_pb2_grpc.CollectorStub(channel).init(collector_pb2.InitRequest(), timeout=10)
    assert "options_schema" in answer.metadata.fields


def test_it_ends_well_when_it_is_stopped(container):
    assert until(container, "healthy"), container.logs()
    started = time.monotonic()
    container.stop(timeout=30)
    assert time.monotonic() - started < 5
    container.reload()
    assert container.attrs["State"]["ExitCode"] == 0
    assert b'"Stopped"' in container.logs()


def test_a_server_that_hangs_is_unhealthy(container):
    assert until(container, "healthy"), container.logs()
    container.kill(signal="SIGSTOP")
    assert until(container, "unhealthy")
    container.kill(signal="SIGCONT")
    assert until(container, "healthy")


def test_no_compiler_and_no_installer_is_in_it(container):
    for program in ("gcc", "cc", "pip", "pip3"):
        assert container.exec_run(["sh", "-c", f"command -v {program}"]).exit_code != 0, program


def test_its_labels_say_what_it_is(image):
    said = {name.removeprefix("org.opencontainers.image."): value for name, value in image.labels.items()}
    assert said["description"] == "SpaceONE inventory collector for cryptocurrency prices"
    assert said["licenses"] == "Apache-2.0"
    assert said["version"] == (SOURCE / "VERSION").read_text().strip()
