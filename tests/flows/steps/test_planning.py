"""What a plan says about the base image."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.images import EngineUnreachable
from flows.images.base import Base
from flows.images.state import ImageStatus
from flows.manifest import Environment, Settings
from flows.steps import planning
from flows.steps.release import ReleaseRequest, release

A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


@pytest.fixture
def noted(world, checkout, recorder, monkeypatch):
    """What the plan notes about the image, for a base image now and the one that the registry's was built on."""

    def noted(now, released=None):
        compare = planning.compare
        monkeypatch.setattr(planning, "compare", lambda *each: replace(compare(*each), base=released))
        world.status = ImageStatus.SAME
        settings = Settings(
            attestations=False, registry={"type": "HARBOR"}, build={"args": {"BASE_IMAGE": now}}
        )
        environment = Environment(name="test", folder="/", settings=settings)
        request = ReleaseRequest(
            environment, checkout / "plugin", checkout / "deployments/portfolio", dry_run=True
        )
        report = release(request, recorder)
        assert not report.planned.plan.blocked
        notes = report.planned.plan.action("image").notes
        return tuple(note for note in notes if note != planning._NOT_RECORDED)

    return noted


def test_another_base_image_is_noted_and_blocks_nothing(noted):
    (note,) = noted(f"python@{B}", Base(f"python@{A}", A))
    assert note.startswith(f"It was built on python@{A}, and the base image is python@{B} now.")


def test_an_image_with_a_digest_asks_no_engine(noted, monkeypatch):
    monkeypatch.setattr("flows.images.engine.client.Engine.connect", lambda: pytest.fail("asked"))
    assert noted(f"python@{A}", Base(f"python@{A}", A)) == ()
    assert noted("pluginctl.invalid/python:3.11-a") == ()


def test_a_tag_is_looked_up_on_the_engine_of_this_machine(noted, engine, monkeypatch):
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    engine.digest = lambda name, made_here: None if made_here else A
    (note,) = noted("python:3.11")
    assert note.endswith(f"write python:3.11@{A}.")


@pytest.mark.parametrize("host", ["", "tcp://build.example.com:2376"])
def test_without_an_engine_here_the_note_says_how_to_find_the_digest(noted, monkeypatch, host):
    def connect():
        assert not host, "a plan does not wait for another machine"
        raise EngineUnreachable("No Docker engine answers")

    monkeypatch.setattr("flows.images.engine.client.Engine.connect", connect)
    monkeypatch.setenv("DOCKER_HOST", host) if host else monkeypatch.delenv("DOCKER_HOST", raising=False)
    (note,) = noted("python:3.11")
    assert note.endswith("`docker pull python:3.11` shows the digest.")
