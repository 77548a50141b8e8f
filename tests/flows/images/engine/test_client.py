"""What the engine's and the registry's words become, on a stand-in for docker's client."""

from __future__ import annotations

import pytest
from docker.errors import ImageNotFound

from flows.errors import Cause
from flows.images import (
    BuildFailed,
    ImageChanged,
    ImageReference,
    InvalidReference,
    PushFailed,
    PushUnverified,
    RegistryUnreachable,
)
from flows.images.engine import Engine
from flows.images.labels import BASE_DIGEST, SOURCE_DIGEST, TITLE, VERSION
from flows.images.source import PluginSource

REFERENCE = ImageReference("example.com:5000", "team/plugin", "0.1.0")
PUSHED = {"aux": {"Tag": "0.1.0", "Digest": "sha256:1", "Size": 5}}


class Docker:
    """docker's client: what a build or a push tells; it holds no image."""

    def __init__(self, *events):
        self.events, self.api = events, self

    def inspect_image(self, name):
        raise ImageNotFound(name)

    def build(self, **_):
        yield from self.events

    def push(self, *_, **__):
        yield from self.events


class Registry:
    """What is read of the registry after a push."""

    address, credentials = REFERENCE.registry, None

    def __init__(self, held):
        self.held = held

    def __str__(self):
        return self.address

    def manifest_digest(self, repository, tag):
        if isinstance(self.held, Exception):
            raise self.held
        return self.held


def push(*events, held="sha256:1"):
    return Engine(Docker(*events), "unix:///x").push(REFERENCE, Registry(held))


def test_an_image_that_is_gone_is_told():
    with pytest.raises(ImageChanged, match=r"no image example.com:5000/team/plugin:0.1.0 any more\. Was it"):
        Engine(Docker(), "unix:///x").inspect(REFERENCE)


def test_a_push_gives_the_digest_that_the_registry_shows():
    assert push(PUSHED) == "sha256:1"


@pytest.mark.parametrize(
    ("words", "cause", "temporary"),
    [
        ("denied: requested access to the resource is denied", Cause.REFUSED, False),
        ("tag 0.1.0 is immutable", Cause.REFUSED, False),
        ("received unexpected HTTP status: 503 Service Unavailable", Cause.UNAVAILABLE, True),
        ("write /data: no space left on device", Cause.UNAVAILABLE, False),
    ],
)
def test_a_push_that_fails_says_whose_fault_it_is(words, cause, temporary):
    with pytest.raises(PushFailed, match=f"Pushing {REFERENCE} failed: {words}") as caught:
        push({"error": words})
    assert (caught.value.cause, caught.value.temporary) == (cause, temporary)
    assert not isinstance(caught.value, PushUnverified)


def test_a_push_that_ends_without_a_digest_failed():
    with pytest.raises(PushFailed, match="the engine ended without a digest"):
        push()


@pytest.mark.parametrize("held", ["sha256:2", None])
def test_a_push_that_the_registry_does_not_show_is_told(held):
    with pytest.raises(PushUnverified, match=f"sha256:1 was pushed, .* holds {held or 'nothing'}") as caught:
        push(PUSHED, held=held)
    assert (caught.value.cause, caught.value.temporary) == (Cause.FAILED, False)


def test_a_push_that_cannot_be_checked_may_be_tried_again():
    with pytest.raises(PushUnverified, match="cannot be checked: The registry x cannot be reached") as caught:
        push(PUSHED, held=RegistryUnreachable("x", "cannot be reached"))
    assert (caught.value.cause, caught.value.temporary) == (Cause.UNAVAILABLE, True)


def test_a_push_to_another_registry_is_refused():
    other = ImageReference(None, "team/plugin", "0.1.0")
    with pytest.raises(InvalidReference, match="is not in registry example.com:5000"):
        Engine(Docker(PUSHED), "unix:///x").push(other, Registry("sha256:1"))


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
        Engine(Docker(*events), "unix:///x").build(PluginSource.load(plugin), REFERENCE)
    assert (caught.value.cause, caught.value.temporary) == (cause, temporary)
    assert caught.value.details == (line,)


@pytest.fixture
def as_built(monkeypatch):
    """An engine whose images stay as they were built: tests/flows/images/engine/test_reproducible.py has the rest."""
    monkeypatch.setattr(Engine, "_make_reproducible", lambda self, built, *_: built)
    monkeypatch.setattr(Engine, "_remove_older_builds", lambda self, labels: None)


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
    source = PluginSource.load(plugin)
    docker = Builder({"Id": "sha256:id", "RepoDigests": digests})
    engine = Engine(docker, "unix:///x")
    assert engine.build(source, REFERENCE) == "sha256:built"
    assert docker.labels == [None, label]
    engine.build(source, REFERENCE)
    assert docker.labels[2:] == [label], "known before: one build"


def test_an_image_on_nothing_is_built_once(plugin, as_built):
    docker = Builder({"Id": "sha256:id"})
    Engine(docker, "unix:///x").build(PluginSource.load(plugin), REFERENCE)
    assert docker.labels == [None]


class Holding(Docker):
    """docker's client of an engine that has these images, and finds these without a name."""

    def __init__(self, images, unnamed=()):
        super().__init__()
        self.held, self.unnamed, self.removed = images, list(unnamed), []

    def inspect_image(self, name):
        return self.held.get(name) or super().inspect_image(name)

    def images(self, filters):
        assert filters["dangling"] is True
        return self.unnamed

    def remove_image(self, name):
        self.removed.append(name)


DIGEST = f"sha256:{'1' * 64}"


@pytest.mark.parametrize(
    ("name", "found", "digest"),
    [
        (f"python@{DIGEST}", None, DIGEST),
        (f"python:3.11@{DIGEST}", None, DIGEST),
        ("python:3.11", {"Id": "sha256:2", "RepoDigests": ["x@sha256:3", f"python@{DIGEST}"]}, DIGEST),
        ("host:5000/python:3.11", {"Id": "sha256:2", "RepoDigests": [f"host:5000/python@{DIGEST}"]}, DIGEST),
        ("host:5000/python", {"Id": "sha256:2", "RepoDigests": [f"host:5000/python@{DIGEST}"]}, DIGEST),
        ("python:3.11", {"Id": "sha256:2", "RepoDigests": []}, "sha256:2"),
        ("python:3.11", {"Id": "sha256:2", "RepoDigests": None}, "sha256:2"),
        ("python:3.11", None, None),
    ],
)
def test_a_base_is_known_by_its_manifest_or_else_by_its_id(name, found, digest):
    assert Engine(Holding({name: found}), "unix:///x").digest(name) == digest


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
    Engine(client, "unix:///x")._remove_older_builds(labels)
    assert client.removed == ["older"]
