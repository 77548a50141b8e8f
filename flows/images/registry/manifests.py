"""Reading image manifests, of Docker's and of OCI's media types."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.images.errors import UnexpectedAnswer
from flows.platforms import DEFAULT, MANIFEST_LIMIT, platform_of
from flows.text import QUOTED_CHARACTERS, quoted, shortened

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


@dataclass(frozen=True, slots=True)
class RemoteImage:
    """An image in a registry, or an index of images for several platforms.

    Attributes:
        digest: What its tag points to.
        labels: Its labels; of an index, those of the first image. The source's digest is only among them if all images
            have the same.
        config: The digest of its configuration; of an index, of the first image's.
        platforms: The digest of each configuration by its platform, such as `linux/amd64`.
        manifests: Of an index, the digest of each image by its platform.
    """

    digest: str
    labels: dict[str, str]
    config: str = ""
    platforms: Mapping[str, str] = field(default_factory=dict, compare=False)
    manifests: Mapping[str, str] = field(default_factory=dict, compare=False)


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


def images_of(manifest: Mapping[str, Any], address: str) -> dict[str, str] | None:
    """Return the digests of the images in an index by platform, linux/amd64 first; None for an image.

    What BuildKit stores beside them, such as attestations, has the platform unknown/unknown, and is left out.
    """
    if "manifests" not in manifest:
        return None
    found: dict[str, str] = {}
    entries = manifest["manifests"]
    for entry in entries if isinstance(entries, list) else ():
        described = _mapping(entry)
        platform = platform_of(_mapping(described.get("platform")))
        if not platform or described.get("mediaType", IMAGE_TYPES[0]) not in IMAGE_TYPES:
            continue
        if platform == DEFAULT or is_digest(str(described.get("digest"))):  # nobody can pull another one
            found.setdefault(platform, _digest(described, address))
    if not found:
        raise UnexpectedAnswer(
            address,
            f"holds no {DEFAULT} image under this tag, and none of another platform",
            "Build one for this platform",
        )
    if len(found) > MANIFEST_LIMIT:
        raise UnexpectedAnswer(address, f"holds an index of {len(found)} images under this tag", "Push fewer")
    return dict(sorted(found.items(), key=lambda each: each[0] != DEFAULT))


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
