"""What an image says about itself.

Keys of the OCI image specification (annotations.md, which the classic builder writes as labels), and one of
this pipeline: the digest of the source, by which a released version is recognised.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.images.reference import ImageReference
    from flows.images.source import PluginSource

SOURCE_DIGEST = "io.spaceone.pipeline.source-digest"
TITLE = "org.opencontainers.image.title"
VERSION = "org.opencontainers.image.version"
REVISION = "org.opencontainers.image.revision"
CREATED = "org.opencontainers.image.created"
SOURCE = "org.opencontainers.image.source"
BASE_NAME = "org.opencontainers.image.base.name"

_FROM = re.compile(r"(?i)FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?$")
_ARG = re.compile(r"(?i)ARG\s+(\w+)(?:=(\S*))?$")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})")


def image_labels(
    source: PluginSource, reference: ImageReference, build_args: Mapping[str, str]
) -> dict[str, str]:
    """Return the labels for an image of `source`: the same for the same source, name and base image."""
    dockerfile = (source.folder / "Dockerfile").read_text("utf-8", errors="replace")
    labels = {
        TITLE: reference.last_part,
        VERSION: source.version,
        REVISION: source.revision,
        CREATED: source.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        SOURCE: source.url,
        BASE_NAME: base_image(dockerfile, build_args),
        SOURCE_DIGEST: source.digest,
    }
    return {key: value for key, value in labels.items() if value}


def base_image(dockerfile: str, build_args: Mapping[str, str]) -> str | None:
    """Return the image that the last stage of a Dockerfile stands on; None for `scratch`.

    Arguments before the first FROM are filled in, `build_args` over their defaults, and stages are followed
    to the image that the first of them names.
    """
    arguments: dict[str, str] = {}
    stages: dict[str, str] = {}
    base: str | None = None
    for line in re.sub(r"\\\n", " ", dockerfile).splitlines():
        if base is None and (argument := _ARG.match(line.strip())):
            name, default = argument[1], (argument[2] or "").strip("\"'")
            arguments[name] = build_args.get(name, default)
        elif stage := _FROM.match(line.strip()):
            named = _VARIABLE.sub(
                lambda found: arguments.get(found[1] or found[2], "") or found[3] or "", stage[1]
            )
            base = stages.get(named.lower(), named)
            if stage[2]:
                stages[stage[2].lower()] = base
    return None if base in {None, "", "scratch"} else base
