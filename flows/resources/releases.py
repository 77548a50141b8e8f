"""What was released as each version, kept with the plugin on the platform.

A label of an image proves nothing: whoever may push copies it. The platform's record can be changed only with the
pipeline's own token. It is one tag of the plugin, a text with JSON: both generations keep a text as it is, and neither
allows a dot, which versions have, in a tag's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.resources.resource import Record

TAG = "pluginctl_released"
_MOST = 100
"""Versions that are kept: the newest ones."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SOURCE = re.compile(r"sha256(?:-files)?:[0-9a-f]{64}")
"""The second form is that of versions of the pipeline since 0.4.0: `flows.images.source.listing`."""


@dataclass(frozen=True)
class Released:
    """A released version.

    Attributes:
        digest: The manifest in the registry, `sha256:…`.
        source_digest: The source that it was built from.
    """

    digest: str
    source_digest: str


def released(record: Record | None) -> dict[str, Released]:
    """Return what a plugin's record says of its versions, in the order in which they were released.

    Anything that is not of the form that `with_release` writes is left out: somebody else wrote it.
    """
    tags = (record or {}).get("tags")
    text = tags.get(TAG) if isinstance(tags, Mapping) else None
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return {}
    versions = found.items() if isinstance(found, dict) else ()
    return {version: each for version, value in versions if (each := _read(value)) is not None}


def with_release(tags: Any, version: str, release: Released) -> dict[str, Any]:
    """Return a plugin's tags with one more released version."""
    versions = released({"tags": tags})
    versions.pop(version, None)
    versions[version] = release
    kept = list(versions.items())[-_MOST:]
    text = json.dumps(
        {name: {"digest": each.digest, "source": each.source_digest} for name, each in kept},
        separators=(",", ":"),
    )
    return {**(tags if isinstance(tags, Mapping) else {}), TAG: text}


def _read(value: Any) -> Released | None:
    digest, source = (value.get("digest"), value.get("source")) if isinstance(value, dict) else (None, None)
    if not (isinstance(digest, str) and isinstance(source, str)):
        return None
    return Released(digest, source) if _DIGEST.fullmatch(digest) and _SOURCE.fullmatch(source) else None
