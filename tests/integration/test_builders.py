"""What we expect of a Dockerfile, compared with what the Docker engine's two builders make of it."""

from __future__ import annotations

import io
import tarfile
import uuid

import docker
import pytest
from docker.errors import APIError

from flows.images import BuildFailed, ImageReference, SourceError
from flows.images.engine import Engine
from flows.images.engine.buildkit import PARAMETERS, frontend
from flows.images.source import PluginSource
from tests.copying import LINKS, PATHS, TABLE

pytestmark = [pytest.mark.integration, pytest.mark.engine, pytest.mark.usefixtures("build_args")]

NAME = f"builders-test-{uuid.uuid4().hex[:8]}"


def context(dockerfile: str) -> bytes:
    """A build context with the files and links of the table; each file holds its own path."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as tar:
        for path, text in {"Dockerfile": dockerfile, **{path: path for path in PATHS}}.items():
            info = tarfile.TarInfo(path)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
        for path, target in LINKS.items():
            info = tarfile.TarInfo(path)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return output.getvalue()


def build(client: docker.DockerClient, dockerfile: str, *, with_buildkit: bool) -> dict[str, str] | None:
    """The files of the image by their path; None if it cannot be built."""
    api = client.api
    before, api.params = api.params, PARAMETERS if with_buildkit else api.params
    try:
        events = list(
            api.build(
                fileobj=io.BytesIO(context(dockerfile)),
                custom_context=True,
                tag=NAME,
                rm=True,
                forcerm=True,
                decode=True,
            )
        )
    except APIError:
        return None
    finally:
        api.params = before
    if any("error" in event for event in events):
        return None
    try:
        return files(client, NAME)
    finally:
        client.images.remove(NAME, force=True)


def files(client: docker.DockerClient, image: str) -> dict[str, str]:
    """The files of an image by their path."""
    made = client.api.create_container(image, ["none"])["Id"]
    try:
        data = b"".join(client.api.export(made))
    finally:
        client.api.remove_container(made)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        found = [member for member in tar if member.isreg() and member.name.startswith("x/")]
        return {member.name: tar.extractfile(member).read().decode() for member in found}


@pytest.mark.parametrize("with_buildkit", [False, True], ids=["classic", "buildkit"])
def test_copy_finds_what_we_find(client, with_buildkit):
    sources = [source for source, found in TABLE if found]
    lines = "".join(f"COPY {source} /x/{number}/\n" for number, source in enumerate(sources))
    copied = build(client, f"FROM scratch\n{lines}", with_buildkit=with_buildkit)
    found = {source: set() for source in sources}
    for path, content in copied.items():
        found[sources[int(path.split("/")[1])]].add(content)
    assert found == {source: {*paths} for source, paths in TABLE if paths}


@pytest.mark.parametrize("with_buildkit", [False, True], ids=["classic", "buildkit"])
@pytest.mark.parametrize("source", [source for source, found in TABLE if not found])
def test_copy_does_not_find_what_we_do_not_find(client, source, with_buildkit):
    """BuildKit copies nothing if a wildcard matches nothing; all else is refused."""
    copied = build(client, f"FROM scratch\nCOPY {source} /x/\n", with_buildkit=with_buildkit)
    assert copied == ({} if with_buildkit and {*source} & {*"*?["} and source != "['top.txt'," else None)


def test_a_link_before_a_wildcard_is_followed_by_buildkit_alone(client):
    text = "FROM scratch\nCOPY pkg/*.txt /x/\n"
    assert build(client, text, with_buildkit=False) is None
    assert build(client, text, with_buildkit=True) == {"x/a.txt": "deploy/pkg/a.txt"}


@pytest.fixture
def plugin(tmp_path):
    """Makes a plugin source with a Dockerfile."""

    def plugin(dockerfile):
        folder = tmp_path / "plugin"
        (folder / "src/plugin").mkdir(parents=True, exist_ok=True)
        (folder / "Dockerfile").write_text(dockerfile)
        (folder / "README.md").write_text("not copied")
        (folder / "src/VERSION").write_text("0.1.0\n")
        (folder / "src/plugin/main.py").write_text(f"# {NAME}\n")
        return PluginSource.load(folder)

    return plugin


@pytest.fixture
def made(client, build_args):
    """Builds a source with the engine; the image is removed at the end."""
    reference = ImageReference(None, f"team/{NAME}", "0.1.0")

    def made(source, lines=None):
        with Engine.connect() as engine:
            on_output = None if lines is None else lines.append
            return engine.build(source, reference, build_args=build_args, on_output=on_output)

    yield made
    if images := client.api.images(name=reference.name):
        client.images.remove(images[0]["Id"], force=True)


BASE = "# syntax=docker/dockerfile:1\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"
# Its own name: BuildKit keeps its cache, and shows nothing of a step that it has.
MOUNT = f"{BASE}RUN --mount=type=cache,target=/y echo {NAME} && ls /y\nCOPY --chmod=755 src /x\n"


def test_a_dockerfile_that_needs_buildkit_is_built_twice_to_the_same_image(client, plugin, made):
    lines = []
    source = plugin(MOUNT)
    first = made(source, lines)
    assert f"Step 2/3 : RUN --mount=type=cache,target=/y echo {NAME} && ls /y" in lines
    assert NAME in lines
    assert made(source) == first
    assert client.images.get(first).labels["io.spaceone.pipeline.source-digest"] == source.digest
    assert {*files(client, first)} == {"x/VERSION", "x/plugin/main.py"}
    unnamed = client.api.images(filters={"dangling": True, "label": f"org.opencontainers.image.title={NAME}"})
    assert unnamed == []


def test_a_step_that_fails_under_buildkit_is_named(plugin, made):
    with pytest.raises(BuildFailed) as caught:
        made(plugin(BASE + "RUN --mount=type=cache,target=/y echo one && false\n"))
    assert caught.value.step.startswith("2/2 : RUN --mount=type=cache,target=/y echo one")
    assert caught.value.details == ("one",)


def test_a_heredoc_is_built_or_refused_before_the_build(client, plugin, made):
    source = plugin(BASE + "COPY <<EOF /x/a\nhello\nEOF\n")
    if (frontend(client.version()) or (0, 0)) >= (1, 4):
        assert files(client, made(source)) == {"x/a": "hello\n"}
        return
    with pytest.raises(SourceError, match="line 4 has a heredoc, .* Docker 23.0 or later"):
        made(source)


def test_a_base_image_that_copies_files_by_itself(client, plugin, made):
    base = f"{NAME}-onbuild:1"
    text = io.BytesIO(b"FROM scratch\nONBUILD COPY README.md /x/\n")
    client.images.build(fileobj=text, tag=base, rm=True)
    try:
        with pytest.raises(SourceError, match="copies files by ONBUILD"):
            made(plugin(f"FROM {base}\nCOPY src /x/\n"))
        built = made(plugin(f"FROM {base}\nCOPY . /x/\n"))
        assert "x/README.md" in files(client, built)
    finally:
        client.images.remove(base, force=True)
