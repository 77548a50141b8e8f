"""Images that are built here once, from files of this package, and found again by what they were built from."""

from __future__ import annotations

import hashlib
import io
import tarfile
from contextlib import suppress
from typing import TYPE_CHECKING

from docker.errors import APIError, BuildError, DockerException, ImageNotFound

from flows.images.reference import LOCAL_REGISTRY
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import docker

    from sandbox.machine.progress import Progress

_LINES = 15
_KIND = "pluginctl.image"


def has(client: docker.DockerClient, name: str) -> bool:
    """Whether the engine has an image of that name."""
    try:
        client.images.get(name)
    except ImageNotFound:
        return False
    return True


def build(
    client: docker.DockerClient,
    kind: str,
    files: Mapping[str, bytes],
    base: str,
    progress: Progress,
    what: str,
) -> str:
    """The name of an image, built unless the engine has it. An older image of the same kind is removed.

    Args:
        client: the engine's client.
        kind: the image's name without registry and tag, such as `spaceone-2`. The tag identifies the content.
        files: the build context; its `Dockerfile` has the argument BASE.
        base: the image that it is built on.
        progress: receives what is going on.
        what: the image in words.

    Raises:
        SandboxError: a step failed; the details are its last lines.
    """
    content = hashlib.sha256(str(client.images.get(base).id).encode())
    for name in sorted(files):
        content.update(f"\0{name}\0{len(files[name])}\0".encode() + files[name])
    name = f"{LOCAL_REGISTRY}/{kind}"
    image = f"{name}:{content.hexdigest()[:12]}"
    if has(client, image):
        return image
    with progress.step(f"building the image of {what}"):
        try:
            client.images.build(
                fileobj=archive(files),
                custom_context=True,
                tag=image,
                buildargs={"BASE": base},
                labels={_KIND: name},
                rm=True,
                forcerm=True,
            )
        except BuildError as error:
            lines = [str(each.get("stream") or each.get("error") or "") for each in error.build_log]
            raise SandboxError(
                f"The image of {what} cannot be built.",
                "The last lines of the build say what failed. Check that containers on this machine reach the package "
                "index and have disk space, then try again.",
                details="".join(lines).strip().splitlines()[-_LINES:],
            ) from error
        except (DockerException, OSError) as error:
            raise SandboxError(f"The image of {what} cannot be built: {error}") from error
    _remove_older(client, name, image)
    return image


def _remove_older(client: docker.DockerClient, name: str, current: str) -> None:
    for tag in image_names(client, label=f"{_KIND}={name}"):
        if tag.startswith(f"{name}:") and tag != current:
            with suppress(APIError):  # a container still uses it
                client.images.remove(tag)


def image_names(client: docker.DockerClient, **filters: str) -> list[str]:
    """The names with tags of the engine's images, in one call.

    docker's own list asks for each image once more, and fails if one is removed meanwhile.
    """
    found = client.api.images(filters=filters)
    return [name for image in found for name in image.get("RepoTags") or () if name != "<none>:<none>"]


def archive(files: Mapping[str, bytes]) -> io.BytesIO:
    """A build context of these files."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(data))
    content.seek(0)
    return content


def folder(root: Path, below: str) -> dict[str, bytes]:
    """The Python files of a package, by their path in a build context.

    Args:
        root: the folder of the package.
        below: the folder in the context.
    """
    return {f"{below}/{path.relative_to(root)}": path.read_bytes() for path in sorted(root.rglob("*.py"))}
