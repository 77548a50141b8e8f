"""What we expect of a Dockerfile, compared with what the Docker engine's two builders make of it."""

from __future__ import annotations

import io
import tarfile
import uuid

import docker
import pytest
from docker.errors import APIError

from flows.images.engine.buildkit import PARAMETERS
from tests.copying import LINKS, PATHS, TABLE

# The sandbox installs and starts the engine where it is missing.
pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("sandbox")]

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


@pytest.fixture(scope="module")
def client():
    with docker.from_env() as client:
        yield client


@pytest.mark.parametrize("with_buildkit", [False, True], ids=["classic", "buildkit"])
@pytest.mark.parametrize(("source", "found"), TABLE)
def test_copy_finds_what_we_find(client, source, found, with_buildkit):
    copied = build(client, f"FROM scratch\nCOPY {source} /x/\n", with_buildkit=with_buildkit)
    assert {*(copied or {}).values()} == {*found}


def test_a_link_before_a_wildcard_is_followed_by_buildkit_alone(client):
    text = "FROM scratch\nCOPY pkg/*.txt /x/\n"
    assert build(client, text, with_buildkit=False) is None
    assert build(client, text, with_buildkit=True) == {"x/a.txt": "deploy/pkg/a.txt"}
