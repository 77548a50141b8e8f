"""Labels: the same for the same source, and the base image that a Dockerfile names."""

from __future__ import annotations

import pytest

from flows.images import ImageReference, PluginSource
from flows.images.labels import SOURCE_DIGEST, base_image, image_labels


def test_labels(plugin, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    (plugin / "Dockerfile").write_text("ARG BASE_IMAGE=python:3.11-slim\nFROM ${BASE_IMAGE}\nCOPY src /\n")
    source = PluginSource.load(plugin)
    reference = ImageReference("example.com", "team/my-plugin", "0.1.0")
    assert image_labels(source, reference, {"BASE_IMAGE": "own/base:1"}) == {
        "org.opencontainers.image.title": "my-plugin",
        "org.opencontainers.image.version": "0.1.0",
        "org.opencontainers.image.created": "1970-01-02T00:00:00Z",
        "org.opencontainers.image.base.name": "own/base:1",
        SOURCE_DIGEST: source.digest,
    }


@pytest.mark.parametrize(
    ("dockerfile", "arguments", "base"),
    [
        ("FROM python:3.11", {}, "python:3.11"),
        ("# FROM nothing\nfrom --platform=linux/amd64 python:3.11 as x\nRUN true", {}, "python:3.11"),
        ("FROM scratch", {}, None),
        ("", {}, None),
        ("ARG BASE=a:1\nFROM $BASE", {}, "a:1"),
        ('ARG BASE="a:1"\nFROM ${BASE}', {}, "a:1"),
        ("ARG BASE=a:1\nFROM $BASE", {"BASE": "b:2"}, "b:2"),
        ("ARG TAG\nFROM python:${TAG:-3.11}", {}, "python:3.11"),
        ("ARG TAG\nFROM python:${TAG:-3.11}", {"TAG": "3.12"}, "python:3.12"),
        ("FROM golang AS build\nRUN x\nFROM alpine:3\nCOPY --from=build /x /x", {}, "alpine:3"),
        ("FROM python:3 AS Base\nFROM base AS test\nFROM base", {}, "python:3"),
        ("FROM a:1\nARG BASE=c\nFROM b:1", {"BASE": "d"}, "b:1"),
        ("FROM \\\n  python:3.11", {}, "python:3.11"),
    ],
)
def test_base_image(dockerfile, arguments, base):
    assert base_image(dockerfile, arguments) == base
