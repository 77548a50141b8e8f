"""What the engine's and the registry's words become, on a stand-in for docker's client."""

from __future__ import annotations

import pytest

from flows.errors import Cause
from flows.images import (
    ImageChanged,
    ImageReference,
    InvalidReference,
    PushFailed,
    PushUnverified,
    RegistryUnreachable,
)
from flows.images.engine import Engine
from tests.flows.images.engine.stand_ins import Docker

REFERENCE = ImageReference("example.com:5000", "team/plugin", "0.1.0")
PUSHED = {"aux": {"Tag": "0.1.0", "Digest": "sha256:1", "Size": 5}}


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
