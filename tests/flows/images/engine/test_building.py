"""What a build makes of the engine's words, on a stand-in for docker's client."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from docker.errors import ImageNotFound

from flows.errors import Cause
from flows.images import BuildFailed, ImageReference
from flows.images.engine import building
from flows.images.engine.api import Api
from flows.images.engine.output import Output
from flows.images.labels import BASE_DIGEST, SOURCE_DIGEST, TITLE, VERSION
from flows.images.source import PluginSource
from tests.flows.images.engine.stand_ins import Docker, Holding

REFERENCE = ImageReference("example.com:5000", "team/plugin", "0.1.0")


def build(client, plugin):
    return building.build(Api(client, "unix:///x"), PluginSource.load(plugin), REFERENCE)


@pytest.mark.parametrize(
    ("line", "cause", "temporary"),
    [
        ("SyntaxError: invalid syntax", Cause.REFUSED, False),
        ("Failed to establish a new connection: Connection refused", Cause.UNAVAILABLE, True),
    ],
)
def test_a_build_that_fails_says_whose_fault_it_is(plugin, line, cause, temporary):
    events = ({"stream": "Step 1/1 : RUN x\n"}, {"stream": f"{line}\n"}, {"error": "returned code: 1"})
    with pytest.raises(BuildFailed, match=r"failed in step 1/1 : RUN x: returned code: 1\.") as caught:
        build(Docker(*events), plugin)
    assert (caught.value.cause, caught.value.temporary) == (cause, temporary)
    assert caught.value.details == (line,)


@pytest.fixture
def as_built(monkeypatch):
    """An engine whose images stay as they were built: tests/flows/images/engine/test_reproducible.py has the rest."""
    monkeypatch.setattr(building, "make_reproducible", lambda api, built, *_: built)
    monkeypatch.setattr(building, "_remove_older_builds", lambda api, labels: None)


class Builder(Docker):
    """An engine that pulls the base image when it builds, if it has none yet."""

    def __init__(self, base):
        super().__init__({"aux": {"ID": "sha256:built"}})
        self.base, self.images, self.labels = base, {}, []

    def inspect_image(self, name):
        if name not in self.images:
            raise ImageNotFound(name)
        return self.images[name]

    def build(self, *, labels, **_):
        self.labels.append(labels.get(BASE_DIGEST))
        self.images["python:3.11"] = self.base
        yield from self.events


@pytest.mark.parametrize(
    ("digests", "label"),
    [(["python@sha256:a"], "sha256:a"), (["mirror/python@sha256:b"], "sha256:id"), ([], "sha256:id")],
)
def test_an_image_is_labelled_with_its_base_also_if_the_build_pulled_it(plugin, digests, label, as_built):
    (plugin / "Dockerfile").write_text("FROM python:3.11\nCOPY src /\n")
    docker = Builder({"Id": "sha256:id", "RepoDigests": digests})
    assert build(docker, plugin) == "sha256:built"
    assert docker.labels == [None, label]
    build(docker, plugin)
    assert docker.labels[2:] == [label], "known before: one build"


def test_an_image_on_nothing_is_built_once(plugin, as_built):
    docker = Builder({"Id": "sha256:id"})
    build(docker, plugin)
    assert docker.labels == [None]


def test_what_comes_after_the_builders_last_line_is_said(monkeypatch):
    monkeypatch.setattr(building.reproducible, "repack", lambda *_: None)
    calls = SimpleNamespace(get_image=lambda _: iter(()))
    api = SimpleNamespace(address="unix:///x", calls=calls, layers=lambda _: [])
    said = []
    created = datetime(2026, 1, 1, tzinfo=UTC)
    assert (
        building.make_reproducible(api, "built", "base", REFERENCE, created, Output(said.append)) == "built"
    )
    assert said == ["Reading the image, so that equal layers give an equal image"]


def test_of_older_builds_only_those_of_other_sources_of_the_version_are_removed():
    unnamed = [
        {"Id": "own", "Labels": {SOURCE_DIGEST: "sha256:new"}},
        {"Id": "older", "Labels": {SOURCE_DIGEST: "sha256:old"}},
        {"Id": "other", "Labels": {}},
        {"Id": "bare", "Labels": None},
        {"Id": "named", "Labels": {SOURCE_DIGEST: "sha256:old"}},
    ]
    held = {each["Id"]: {"Id": each["Id"], "RepoTags": []} for each in unnamed}
    held["named"]["RepoTags"] = ["x:1"]
    client = Holding(held, unnamed)
    labels = {TITLE: "plugin", VERSION: "1", SOURCE_DIGEST: "sha256:new"}
    building._remove_older_builds(Api(client, "unix:///x"), labels)
    assert client.removed == ["older"]
