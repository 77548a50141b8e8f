"""This repository's own plugin as a container: what its Dockerfile promises, on the real engine."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

import grpc
import pytest
from spaceone.api.inventory.plugin import collector_pb2, collector_pb2_grpc

from flows.images import ImageReference
from flows.images.engine.building import make_reproducible
from flows.images.engine.output import Output
from flows.images.source import PluginSource
from tests.waiting import PATIENCE, wait_for

pytestmark = [pytest.mark.integration, pytest.mark.engine, pytest.mark.usefixtures("build_args")]

#: In the name of every image that is built here.
NAME = f"plugin-test-{uuid.uuid4().hex[:8]}"
PLUGIN = ImageReference(None, f"{NAME}/plugin", "0.1.0")

SOURCE = Path(__file__).parents[2] / "plugin" / "src"


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
    try:
        wait_for(lambda: health(container) == status, status, seconds=300, pause=0.2)
    except AssertionError as error:
        raise AssertionError(container.logs().decode()) from error


def test_it_serves_without_root_and_writes_nothing(container):
    until(container, "healthy")
    assert container.exec_run(["id", "-u"]).output.strip() == b"65532"
    assert container.diff() in (None, [])
    [port] = container.attrs["NetworkSettings"]["Ports"]["50051/tcp"]
    with grpc.insecure_channel(f"127.0.0.1:{port['HostPort']}") as channel:
        answer = collector_pb2_grpc.CollectorStub(channel).init(collector_pb2.InitRequest(), timeout=PATIENCE)
    assert "options_schema" in answer.metadata.fields


def test_it_ends_well_when_it_is_stopped(container):
    until(container, "healthy")
    container.stop(timeout=int(PATIENCE))
    container.reload()
    assert container.attrs["State"]["ExitCode"] == 0
    assert b'"Stopped"' in container.logs()


def test_a_server_that_hangs_is_unhealthy(container):
    until(container, "healthy")
    container.kill(signal="SIGSTOP")
    until(container, "unhealthy")
    container.kill(signal="SIGCONT")
    until(container, "healthy")


def test_no_compiler_and_no_installer_is_in_it(container):
    for program in ("gcc", "cc", "pip", "pip3"):
        assert container.exec_run(["sh", "-c", f"command -v {program}"]).exit_code != 0, program


def test_its_labels_say_what_it_is(image):
    said = {name.removeprefix("org.opencontainers.image."): value for name, value in image.labels.items()}
    assert said["description"] == "SpaceONE inventory collector for cryptocurrency prices"
    assert said["licenses"] == "Apache-2.0"
    assert said["version"] == (SOURCE / "VERSION").read_text().strip()


def test_nobody_becomes_another_user_in_it(container):
    found = container.exec_run(["sh", "-c", "find / -xdev -perm /6000 2>/dev/null"], user="root")
    assert found.output == b""


def test_a_second_build_has_the_same_layers(client, engine, image, build_args, tmp_path):
    """From another copy of the source, with other times and modes, and without the builder's cache."""
    copy = tmp_path / "plugin"
    shutil.copytree(SOURCE.parent, copy, copy_function=shutil.copyfile)
    for path in copy.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    # As the pipeline builds, which has no way to leave the cache out.
    created = PluginSource.load(SOURCE.parent).created
    arguments = {**build_args, "SOURCE_DATE_EPOCH": str(int(created.timestamp()))}
    name = ImageReference(None, f"{NAME}/again", "1")
    again, _ = client.images.build(
        path=str(copy), tag=str(name), nocache=True, rm=True, forcerm=True, buildargs=arguments
    )
    make_reproducible(engine.api, again.id, build_args["BASE_IMAGE"], name, created, Output(None))
    assert client.images.get(str(name)).attrs["RootFS"]["Layers"] == image.attrs["RootFS"]["Layers"]


def test_its_modules_are_compiled_and_not_compared_with_their_sources(container):
    """Flags 01: a hash instead of a time, which is not checked (PEP 552)."""
    script = (
        "import glob; files = glob.glob('/opt/**/*.pyc', recursive=True);"
        "print(len(files) > 500, {open(file, 'rb').read(8)[4:].hex() for file in files})"
    )
    assert container.exec_run(["python", "-c", script]).output.decode().strip() == "True {'01000000'}"
