"""Reproducible images and their documents, with the real Docker engine and Debian's registry."""

from __future__ import annotations

import json
import uuid

import pytest

from flows.images import ImageReference
from flows.images.attestation.bill import bill_of_materials
from flows.images.attestation.packages import Contents, Package, read_packages
from flows.images.attestation.store import STATEMENT_TYPE, Store
from flows.images.engine import Engine
from flows.images.registry import Registry
from flows.images.registry.transport import Content
from flows.images.source import PluginSource
from tests.registry import serving

pytestmark = [pytest.mark.integration, pytest.mark.engine, pytest.mark.usefixtures("build_args")]

#: In the name of every image that is built here.
NAME = f"attestation-test-{uuid.uuid4().hex[:8]}"
STATUS = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2\n"


@pytest.fixture(scope="module")
def addresses(sandbox_home):
    with serving(sandbox_home) as one, serving(sandbox_home) as other:
        yield one, other


@pytest.fixture
def plugin(tmp_path):
    folder = tmp_path / "plugin"
    files = {
        "Dockerfile": (
            "FROM scratch\nARG SOURCE_DATE_EPOCH=0\nLABEL epoch=$SOURCE_DATE_EPOCH\nCOPY src /src\n"
            'COPY status /var/lib/dpkg/status\nUSER 65532\nVOLUME /data\nHEALTHCHECK CMD ["x"]\n'
        ),
        "status": STATUS,
        "src/VERSION": "0.1.0\n",
        "src/plugin/main.py": f"# {NAME}\n",
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


#: Steps that remove, link and make folders, which all get the time of the build.
STEPS = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
ARG SOURCE_DATE_EPOCH=0
LABEL epoch=$SOURCE_DATE_EPOCH
COPY src /opt/x/src
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /opt/x && rm /etc/issue && ln -s a /opt/x/b \\
    && mkdir /opt/y && find /opt/x -type f -exec touch --date=@$SOURCE_DATE_EPOCH {} +
WORKDIR /srv/new/deep
COPY status /status
"""


def dangling(client):
    """The builder's cache: images of these tests without a name."""
    wanted = {"dangling": True, "label": [f"org.opencontainers.image.title={NAME}"]}
    return [image["Id"] for image in client.api.images(filters=wanted)]


def remove(client, name):
    """An image and all that its build left."""
    client.images.remove(name)
    for image_id in dangling(client):
        client.images.remove(image_id)


@pytest.mark.parametrize("dockerfile", [None, STEPS])
def test_two_builds_without_a_common_cache_give_the_same_image_and_digest(
    engine: Engine, client, addresses, plugin, build_args, dockerfile
):
    if dockerfile:
        (plugin / "Dockerfile").write_text(dockerfile)
    source = PluginSource.load(plugin)
    ids, digests = [], []
    for address in addresses:
        reference = ImageReference(address, f"team/{NAME}", source.version)
        ids.append(engine.build(source, reference, build_args=build_args))
        found = engine.inspect(reference)
        assert found.id == ids[-1]
        assert found.created == source.created
        assert found.labels["epoch"] == str(int(source.created.timestamp()))
        with Registry(address, insecure="http") as registry:
            digests.append(engine.push(reference, registry))
        assert engine.inspect(reference).is_held_as(digests[-1])
        remove(client, str(reference))
    assert ids[0] == ids[1]
    assert digests[0] == digests[1]


def test_the_image_does_what_was_built(engine: Engine, client, plugin):
    reference = ImageReference(None, f"team/{NAME}", "0.1.0")
    engine.build(PluginSource.load(plugin), reference)
    attributes = client.images.get(str(reference)).attrs
    config = attributes["Config"]
    assert (config["User"], config["Volumes"]) == ("65532", {"/data": {}})
    assert config["Healthcheck"]["Test"] == ["CMD", "x"]
    assert attributes["Container"] == ""
    remove(client, str(reference))


def test_a_build_without_changes_is_taken_from_the_cache_and_leaves_one_unnamed_image(
    engine: Engine, client, plugin
):
    reference = ImageReference(None, f"team/{NAME}", "0.1.0")
    first = engine.build(PluginSource.load(plugin), reference)
    lines: list[str] = []
    assert engine.build(PluginSource.load(plugin), reference, on_output=lines.append) == first
    (plugin / "src/plugin/main.py").write_text("# changed\n")
    assert engine.build(PluginSource.load(plugin), reference) != first
    assert len(dangling(client)) == 1
    remove(client, str(reference))


def test_files_are_read_and_nothing_is_left(engine: Engine, client, plugin):
    reference = ImageReference(None, f"team/{NAME}", "0.1.0")
    engine.build(PluginSource.load(plugin), reference)
    with engine.files(engine.inspect(reference)) as pieces:
        found = read_packages(pieces)
    assert found.packages == (Package("deb", "bash", "5.2", "amd64"),)
    left = client.containers.list(all=True, filters={"ancestor": str(reference)}, ignore_removed=True)
    assert left == []
    remove(client, str(reference))


def test_documents_are_stored_beside_the_image_once(engine: Engine, client, addresses, plugin):
    source = PluginSource.load(plugin)
    reference = ImageReference(addresses[0], f"team/{NAME}", source.version)
    engine.build(source, reference)
    bill = bill_of_materials(reference, "sha256:x", Contents(), created=source.created, builder="1")
    statement = Content(STATEMENT_TYPE, b'{"a": 1}')
    with Registry(addresses[0], insecure="http") as registry:
        digest = engine.push(reference, registry)
        store = Store(registry, reference)
        assert store.missing(digest) == ("sbom", "provenance")
        assert store.write(reference, digest, bill, statement, source.created)
        assert store.missing(digest) == ()
        assert not store.write(reference, digest, bill, statement, source.created)
        found = store.read(digest)
        assert (found.statement, found.signatures) == (statement.data, ())
        assert json.loads(found.bill)["bomFormat"] == "CycloneDX"
        assert registry.artifacts(reference.repository).tags() == ["0.1.0"]
    remove(client, str(reference))
