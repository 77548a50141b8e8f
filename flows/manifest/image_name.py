"""Which names a plugin's image may have.

The grammar is the distribution specification's, https://distribution.github.io/distribution/spec/api/.
"""

from __future__ import annotations

import re

from flows.text import quoted

#: Characters in the last part of a plugin's image: MAX_IMAGE_NAME_LENGTH of SpaceONE's repository.
MAX_PLUGIN_NAME = 48

_SHOWN = 100  # characters of a name that a message proposes

_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")


def check_repository(repository: str) -> str:
    """Returns `repository` if it is a valid name for a registry.

    Raises:
        ValueError: a part breaks the grammar; the message names the part.
    """
    if not repository:
        raise ValueError("is not an image name: it is empty")
    if repository != repository.lower():
        raise ValueError(
            f"has capital letters, which a registry does not accept: write {quoted(repository.lower(), _SHOWN)}"
        )
    for part in repository.split("/"):
        if not _COMPONENT.fullmatch(part):
            raise ValueError(
                f"is not an image name: its part {quoted(part)} must be lower-case letters and digits, "
                "separated by single '.', one or two '_', or '-'"
            )
    return repository


def check_plugin_image(image: str) -> str:
    """Returns `image`, the `image` of a manifest's plugin, if SpaceONE accepts it.

    What the repository service of both generations rejects (`_check_image`) is rejected here, before anything
    is built: a last part over 48 characters (ERROR_INVALID_IMAGE_LENGTH), and in it anything but letters,
    digits and hyphens, so '_' and '.' too (ERROR_INVALID_IMAGE_NAME_FORMAT). The version is the tag and the
    environment names the registry, so a manifest contains neither.

    Raises:
        ValueError: the rule that it breaks, as the end of a sentence that begins with the name.
    """
    head, _, last = image.rpartition("/")
    if "@" in last:
        raise ValueError("must not contain a digest: the version is in src/VERSION")
    if ":" in last:
        raise ValueError(
            f"must not contain a tag: write {quoted(image.rpartition(':')[0], _SHOWN)}, the version is in src/VERSION"
        )
    first = head.split("/", 1)[0]
    if is_address(first):
        raise ValueError(
            f"must not contain a registry: remove {quoted(first + '/')}, the environment names it"
        )
    check_repository(image)
    if len(last) > MAX_PLUGIN_NAME:
        raise ValueError(
            f"is too long for SpaceONE: its last part has {len(last)} characters, at most {MAX_PLUGIN_NAME}"
        )
    for character in "_.":
        if character in last:
            raise ValueError(
                f"is refused by SpaceONE: its last part contains {quoted(character)}, use letters, digits and '-'"
            )
    return image


def is_address(part: str) -> bool:
    """Whether the first part of a name is a registry, by Docker's rule."""
    return "." in part or ":" in part or part == "localhost"
