"""Names of images.

The grammar is the distribution specification's (and Docker's, which adds the registry in front):
`[registry/]path/of/components[:tag]`, https://distribution.github.io/distribution/spec/api/. It has three
expressions. The packages that parse it report one error for each expression and no message for users.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flows.images.errors import InvalidReference
from flows.manifest import image_name
from flows.text import quoted

DOCKER_HUB = "docker.io"
"""How messages name Docker Hub; its address is None."""

LOCAL_REGISTRY = "pluginctl.invalid"
"""Begins the names of images that are made on an engine and are in no registry.

If such an image is gone, an engine that is told to build on it asks the registry of its name. `pluginctl/python` would
be a repository on Docker Hub that anybody may make. `localhost/python` would be asked for at port 80 of this machine
without TLS. No name server has a name in `.invalid` (RFC 6761), and no authority certifies one.
"""

MAX_NAME = 255
"""Characters in registry and repository together: Docker's limit."""

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_HUB_NAMES = {
    DOCKER_HUB,
    "index.docker.io",
    "registry-1.docker.io",
    "registry.hub.docker.com",
    "hub.docker.com",
}


def check_tag(tag: str) -> str:
    """Return `tag` if it is a valid image tag.

    Raises:
        InvalidReference: it is empty, longer than 128 characters, or contains a character that is not allowed.
    """
    if not _TAG.fullmatch(tag):
        raise InvalidReference(
            tag,
            "is not an image tag: use at most 128 letters, digits, '_', '.' and '-', and do not begin with '.' or '-'",
        )
    return tag


def check_address(address: str | None) -> str | None:
    """Return a registry's `host[:port]` in lower case, or None for Docker Hub (None, or one of its names).

    Raises:
        InvalidReference: it has a scheme or a path, or is not a host.
    """
    if address is None:
        return None
    if "/" in address:
        raise InvalidReference(
            address, "is not a registry address: give host or host:port, without scheme or path"
        )
    if not _ADDRESS.fullmatch(address):
        raise InvalidReference(address, "is not a registry address: give host or host:port")
    lowered = address.lower()
    return None if lowered in _HUB_NAMES else lowered


def split_address(address: str | None) -> tuple[str | None, str]:
    """Split an environment's `host[:port][/path]` into the registry's address (None: Docker Hub) and the path.

    Raises:
        InvalidReference: it has a scheme, or a part breaks the grammar.
    """
    if address is None:
        return None, ""
    if "://" in address:
        raise InvalidReference(
            address,
            f"is not a registry address: write {quoted(address.partition('://')[2], MAX_NAME)}, without the scheme",
        )
    host, _, path = address.partition("/")
    path = path.rstrip("/")
    if path and not image_name.is_address(host):
        # By Docker's rule such a name is below Docker Hub, whatever host has that name.
        raise InvalidReference(
            address,
            "is not a registry address: its first part is no host, write "
            f"{quoted(f'{DOCKER_HUB}/{address}', MAX_NAME)} for a namespace of Docker Hub",
        )
    checked = check_address(host)
    if path:
        try:
            image_name.check_repository(path)
        except ValueError as error:
            raise InvalidReference(address, f"is not a registry address: its path {error}") from None
    return checked, path


def check_repository(repository: str) -> str:
    """Return `repository` if it is a valid name for a registry.

    Raises:
        InvalidReference: a part breaks the grammar; the message names the part.
    """
    try:
        return image_name.check_repository(repository)
    except ValueError as error:
        raise InvalidReference(repository, str(error)) from None


@dataclass(frozen=True, slots=True)
class ImageReference:
    """An image's name: `registry` (None: Docker Hub), `repository` without it, and the `tag`, if any.

    Raises:
        InvalidReference: a part is not valid.
    """

    registry: str | None
    repository: str
    tag: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "registry", check_address(self.registry))
        check_repository(self.repository)
        if self.tag is not None:
            check_tag(self.tag)
        if len(self.name) > MAX_NAME:
            raise InvalidReference(self.name, f"is too long: {len(self.name)} characters, at most {MAX_NAME}")

    @property
    def name(self) -> str:
        """The name without the tag, in the Docker engine's form."""
        return f"{self.registry}/{self.repository}" if self.registry else self.repository

    @property
    def last_part(self) -> str:
        """The last part of the repository, from which SpaceONE derives the plugin's id."""
        return self.repository.rpartition("/")[2]

    def require_tag(self) -> str:
        """Return the tag, for calls that need one."""
        if self.tag is None:
            raise InvalidReference(self.name, "needs a tag here")
        return self.tag

    def __str__(self) -> str:
        return self.name if self.tag is None else f"{self.name}:{self.tag}"
