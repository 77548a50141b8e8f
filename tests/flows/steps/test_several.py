"""An image for several platforms through the steps of a release."""

from __future__ import annotations

import json

import pytest

from flows.images import ImageReference, SourceError, TrialFailed
from flows.images.state import ImageStatus
from flows.manifest import Environment, Settings
from flows.steps import delivery, planning
from flows.steps.release import ReleaseRequest, release
from flows.steps.several import local_name
from tests.flows.steps.conftest import PUSHED, TRIAL


@pytest.fixture
def several(world, checkout, recorder):
    """Releases for two platforms."""

    def several(*platforms, **more):
        build = {"platforms": platforms or ["linux/arm64", "linux/amd64"]}
        settings = Settings(registry={"type": "HARBOR"}, build=build)
        world.environment = Environment(name="test", folder="/", settings=settings)
        request = ReleaseRequest(
            world.environment,
            checkout / "plugin",
            checkout / "deployments/portfolio",
            publish_only=True,
            **more,
        )
        return release(request, recorder)

    return several


def foreign(engine, image, *_):
    """An engine that runs its own platform alone."""
    engine.calls.append(f"trial {image.reference.tag}")
    if image.reference.tag.endswith("arm64"):
        raise TrialFailed(
            "x", reason="it ended", advice="", output=["exec /usr/bin/python: exec format error"]
        )
    return TRIAL


def test_all_are_built_and_tried_and_pushed_as_one(several, platform, world, monkeypatch):
    monkeypatch.setattr(delivery, "_try", foreign)
    report = several()
    calls = platform.calls
    # The engine's own platform is built last, so that its base image stays, and tried first.
    assert calls.index("build linux/arm64") < calls.index("build linux/amd64") < calls.index("push")
    tried = [call for call in calls if call.startswith("trial")]
    assert [call.rpartition("-linux-")[2] for call in tried] == ["amd64", "arm64"]
    document = report.as_json()
    assert [(each["platform"], each["remark"]) for each in document["platforms"]] == [
        ("linux/amd64", ""),
        ("linux/arm64", "not tried: this engine cannot run linux/arm64"),
    ]
    assert (document["digest"], document["trial"]["seconds"]) == (PUSHED, TRIAL.seconds)
    assert document["platforms"][1]["trial"] is None


def test_the_provenance_is_about_the_index_and_what_each_platform_pulls(several, world):
    report = several()
    repository = report.attested.repository.partition("/")[2]
    (statement,) = (
        json.loads(content.data)
        for tag, content in world.documents[repository].items()
        if tag.endswith("provenance")
    )
    name = report.planned.image.reference.name
    assert [(each["name"], each["digest"]["sha256"]) for each in statement["subject"]] == [
        (name, PUSHED.removeprefix("sha256:")),
        (f"{name}?platform=linux/amd64", f"{0:064}"),
        (f"{name}?platform=linux/arm64", f"{1:064}"),
    ]


def test_an_engine_that_runs_none_of_them_is_refused(several, platform, monkeypatch):
    monkeypatch.setattr(delivery, "_try", foreign)
    with pytest.raises(TrialFailed, match="the engine can run none of linux/arm64"):
        several("linux/arm64")
    assert "push" not in platform.calls


def test_an_image_that_runs_and_does_not_serve_is_refused(several, engine, platform):
    engine.refuses["trial"] = TrialFailed("x", reason="it serves nothing", advice="")
    with pytest.raises(TrialFailed, match="it serves nothing"):
        several()
    assert "push" not in platform.calls


def test_what_the_engine_cannot_build_is_refused_when_the_source_is_read(several, engine, platform):
    engine.refuses["check"] = SourceError("Dockerfile", "line 3 has a RUN", "no")
    with pytest.raises(SourceError, match="line 3 has a RUN"):
        several(dry_run=True)
    assert platform.calls == []


@pytest.mark.parametrize(
    ("held", "noted"),
    [({"linux/amd64": "a"}, True), ({"linux/amd64": "a", "linux/arm64": "b"}, False), ({}, False)],
)
def test_a_released_version_for_other_platforms_is_kept_with_a_remark(
    several, world, monkeypatch, held, noted
):
    import dataclasses

    compare = planning.compare
    monkeypatch.setattr(
        planning, "compare", lambda *each: dataclasses.replace(compare(*each), platforms=held)
    )
    world.status = ImageStatus.SAME
    notes = several(dry_run=True).planned.plan.action("image").notes
    assert any("raise VERSION to release for all of them" in note for note in notes) == noted


def test_a_local_name_is_no_version_of_the_repository():
    reference = ImageReference("r.example.com", "team/plugin", "0.1.0")
    assert str(local_name(reference, "linux/arm/v7")) == "r.example.com/team/plugin:0.1.0-linux-arm-v7"
