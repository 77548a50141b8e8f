"""What an image says about itself.

Keys of the OCI image specification (annotations.md, which the classic builder writes as labels), and one of
this pipeline: the digest of the source, by which a released version is recognised. And the label of a container.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.images.dockerfile import SCRATCH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.images.reference import ImageReference
    from flows.images.source import PluginSource

SOURCE_DIGEST = "io.spaceone.pipeline.source-digest"
TRIAL = "io.spaceone.pipeline.trial"
"""Marks a trial run's container; its value is the second (Unix time) after which it counts as left over."""

TITLE = "org.opencontainers.image.title"
VERSION = "org.opencontainers.image.version"
REVISION = "org.opencontainers.image.revision"
CREATED = "org.opencontainers.image.created"
SOURCE = "org.opencontainers.image.source"
BASE_NAME = "org.opencontainers.image.base.name"


def image_labels(
    source: PluginSource, reference: ImageReference, build_args: Mapping[str, str]
) -> dict[str, str]:
    """Return the labels for an image of `source`: the same for the same source, name and base image."""
    base = source.base(build_args)
    labels = {
        TITLE: reference.last_part,
        VERSION: source.version,
        REVISION: source.revision,
        CREATED: source.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        SOURCE: source.url,
        BASE_NAME: None if base == SCRATCH else base,
        SOURCE_DIGEST: source.digest,
    }
    return {key: value for key, value in labels.items() if value}
