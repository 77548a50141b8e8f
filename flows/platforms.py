"""Platforms of images: `linux/amd64`, `linux/arm64`, `linux/arm/v7`.

The values are those of the OCI image specification, which takes them from Go:
https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md#platform-variants
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEFAULT = "linux/amd64"
"""The one that an image has which says nothing of it."""

MANIFEST_LIMIT = 32
"""The most images that are read of one index."""

_IMPLIED = {"arm64": "v8", "amd64": "v1"}
"""Variants that need not be said."""


def platform_of(described: Mapping[str, Any]) -> str | None:
    """The platform that an index or an image's configuration names; None for what is no image, such as an attestation.

    Args:
        described: With `os`, `architecture` and maybe `variant`.
    """
    system, architecture = str(described.get("os") or ""), str(described.get("architecture") or "")
    if not system or not architecture or "unknown" in {system, architecture}:
        return None
    return normalise(f"{system}/{architecture}/{described.get('variant') or ''}")


def normalise(platform: str) -> str:
    """A platform without the variant that everybody means: `linux/arm64/v8` is `linux/arm64`."""
    system, _, rest = platform.strip("/").partition("/")
    architecture, _, variant = rest.partition("/")
    if variant in {"", _IMPLIED.get(architecture)}:
        return f"{system}/{architecture}"
    return f"{system}/{architecture}/{variant}"


def describe(platform: str) -> dict[str, str]:
    """A platform as an index describes it."""
    system, architecture, *variant = platform.split("/")
    found = {"architecture": architecture, "os": system}
    return {**found, "variant": variant[0]} if variant else found


def tag_of(version: str, platform: str) -> str:
    """The tag that an engine gives to the image of one platform. It is never pushed: no platform can sort it."""
    return f"{version}-{platform.replace('/', '-')}"
