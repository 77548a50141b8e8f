"""Reading image manifests, of Docker's and of OCI's media types."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.images.errors import UnexpectedAnswer
from flows.text import QUOTED_CHARACTERS, quoted, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
IMAGE_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPT = ", ".join(IMAGE_TYPES + INDEX_TYPES)
"""Without it, a registry returns the obsolete schema 1, with another digest for the tag."""

_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")
PLATFORM = ("linux", "amd64")


@dataclass(frozen=True, slots=True)
class RemoteImage:
    """An image in a registry: the digest that its tag points to, its labels, and its configuration's digest."""

    digest: str
    labels: dict[str, str]
    config: str = ""


def is_digest(text: str) -> bool:
    """Whether a text is a SHA-256 digest, as registries write it."""
    return _SHA256.fullmatch(text) is not None


def verify(content: bytes, digest: str | None, address: str) -> str:
    """Return the digest of `content`.

    Raises:
        UnexpectedAnswer: it is not the expected digest.
    """
    actual = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if digest and digest.startswith("sha256:") and digest != actual:
        raise UnexpectedAnswer(address, f"sent {actual} instead of {digest}", "Its storage may be damaged")
    return actual


def pick_platform(manifest: Mapping[str, Any], address: str) -> str | None:
    """Return the digest of the linux/amd64 image in an index, or None where `manifest` is itself an image."""
    if "manifests" not in manifest:
        return None
    entries = manifest["manifests"]
    for entry in entries if isinstance(entries, list) else ():
        described = _mapping(entry)
        platform = _mapping(described.get("platform"))
        if (platform.get("os"), platform.get("architecture")) == PLATFORM:
            return _digest(described, address)
    raise UnexpectedAnswer(
        address, f"holds no {'/'.join(PLATFORM)} image under this tag", "Build one for this platform"
    )


def config_digest(manifest: Mapping[str, Any], address: str) -> str:
    """Return the digest of an image's configuration."""
    if described := _mapping(manifest.get("config")):
        return _digest(described, address)
    kind = manifest.get("mediaType") or f"schema {manifest.get('schemaVersion')}"
    raise UnexpectedAnswer(
        address, f"does not hold an image under this tag ({shortened(str(kind), QUOTED_CHARACTERS)})"
    )


def labels_of(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the labels in an image's configuration; what is no text is left out."""
    labels = _mapping(_mapping(config.get("config")).get("Labels"))
    return {name: value for name, value in labels.items() if isinstance(value, str)}


def _mapping(value: object) -> Mapping[str, Any]:
    """A JSON object; an empty one instead of anything else."""
    return value if isinstance(value, dict) else {}


def _digest(described: Mapping[str, Any], address: str) -> str:
    """The digest in a descriptor. It becomes part of an address, and content that it cannot verify is not read."""
    digest = described.get("digest")
    if not isinstance(digest, str) or not is_digest(digest):
        raise UnexpectedAnswer(
            address, f"names content by {quoted(digest)}, which is no SHA-256 digest", "Push the image again"
        )
    return digest
