"""Names of the labels that the pipeline gives to an image and to a container.

Keys of the OCI image specification (annotations.md, which the classic builder writes as labels), and those of
this pipeline: the digest of the source, which identifies a released version, with the list of its files, the type as
which its plugin was tried, and the mark of a trial's container.
"""

from __future__ import annotations

SOURCE_DIGEST = "io.spaceone.pipeline.source-digest"
SOURCE_FILES = "io.spaceone.pipeline.source-files"
"""What the digest was made of, so that a refusal can name the files that changed: `flows.images.source.listing`."""

PLUGIN_TYPE = "io.spaceone.pipeline.plugin-type"
"""The type as which it was tried and registered, such as `monitoring.Webhook`; without it, `inventory.Collector`."""

TRIAL = "io.spaceone.pipeline.trial"
"""Marks a trial run's container and network; its value is the second (Unix time) after which they are left over."""

TITLE = "org.opencontainers.image.title"
VERSION = "org.opencontainers.image.version"
REVISION = "org.opencontainers.image.revision"
CREATED = "org.opencontainers.image.created"
SOURCE = "org.opencontainers.image.source"
BASE_NAME = "org.opencontainers.image.base.name"
BASE_DIGEST = "org.opencontainers.image.base.digest"
"""The digest of the base image's manifest; of an image that no registry has, the digest of its configuration."""
