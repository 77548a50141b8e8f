"""Labels: the same for the same source."""

from __future__ import annotations

from flows.images import ImageReference
from flows.images.labels import SOURCE_DIGEST, SOURCE_FILES
from flows.images.source import PluginSource
from flows.images.source.labels import image_labels


def test_labels(plugin, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    (plugin / "Dockerfile").write_text("ARG BASE_IMAGE=python:3.11-slim\nFROM ${BASE_IMAGE}\nCOPY src /\n")
    source = PluginSource.load(plugin)
    reference = ImageReference("example.com", "team/my-plugin", "0.1.0")
    assert image_labels(source, reference, {"BASE_IMAGE": "own/base:1"}, "sha256:1") == {
        "org.opencontainers.image.title": "my-plugin",
        "org.opencontainers.image.version": "0.1.0",
        "org.opencontainers.image.created": "1970-01-02T00:00:00Z",
        "org.opencontainers.image.base.name": "own/base:1",
        "org.opencontainers.image.base.digest": "sha256:1",
        SOURCE_DIGEST: source.digest,
        SOURCE_FILES: source.listing.label(),
    }


def test_nothing_is_no_base(plugin):
    source = PluginSource.load(plugin)
    labels = image_labels(source, ImageReference(None, "plugin", "0.1.0"), {})
    assert "org.opencontainers.image.base.name" not in labels
