"""Names of images.

The grammar is the distribution specification's (and Docker's, which adds the registry in front):
`[registry/]path/of/components[:tag]`, https://distribution.github.io/distribution/spec/api/. It is three
expressions; the packages that parse it answer with an error per expression and no sentence to show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from flows.images.errors import InvalidReference

DOCKER_HUB = "docker.io"
"""How Docker Hub is shown; as a registry's address it is None."""

MAX_PLUGIN_NAME = 48
"""Characters in the last part of a plugin's image: MAX_IMAGE_NAME_LENGTH of SpaceONE's repository."""

MAX_NAME = 255
"""Characters in registry and repository together, as Docker has it."""

_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")
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
    """Return `tag` if an image can carry it.

    Raises:
        InvalidReference: it is empty, longer than 128 characters, or holds a character that tags cannot.
    """
    if not _TAG.fullmatch(tag):
        raise InvalidReference(
            tag, "is not an image tag: at most 128 letters, digits, '_', '.' and '-', the first no '.' or '-'"
        )
    return tag


def check_address(address: str | None) -> str | None:
    """Return a registry's `host[:port]` in lower case, or None for Docker Hub (None, or one of its names).

    Raises:
        InvalidReference: it has a scheme, a path, or is no host at all.
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


def check_repository(repository: str) -> str:
    """Return `repository` if a registry can hold it.

    Raises:
        InvalidReference: a part breaks the grammar; the message names the part.
    """
    if not repository:
        raise InvalidReference(repository, "is not an image name: it is empty")
    if repository != repository.lower():
        raise InvalidReference(
            repository, f"is not an image name: write it in lower case, {repository.lower()!r}"
        )
    for part in repository.split("/"):
        if not _COMPONENT.fullmatch(part):
            raise InvalidReference(
                repository,
                f"is not an image name: its part {part!r} must be lower-case letters and digits, "
                "separated by single '.', one or two '_', or '-'",
            )
    return repository


def check_plugin_image(image: str) -> str:
    """Return `image`, the `image` of a manifest's plugin, if SpaceONE will take it.

    What the repository service of both generations refuses (`_check_image`) is refused here, before anything
    is built: a last part over 48 characters (ERROR_INVALID_IMAGE_LENGTH), and in it anything but letters,
    digits and hyphens, so '_' and '.' too (ERROR_INVALID_IMAGE_NAME_FORMAT). The version is the tag and the
    environment names the registry, so neither belongs into a manifest.

    Raises:
        InvalidReference: one sentence with the value and the rule.
    """
    head, _, last = image.rpartition("/")
    if "@" in last:
        raise InvalidReference(image, "must not hold a digest: the version is in src/VERSION")
    if ":" in last:
        raise InvalidReference(
            image, f"must not hold a tag: write {image.rpartition(':')[0]!r}, the version is in src/VERSION"
        )
    first = head.split("/", 1)[0]
    if _is_address(first):
        raise InvalidReference(
            image, f"must not hold a registry: remove {first + '/'!r}, the environment names it"
        )
    check_repository(image)
    if len(last) > MAX_PLUGIN_NAME:
        raise InvalidReference(
            image,
            f"is too long for SpaceONE: its last part has {len(last)} characters, at most {MAX_PLUGIN_NAME}",
        )
    for character in "_.":
        if character in last:
            raise InvalidReference(
                image,
                f"is refused by SpaceONE: its last part holds {character!r}, use letters, digits and '-'",
            )
    return image


@dataclass(frozen=True, slots=True)
class ImageReference:
    """An image's name: `registry` (None: Docker Hub), `repository` without it, and the `tag`, if any.

    Raises:
        InvalidReference: when made of something that is no name.
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

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Read `[registry/]repository[:tag]`, with Docker's rule for what is a registry.

        The first part is one if it has a '.' or a ':' or is `localhost`. Digests (`@sha256:...`) are refused.
        """
        if "@" in text:
            raise InvalidReference(text, "must not hold a digest: give a name and a tag")
        first, slash, rest = text.partition("/")
        registry, remainder = (first, rest) if slash and _is_address(first) else (None, text)
        repository, colon, tag = remainder.partition(":")
        return cls(registry, repository, tag if colon else None)

    @property
    def name(self) -> str:
        """The name without the tag, as the Docker engine takes it."""
        return f"{self.registry}/{self.repository}" if self.registry else self.repository

    @property
    def last_part(self) -> str:
        """The last part of the repository: SpaceONE makes the plugin's id of it."""
        return self.repository.rpartition("/")[2]

    def with_tag(self, tag: str) -> ImageReference:
        """Return the same image with another tag."""
        return replace(self, tag=tag)

    def require_tag(self) -> str:
        """Return the tag, for calls that need one."""
        if self.tag is None:
            raise InvalidReference(self.name, "needs a tag here")
        return self.tag

    def __str__(self) -> str:
        return self.name if self.tag is None else f"{self.name}:{self.tag}"


def _is_address(part: str) -> bool:
    return "." in part or ":" in part or part == "localhost"
