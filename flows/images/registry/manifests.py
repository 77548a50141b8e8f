"""Reading image manifests, of Docker's and of OCI's media types."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.images.errors import UnexpectedAnswer

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

PLATFORM = ("linux", "amd64")


@dataclass(frozen=True, slots=True)
class RemoteImage:
    """An image in a registry: the digest that its tag points to, and its labels."""

    digest: str
    labels: dict[str, str]


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
    for entry in manifest["manifests"]:
        platform = entry.get("platform", {})
        if (platform.get("os"), platform.get("architecture")) == PLATFORM:
            return str(entry["digest"])
    raise UnexpectedAnswer(
        address, f"holds no {'/'.join(PLATFORM)} image under this tag", "Build one for this platform"
    )


def config_digest(manifest: Mapping[str, Any], address: str) -> str:
    """Return the digest of an image's configuration."""
    try:
        return str(manifest["config"]["digest"])
    except (KeyError, TypeError):
        kind = manifest.get("mediaType") or f"schema {manifest.get('schemaVersion')}"
        raise UnexpectedAnswer(address, f"does not hold an image under this tag ({kind})") from None


def labels_of(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the labels in an image's configuration."""
    return dict((config.get("config") or {}).get("Labels") or {})
