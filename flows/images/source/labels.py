"""The labels that describe an image's source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.images.labels import (
    BASE_DIGEST,
    BASE_NAME,
    CREATED,
    PLUGIN_TYPE,
    REVISION,
    SOURCE,
    SOURCE_DIGEST,
    SOURCE_FILES,
    TITLE,
    VERSION,
)
from flows.images.source.dockerfile import SCRATCH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.images.reference import ImageReference
    from flows.images.source.plugin_source import PluginSource


def image_labels(
    source: PluginSource,
    reference: ImageReference,
    build_args: Mapping[str, str],
    base_digest: str | None = None,
    plugin_type: str | None = None,
) -> dict[str, str]:
    """Return the labels for an image of `source`: the same for the same source, name and base image.

    Args:
        source: What is built.
        reference: The image's name.
        build_args: The arguments of the Dockerfile, which may name the base image.
        base_digest: The digest of the base image; None if it is not known.
        plugin_type: What the plugin is registered as; None for an inventory collector.
    """
    base = source.base(build_args)
    labels = {
        TITLE: reference.last_part,
        VERSION: source.version,
        REVISION: source.revision,
        CREATED: source.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        SOURCE: source.url,
        BASE_NAME: None if base == SCRATCH else base,
        BASE_DIGEST: base_digest,
        SOURCE_DIGEST: source.digest,
        SOURCE_FILES: source.listing.label(),
        PLUGIN_TYPE: plugin_type,
    }
    return {key: value for key, value in labels.items() if value}
