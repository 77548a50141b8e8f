"""Images for several platforms, with the real Docker engine and Debian's registry.

The images hold files alone, so that an engine without an emulator builds them for every platform. What is tested is how
they are built, pushed, read and pulled.
"""

from __future__ import annotations

import json
import uuid

import pytest

from flows.images import BuildFailed, ImageReference, SourceError
from flows.images.engine import Engine
from flows.images.labels import BASE_DIGEST, SOURCE_DIGEST
from flows.images.registry import Registry
from flows.images.registry.artifacts import Descriptor
from flows.images.registry.manifests import IMAGE_TYPES, INDEX_TYPES
from flows.images.registry.transport import Content
from flows.images.source import PluginSource
from flows.images.state import ImageStatus, compare
from flows.platforms import tag_of
from tests.registry import serving

pytestmark = [pytest.mark.integration, pytest.mark.engine, pytest.mark.usefixtures("build_args")]

NAME = f"platforms-test-{uuid.uuid4().hex[:8]}"
AMD, ARM = PLATFORMS = ("linux/amd64", "linux/arm64")


@pytest.fixture(scope="module")
def registry(sandbox_home):
    with serving(sandbox_home) as address, Registry(address, insecure="http") as registry:
        yield registry


@pytest.fixture
def engine():
    with Engine.connect() as engine:
        yield engine


@pytest.fixture
def source(tmp_path):
    """Makes a plugin source with a Dockerfile."""

    def source(dockerfile="FROM scratch\nCOPY src /src\n", version="0.1.0"):
        folder = tmp_path / uuid.uuid4().hex
        (folder / "src/plugin").mkdir(parents=True)
        (folder / "Dockerfile").write_text(dockerfile)
        (folder / "src/VERSION").write_text(f"{version}\n")
        (folder / "src/plugin/main.py").write_text(f"# {NAME}\n")
        return PluginSource.load(folder)

    return source


@pytest.fixture
def pushed(engine, registry):
    """Builds a source for both platforms and pushes the index."""

    def pushed(source, repository, platforms=PLATFORMS):
        reference = ImageReference(registry.address, f"{NAME}/{repository}", source.version)
        images = {}
        for platform in platforms:
            name = ImageReference(registry.address, reference.repository, tag_of(source.version, platform))
            engine.build(source, name, platform=platform)
            images[platform] = engine.inspect(name)
        lines = []
        return (
            reference,
            images,
            engine.push_index(reference, registry, images, on_output=lines.append),
            lines,
        )

    return pushed


def test_an_index_is_pushed_as_a_whole_and_read(pushed, registry, source):
    plugin = source()
    reference, images, index, _ = pushed(plugin, "whole")
    assert images[AMD].id != images[ARM].id
    assert registry.artifacts(reference.repository).tags() == ["0.1.0"]
    held = registry.image(reference.repository, "0.1.0")
    assert held.digest == index.digest == registry.manifest_digest(reference.repository, "0.1.0")
    assert dict(held.platforms) == {platform: image.id for platform, image in images.items()}
    assert dict(held.manifests) == dict(index.images)
    assert held.labels[SOURCE_DIGEST] == plugin.digest
    state = compare(plugin, registry, reference)
    assert (state.status, state.digest, dict(state.platforms)) == (
        ImageStatus.SAME,
        index.digest,
        dict(held.platforms),
    )


def test_the_same_images_are_the_same_index_and_are_not_sent_again(pushed, source):
    plugin = source()
    _, first, index, lines = pushed(plugin, "again")
    _, second, same, more = pushed(plugin, "again")
    assert (second[ARM].id, same) == (first[ARM].id, index)
    assert any(line.endswith(": pushed") for line in lines)
    assert not any(line.endswith(": pushed") for line in more)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_engine_pulls_the_image_of_its_platform(pushed, client, source, platform):
    reference, images, _, _ = pushed(source(), f"pulled-{platform.rpartition('/')[2]}")
    found = client.images.pull(reference.name, tag="0.1.0", platform=platform)
    assert found.id == images[platform].id
    assert found.attrs["Architecture"] == platform.rpartition("/")[2]


def test_a_base_image_by_the_digest_of_an_index(pushed, engine, registry, source, client):
    base, bases, index, _ = pushed(source(), "base")
    for image in bases.values():
        client.images.remove(str(image.reference), force=True)
    name = f"{base.name}@{index.digest}"
    plugin = source(f"FROM {name}\nCOPY src /more\n", "0.2.0")
    images = pushed(plugin, "on-a-base")[1]
    for platform in PLATFORMS:
        assert images[platform].labels[BASE_DIGEST] == index.digest
        assert registry.image(f"{NAME}/on-a-base", "0.2.0").platforms[platform] == images[platform].id


def test_what_buildkit_attaches_is_no_platform(pushed, registry, source):
    """`docker buildx build --provenance` stores a manifest with the platform unknown/unknown in the index."""
    plugin = source()
    reference, _, index, _ = pushed(plugin, "attached")
    artifacts = registry.artifacts(reference.repository)
    statement = Content("application/vnd.in-toto+json", b"{}")
    artifacts.upload(statement)
    config = Content(
        "application/vnd.oci.image.config.v1+json", b'{"architecture": "unknown", "os": "unknown"}'
    )
    artifacts.upload(config)
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": IMAGE_TYPES[0],
            "config": Descriptor.of(config).as_json(),
            "layers": [Descriptor.of(statement).as_json()],
        }
    ).encode()
    attached = Content(IMAGE_TYPES[0], manifest)
    artifacts.put(Descriptor.of(attached).digest, attached)
    entries = [
        {
            **Descriptor.of(attached).as_json(),
            "platform": {"architecture": "unknown", "os": "unknown"},
            "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
        }
    ]
    for platform, digest in index.images.items():
        described = artifacts.describe(digest).as_json()
        entries.append(
            {**described, "platform": {"os": "linux", "architecture": platform.rpartition("/")[2]}}
        )
    whole = json.dumps({"schemaVersion": 2, "mediaType": INDEX_TYPES[0], "manifests": entries}).encode()
    artifacts.put("0.1.1", Content(INDEX_TYPES[0], whole))
    held = registry.image(reference.repository, "0.1.1")
    assert set(held.platforms) == set(PLATFORMS)
    assert held.labels[SOURCE_DIGEST] == plugin.digest


def test_images_of_two_sources_are_nobodys(pushed, registry, source):
    """An index whose images say two things is not what this source was released as."""
    plugin = source()
    reference, _, index, _ = pushed(plugin, "mixed")
    other = source("FROM scratch\nCOPY src /other\n")
    _, _, foreign, _ = pushed(other, "mixed")
    artifacts = registry.artifacts(reference.repository)
    entries = [
        {**artifacts.describe(digest).as_json(), "platform": {"os": "linux", "architecture": name}}
        for digest, name in ((index.images[AMD], "amd64"), (foreign.images[ARM], "arm64"))
    ]
    whole = json.dumps({"schemaVersion": 2, "mediaType": INDEX_TYPES[1], "manifests": entries}).encode()
    artifacts.put("0.1.0", Content(INDEX_TYPES[1], whole))
    assert compare(plugin, registry, reference).status is ImageStatus.UNLABELLED


def test_a_run_that_the_engine_cannot_run_is_refused_before_the_build(engine, source, client):
    plugin = source("FROM scratch\nCOPY src /src\nRUN /src/x\n")
    engine.check_platforms(plugin, [engine.platform()])
    other = next(platform for platform in ("linux/s390x", "linux/riscv64") if platform != engine.platform())
    with pytest.raises(SourceError, match=rf"line 3 has a RUN, .* cannot run for {other}") as caught:
        engine.check_platforms(plugin, (AMD, other))
    assert f"remove {other} from build.platforms" in caught.value.advice


def test_a_base_image_of_another_platform_is_refused(engine, registry, source, pushed, client):
    _, images, _, _ = pushed(source(), "one", platforms=(AMD,))
    alone = f"{NAME}/alone"
    client.images.get(images[AMD].id).tag(alone, "1")
    plugin = source(f"FROM {alone}:1\nCOPY src /more\n")
    name = ImageReference(registry.address, f"{NAME}/none", "0.1.0-linux-arm64")
    with pytest.raises(BuildFailed) as caught:
        engine.build(plugin, name, platform=ARM)
    assert "for linux/arm64" in caught.value.message
    assert f"The base image {alone}:1 has no linux/arm64" in caught.value.advice
