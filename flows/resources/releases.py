"""What was released as each version, kept with the plugin on the platform.

A label of an image proves nothing: whoever may push copies it. The platform's record can be changed only with the
pipeline's own token. It is one tag of the plugin, a text with JSON: both generations keep a text as it is, and neither
allows a dot, which versions have, in a tag's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.resources.resource import Record

TAG = "pluginctl_released"
_MOST = 100
"""Versions that are kept: the newest ones."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_LONGEST_BY = 200
_SOURCE = re.compile(r"sha256(?:-files)?:[0-9a-f]{64}")
"""The second form is that of versions of the pipeline since 0.4.0: `flows.images.source.listing`."""


@dataclass(frozen=True)
class Released:
    """A released version.

    Attributes:
        digest: The manifest in the registry, `sha256:…`.
        source_digest: The source that it was built from.
        at: When it was first released, such as `2026-11-26T10:30:00Z`; empty if a pipeline before 0.4.0 released it.
        by: What released it: the page of a run, or `pluginctl`; empty as well.
    """

    digest: str
    source_digest: str
    at: str = field(default="", compare=False)
    by: str = field(default="", compare=False)


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
        {name: _written(each) for name, each in kept},
        separators=(",", ":"),
    )
    return {**(tags if isinstance(tags, Mapping) else {}), TAG: text}


def _read(value: Any) -> Released | None:
    digest, source = (value.get("digest"), value.get("source")) if isinstance(value, dict) else (None, None)
    if not (isinstance(digest, str) and isinstance(source, str)):
        return None
    if not (_DIGEST.fullmatch(digest) and _SOURCE.fullmatch(source)):
        return None
    at, by = (found if isinstance(found := value.get(name), str) else "" for name in ("at", "by"))
    return Released(digest, source, at if _AT.fullmatch(at) else "", by[:_LONGEST_BY])


def _written(release: Released) -> dict[str, str]:
    about = {"at": release.at, "by": release.by[:_LONGEST_BY]}
    return {
        "digest": release.digest,
        "source": release.source_digest,
        **{name: value for name, value in about.items() if value},
    }
