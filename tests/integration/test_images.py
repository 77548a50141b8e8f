"""Building and pushing with the real Docker engine and Debian's registry."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
import uuid
from dataclasses import replace

import bcrypt
import docker
import pytest

from flows.images import (
    BuildFailed,
    EngineError,
    EngineUnreachable,
    ImageReference,
    InvalidReference,
    PushFailed,
    RegistryRefused,
    SourceChanged,
)
from flows.images.engine import Engine
from flows.images.labels import SOURCE_DIGEST, SOURCE_FILES
from flows.images.registry import Registry
from flows.images.source import PluginSource
from flows.images.state import ImageStatus, compare
from tests.registry import serving
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.integration, pytest.mark.engine, pytest.mark.usefixtures("build_args")]

#: In the name of every image that is built here.
NAME = f"images-test-{uuid.uuid4().hex[:8]}"


@pytest.fixture(autouse=True)
def no_container_stays(client):
    before = {container.id for container in client.containers.list(all=True, ignore_removed=True)}
    yield
    made = _containers_since(client, before)
    assert made == []


def _containers(client, before) -> list[str]:
    """Containers of these tests: others work on this engine at the same time."""
    return [
        container.id
        for container in client.containers.list(all=True, ignore_removed=True)
        if container.id not in before and NAME in " ".join(container.attrs["Config"]["Cmd"] or [])
    ]


def _containers_since(client, before) -> list[str]:
    """The same, after a moment to go away."""
    deadline = time.monotonic() + PATIENCE
    while (made := _containers(client, before)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return made


@pytest.fixture(scope="module")
def address(sandbox_home):
    with serving(sandbox_home) as address:
        yield address


@pytest.fixture(scope="module")
def locked(sandbox_home):
    """A registry that knows one user, `ann` with `hunter2`."""
    line = "ann:" + bcrypt.hashpw(b"hunter2", bcrypt.gensalt(4)).decode()
    with serving(sandbox_home, htpasswd=line) as address:
        yield address


@pytest.fixture
def registry(address):
    with Registry(address, insecure="http") as registry:
        yield registry


@pytest.fixture
def engine():
    with Engine.connect() as engine:
        yield engine


@pytest.fixture
def plugin(tmp_path):
    folder = tmp_path / "plugin"
    (folder / "src/plugin").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY src /src\n")
    (folder / "src/VERSION").write_text("0.1.0\n")
    (folder / "src/plugin/main.py").write_text(f"# {NAME}\n")
    return folder


@pytest.fixture
def repository(request):
    """A repository of its own for each test."""
    return f"{NAME}/{request.node.originalname.replace('_', '-')}"[:100]


def test_a_credential_helper_that_is_not_installed_stops_only_what_needs_it(
    plugin, tmp_path, monkeypatch, registry, locked, repository
):
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "config.json").write_text(
        '{"credsStore": "nowhere", "credHelpers": {"gcr.io": "nothing"}, "auths": {"x.example.com": {}}}'
    )
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    reference = ImageReference(registry.address, repository, "0.1.0")
    with Engine.connect() as engine:
        engine.build(PluginSource.load(plugin), reference)
        assert engine.push(reference, registry) == registry.manifest_digest(repository, "0.1.0")
    with (
        Registry(locked, insecure="http") as other,
        pytest.raises(
            RegistryRefused, match=r"names docker-credential-nowhere in credsStore .*Install docker-cred"
        ),
    ):
        other.check_push(replace(reference, registry=locked))


def test_source_to_registry(engine, client, registry, plugin, repository):
    source = PluginSource.load(plugin)
    reference = ImageReference(registry.address, repository, source.version)
    assert compare(source, registry, reference).status is ImageStatus.ABSENT
    assert engine.find(reference) is None

    lines: list[str] = []
    image_id = engine.build(source, reference, on_output=lines.append)
    assert any("COPY src /src" in line for line in lines)
    local = engine.find(reference)
    assert local.id == image_id == client.images.get(str(reference)).id
    assert local.labels[SOURCE_DIGEST] == source.digest

    lines.clear()
    digest = engine.push(reference, registry, on_output=lines.append)
    assert lines
    state = compare(source, registry, reference)
    assert (state.status, state.digest, state.source_digest) == (ImageStatus.SAME, digest, source.digest)
    assert registry.manifest_digest(repository, "0.1.0") == digest
    assert registry.image(repository, "0.1.0").labels == {
        "org.opencontainers.image.title": reference.last_part,
        "org.opencontainers.image.version": "0.1.0",
        "org.opencontainers.image.created": source.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        SOURCE_DIGEST: source.digest,
        SOURCE_FILES: source.listing.label(),
    }
    assert engine.push(reference, registry) == digest

    (plugin / "src/plugin/main.py").write_text("print('changed')")
    changed = compare(PluginSource.load(plugin), registry, reference)
    assert changed.status is ImageStatus.CONFLICT
    assert str(plugin / "src/VERSION") in changed.message
    assert "Since then: changed: src/plugin/main.py. Bump" in changed.message

    (plugin / "src/VERSION").write_text("0.2.0")
    bumped = PluginSource.load(plugin)
    assert compare(bumped, registry, replace(reference, tag="0.2.0")).status is ImageStatus.ABSENT


def test_same_source_is_the_same_image(engine, plugin, repository):
    source = PluginSource.load(plugin)
    reference = ImageReference(None, repository, source.version)
    first = engine.build(source, reference)
    copy = plugin.with_name("copy")
    shutil.copytree(plugin, copy)
    assert engine.build(PluginSource.load(copy), reference) == first


def test_image_holds_the_context_and_no_more(engine, client, plugin, repository):
    (plugin / ".dockerignore").write_text("**/*.log\n")
    (plugin / "src/secret.log").write_text("x")
    (plugin / "src/run").write_text("x")
    (plugin / "src/run").chmod(0o700)
    source = PluginSource.load(plugin)
    reference = ImageReference(None, repository, source.version)
    engine.build(source, reference)
    container = client.containers.create(str(reference), command=["/none"])
    try:
        stream, status = container.get_archive("/src/run")
        b"".join(stream)
        assert status["mode"] & 0o777 == 0o755
        with pytest.raises(docker.errors.NotFound):
            container.get_archive("/src/secret.log")
    finally:
        container.remove()


def test_image_that_lost_its_name_is_removed(engine, client, plugin, repository):
    source = PluginSource.load(plugin)
    reference = ImageReference(None, repository, source.version)
    first = engine.build(source, reference)
    (plugin / "src/plugin/main.py").write_text("changed")
    second = engine.build(PluginSource.load(plugin), reference)
    assert second != first
    with pytest.raises(docker.errors.ImageNotFound):
        client.images.get(first)


def test_image_with_another_name_is_kept(engine, client, plugin, repository):
    source = PluginSource.load(plugin)
    reference = ImageReference(None, repository, source.version)
    first = engine.build(source, reference)
    client.images.get(first).tag(f"{repository}-kept", "1")
    (plugin / "src/plugin/main.py").write_text("changed")
    engine.build(PluginSource.load(plugin), reference)
    assert client.images.get(f"{repository}-kept:1").id == first


def test_build_arguments(engine, plugin, repository):
    base = ImageReference(None, f"{repository}-base", "1")
    engine.build(PluginSource.load(plugin), base)
    (plugin / "Dockerfile").write_text("ARG BASE_IMAGE=nowhere\nFROM ${BASE_IMAGE}\nCOPY src /again\n")
    source = PluginSource.load(plugin)
    reference = ImageReference(None, repository, source.version)
    arguments = {"BASE_IMAGE": str(base)}
    engine.build(source, reference, build_args=arguments)
    assert arguments == {"BASE_IMAGE": str(base)}
    labels = engine.find(reference).labels
    assert labels["org.opencontainers.image.base.name"] == str(base)
    assert labels["org.opencontainers.image.base.digest"] == engine.find(base).id


def test_the_digest_of_an_image_that_a_registry_has(engine, registry, plugin, repository):
    source = PluginSource.load(plugin)
    reference = ImageReference(registry.address, repository, source.version)
    engine.build(source, reference)
    assert engine.digest(str(reference), made_here=False) is None
    assert engine.digest(str(reference)) == engine.find(reference).id
    pushed = engine.push(reference, registry)
    assert engine.digest(str(reference), made_here=False) == engine.digest(str(reference)) == pushed
    assert engine.digest(f"{reference.name}@sha256:1") == "sha256:1", "the name says it"
    for name in (f"{repository}-none:1", "not a name", "scratch"):
        assert engine.digest(name) is None


class TestFailedBuilds:
    @pytest.mark.parametrize(
        ("dockerfile", "step", "words"),
        [
            ("FROM scratch\nCOPY src\n", None, "at least two arguments"),
            ("FROM scratch\nARG X=nothing\nCOPY $X /\n", "3/", r"nothing[\s\S]*dockerignore"),
            ("FROM nowhere.invalid/base:1\n", "1/", "the environment's build argument BASE_IMAGE"),
            ("FROM pluginctl.invalid/base:1\n", "1/", "`pluginctl sandbox up` makes it again"),
            (f'FROM scratch\nRUN ["/{NAME}"]\n', "2/", "no such file or directory"),
        ],
        ids=["Dockerfile", "COPY", "FROM", "sandbox", "RUN"],
    )
    def test_step_is_named(self, engine, plugin, repository, dockerfile, step, words):
        (plugin / "Dockerfile").write_text(dockerfile)
        reference = ImageReference(None, repository, "0.1.0")
        with pytest.raises(BuildFailed, match=words) as caught:
            engine.build(PluginSource.load(plugin), reference)
        assert (caught.value.step or "").startswith(step or "")
        assert (caught.value.step is None) is (step is None)
        assert f"Building {reference} failed" in str(caught.value)
        assert engine.find(reference) is None
        if "pluginctl.invalid" in dockerfile:
            assert not caught.value.temporary, "it is in no registry at any time"

    def test_changed_since_it_was_planned(self, engine, plugin, repository):
        source = PluginSource.load(plugin)
        (plugin / "src/plugin/main.py").write_text("changed")
        with pytest.raises(SourceChanged):
            engine.build(source, ImageReference(None, repository, "0.1.0"))

    def test_interrupted(self, engine, client, plugin, repository, base_with_sleep):
        before = {container.id for container in client.containers.list(all=True, ignore_removed=True)}
        (plugin / "Dockerfile").write_text(f"FROM {base_with_sleep}\nRUN echo {NAME}; sleep 60\n")

        def interrupt(line: str) -> None:
            if line == NAME:
                assert _containers(client, before)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            engine.build(
                PluginSource.load(plugin), ImageReference(None, repository, "0.1.0"), on_output=interrupt
            )
        assert _containers_since(client, before) == []

    def test_takes_too_long(self, engine, client, plugin, repository, base_with_sleep):
        before = {container.id for container in client.containers.list(all=True, ignore_removed=True)}
        (plugin / "Dockerfile").write_text(
            f"FROM {base_with_sleep}\nRUN while sleep 1; do echo {NAME}; done\n"
        )
        with pytest.raises(EngineError, match="took longer than 2 s and was cancelled"):
            engine.build(PluginSource.load(plugin), ImageReference(None, repository, "0.1.0"), seconds=2)
        assert _containers_since(client, before) == []


@pytest.fixture(scope="module")
def base_with_sleep(client, tmp_path_factory):
    """An image with this machine's own sh and sleep, and the libraries they load."""
    folder = tmp_path_factory.mktemp("base")
    for program in ("/bin/sh", "/bin/sleep"):
        loaded = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        for path in [program, *re.findall(r"(/\S+) \(0x", loaded)]:
            target = folder / "root" / path.removeprefix("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY root /\n")
    tag = f"test/{NAME}-base:1"
    client.images.build(path=str(folder), tag=tag, rm=True)
    return tag


class TestRefusedPushes:
    @pytest.fixture
    def built(self, engine, plugin, repository):
        def built(address: str) -> ImageReference:
            reference = ImageReference(address, repository, "0.1.0")
            engine.build(PluginSource.load(plugin), reference)
            return reference

        return built

    def test_nobody_listens(self, engine, built):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        with (
            Registry(address, insecure="http") as registry,
            pytest.raises(PushFailed, match=r"connection refused\. Check the address of 127") as caught,
        ):
            engine.push(built(address), registry)
        assert caught.value.temporary

    def test_nobody_logged_in(self, engine, built, locked):
        with Registry(locked, insecure="http") as registry:
            with pytest.raises(
                PushFailed, match=r"no basic auth credentials\. Give the environment"
            ) as caught:
                engine.push(built(locked), registry)
            assert not caught.value.temporary
            with pytest.raises(RegistryRefused, match="an anonymous reader"):
                registry.ping()

    def test_wrong_password(self, engine, built, locked):
        with Registry(locked, insecure="http", username="ann", password="wr0ng") as registry:
            with pytest.raises(PushFailed, match=r"unauthorized|no basic auth") as caught:
                engine.push(built(locked), registry)
            with pytest.raises(RegistryRefused, match="user 'ann'"):
                registry.manifest_digest("x", "1")
        assert "wr0ng" not in str(caught.value)

    def test_right_password(self, engine, built, locked):
        with Registry(locked, insecure="http", username="ann", password="hunter2") as registry:
            reference = built(locked)
            digest = engine.push(reference, registry)
            assert registry.manifest_digest(reference.repository, "0.1.0") == digest

    def test_not_built(self, engine, registry, repository):
        reference = ImageReference(registry.address, repository, "0.1.0")
        with pytest.raises(PushFailed, match=r"does not exist locally[\s\S]*Build the image first"):
            engine.push(reference, registry)

    def test_two_registries(self, engine, built, address, locked):
        """What the engine pushes must be what the pipeline reads."""
        with (
            Registry(locked, insecure="http", username="ann", password="hunter2") as other,
            pytest.raises(InvalidReference, match="is not in registry"),
        ):
            engine.push(built(address), other)


class TestCheckPush:
    """What shows before a build, so that it need not show after it."""

    REFERENCE = ImageReference(None, f"{NAME}/check-push", "0.1.0")

    def test_nobody_asks_for_a_login(self, registry):
        assert str(registry.check_push(self.REFERENCE)) == "anonymous: no login is asked for"
        assert registry.manifest_digest(self.REFERENCE.repository, "0.1.0") is None

    def test_right_password(self, locked):
        with Registry(locked, insecure="http", username="ann", password="hunter2") as registry:
            assert str(registry.check_push(self.REFERENCE)) == "as ann"

    @pytest.mark.parametrize(
        ("user", "words"), [("ann", "refuses user 'ann'.*Check the password"), (None, "an anonymous push")]
    )
    def test_wrong_password(self, locked, user, words):
        with (
            Registry(locked, insecure="http", username=user, password="wr0ng") as registry,
            pytest.raises(RegistryRefused, match=words) as caught,
        ):
            registry.check_push(self.REFERENCE)
        assert "wr0ng" not in str(caught.value)

    def test_read_only(self, sandbox_home):
        with (
            serving(sandbox_home, read_only=True) as address,
            Registry(address, insecure="http") as registry,
            pytest.raises(
                RegistryRefused, match=r"does not accept a push to .*405 .*is read-only or a cache"
            ),
        ):
            registry.check_push(replace(self.REFERENCE, registry=address))


def test_no_engine(tmp_path):
    address = f"unix://{tmp_path}/docker.sock"
    with pytest.raises(
        EngineUnreachable, match=r"No Docker engine answers at unix:///.*systemctl start docker"
    ):
        Engine.connect(address)


def test_docker_host(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/other.sock")
    with pytest.raises(EngineUnreachable, match=r"other\.sock"):
        Engine.connect()
